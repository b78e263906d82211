//! Target profiles: what generation relies on in a target's base policy.
//!
//! A profile is data in `profiles/targets/`, made by `cordon policy scan`
//! from the target's own policy. A rule that needs a name the profile lacks is
//! an error at generation, never an `optional` block that disappears.

use crate::ambient::Ambient;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is known of a base policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(crate) name: String,
    pub(crate) base: String,
    pub(crate) binary: u32,
    pub(crate) disabled: Vec<String>,
    pub(crate) types: BTreeSet<String>,
    pub(crate) attributes: BTreeSet<String>,
    pub(crate) users: BTreeSet<String>,
    pub(crate) roles: BTreeSet<String>,
    pub(crate) levels: BTreeSet<String>,
    pub(crate) classes: BTreeMap<String, BTreeSet<String>>,
    pub(crate) ports: BTreeMap<u16, String>,
    pub(crate) nodes: BTreeMap<String, String>,
    pub(crate) shared: BTreeMap<String, String>,
    pub(crate) ambient: Vec<Ambient>,
    pub(crate) labelled: BTreeMap<String, String>,
    pub(crate) libsepol: Option<String>,
    pub(crate) denies: bool,
}

/// A line of a profile that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// Line of the profile, from 1; 0 when something is missing altogether.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "target profile, line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ProfileError {}

/// Names of the profiles that are compiled in, with their text.
const BUILT_IN: [(&str, &str); 4] = [
    (
        "debian-12",
        include_str!("../../profiles/targets/debian-12"),
    ),
    (
        "debian-13",
        include_str!("../../profiles/targets/debian-13"),
    ),
    (
        "fedora-targeted",
        include_str!("../../profiles/targets/fedora-targeted"),
    ),
    (
        "yocto-refpolicy-targeted",
        include_str!("../../profiles/targets/yocto-refpolicy-targeted"),
    ),
];

