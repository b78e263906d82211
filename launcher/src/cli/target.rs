//! Which base policy a module is for: the one question that building,
//! installing and running must answer alike.

use super::{Exit, Failure};
use cordon_policygen::Target;
use std::path::Path;

/// The target when none is named and the tree does not say which it is.
const DEFAULT: &str = "debian-13";

/// Where a tree keeps the profile of a base policy that Cordon does not know.
const OWN: &str = "etc/cordon/target";

/// The target profile that was named, by name or as a file; else the tree's own
/// (/etc/cordon/target); else that of the tree's release.
pub fn of(root: &Path, name: Option<&str>) -> Result<Target, Failure> {
    let own = root.join(OWN);
    match name {
        Some(name) if !is_known(name) && Path::new(name).is_file() => profile(Path::new(name)),
        Some(name) => named(name),
        None if own.exists() => profile(&own),
        None => named(&release(root).unwrap_or_else(|| DEFAULT.to_owned())),
    }
}

/// The tree's own release, `debian-12`, where there is a target profile for it
/// (os-release(5)).
fn release(root: &Path) -> Option<String> {
    let text = std::fs::read_to_string(root.join("etc/os-release")).ok()?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim_matches('"').to_owned())
    };
    let name = format!("{}-{}", value("ID=")?, value("VERSION_ID=")?);
    is_known(&name).then_some(name)
}

/// Whether a profile of this name is compiled in.
fn is_known(name: &str) -> bool {
    Target::names().any(|known| known == name)
}

/// A profile in a file, as `cordon policy scan` writes it.
fn profile(path: &Path) -> Result<Target, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read the target profile {}: {error}", path.display());
        Failure::new(Exit::TargetMismatch, message)
    })?;
    Target::parse(&text).map_err(|error| {
        Failure::new(Exit::TargetMismatch, format!("{}: {error}", path.display()))
            .help("cordon policy scan makes a profile from the target's policy")
    })
}

fn named(name: &str) -> Result<Target, Failure> {
    Target::named(name).ok_or_else(|| {
        let known: Vec<&str> = Target::names().collect();
        Failure::new(Exit::Usage, format!("there is no target '{name}'")).help(format!(
            "targets: {}, or a file that cordon policy scan wrote",
            known.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_what_the_tree_says_it_is() {
        let root = std::env::temp_dir().join(format!("cordon-release-{}", std::process::id()));
        std::fs::create_dir_all(root.join("etc")).unwrap();
        let says = |text: &str| {
            std::fs::write(root.join("etc/os-release"), text).unwrap();
            release(&root)
        };
        assert_eq!(
            says("NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n").as_deref(),
            Some("debian-12")
        );
        assert_eq!(says("ID=debian\nVERSION_ID=\"99\"\n"), None);
        assert_eq!(says("ID=poky\n"), None);
        // A profile of the tree's own comes before its release, and a file can be named.
        let profile = "name own\nbinary 33\n";
        std::fs::create_dir_all(root.join("etc/cordon")).unwrap();
        std::fs::write(root.join("etc/cordon/target"), profile).unwrap();
        assert_eq!(of(&root, None).unwrap().name(), "own");
        assert_eq!(of(&root, Some("debian-12")).unwrap().name(), "debian-12");
        let file = root.join("etc/cordon/target");
        assert_eq!(of(Path::new("/"), file.to_str()).unwrap().name(), "own");
        std::fs::write(&file, "what is\n").unwrap();
        let refused = of(&root, None).unwrap_err();
        assert!(
            refused.message.contains("line 1: unknown key"),
            "{}",
            refused.message
        );
        assert!(of(&root, Some("nowhere")).is_err());
        std::fs::remove_dir_all(&root).unwrap();
    }
}
