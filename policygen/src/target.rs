//! Target profiles: what generation relies on in a target's base policy.
//!
//! A profile is data in `profiles/targets/`, made by `cordon policy scan`
//! from the target's own policy. A rule that needs a name the profile lacks is
//! an error at generation, never an `optional` block that disappears.

use crate::ambient::Ambient;
use crate::trusted::{Act, Trusted};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

/// A name in a profile: borrowed from those that are compiled in, which every
/// start of the supervisor reads.
type Name = Cow<'static, str>;

/// What is known of a base policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    name: String,
    base: String,
    binary: u32,
    disabled: Vec<String>,
    pub(crate) types: HashSet<Name>,
    pub(crate) attributes: HashSet<Name>,
    pub(crate) users: HashSet<Name>,
    pub(crate) roles: HashSet<Name>,
    pub(crate) levels: HashSet<Name>,
    pub(crate) classes: BTreeMap<Name, BTreeSet<Name>>,
    ports: HashMap<u16, Name>,
    nodes: HashMap<Name, Name>,
    shared: BTreeMap<Name, Name>,
    ambient: Vec<Ambient>,
    pub(crate) trusted: Trusted,
    labelled: HashMap<Name, Name>,
    /// Expressions of file contexts, with the types of what is kept from others.
    kept: Vec<(Name, Name)>,
    libsepol: Option<String>,
    denies: bool,
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
        Self::read(text, Cow::Borrowed).ok()
    }

    /// Parses a profile: one fact a line, `KEY VALUE...`, `#` to the end of the
    /// line is a comment.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        Self::read(text, |name| Cow::Owned(name.to_owned()))
    }

    /// Reads a profile, and keeps each name of it by `keep`.
    fn read<'t>(text: &'t str, keep: impl Fn(&'t str) -> Name) -> Result<Self, ProfileError> {
        let mut target = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.split_once('#').map_or(line, |(fact, _)| fact).trim();
            if !line.is_empty() {
                target.fact(line, &keep).map_err(|message| ProfileError {
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

    fn fact<'t>(&mut self, line: &'t str, keep: &impl Fn(&'t str) -> Name) -> Result<(), String> {
        let (key, value) = line
            .split_once(' ')
            .ok_or_else(|| format!("`{line}` has no value"))?;
        let pair = || {
            value
                .split_once(' ')
                .ok_or_else(|| format!("`{key}` takes two values"))
        };
        let names = || value.split(' ').map(keep);
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
            "trusted" => {
                let mut words = value.split(' ').map(str::to_owned);
                let word = words.next().unwrap_or_default();
                let act = Act::of(&word).ok_or_else(|| format!("`{word}` is no act"))?;
                // None at all is an answer, too.
                self.trusted.entry(act).or_default().extend(words);
            }
            "labelled" => {
                let (label, paths) = pair()?;
                let label = keep(label);
                let paths = paths.split(' ').map(|path| (keep(path), label.clone()));
                self.labelled.extend(paths);
            }
            "kept" => {
                let (label, expressions) = pair()?;
                let label = keep(label);
                let expressions = expressions.split(' ');
                self.kept
                    .extend(expressions.map(|one| (keep(one), label.clone())));
            }
            "type" => self.types.extend(names()),
            "attribute" => self.attributes.extend(names()),
            "class" => {
                let mut names = names();
                let class = names.next().unwrap_or_default();
                self.classes.insert(class, names.collect());
            }
            "port" => {
                let (port, label) = pair()?;
                let port = port.parse().map_err(|_| format!("`{port}` is no port"))?;
                self.types.insert(keep(label));
                self.ports.insert(port, keep(label));
            }
            "node" => {
                let (path, label) = pair()?;
                self.types.insert(keep(label));
                self.nodes.insert(keep(path), keep(label));
            }
            "shared" => {
                let (path, label) = pair()?;
                self.types.insert(keep(label));
                self.shared.insert(keep(path), keep(label));
            }
            "user" => _ = self.users.insert(keep(value)),
            "role" => _ = self.roles.insert(keep(value)),
            "level" => _ = self.levels.insert(keep(value)),
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

    /// Whether the profile says whom the base system trusts: without it nothing
    /// can be claimed of everybody else.
    #[must_use]
    pub fn says_who_is_trusted(&self) -> bool {
        Act::ALL.iter().all(|act| self.trusted.contains_key(act))
    }

    /// Whether the target's compiler knows `deny` rules, by which a module takes
    /// away what the base policy gives (libsepol 3.6).
    #[must_use]
    pub fn denies(&self) -> bool {
        self.denies
    }

    /// Label that the base policy gives to this very path of a file or node.
    pub(crate) fn labelled(&self, path: &str) -> Option<&str> {
        self.labelled.get(path).map(AsRef::as_ref)
    }

    /// Expressions of the file contexts of what the base policy keeps, with types.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let kept = self.kept.iter();
        kept.map(|(expression, label)| (expression.as_ref(), label.as_ref()))
    }

    /// Every path that the base policy labels itself, with its type.
    pub(crate) fn all_labelled(&self) -> impl Iterator<Item = (&str, &str)> {
        let labelled = self.labelled.iter();
        labelled.map(|(path, label)| (path.as_ref(), label.as_ref()))
    }

    /// Label that the base policy gives to this very TCP port, if any.
    pub(crate) fn port(&self, port: u16) -> Option<&str> {
        self.ports.get(&port).map(AsRef::as_ref)
    }

    /// Label of a path that belongs to the whole system, if it does.
    pub(crate) fn shared(&self, path: &str) -> Option<&str> {
        self.shared
            .iter()
            .filter(|(tree, _)| {
                path.strip_prefix(tree.as_ref())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .max_by_key(|(tree, _)| tree.len())
            .map(|(_, label)| label.as_ref())
    }

    /// Label of a device node that every program of the system uses, if it is one.
    pub(crate) fn node(&self, path: &str) -> Option<&str> {
        self.nodes.get(path).map(AsRef::as_ref)
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
