//! The Plan: everything decided, each grant remembering who asked for it.
//!
//! A Plan is the one thing the policy generator, the launcher and the evidence
//! read. It holds no span of text and no fact that a library upgrade changes;
//! two runs over the same manifest and the same facts give the same Plan.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who asked for a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The manifest, at this line (from 1).
    Manifest {
        /// Line of the manifest, counted from 1.
        line: u32,
    },
    /// A default of the component's role.
    Role {
        /// Name of the role profile.
        role: String,
        /// Key of the profile that gave the default.
        key: String,
    },
    /// Derived from a fact of the target: an ELF interpreter, a shared library.
    Derived {
        /// What needs it, in words.
        from: String,
    },
    /// The language's own default.
    Language,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest { line } => write!(f, "line {line}"),
            Self::Role { role, key } => write!(f, "role {role}: {key}"),
            Self::Derived { from } => write!(f, "needed by {from}"),
            Self::Language => f.write_str("default"),
        }
    }
}

/// A decided value with its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted<T> {
    /// The value.
    pub value: T,
    /// Who asked for it.
    pub origin: Origin,
}

/// Everything decided about one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// Version of the manifest language, 1.
    pub cordon: u32,
    /// Name of the device; part of every SELinux type.
    pub device: String,
    /// Components in the order of the manifest, which is the order of start.
    pub components: Vec<Component>,
    /// Channels in the order of the manifest.
    pub channels: Vec<Channel>,
    /// What stays open although it is granted, in words, for `cordon plan`.
    pub residual: Vec<Residual>,
}

/// Something a grant leaves open that a reader would not expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residual {
    /// The component.
    pub component: String,
    /// What stays open, one sentence.
    pub text: String,
    /// The grant that opens it.
    pub origin: Origin,
}

/// One program and its compartment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Component {
    /// Name, `[a-z][a-z0-9-]*`.
    pub name: String,
    /// Line of the manifest where the component begins.
    pub line: u32,
    /// Role profile; also names the seccomp profile.
    pub role: Granted<String>,
    /// What is executed.
    pub program: Program,
    /// Who it runs as.
    pub user: Granted<User>,
    /// Paths: program, interpreter, libraries, role defaults, declared.
    pub files: Vec<FileGrant>,
    /// Device nodes.
    pub devices: Vec<DeviceGrant>,
    /// Sockets the supervisor binds and hands over.
    pub listen: Vec<Listen>,
    /// Sockets the program may make itself.
    pub network: Network,
    /// Real-time scheduling, where asked for.
    pub realtime: Option<Granted<Realtime>>,
    /// Limits of the component's cgroup.
    pub limits: Limits,
    /// Time in ms within which the component must say WATCHDOG=1.
    pub watchdog: Option<Granted<u64>>,
    /// Restart policy.
    pub restart: Granted<Restart>,
    /// Time in ms between SIGTERM and the killing of the cgroup.
    pub stop_timeout: Granted<u64>,
    /// Whether the device's READY waits for it.
    pub required: Granted<bool>,
    /// Whether the component itself says READY=1 (as Type=notify).
    pub notify: Granted<bool>,
    /// What happens when a later proof differs.
    pub on_difference: Granted<OnDifference>,
    /// Environment the manifest names; Cordon adds LISTEN_*, NOTIFY_SOCKET, WATCHDOG_USEC.
    pub environment: Vec<Granted<(String, String)>>,
    /// Whether it sees a /proc (own processes only).
    pub proc: Granted<bool>,
    /// Whether it may start processes of its own (fork), beyond threads.
    pub fork: Granted<bool>,
    /// Layers it may do without, by name.
    pub allow_missing: Vec<Granted<Layer>>,
}

/// The program of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Program {
    /// Resolved path of the ELF file to execute (a script's interpreter).
    pub path: String,
    /// Complete argument vector, argv\[0\] first.
    pub argv: Vec<String>,
    /// The script, when `path` is its interpreter.
    pub script: Option<String>,
    /// Whether a dynamic loader is needed.
    pub linkage: Linkage,
    /// Line of the manifest's `exec`.
    pub line: u32,
}

/// How a program is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linkage {
    /// No interpreter.
    Static,
    /// Has an ELF interpreter.
    Dynamic,
}

/// A user of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// As written: a name or a number.
    pub name: String,
    /// User id; never 0, never 2^32-1.
    pub uid: u32,
    /// Group id; never 0, never 2^32-1.
    pub gid: u32,
}

