//! Facts of the target: what resolution has to know of the device beyond the manifest.
//!
//! The launcher gathers them (from `/`, or from an image tree); tests read them
//! from a file. Resolution asks nothing else of the world.

use crate::plan::Node;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Facts {
    /// Machine of the target's kernel as ELF names it: `x86-64`, `aarch64`, `riscv64`.
    pub machine: String,
    /// By path as the manifest or a role profile writes it.
    pub paths: BTreeMap<String, Path>,
    /// By name or number as the manifest writes it.
    pub users: BTreeMap<String, UserFact>,
    /// net.ipv4.ip_unprivileged_port_start.
    pub unprivileged_port_start: u16,
}

/// A path of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Path {
    /// Every link resolved.
    pub resolved: String,
    /// What stands there.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// First directory on the way that someone else than root could change, if any.
    pub open_parent: Option<String>,
    /// Whether `size:` can be held by a project quota there.
    pub project_quota: bool,
    /// What an executable is, for the paths of `exec`.
    pub executable: Option<Executable>,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Nothing; in `resolved` the links of the directories above are resolved.
    Absent,
    /// Regular file.
    File,
    /// Directory.
    Directory,
    /// Device node.
    Device(Node),
    /// Socket, FIFO.
    Other,
}

/// An executable file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Executable {
    /// An ELF file.
    Elf(Elf),
    /// A `#!` script.
    Script {
        /// Interpreter as written.
        interpreter: String,
        /// The one argument a `#!` line can give.
        argument: Option<String>,
        /// The interpreter's own ELF file, with links resolved.
        resolved: String,
        /// What the interpreter is.
        elf: Elf,
    },
    /// Neither; the text says what was found, for the error.
    Unknown(String),
}

/// What an ELF file needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Elf {
    /// `x86-64`, `aarch64`, `riscv64`, or `machine N`.
    pub machine: String,
    /// Interpreter as written and resolved; none for a static program.
    pub interpreter: Option<(String, String)>,
    /// Shared libraries, all levels: path the loader opens, and the same resolved.
    pub libraries: Vec<(String, String)>,
    /// Names of libraries that were not found.
    pub not_found: Vec<String>,
    /// Whether a run path begins with `$ORIGIN` (the loader then reads /proc/self/exe).
    pub origin: bool,
}

/// A user of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserFact {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
}
