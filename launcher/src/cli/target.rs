//! Which base policy a module is for: the one question that building,
//! installing and running must answer alike.

use super::{Exit, Failure};
use cordon_policygen::Target;
use std::path::Path;

/// The target when none is named and the tree does not say which it is.
const DEFAULT: &str = "debian-13";

/// The target profile that was named, else that of the tree's own release.
pub fn of(root: &Path, name: Option<&str>) -> Result<Target, Failure> {
    match name {
        Some(name) => named(name),
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
    Target::named(&name).map(|_| name)
}

fn named(name: &str) -> Result<Target, Failure> {
    Target::named(name).ok_or_else(|| {
        let known: Vec<&str> = Target::names().collect();
        Failure::new(Exit::Usage, format!("there is no target '{name}'"))
            .help(format!("targets: {}", known.join(", ")))
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
        std::fs::remove_dir_all(&root).unwrap();
    }
}