/// How much of a path is granted. `Write` includes `Read`; `Execute` includes `Read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Read.
    Read,
    /// Read and write.
    Write,
    /// Read, and execute or map executable.
    Execute,
}

/// What a granted path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathKind {
    /// Regular file.
    File,
    /// Directory, with everything below it on the same file system.
    Directory,
    /// Not there; see [`Missing`].
    Absent,
}

/// What to do when a granted path is not there at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Refuse to start.
    Error,
    /// Start without it.
    Skip,
    /// Create it empty, owned by the component's user: a directory, or a file where it is passed.
    Create,
}

/// Why a path is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The program itself: the entry point of the component's domain.
    Program,
    /// A script given to its interpreter.
    Script,
    /// The ELF interpreter.
    Interpreter,
    /// A shared library, or the loader's cache.
    Library,
    /// Declared in the manifest or by the role.
    Declared,
}

/// A granted path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileGrant {
    /// Path inside the compartment, absolute and normalised.
    pub path: String,
    /// Path on the device with every link resolved; equals `path` for a tmpfs.
    pub source: String,
    /// What it is.
    pub kind: PathKind,
    /// What is granted.
    pub access: Access,
    /// What to do when it is absent.
    pub missing: Missing,
    /// Size in bytes of a tmpfs mounted there instead of the device's path.
    pub size: Option<u64>,
    /// Size in bytes to which a project quota of its file system holds the device's directory.
    #[serde(default)]
    pub quota: Option<u64>,
    /// Opened by the supervisor and inherited under this LISTEN_FDNAMES name; not visible as a path.
    pub pass: Option<String>,
    /// Why.
    pub purpose: Purpose,
    /// Who asked.
    pub origin: Origin,
}

/// Kind and number of a device node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Node {
    /// True for a block device.
    pub block: bool,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
}

/// A granted device node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeviceGrant {
    /// Path inside the compartment.
    pub path: String,
    /// Path on the device with every link resolved.
    pub source: String,
    /// Kind and number; none when the node is absent and `missing` allows it.
    pub node: Option<Node>,
    /// Read or write.
    pub access: Access,
    /// ioctl requests allowed on it; empty means none.
    pub ioctl: Vec<u32>,
    /// Opened by the supervisor and inherited under this name; not visible as a path.
    pub pass: Option<String>,
    /// What to do when it is absent.
    pub missing: Missing,
    /// Who asked.
    pub origin: Origin,
}

/// A socket the supervisor binds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listen {
    /// Name in LISTEN_FDNAMES.
    pub name: String,
    /// Address and port.
    pub tcp: std::net::SocketAddr,
    /// Who asked.
    pub origin: Origin,
}

/// Sockets a program may make itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// An empty network namespace.
    None,
    /// The device's network, held to these TCP ports.
    Host {
        /// Ports it may bind and listen on.
        bind: Vec<Granted<u16>>,
        /// Ports it may connect to.
        connect: Vec<Granted<u16>>,
    },
}

/// Real-time policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RealtimePolicy {
    /// SCHED_FIFO.
    Fifo,
    /// SCHED_RR.
    Rr,
}

/// Real-time scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Realtime {
    /// Policy.
    pub policy: RealtimePolicy,
    /// Priority, 1 to 99.
    pub priority: u8,
    /// Whether the program may lock its memory (RLIMIT_MEMLOCK).
    pub lock_memory: bool,
}

/// Limits of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes (memory.max).
    pub memory: Option<Granted<u64>>,
    /// Processes and threads (pids.max).
    pub tasks: Option<Granted<u32>>,
    /// Percent of one core (cpu.max).
    pub cpu: Option<Granted<u32>>,
    /// Open descriptors (RLIMIT_NOFILE).
    pub descriptors: Granted<u32>,
}

/// When a component is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// After every exit.
    Always,
    /// After a failure.
    OnFailure,
    /// Never.
    Never,
}

/// Restart policy with its delay and limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Restart {
    /// When.
    pub policy: RestartPolicy,
    /// Delay before a start, in ms.
    pub delay: u64,
    /// At most this many starts in `window` ms; none for a component that is never given up on.
    pub limit: Option<RestartLimit>,
}

/// A number of starts in a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RestartLimit {
    /// Starts.
    pub starts: u32,
    /// Window in ms.
    pub window: u64,
}

/// What happens when what is in force no longer is what was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDifference {
    /// Kill it and leave it dead.
    Stop,
    /// Kill it and start it again.
    Restart,
    /// Say so and let it run.
    Alarm,
}

