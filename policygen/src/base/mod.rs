//! A base policy: the facts that generation, explanation and scan need of it,
//! whether they were read from its source (CIL) or from its binary.

mod binary;
mod expression;
mod reader;
mod source;

pub use reader::BinaryError;

use crate::ambient::Ambient;
use crate::trusted::Trusted;
use std::collections::{BTreeMap, BTreeSet};

/// Attributes of files that are neither the system's secrets nor its policy.
const OPEN: [&str; 2] = ["non_security_file_type", "non_auth_file_type"];

/// What is known of a base policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// Types, without aliases.
    pub types: BTreeSet<String>,
    /// Attributes that have a name of their own.
    pub attributes: BTreeSet<String>,
    /// SELinux users.
    pub users: BTreeSet<String>,
    /// Roles.
    pub roles: BTreeSet<String>,
    /// Sensitivities of its levels.
    pub sensitivities: BTreeSet<String>,
    /// Permissions by class, those of its common included.
    pub classes: BTreeMap<String, BTreeSet<String>>,
    /// Types of single TCP ports.
    pub ports: BTreeMap<u16, String>,
    /// What it gives to a domain that joins `domain` and asks for nothing.
    pub ambient: Vec<Ambient>,
    /// Types of files that the policy keeps from those who may read or label
    /// files in general: in `file_type`, but not in both `non_security_file_type`
    /// and `non_auth_file_type`.
    pub kept: BTreeSet<String>,
    /// Who of it may act on the processes and files of others.
    pub trusted: Trusted,
}

impl Base {
    /// Reads the source of every enabled module.
    pub fn from_source(modules: &[String]) -> Result<Self, String> {
        source::read(modules)
    }

    /// Reads a binary policy, as the kernel loads it. A binary no longer says
    /// which types an attribute was to leave out, so what a new domain would
    /// get from such attributes is not in `ambient`: see [`Self::of_domain`].
    pub fn from_binary(bytes: &[u8]) -> Result<Self, BinaryError> {
        binary::Policy::read(bytes).map(|policy| policy.base("domain"))
    }

    /// Reads what a binary policy, compiled with the device's module in it,
    /// allows this very domain: by name and by every attribute it is in.
    /// None when the policy does not have the domain.
    pub fn of_domain(bytes: &[u8], domain: &str) -> Result<Option<Vec<Ambient>>, BinaryError> {
        let policy = binary::Policy::read(bytes)?;
        Ok(policy.has_type(domain).then(|| policy.allowed(domain)))
    }
}
