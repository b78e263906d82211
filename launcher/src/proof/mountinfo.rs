//! /proc/PID/mountinfo: what a mount namespace holds (proc_pid_mountinfo(5)).

use crate::sys::mount::attribute;
use std::collections::BTreeMap;
use std::fs;

/// One mount as the kernel shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Its number.
    pub id: u64,
    /// Device of its file system, major and minor.
    pub device: String,
    /// What of the file system is mounted.
    pub root: String,
    /// Attributes and peer groups.
    pub attributes: String,
    /// Kind of the file system.
    pub kind: String,
    /// Options of the file system.
    pub options: String,
    /// Two mounts at one place are one too many: the upper hides what was planned.
    pub twice: bool,
}

impl Shown {
    /// What is mounted, for somebody who looks for it.
    pub fn source(&self) -> String {
        format!("{} of {} {}", self.root, self.kind, self.device)
    }
}

/// The mounts a process sees, by their places; none where it has ended.
pub fn read(pid: i32) -> BTreeMap<String, Shown> {
    parse(&fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default())
}

fn parse(text: &str) -> BTreeMap<String, Shown> {
    let mut mounts = BTreeMap::<String, Shown>::new();
    for line in text.lines() {
        let mut fields = line.split(' ');
        let id = fields.next().and_then(|id| id.parse().ok()).unwrap_or(0);
        let mut next = || fields.next().unwrap_or_default();
        let _parent = next();
        let (device, root, path, options) = (next(), next(), next(), next());
        // Before the dash: the peer groups through which mounts come or go.
        let peers: Vec<&str> = fields.by_ref().take_while(|field| *field != "-").collect();
        let mut next = || fields.next().unwrap_or_default();
        let (kind, _source) = (next(), next());
        let mut words = words(|word| options.split(',').any(|option| option == word));
        words.extend(peers);
        let path = unescape(path);
        let shown = Shown {
            id,
            device: device.to_owned(),
            root: unescape(root),
            attributes: words.join(","),
            kind: kind.to_owned(),
            options: next().to_owned(),
            twice: mounts.contains_key(&path),
        };
        mounts.insert(path, shown);
    }
    mounts
}

const BITS: [(&str, u64); 4] = [
    ("ro", attribute::RDONLY),
    ("nosuid", attribute::NOSUID),
    ("nodev", attribute::NODEV),
    ("noexec", attribute::NOEXEC),
];

/// Attributes in the words of mountinfo.
pub fn attributes(attributes: u64) -> String {
    let has = |word: &str| {
        BITS.iter()
            .any(|(name, bit)| *name == word && attributes & bit != 0)
    };
    words(has).join(",")
}

fn words(has: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut words = vec![if has("ro") { "ro" } else { "rw" }];
    words.extend(
        ["nosuid", "nodev", "noexec"]
            .iter()
            .filter(|word| has(word)),
    );
    words
}

/// mountinfo writes space, tab, newline and backslash as three octal digits (proc(5)).
fn unescape(path: &str) -> String {
    let mut plain = path.to_owned();
    for (escaped, character) in [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ] {
        plain = plain.replace(escaped, character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_sources_escapes_and_covered_mounts_are_read() {
        let text = "1 0 0:1 / / ro,nosuid,nodev,noexec - tmpfs t rw,size=1024k\n\
                    2 1 0:2 /x /a\\040b rw,nosuid - ext4 t rw\n\
                    4 1 0:2 /y\\011 /c rw,nosuid shared:5 master:1 - ext4 t rw\n\
                    3 1 0:2 /x /a\\040b rw,nosuid - ext4 t rw\n";
        let mounts = parse(text);
        let root = &mounts["/"];
        assert_eq!(root.attributes, "ro,nosuid,nodev,noexec");
        assert_eq!((root.id, root.kind.as_str()), (1, "tmpfs"));
        assert_eq!(root.options, "rw,size=1024k");
        assert!(mounts["/a b"].twice && !root.twice);
        assert_eq!(mounts["/c"].attributes, "rw,nosuid,shared:5,master:1");
        assert_eq!(mounts["/c"].source(), "/y\t of ext4 0:2");
    }

    #[test]
    fn planned_attributes_have_the_words_of_the_kernel() {
        assert_eq!(attributes(0), "rw");
        let all = attribute::RDONLY | attribute::NOSUID | attribute::NODEV | attribute::NOEXEC;
        assert_eq!(attributes(all), "ro,nosuid,nodev,noexec");
    }
}
