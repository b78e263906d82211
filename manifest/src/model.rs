//! The manifest as it was written, every value with its place.

use crate::diagnostic::{At, Position};
use crate::plan::{Access, Layer, Missing, OnDifference, RealtimePolicy, RestartPolicy, Scalar};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// A checked manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its name, as given to [`crate::parse`].
    pub file: String,
    /// Name of the device.
    pub device: At<String>,
    /// Components in the order written.
    pub components: Vec<Component>,
    /// Channels in the order written.
    pub channels: Vec<Channel>,
    /// Warnings that are meant, anywhere.
    pub accept: Vec<Accept>,
}

/// A component as written.
#[derive(Clone, Debug)]
pub struct Component {
    /// Name.
    pub name: At<String>,
    /// Name of the role profile.
    pub role: At<String>,
    /// Program and arguments; never empty, the first an absolute path.
    pub exec: Vec<At<String>>,
    /// Name or number.
    pub user: At<String>,
    /// Device nodes.
    pub devices: Vec<Device>,
    /// Paths.
    pub files: Vec<File>,
    /// Sockets the supervisor holds.
    pub listen: Vec<Listen>,
    /// Sockets of its own making.
    pub network: Option<Network>,
    /// Real-time scheduling.
    pub realtime: Option<At<Realtime>>,
    /// Limits.
    pub limits: Limits,
    /// ms.
    pub watchdog: Option<At<u64>>,
    /// Restart policy.
    pub restart: Option<Restart>,
    /// ms.
    pub stop_timeout: Option<At<u64>>,
    /// Whether READY waits for it.
    pub required: Option<At<bool>>,
    /// Whether it says READY=1 itself.
    pub notify: Option<At<bool>>,
    /// What happens when a later proof differs.
    pub on_difference: Option<At<OnDifference>>,
    /// Environment.
    pub environment: Vec<(At<String>, At<String>)>,
    /// Whether it sees a /proc.
    pub proc: Option<At<bool>>,
    /// Whether it may fork.
    pub fork: Option<At<bool>>,
    /// Layers it may do without.
    pub allow_missing: Vec<At<Layer>>,
    /// Warnings about it that are meant.
    pub accept: Vec<Accept>,
}

/// A device node as written.
#[derive(Clone, Debug)]
pub struct Device {
    /// Where the grant begins.
    pub at: Position,
    /// Path.
    pub path: At<String>,
    /// Read or write.
    pub access: At<Access>,
    /// ioctl requests.
    pub ioctl: Vec<At<u32>>,
    /// Descriptor name.
    pub pass: Option<At<String>>,
    /// When it is absent.
    pub missing: Option<At<Missing>>,
}

/// A path as written.
#[derive(Clone, Debug)]
pub struct File {
    /// Where the grant begins.
    pub at: Position,
    /// Path.
    pub path: At<String>,
    /// Access.
    pub access: At<Access>,
    /// Descriptor name.
    pub pass: Option<At<String>>,
    /// When it is absent.
    pub missing: Option<At<Missing>>,
    /// Bytes.
    pub size: Option<At<u64>>,
}

/// A listening socket as written.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Name.
    pub name: At<String>,
    /// Address and port.
    pub tcp: At<SocketAddr>,
}

/// Own sockets as written.
#[derive(Clone, Debug)]
pub struct Network {
    /// Where `network` stands.
    pub at: Position,
    /// Ports to bind.
    pub bind: Vec<At<u16>>,
    /// Ports to connect to.
    pub connect: Vec<At<u16>>,
}

/// Real-time scheduling as written.
#[derive(Clone, Copy, Debug)]
pub struct Realtime {
    /// Policy.
    pub policy: RealtimePolicy,
    /// Priority.
    pub priority: u8,
    /// Where the priority stands.
    pub priority_at: Position,
    /// Whether memory may be locked.
    pub lock_memory: bool,
}

/// Limits as written.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Bytes.
    pub memory: Option<At<u64>>,
    /// Processes and threads.
    pub tasks: Option<At<u32>>,
    /// Percent of one core.
    pub cpu: Option<At<u32>>,
    /// Open descriptors.
    pub descriptors: Option<At<u32>>,
}

/// Restart policy as written.
#[derive(Clone, Debug)]
pub struct Restart {
    /// Where `restart` stands.
    pub at: Position,
    /// When.
    pub policy: Option<At<RestartPolicy>>,
    /// ms.
    pub delay: Option<At<u64>>,
    /// Starts, and window in ms.
    pub limit: Option<At<(u32, u64)>>,
}

/// A warning that is meant.
#[derive(Clone, Debug)]
pub struct Accept {
    /// Where it begins.
    pub at: Position,
    /// Name of the warning.
    pub warning: At<String>,
    /// Why.
    pub because: At<String>,
}

/// A channel as written.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Name.
    pub name: At<String>,
    /// Writer.
    pub from: At<String>,
    /// Readers.
    pub to: Vec<At<String>>,
    /// ns.
    pub period: Option<At<u64>>,
    /// ns.
    pub deadline: Option<At<u64>>,
    /// Records, and ns.
    pub rate: Option<At<(u32, u64)>>,
    /// Fields.
    pub record: Vec<Field>,
    /// Warnings about it that are meant.
    pub accept: Vec<Accept>,
}

/// A field as written.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name.
    pub name: At<String>,
    /// Type of an element, and elements of an array.
    pub kind: At<(Scalar, Option<u8>)>,
    /// UCUM code.
    pub unit: Option<At<String>>,
    /// Legal values.
    pub range: Option<At<(i128, i128)>>,
    /// Names of an enum's values.
    pub values: Vec<At<String>>,
    /// Meaning.
    pub doc: Option<At<String>>,
}

/// What resolution has to know of the target: the keys of [`crate::facts::Facts`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Every path, those of role defaults, of `exec` and the loader's cache included.
    pub paths: BTreeSet<String>,
    /// Those of `paths` that are executed.
    pub executables: BTreeSet<String>,
    /// Users by name or number.
    pub users: BTreeSet<String>,
}

impl Manifest {
    /// What has to be known of the target before [`crate::resolve`].
    ///
    /// `facts.users` may hold more names than asked for: they serve "did you mean".
    #[must_use]
    pub fn questions(&self) -> Questions {
        let mut questions = Questions::default();
        questions
            .paths
            .insert(crate::resolve::LOADER_CACHE.to_owned());
        for component in &self.components {
            if let Some(program) = component.exec.first() {
                questions.paths.insert(program.value.clone());
                questions.executables.insert(program.value.clone());
            }
            questions.users.insert(component.user.value.clone());
            questions
                .paths
                .extend(component.files.iter().map(|file| file.path.value.clone()));
            questions.paths.extend(
                component
                    .devices
                    .iter()
                    .map(|device| device.path.value.clone()),
            );
            if let Some(role) = crate::roles::role(&component.role.value) {
                questions
                    .paths
                    .extend(role.files.iter().map(|file| file.path.value.clone()));
                questions
                    .paths
                    .extend(role.devices.iter().map(|device| device.path.value.clone()));
            }
        }
        questions
    }
}