impl Target {
    /// Names of the profiles that are compiled in.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The compiled-in profile of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(text).ok()
    }

    /// Parses a profile: one fact a line, `KEY VALUE...`, `#` to the end of the
    /// line is a comment.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let mut target = Self {
            name: String::new(),
            base: String::new(),
            binary: 0,
            disabled: Vec::new(),
            types: BTreeSet::new(),
            attributes: BTreeSet::new(),
            users: BTreeSet::new(),
            roles: BTreeSet::new(),
            levels: BTreeSet::new(),
            classes: BTreeMap::new(),
            ports: BTreeMap::new(),
            nodes: BTreeMap::new(),
            shared: BTreeMap::new(),
            ambient: Vec::new(),
            labelled: BTreeMap::new(),
            libsepol: None,
            denies: false,
        };
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                target.fact(line).map_err(|message| ProfileError {
                    line: number + 1,
                    message,
                })?;
            }
        }
        if target.name.is_empty() || target.binary == 0 {
            return Err(ProfileError {
                line: 0,
                message: "`name` or `binary` is missing".to_owned(),
            });
        }
        Ok(target)
    }

    fn fact(&mut self, line: &str) -> Result<(), String> {
        let (key, value) = line
            .split_once(' ')
            .ok_or_else(|| format!("`{line}` has no value"))?;
        let pair = || {
            value
                .split_once(' ')
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .ok_or_else(|| format!("`{key}` takes two values"))
        };
        match key {
            "name" => value.clone_into(&mut self.name),
            "base" => value.clone_into(&mut self.base),
            "binary" => {
                self.binary = value
                    .parse()
                    .map_err(|_| format!("`{value}` is no version of the binary policy"))?;
            }
            "disabled" => self.disabled = value.split(' ').map(str::to_owned).collect(),
            "libsepol" => {
                self.denies = has_deny(value)
                    .ok_or_else(|| format!("`{value}` is no version of libsepol"))?;
                self.libsepol = Some(value.to_owned());
            }
            "ambient" => self.ambient.push(Ambient::parse(value)?),
            "labelled" => {
                let (label, paths) = pair()?;
                let paths = paths
                    .split(' ')
                    .map(|path| (path.to_owned(), label.clone()));
                self.labelled.extend(paths);
            }
            "type" => self.types.extend(value.split(' ').map(str::to_owned)),
            "attribute" => self.attributes.extend(value.split(' ').map(str::to_owned)),
            "class" => {
                let mut words = value.split(' ').map(str::to_owned);
                let class = words.next().unwrap_or_default();
                self.classes.insert(class, words.collect());
            }
            "port" => {
                let (port, label) = pair()?;
                let port = port.parse().map_err(|_| format!("`{port}` is no port"))?;
                self.types.insert(label.clone());
                self.ports.insert(port, label);
            }
            "node" | "shared" => {
                let (path, label) = pair()?;
                self.types.insert(label.clone());
                let table = if key == "node" {
                    &mut self.nodes
                } else {
                    &mut self.shared
                };
                table.insert(path, label);
            }
            "user" => _ = self.users.insert(value.to_owned()),
            "role" => _ = self.roles.insert(value.to_owned()),
            "level" => _ = self.levels.insert(value.to_owned()),
            _ => return Err(format!("unknown key `{key}`")),
        }
        Ok(())
    }

    /// The profile's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The base policy and its version, in words.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Version of the binary policy to compile for (`secilc -c`).
    #[must_use]
    pub fn binary_version(&self) -> u32 {
        self.binary
    }

    /// Modules of the base policy that the target leaves disabled.
    #[must_use]
    pub fn disabled(&self) -> &[String] {
        &self.disabled
    }

    /// Version of libsepol on the target, where the profile has it.
    #[must_use]
    pub fn libsepol(&self) -> Option<&str> {
        self.libsepol.as_deref()
    }

    /// What the base policy gives to every domain.
    #[must_use]
    pub fn ambient(&self) -> &[Ambient] {
        &self.ambient
    }

    /// Whether the target's compiler knows `deny` rules, by which a module takes
    /// away what the base policy gives (libsepol 3.6).
    #[must_use]
    pub fn denies(&self) -> bool {
        self.denies
    }

    /// Label that the base policy gives to this very path of a file or node.
    pub(crate) fn labelled(&self, path: &str) -> Option<&str> {
        self.labelled.get(path).map(String::as_str)
    }

    /// Label that the base policy gives to this very TCP port, if any.
    pub(crate) fn port(&self, port: u16) -> Option<&str> {
        self.ports.get(&port).map(String::as_str)
    }

    /// Label of a path that belongs to the whole system, if it does.
    pub(crate) fn shared(&self, path: &str) -> Option<&str> {
        self.shared
            .iter()
            .filter(|(tree, _)| {
                path.strip_prefix(tree.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .max_by_key(|(tree, _)| tree.len())
            .map(|(_, label)| label.as_str())
    }

    /// Label of a device node that every program of the system uses, if it is one.
    pub(crate) fn node(&self, path: &str) -> Option<&str> {
        self.nodes.get(path).map(String::as_str)
    }
}

/// Whether this version of libsepol (`3.8`, `3.8.1`) has `deny` rules.
fn has_deny(version: &str) -> Option<bool> {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next()?, numbers.next()?) {
        (Ok(major), Ok(minor)) => Some((major, minor) >= (3, 6)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_profiles_parse_and_carry_their_name() {
        for (name, text) in BUILT_IN {
            assert_eq!(Target::parse(text).unwrap().name(), name);
        }
    }

    #[test]
    fn shared_is_by_whole_path_elements_and_the_longest_wins() {
        let target =
            Target::parse("name x\nbinary 33\nshared /usr/lib lib_t\nshared /usr/lib/a a_t\n")
                .unwrap();
        assert_eq!(target.shared("/usr/lib/a/b"), Some("a_t"));
        assert_eq!(target.shared("/usr/lib/ab"), Some("lib_t"));
        assert_eq!(target.shared("/usr/library"), None);
    }

    #[test]
    fn bad_lines_are_named() {
        for (text, line) in [
            ("name x\nwhat is\n", 2),
            ("port x y\n", 1),
            ("libsepol new\n", 1),
            ("\n", 0),
        ] {
            assert_eq!(Target::parse(text).unwrap_err().line, line, "{text:?}");
        }
    }
}
