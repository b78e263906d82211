//! Labels of exactly what a module's file contexts name, set by setfiles(8).

use super::store::{Store, ran, said};
use super::tools::Tools;
use crate::cli::{Exit, Failure, print};
use std::collections::BTreeSet;
use std::ffi::OsString;

/// The places a module's `filecon` rules speak of: each the longest path that
/// all matches of its pattern lie at or below.
pub fn places(module: &str) -> BTreeSet<String> {
    module
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("(filecon \""))
        .filter_map(|rest| rest.split('"').next())
        .filter_map(place)
        .collect()
}

/// The literal beginning of a pattern, whole components of it; none where that
/// is the root, whose labels are not Cordon's to set.
fn place(pattern: &str) -> Option<String> {
    let mut literal = String::new();
    let mut rest = pattern.chars();
    let whole = loop {
        let before = rest.as_str();
        match rest.next() {
            None => break true,
            Some('\\') => literal.extend(rest.next()),
            // What follows may be there or not: the path itself matches.
            Some('(') if before.starts_with("(/") && before.ends_with(")?") => break true,
            // A repeated last character belongs to the pattern.
            Some('?' | '*' | '{') => {
                literal.pop();
                break false;
            }
            Some('.' | '^' | '$' | '+' | '[' | '|' | '(') => break false,
            Some(character) => literal.push(character),
        }
    };
    if !whole {
        literal.truncate(literal.rfind('/')?);
    }
    (literal.starts_with('/') && literal.len() > 1).then_some(literal)
}

/// Sets the labels of these places as the store's file contexts say, and says
/// which changed. On this system that takes a kernel with SELinux: without one
/// (false) labels come with the image or with the first boot that has it.
pub fn relabel(
    tools: &Tools,
    store: &Store<'_>,
    places: &BTreeSet<String>,
    running: bool,
) -> Result<bool, Failure> {
    if !tools.is_tree() && !running {
        print(
            "labels are not set: SELinux is not running here \
             (an image build sets them by setfiles, a first start by relabelling)\n",
        )?;
        return Ok(false);
    }
    // -F: the whole context; -i: a place need not be there; -v: say what changes.
    let mut arguments: Vec<OsString> = ["-F", "-i", "-v"].map(OsString::from).to_vec();
    if tools.is_tree() {
        // A kernel without SELinux lists no file system as one that has labels.
        arguments.push("-m".into());
    }
    if let Tools::Beside(root) = tools {
        arguments.extend(["-r".into(), root.into()]);
    }
    arguments.push(tools.sees(&store.file_contexts()).into());
    for place in places {
        let path = tools.root().join(place.trim_start_matches('/'));
        arguments.push(tools.sees(&path).into());
    }
    let output = ran("setfiles", tools.run("setfiles", arguments, None))?;
    if !output.status.success() {
        return Err(Failure::new(
            Exit::PolicyStore,
            format!("labels cannot be set: {}", said(&output)),
        )
        .help(
            "this takes root, and a file system with extended attributes; \
             where the image is labelled as a whole later: --no-relabel",
        ));
    }
    let said = said(&output);
    let changed: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("Relabeled "))
        .collect();
    for line in &changed {
        print(&format!("{line}\n"))?;
    }
    print(&format!(
        "labels are as the policy has them, below {} places; {} changed\n",
        places.len(),
        changed.len()
    ))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_what_all_matches_lie_below() {
        for (pattern, expected) in [
            ("/usr/bin/cordon", Some("/usr/bin/cordon")),
            ("/run/cordon(/.*)?", Some("/run/cordon")),
            ("/etc/a\\.b/tls(/(.*))?", Some("/etc/a.b/tls")),
            ("/run/cordon/[^/]+/notify(/.*)?", Some("/run/cordon")),
            ("/var/lib/x.*", Some("/var/lib")),
            ("/var/lib/abc?", Some("/var/lib")),
            ("/srv/(a|b)/c", Some("/srv")),
            ("/.*", None),
            ("/a.*", None),
            ("/(.*)?", None),
        ] {
            assert_eq!(place(pattern).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn places_are_read_from_the_modules_text() {
        let module = ";; (filecon \"/not/this\" any x)\n\
                      (filecon \"/usr/bin/cordon\" file (system_u object_r x ((s0) (s0))))\n\
                      \x20   (filecon \"/dev/fb0\" char (system_u object_r y ((s0) (s0))))\n";
        let found = places(module);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, ["/dev/fb0", "/usr/bin/cordon"]);
        // The base module has nothing that would relabel more than its own.
        assert!(places(cordon_policygen::base_module()).contains("/usr/bin/cordon"));
    }
}
