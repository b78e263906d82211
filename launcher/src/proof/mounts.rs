//! /proc/PID/mountinfo: the whole mount table, compared entry by entry.

use super::Proof;
use crate::sys::mount::attribute;
use cordon_manifest::plan::Layer;
use std::collections::BTreeMap;
use std::fs;

/// Root, working directory and every mount with its attributes.
pub fn compare(proof: &mut Proof, pid: i32, planned: &[(String, u64)]) {
    for link in ["root", "cwd"] {
        let found = fs::read_link(format!("/proc/{pid}/{link}"));
        let found = found.map_or_else(|error| error.to_string(), |path| path.display().to_string());
        proof.compare(Layer::Root, link, "/", found);
    }
    let text = fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap_or_default();
    let mut found = parse(&text);
    for (path, attributes) in planned {
        let shown = found.remove(path).unwrap_or_else(|| "not mounted".into());
        proof.compare(Layer::Root, path, words(*attributes), shown);
    }
    for (path, shown) in found {
        proof.compare(Layer::Root, &path, "not mounted", shown);
    }
}

fn parse(text: &str) -> BTreeMap<String, String> {
    let mut mounts = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split(' ').skip(4);
        let (Some(path), Some(options)) = (fields.next(), fields.next()) else {
            continue;
        };
        // Before the dash: the peer groups through which mounts come or go.
        let peers: Vec<&str> = fields.take_while(|field| *field != "-").collect();
        let has = |option: &str| options.split(',').any(|found| found == option);
        let mut attributes = 0;
        for (option, bit) in BITS {
            if has(option) {
                attributes |= bit;
            }
        }
        let path = unescape(path);
        // Two mounts at one place are one too many: the upper hides what was planned.
        let shown = if mounts.contains_key(&path) {
            "mounted twice".into()
        } else if peers.is_empty() {
            words(attributes)
        } else {
            format!("{},{}", words(attributes), peers.join(","))
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

fn words(attributes: u64) -> String {
    let mut words = vec![if attributes & attribute::RDONLY == 0 {
        "rw"
    } else {
        "ro"
    }];
    words.extend(
        BITS.iter()
            .skip(1)
            .filter(|(_, bit)| attributes & bit != 0)
            .map(|(word, _)| *word),
    );
    words.join(",")
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
    fn attributes_escapes_and_covered_mounts_are_read() {
        let text = "1 0 0:1 / / ro,nosuid,nodev,noexec - tmpfs t rw\n\
                    2 1 0:2 /x /a\\040b rw,nosuid - ext4 t rw\n\
                    4 1 0:2 /y /c rw,nosuid shared:5 - ext4 t rw\n\
                    3 1 0:2 /x /a\\040b rw,nosuid - ext4 t rw\n";
        let mounts = parse(text);
        assert_eq!(mounts["/"], "ro,nosuid,nodev,noexec");
        assert_eq!(mounts["/a b"], "mounted twice");
        assert_eq!(mounts["/c"], "rw,nosuid,shared:5");
    }
}
