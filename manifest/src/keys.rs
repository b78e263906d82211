//! The table of keys: every word of the language, once.
//!
//! Reading ([`crate::read`]), the JSON Schema ([`crate::schema`]) and "did you mean"
//! are all driven by it, so that none of them can know a key the others do not.

/// A mapping with fixed keys.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it describes, as in "a component has no key ...".
    pub(crate) what: &'static str,
    /// Its keys, in the order they are usually written.
    pub(crate) keys: &'static [Key],
    /// Sets of keys of which exactly one is written, whole; empty where there is no choice.
    pub(crate) either: &'static [&'static [&'static str]],
}

impl Table {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    /// One sentence, shown by editors.
    pub(crate) doc: &'static str,
    /// A value that would be right, shown by errors.
    pub(crate) example: &'static str,
}

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Shape {
    /// The version of the language.
    Version,
    /// A name, `[a-z][a-z0-9-]*`.
    Name,
    /// The name of a role.
    Role,
    /// A name or a number of a user.
    User,
    /// Any text without NUL.
    Text,
    /// An absolute, normalised path.
    Path,
    /// `true` or `false`.
    Bool,
    /// An integer; hexadecimal with `0x`.
    Integer { min: i64, max: i64 },
    /// `50ms`, `2s`, `1min`, `1h`; into nanoseconds.
    Duration,
    /// `96M`: K, M, G are powers of 1024; into bytes.
    Size,
    /// `50%` of one core.
    Percent,
    /// `10/min`: a number in a second, minute or hour.
    Rate,
    /// `0.0.0.0:443`, `[::]:443`.
    SocketAddress,
    /// `tcp/443`.
    Port,
    /// An integer type of the record language, `u16` or `i16[20]`.
    FieldType,
    /// A unit by its UCUM code.
    Unit,
    /// `A..B`, both included.
    Range,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A layer's name.
    Layer,
    /// A list.
    List(&'static Self),
    /// A list with at least one item.
    Some(&'static Self),
    /// A mapping with fixed keys.
    Table(&'static Table),
    /// A mapping from names to tables.
    Named {
        what: &'static str,
        table: &'static Table,
    },
    /// A mapping from environment names to texts.
    Environment,
}

/// Most items of a list or a mapping.
pub(crate) const MAX_ITEMS: usize = 256;
/// Most characters of a name; SELinux types are built of two of them.
pub(crate) const MAX_NAME: usize = 48;
/// Most bytes of a text.
pub(crate) const MAX_TEXT: usize = 4096;

const fn key(name: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        shape,
        required: false,
        doc,
        example,
    }
}

const fn needed(name: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        shape,
        required: true,
        doc,
        example,
    }
}

/// Words of `access` on a file.
pub(crate) const FILE_ACCESS: &[&str] = &["read", "write", "execute"];
/// Words of `access` on a device.
pub(crate) const DEVICE_ACCESS: &[&str] = &["read", "write"];
/// Words of `missing`.
pub(crate) const MISSING: &[&str] = &["error", "skip", "create"];
/// What a role's system-call filter is made for.
pub(crate) const ABILITIES: &[&str] = &["listen", "network", "devices", "realtime", "fork", "proc"];

/// The manifest.
pub(crate) static MANIFEST: Table = Table {
    what: "a manifest",
    either: &[],
    keys: &[
        needed(
            "cordon",
            Shape::Version,
            "1",
            "Version of the manifest language.",
        ),
        needed(
            "device",
            Shape::Name,
            "bedside-monitor",
            "Name of the device; part of every SELinux type.",
        ),
        needed(
            "components",
            Shape::Named {
                what: "component",
                table: &COMPONENT,
            },
            "{vitals-display: {role: vitals-display, ...}}",
            "The device's programs, each in its own compartment, in the order of their start.",
        ),
        key(
            "channels",
            Shape::Named {
                what: "channel",
                table: &CHANNEL,
            },
            "{vitals: {from: ..., to: [...], ...}}",
            "One-way links between components; there are no others.",
        ),
        key(
            "accept",
            Shape::List(&Shape::Table(&ACCEPT)),
            "[{warning: NAME, because: text}]",
            "Warnings that are meant, anywhere in this manifest.",
        ),
    ],
};

static COMPONENT: Table = Table {
    what: "a component",
    either: &[],
    keys: &[
        needed(
            "role",
            Shape::Role,
            "network-service",
            "Role profile: defaults, minimum limits and the system-call filter.",
        ),
        needed(
            "exec",
            Shape::Some(&Shape::Text),
            "[/usr/bin/program, --option]",
            "Program and arguments; no shell, no substitution.",
        ),
        needed(
            "user",
            Shape::User,
            "vitals",
            "User it runs as, by name or number; no other component has it.",
        ),
        key(
            "devices",
            Shape::List(&Shape::Table(&DEVICE)),
            "[{path: /dev/ttyS1, access: write}]",
            "Device nodes it may use.",
        ),
        key(
            "files",
            Shape::List(&Shape::Table(&FILE)),
            "[{path: /etc/device, access: read}]",
            "Files and directories it may use.",
        ),
        key(
            "listen",
            Shape::List(&Shape::Table(&LISTEN)),
            "[{name: https, tcp: \"0.0.0.0:443\"}]",
            "Sockets the supervisor holds and the program inherits (LISTEN_FDS); the program gets an empty network.",
        ),
        key(
            "network",
            Shape::Table(&NETWORK),
            "{bind: [tcp/11112]}",
            "Sockets the program makes itself; it then shares the device's network.",
        ),
        key(
            "realtime",
            Shape::Table(&REALTIME),
            "{policy: fifo, priority: 40}",
            "Real-time scheduling.",
        ),
        key(
            "limits",
            Shape::Table(&LIMITS),
            "{memory: 64M, tasks: 32}",
            "Limits of its control group.",
        ),
        key(
            "watchdog",
            Shape::Duration,
            "2s",
            "It must say WATCHDOG=1 within this time, or it is restarted.",
        ),
        key(
            "restart",
            Shape::Table(&RESTART),
            "{policy: always, delay: 200ms}",
            "When it is started again.",
        ),
        key(
            "stop-timeout",
            Shape::Duration,
            "5s",
            "Time between SIGTERM and the killing of everything in it.",
        ),
        key(
            "required",
            Shape::Bool,
            "true",
            "Whether the device's READY waits for it.",
        ),
        key(
            "notify",
            Shape::Bool,
            "true",
            "Whether the program itself says READY=1.",
        ),
        key(
            "on-difference",
            Shape::Word(&["stop", "restart", "alarm"]),
            "stop",
            "What happens when a later proof differs from the plan.",
        ),
        key(
            "environment",
            Shape::Environment,
            "{TZ: UTC}",
            "Environment, beside what Cordon sets: LISTEN_*, NOTIFY_SOCKET, WATCHDOG_USEC.",
        ),
        key(
            "proc",
            Shape::Bool,
            "true",
            "Whether it sees a /proc, of its own processes only.",
        ),
        key(
            "fork",
            Shape::Bool,
            "true",
            "Whether it may start processes of its own, beyond threads.",
        ),
        key(
            "allow-missing",
            Shape::List(&Shape::Layer),
            "[landlock-tcp]",
            "Layers it may do without on a kernel that lacks them.",
        ),
        key(
            "accept",
            Shape::List(&Shape::Table(&ACCEPT)),
            "[{warning: NAME, because: text}]",
            "Warnings about this component that are meant.",
        ),
    ],
};

static DEVICE: Table = Table {
    what: "a device grant",
    either: &[],
    keys: &[
        needed(
            "path",
            Shape::Path,
            "/dev/ttyS1",
            "Path of the device node.",
        ),
        needed(
            "access",
            Shape::Word(DEVICE_ACCESS),
            "write",
            "read, or write (which includes read).",
        ),
        key(
            "pass",
            Shape::Name,
            "screen",
            "Opened by the supervisor and inherited under this name; the program does not see the path.",
        ),
        key(
            "ioctl",
            Shape::List(&Shape::Integer {
                min: 0,
                max: u32::MAX as i64,
            }),
            "[0x4600]",
            "ioctl requests it may make; none without this list.",
        ),
        key(
            "missing",
            Shape::Word(MISSING),
            "error",
            "What happens when it is not there at start: error or skip.",
        ),
    ],
};

static FILE: Table = Table {
    what: "a file grant",
    either: &[],
    keys: &[
        needed(
            "path",
            Shape::Path,
            "/etc/device",
            "Path of a file, or of a directory with everything below it.",
        ),
        needed(
            "access",
            Shape::Word(FILE_ACCESS),
            "read",
            "read, write (which includes read), or execute (which includes read).",
        ),
        key(
            "pass",
            Shape::Name,
            "screen",
            "Opened by the supervisor and inherited under this name; the program does not see the path.",
        ),
        key(
            "missing",
            Shape::Word(MISSING),
            "error",
            "What happens when it is not there at start: error, skip, or create an empty one.",
        ),
        key(
            "size",
            Shape::Size,
            "16M",
            "A writable path of this size: a tmpfs, or a project quota where the file system has them.",
        ),
    ],
};

static LISTEN: Table = Table {
    what: "a listening socket",
    either: &[],
    keys: &[
        needed("name", Shape::Name, "https", "Its name in LISTEN_FDNAMES."),
        needed(
            "tcp",
            Shape::SocketAddress,
            "\"0.0.0.0:443\"",
            "Address and port, quoted.",
        ),
    ],
};

static NETWORK: Table = Table {
    what: "a network grant",
    either: &[],
    keys: &[
        key(
            "bind",
            Shape::List(&Shape::Port),
            "[tcp/11112]",
            "TCP ports it may bind and listen on.",
        ),
        key(
            "connect",
            Shape::List(&Shape::Port),
            "[tcp/104]",
            "TCP ports it may connect to.",
        ),
    ],
};

static REALTIME: Table = Table {
    what: "realtime",
    either: &[],
    keys: &[
        needed(
            "policy",
            Shape::Word(&["fifo", "rr"]),
            "fifo",
            "SCHED_FIFO or SCHED_RR.",
        ),
        needed(
            "priority",
            Shape::Integer { min: 1, max: 99 },
            "40",
            "Priority, 1 to 99.",
        ),
        key(
            "lock-memory",
            Shape::Bool,
            "true",
            "Whether the program may lock its memory.",
        ),
    ],
};

/// Limits, in components and in role profiles.
pub(crate) static LIMITS: Table = Table {
    what: "limits",
    either: &[],
    keys: &[
        key(
            "memory",
            Shape::Size,
            "64M",
            "Memory; K, M, G are powers of 1024.",
        ),
        key(
            "tasks",
            Shape::Integer {
                min: 1,
                max: 65_536,
            },
            "32",
            "Processes and threads.",
        ),
        key("cpu", Shape::Percent, "50%", "Percent of one core."),
        key(
            "descriptors",
            Shape::Integer {
                min: 8,
                max: 65_536,
            },
            "256",
            "Open descriptors.",
        ),
    ],
};

static RESTART: Table = Table {
    what: "restart",
    either: &[],
    keys: &[
        key(
            "policy",
            Shape::Word(&["always", "on-failure", "never"]),
            "always",
            "After every exit, after a failure, or never; keys that are not written are the role's.",
        ),
        key(
            "delay",
            Shape::Duration,
            "200ms",
            "Time before a new start.",
        ),
        key(
            "limit",
            Shape::Rate,
            "10/min",
            "At most this many starts in this time, or the role's limit; a role without one never gives up.",
        ),
    ],
};

static ACCEPT: Table = Table {
    what: "an acceptance",
    either: &[],
    keys: &[
        needed(
            "warning",
            Shape::Text,
            "broad-path",
            "Name of the warning, as in warning[NAME].",
        ),
        needed(
            "because",
            Shape::Text,
            "\"the vendor's library reads all of it\"",
            "Why it is meant; kept with the evidence.",
        ),
    ],
};

static CHANNEL: Table = Table {
    what: "a channel",
    either: &[&["period", "deadline"], &["rate"]],
    keys: &[
        needed(
            "from",
            Shape::Name,
            "vitals-display",
            "Component that writes.",
        ),
        needed(
            "to",
            Shape::Some(&Shape::Name),
            "[network-service]",
            "Components that read.",
        ),
        key(
            "period",
            Shape::Duration,
            "40ms",
            "How often a record comes; with `deadline`.",
        ),
        key(
            "deadline",
            Shape::Duration,
            "1s",
            "Age past which a record is no value any more; with `period`.",
        ),
        key(
            "rate",
            Shape::Rate,
            "5/s",
            "How many records come at most, where they do not come regularly.",
        ),
        needed(
            "record",
            Shape::Named {
                what: "field",
                table: &FIELD,
            },
            "{heart-rate: {type: u16, unit: /min, range: 0..350}}",
            "Fields of a record, in order.",
        ),
        key(
            "accept",
            Shape::List(&Shape::Table(&ACCEPT)),
            "[{warning: NAME, because: text}]",
            "Warnings about this channel that are meant.",
        ),
    ],
};

static FIELD: Table = Table {
    what: "a field",
    either: &[],
    keys: &[
        needed(
            "type",
            Shape::FieldType,
            "u16",
            "u8 to u64 or i8 to i64; an array of up to 255 as `i16[20]`.",
        ),
        key("unit", Shape::Unit, "mm[Hg]", "Unit by its UCUM code."),
        key(
            "range",
            Shape::Range,
            "0..350",
            "Smallest and largest legal value, both included.",
        ),
        key(
            "enum",
            Shape::Some(&Shape::Name),
            "[no, yes]",
            "Names of the values, value 0 first.",
        ),
        key(
            "doc",
            Shape::Text,
            "\"what it means\"",
            "What it means, for people.",
        ),
    ],
};

/// A role profile (`profiles/roles/*.yaml`).
pub(crate) static ROLE: Table = Table {
    what: "a role profile",
    either: &[],
    keys: &[
        needed(
            "role",
            Shape::Name,
            "network-service",
            "Name; also of its system-call filter.",
        ),
        needed(
            "doc",
            Shape::Text,
            "\"what it is for\"",
            "What programs it is for.",
        ),
        needed(
            "may",
            Shape::List(&Shape::Word(ABILITIES)),
            "[listen]",
            "What its system-call filter is made for.",
        ),
        needed(
            "limits",
            Shape::Table(&LIMITS),
            "{memory: 64M, tasks: 32}",
            "Limits where the manifest gives none.",
        ),
        needed(
            "minimum",
            Shape::Table(&LIMITS),
            "{memory: 8M}",
            "Limits below which a program of this role does not work.",
        ),
        needed(
            "restart",
            Shape::Table(&RESTART),
            "{policy: always}",
            "Restart policy where the manifest gives none.",
        ),
        needed("stop-timeout", Shape::Duration, "5s", "As in a component."),
        needed("required", Shape::Bool, "true", "As in a component."),
        needed("notify", Shape::Bool, "false", "As in a component."),
        needed(
            "on-difference",
            Shape::Word(&["stop", "restart", "alarm"]),
            "stop",
            "As in a component.",
        ),
        key("proc", Shape::Bool, "false", "As in a component."),
        key("fork", Shape::Bool, "false", "As in a component."),
        key("watchdog", Shape::Duration, "2s", "As in a component."),
        key(
            "devices",
            Shape::List(&Shape::Table(&DEVICE)),
            "[{path: /dev/null, access: write}]",
            "Device nodes every program of this role gets.",
        ),
        key(
            "files",
            Shape::List(&Shape::Table(&FILE)),
            "[{path: /etc/localtime, access: read}]",
            "Paths every program of this role gets.",
        ),
    ],
};