/// A one-way channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Channel {
    /// Name, `[a-z][a-z0-9-]*`.
    pub name: String,
    /// Line of the manifest where it begins.
    pub line: u32,
    /// Component that writes.
    pub from: Granted<String>,
    /// Components that read.
    pub to: Vec<Granted<String>>,
    /// How often a record comes.
    pub pace: Granted<Pace>,
    /// Fields of a record, in order.
    pub record: Vec<Field>,
}

/// How often records come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// Regularly, and stale after the deadline.
    Periodic {
        /// Nominal period in ns.
        period: u64,
        /// Age in ns past which a record is no value any more.
        deadline: u64,
    },
    /// Now and then, at most this many in a second.
    Sporadic {
        /// Records in `per` ns at most.
        records: u32,
        /// ns.
        per: u64,
    },
}

/// An integer type of the record language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Scalar {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Field {
    /// Name, `[a-z][a-z0-9-]*`.
    pub name: String,
    /// Integer type of an element.
    pub scalar: Scalar,
    /// Elements: none for a single value, else 1 to 255.
    pub array: Option<u8>,
    /// Unit by its UCUM code.
    pub unit: Option<String>,
    /// Smallest and largest legal value, both included.
    pub range: Option<(i128, i128)>,
    /// Names of an enum's values, value 0 first; empty when it is no enum.
    pub values: Vec<String>,
    /// What it means, for people.
    pub doc: Option<String>,
    /// Line of the manifest.
    pub line: u32,
}

/// One confinement mechanism, named with its level where kernels differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Mount, pid, network, IPC, UTS and cgroup namespaces. Never absent.
    Namespaces,
    /// Own root of the declared paths. Never absent.
    Root,
    /// System-call filters. Never absent.
    Seccomp,
    /// Five empty capability sets. Never absent.
    Capabilities,
    /// no_new_privs. Never absent.
    NoNewPrivs,
    /// Landlock on files (ABI 1 to 3).
    LandlockFs,
    /// Landlock on TCP bind and connect (ABI 4).
    LandlockTcp,
    /// Landlock on device ioctls (ABI 5).
    LandlockIoctl,
    /// Landlock on abstract sockets and signals (ABI 6).
    LandlockScope,
    /// Landlock's audit records after exec (ABI 7).
    LandlockAudit,
    /// Memory-deny-write-execute (Linux 6.3).
    Mdwe,
    /// Executable bit sealed off on channels (Linux 6.3).
    NoexecSeal,
    /// vm.memfd_noexec in the pid namespace (Linux 6.3).
    MemfdNoexec,
    /// Membership, freezing and killing by cgroup v2.
    Cgroup,
    /// memory, pids and cpu controllers of cgroup v2.
    Limits,
    /// SELinux, enforcing, with the manifest's module.
    Selinux,
}

impl Layer {
    /// All layers, in the order they are shown.
    pub const ALL: [Self; 16] = [
        Self::Namespaces,
        Self::Root,
        Self::Seccomp,
        Self::Capabilities,
        Self::NoNewPrivs,
        Self::LandlockFs,
        Self::LandlockTcp,
        Self::LandlockIoctl,
        Self::LandlockScope,
        Self::LandlockAudit,
        Self::Mdwe,
        Self::NoexecSeal,
        Self::MemfdNoexec,
        Self::Cgroup,
        Self::Limits,
        Self::Selinux,
    ];

    /// The layer's name in manifests and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Root => "root",
            Self::Seccomp => "seccomp",
            Self::Capabilities => "capabilities",
            Self::NoNewPrivs => "no-new-privs",
            Self::LandlockFs => "landlock-fs",
            Self::LandlockTcp => "landlock-tcp",
            Self::LandlockIoctl => "landlock-ioctl",
            Self::LandlockScope => "landlock-scope",
            Self::LandlockAudit => "landlock-audit",
            Self::Mdwe => "mdwe",
            Self::NoexecSeal => "noexec-seal",
            Self::MemfdNoexec => "memfd-noexec",
            Self::Cgroup => "cgroup",
            Self::Limits => "limits",
            Self::Selinux => "selinux",
        }
    }

    /// The layer of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.name() == name)
    }

    /// Whether a manifest or `--without` may allow its absence.
    #[must_use]
    pub const fn may_be_absent(self) -> bool {
        !matches!(
            self,
            Self::Namespaces | Self::Root | Self::Seccomp | Self::Capabilities | Self::NoNewPrivs
        )
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
