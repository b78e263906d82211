//! Why a Plan cannot become a policy.

use std::fmt;

/// One reason why generation is refused. All reasons are returned at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A name is not `[a-z][a-z0-9-]*`; resolution never lets one through, so
    /// the Plan did not come from it.
    Name {
        /// What is named: `device`, `component`, `channel`, `listen`.
        what: &'static str,
        /// The name as found.
        name: String,
    },
    /// A path is not absolute and normalised.
    Path {
        /// The path as found.
        path: String,
        /// Who asked for it.
        origin: String,
    },
    /// The target's base policy lacks a name that a grant needs.
    Missing {
        /// `type`, `attribute`, `class`, `permission`, `capability`, `role`,
        /// `user` or `level`.
        kind: &'static str,
        /// The missing name; a permission as `class:permission`.
        name: String,
        /// The target profile that lacks it.
        target: String,
        /// The rule group that needs it, in words.
        needed_for: String,
        /// The manifest line or role default that asked for that group.
        origin: String,
    },
    /// Two things of the device would get one SELinux name.
    Clash {
        /// The type both would be called.
        name: String,
        /// The first, in words.
        first: String,
        /// The second, in words.
        second: String,
    },
    /// A path that belongs to the whole system was granted for writing. Its
    /// label is the system's, so the grant would reach every file so labelled.
    SharedWrite {
        /// The path.
        path: String,
        /// The label it keeps.
        label: String,
        /// Who asked for it.
        origin: String,
    },
    /// A path that holds the system's secrets or policy would get the device's
    /// label, with all that is below it.
    Kept {
        /// The path.
        path: String,
        /// What it belongs to or has, in words.
        why: String,
        /// Where a device's own would stand.
        instead: String,
        /// Who asked for it.
        origin: String,
    },
    /// What is missing would have to be made in a directory of the whole system:
    /// its type is that of many others, and nobody is given those.
    NoPlace {
        /// The path.
        path: String,
        /// The directory it would be made in.
        parent: String,
        /// Who asked for it.
        origin: String,
    },
    /// The base policy labels a path below a directory that would be labelled as
    /// a whole: a name counts for more than a pattern.
    BaseBelow {
        /// The directory.
        path: String,
        /// The path below it.
        below: String,
        /// The type the base policy gives that one.
        label: String,
        /// The target profile.
        target: String,
        /// Who asked for the directory.
        origin: String,
    },
    /// The base policy labels this very path, and a path has one label.
    BaseLabel {
        /// The path.
        path: String,
        /// What it is: `program`, `file`, `device node`.
        what: &'static str,
        /// The type the base policy gives it.
        label: String,
        /// The target profile.
        target: String,
        /// A path that would do instead; none for a device node.
        instead: Option<String>,
        /// Who asked for it.
        origin: String,
    },
    /// A channel names a component that the Plan does not have.
    NoSuchComponent {
        /// The channel.
        channel: String,
        /// The component that is not there.
        component: String,
        /// Who asked.
        origin: String,
    },
}

impl Error {
    /// The name the target lacks, if that is the reason.
    pub(crate) fn missing_name(&self) -> Option<String> {
        match self {
            Self::Missing { name, .. } => Some(name.clone()),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { what, name } => write!(
                f,
                "{what} name {name:?} cannot become part of a SELinux name: it must be [a-z][a-z0-9-]*"
            ),
            Self::Path { path, origin } => write!(
                f,
                "{origin}: path {path:?} cannot be labelled: it must be absolute, without '.', '..' or '//'"
            ),
            Self::Missing {
                kind,
                name,
                target,
                needed_for,
                origin,
            } => write!(
                f,
                "{origin}: the base policy of {target} has no {kind} {name}, which this needs: {needed_for}"
            ),
            Self::Clash {
                name,
                first,
                second,
            } => write!(
                f,
                "{first} and {second} would both be labelled {name}: rename one of them"
            ),
            Self::SharedWrite {
                path,
                label,
                origin,
            } => write!(
                f,
                "{origin}: {path} belongs to the whole system and keeps its label {label}, so it cannot be granted for writing"
            ),
            Self::Kept {
                path,
                why,
                instead,
                origin,
            } => write!(
                f,
                "{origin}: {path} is never granted: {why}; keep the device's own in a directory of its own, such as {instead}"
            ),
            Self::NoPlace {
                path,
                parent,
                origin,
            } => write!(
                f,
                "{origin}: {path} is not there, and cannot be created: the type of {parent} is that of many directories of the system; make it when the device is installed (tmpfiles.d, or a directory of the package), or name a path one level deeper"
            ),
            Self::BaseBelow {
                path,
                below,
                label,
                target,
                origin,
            } => write!(
                f,
                "{origin}: {path} cannot be labelled as a whole: the base policy of {target} labels {below} in it, {label}, and no path has two labels: grant a directory of the device's own, or what is beside it"
            ),
            Self::BaseLabel {
                path,
                what,
                label,
                target,
                instead,
                origin,
            } => {
                write!(
                    f,
                    "{origin}: the base policy of {target} labels the {what} {path} itself, {label}, and no path has two labels: "
                )?;
                match instead {
                    Some(instead) => write!(f, "install a copy for the device, such as {instead}"),
                    None => write!(
                        f,
                        "grant another node, or give the device a node of its own"
                    ),
                }
            }
            Self::NoSuchComponent {
                channel,
                component,
                origin,
            } => write!(
                f,
                "{origin}: channel {channel} names component {component}, which the plan does not have"
            ),
        }
    }
}

impl std::error::Error for Error {}
