//! The compartment's own root: a small read-only tmpfs with the declared paths
//! mounted into it, each from a descriptor the supervisor opened before the clone.

use super::error::Failure;
use super::quota;
use crate::layers::Layers;
use crate::proof::Behind;
use crate::sys::descriptor::openat2;
use crate::sys::mount::{self, attribute};
use cordon_manifest::plan::{
    Access, Component, DeviceGrant, FileGrant, Layer, Missing, Origin, PathKind,
};
use cordon_policygen::names;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, open, openat};
use nix::sys::stat::{Mode, SFlag, fstat, mkdirat};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Path inside the compartment of the socket for sd_notify(3).
pub const NOTIFY: &str = "/run/cordon/notify";

/// One mount of the new root, ready to be attached.
#[derive(Debug)]
pub struct Mount {
    /// Place inside.
    pub path: String,
    /// What to attach.
    pub source: Source,
    /// Attributes in force.
    pub attributes: u64,
    /// What is to be found behind it.
    pub behind: Behind,
    /// Who asked.
    pub origin: Origin,
}

/// Where a mount comes from.
#[derive(Debug)]
pub enum Source {
    /// A detached copy of a mount of the device; `directory` says what its root is.
    Tree {
        /// The copy.
        tree: OwnedFd,
        /// Whether its root is a directory.
        directory: bool,
    },
    /// A tmpfs made by the child.
    Tmpfs {
        /// Size in bytes.
        size: u64,
        /// SELinux context of its root, where SELinux is in force.
        context: Option<String>,
    },
    /// A /proc of the child's pid namespace.
    Proc,
}

const SAFE: u64 = attribute::NOSUID | attribute::NODEV;
const RESOLVE_NO_MAGICLINKS: u64 = 0x02;
const RESOLVE_NO_SYMLINKS: u64 = 0x04;
const RESOLVE_BENEATH: u64 = 0x08;

/// Everything the root of `component` consists of, parents before what lies below them.
///
/// Runs in the supervisor: in a child, cloning a tree behind the supervisor's
/// descriptor is EINVAL.
///
/// `labelled` is the device's name where SELinux is in force: a tmpfs is then labelled.
pub fn prepare(
    component: &Component,
    notify: Option<&Path>,
    labelled: Option<&str>,
    layers: &Layers,
) -> Result<Vec<Mount>, Failure> {
    let mut mounts = Vec::new();
    for file in &component.files {
        if file.pass.is_none()
            && let Some(mount) = of_file(component, file, labelled, layers)?
        {
            mounts.push(mount);
        }
    }
    for device in &component.devices {
        if device.pass.is_none()
            && let Some(mount) = of_device(device, layers)?
        {
            mounts.push(mount);
        }
    }
    if let Some(socket) = notify {
        let place = socket.to_string_lossy();
        let source = open_source(&place)?;
        let behind = behind(&place, &source)?;
        let tree = tree(&source, SAFE | attribute::NOEXEC | attribute::RDONLY)?;
        mounts.push(Mount {
            path: NOTIFY.into(),
            source: Source::Tree {
                tree,
                directory: false,
            },
            attributes: SAFE | attribute::NOEXEC | attribute::RDONLY,
            behind,
            origin: Origin::Language,
        });
    }
    if component.proc.value {
        mounts.push(Mount {
            path: "/proc".into(),
            source: Source::Proc,
            attributes: SAFE | attribute::NOEXEC | attribute::RDONLY,
            behind: Behind::proc(),
            origin: component.proc.origin.clone(),
        });
    }
    mounts.sort_by(|a, b| a.path.cmp(&b.path));
    // Two grants of one path: the Plan has merged those of the manifest; what is
    // left is a library that is also named there, and the wider one stays.
    mounts.dedup_by(|later, earlier| {
        let same = later.path == earlier.path;
        if same && later.attributes < earlier.attributes {
            std::mem::swap(later, earlier);
        }
        same
    });
    Ok(mounts)
}

fn of_file(
    component: &Component,
    file: &FileGrant,
    labelled: Option<&str>,
    layers: &Layers,
) -> Result<Option<Mount>, Failure> {
    let attributes = match file.access {
        Access::Read => SAFE | attribute::NOEXEC | attribute::RDONLY,
        Access::Write => SAFE | attribute::NOEXEC,
        Access::Execute => SAFE | attribute::RDONLY,
    };
    let mount = |source, behind| {
        Some(Mount {
            path: file.path.clone(),
            source,
            attributes,
            behind,
            origin: file.origin.clone(),
        })
    };
    if let Some(size) = file.size {
        let context =
            labelled.map(|device| names::tmpfs_context(device, &component.name, &file.path));
        let behind = Behind::tmpfs(size);
        return Ok(mount(Source::Tmpfs { size, context }, behind));
    }
    let source = match open_source(&file.source) {
        Err(failure) if failure.errno == Some(Errno::ENOENT) => match file.missing {
            Missing::Skip => return Ok(None),
            Missing::Create => create(component, file)?,
            Missing::Error => return Err(failure.asked_by(&file.origin)),
        },
        other => other.map_err(|failure| failure.asked_by(&file.origin))?,
    };
    let failed =
        |problem: &str| Failure::found(Layer::Root, problem, &file.source).asked_by(&file.origin);
    let kind = kind(source.as_fd())?;
    let directory = match (kind, file.kind) {
        (SFlag::S_IFDIR, PathKind::Directory | PathKind::Absent) => true,
        (SFlag::S_IFREG, PathKind::File | PathKind::Absent) => false,
        (SFlag::S_IFDIR | SFlag::S_IFREG, _) => {
            return Err(failed("no longer what the plan found:"));
        }
        _ => return Err(failed("neither a file nor a directory:")),
    };
    if let Some(bytes) = file.quota {
        quota::hold(file, source.as_fd(), bytes).map_err(|f| f.asked_by(&file.origin))?;
    }
    let asked = |failure: Failure| failure.asked_by(&file.origin);
    let behind = behind(&file.source, &source).map_err(asked)?;
    let source = match directory && file.access == Access::Read {
        true => unswapped(source, "/usr", layers)?,
        false => source,
    };
    let tree = tree(&source, attributes).map_err(asked)?;
    Ok(mount(Source::Tree { tree, directory }, behind))
}

fn of_device(device: &DeviceGrant, layers: &Layers) -> Result<Option<Mount>, Failure> {
    let failed = |failure: Failure| failure.asked_by(&device.origin);
    let source = match open_source(&device.source) {
        Err(failure) if failure.errno == Some(Errno::ENOENT) && device.missing == Missing::Skip => {
            return Ok(None);
        }
        other => other.map_err(failed)?,
    };
    check_node(source.as_fd(), device).map_err(failed)?;
    let behind = behind(&device.source, &source).map_err(failed)?;
    let source = unswapped(source, "/dev/zero", layers)?;
    // A node that may only be read is on a read-only mount as well; writing to a
    // device is not writing to its file system, so the mode and Landlock decide that.
    let attributes = attribute::NOSUID | attribute::NOEXEC | attribute::RDONLY;
    let tree = tree(&source, attributes).map_err(failed)?;
    Ok(Some(Mount {
        path: device.path.clone(),
        source: Source::Tree {
            tree,
            directory: false,
        },
        attributes,
        behind,
        origin: device.origin.clone(),
    }))
}

fn behind(place: &str, source: &OwnedFd) -> Result<Behind, Failure> {
    Behind::tree(place, source.as_fd()).map_err(|errno| {
        Failure::new(Layer::Root, "reading what is to be mounted", errno).of(place)
    })
}

/// What is mounted: what was opened and looked at. A test build takes `other`, as
/// if somebody had swapped the source in between.
fn unswapped(source: OwnedFd, other: &str, layers: &Layers) -> Result<OwnedFd, Failure> {
    match layers.taken("mount-source") {
        true => Ok(source),
        false => open_source(other),
    }
}

/// Refuses a node that is not the one the plan found: bind sources get swapped (CVE-2025-31133).
pub fn check_node(node: BorrowedFd<'_>, device: &DeviceGrant) -> Result<(), Failure> {
    let failed = |errno| Failure::new(Layer::Root, "reading the device node", errno);
    let stat = fstat(node)
        .map_err(failed)
        .map_err(|failure| failure.of(&device.source))?;
    let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
    let (major, minor) = (
        nix::sys::stat::major(stat.st_rdev),
        nix::sys::stat::minor(stat.st_rdev),
    );
    let same = device.node.is_some_and(|planned| {
        let planned_kind = if planned.block {
            SFlag::S_IFBLK
        } else {
            SFlag::S_IFCHR
        };
        kind == planned_kind && (major, minor) == (planned.major.into(), planned.minor.into())
    });
    if same {
        return Ok(());
    }
    let found = format!("{}: {kind:?} {major}:{minor}", device.source);
    Err(Failure::found(
        Layer::Root,
        "not the device node the plan found:",
        found,
    ))
}

/// Makes an absent directory that the manifest says to create, owned by the component's user.
fn create(component: &Component, file: &FileGrant) -> Result<OwnedFd, Failure> {
    let failed = |errno| {
        Failure::new(Layer::Root, "creating the directory", errno)
            .of(&file.source)
            .asked_by(&file.origin)
    };
    let path = Path::new(&file.source);
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(failed(Errno::EINVAL));
    };
    let parent = open_source(&parent.to_string_lossy()).map_err(|f| f.asked_by(&file.origin))?;
    mkdirat(&parent, Path::new(name), Mode::from_bits_truncate(0o750)).map_err(failed)?;
    let user = &component.user.value;
    let (uid, gid) = (user.uid.into(), user.gid.into());
    nix::unistd::fchownat(
        &parent,
        Path::new(name),
        Some(uid),
        Some(gid),
        nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW,
    )
    .map_err(failed)?;
    open_source(&file.source).map_err(|failure| failure.asked_by(&file.origin))
}

/// Opens a resolved path of the device as a place only; a link anywhere on the way is refused.
pub fn open_source(path: &str) -> Result<OwnedFd, Failure> {
    let failed = |errno| Failure::new(Layer::Root, "opening", errno).of(path);
    let text = CString::new(path).map_err(|_| failed(Errno::EINVAL))?;
    let flags = libc::O_PATH | libc::O_CLOEXEC | libc::O_NOFOLLOW;
    openat2(
        AT_FDCWD,
        &text,
        flags,
        RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    )
    .map_err(failed)
}

fn tree(source: &OwnedFd, attributes: u64) -> Result<OwnedFd, Failure> {
    let failed = |step| move |errno| Failure::new(Layer::Root, step, errno);
    let tree = mount::clone_tree(source.as_fd()).map_err(failed("cloning the mount tree"))?;
    let all = attribute::RDONLY | attribute::NOSUID | attribute::NODEV | attribute::NOEXEC;
    mount::set_attributes(tree.as_fd(), attributes, all & !attributes)
        .map_err(failed("setting the attributes of the mount"))?;
    Ok(tree)
}

fn kind(fd: BorrowedFd<'_>) -> Result<SFlag, Failure> {
    let stat = fstat(fd)
        .map_err(|errno| Failure::new(Layer::Root, "reading the kind of a path", errno))?;
    Ok(SFlag::from_bits_truncate(
        stat.st_mode & SFlag::S_IFMT.bits(),
    ))
}

/// Builds the root and makes it the child's. Nothing of the old one can be reached afterwards.
pub fn enter(mounts: &[Mount], user: (u32, u32), attributes: u64) -> Result<(), Failure> {
    let failed = |step: &'static str| move |errno| Failure::new(Layer::Root, step, errno);
    private()?;
    let root = new_root()?;
    let device = fstat(&root).map_err(failed("reading the new root"))?.st_dev;
    for mount in mounts {
        let at = |failure: Failure| {
            let failure = if failure.subject.is_empty() {
                failure.of(&mount.path)
            } else {
                failure
            };
            failure.asked_by(&mount.origin)
        };
        let directory = !matches!(
            mount.source,
            Source::Tree {
                directory: false,
                ..
            }
        );
        let target = place(&root, &mount.path, directory, device).map_err(at)?;
        let made;
        let tree = match &mount.source {
            Source::Tree { tree, .. } => tree.as_fd(),
            Source::Tmpfs { size, context } => {
                made = tmpfs(*size, context.as_deref(), user, mount.attributes).map_err(at)?;
                made.as_fd()
            }
            Source::Proc => {
                let options: &[(&CStr, &CStr)] = &[(c"hidepid", c"invisible"), (c"subset", c"pid")];
                made = mount::new_file_system(c"proc", options, mount.attributes)
                    .map_err(failed("mounting /proc"))
                    .map_err(at)?;
                made.as_fd()
            }
        };
        mount::attach(tree, target.as_fd())
            .map_err(failed("attaching the mount of"))
            .map_err(at)?;
    }
    mount::set_attributes(root.as_fd(), attributes, 0)
        .map_err(failed("making the root read-only"))?;
    mount::pivot_here().map_err(failed("changing the root"))
}

/// An empty root, for pid 1.
pub fn enter_empty() -> Result<(), Failure> {
    enter(&[], (0, 0), ROOT_ATTRIBUTES)
}

/// Size of the root itself in bytes.
pub const ROOT_SIZE: u64 = 1 << 20;
const ROOT_SIZE_TEXT: &CStr = c"1m";

/// Attributes of the root itself.
pub const ROOT_ATTRIBUTES: u64 = SAFE | attribute::NOEXEC | attribute::RDONLY;

/// From here on no mount of this child is seen outside, and none of outside here.
fn private() -> Result<(), Failure> {
    use nix::mount::{MsFlags, mount};
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(|errno| Failure::new(Layer::Root, "making the mounts private", errno))
}

fn new_root() -> Result<OwnedFd, Failure> {
    let failed = |step: &'static str| move |errno| Failure::new(Layer::Root, step, errno);
    // Holds mount points and nothing else: a page for each is plenty.
    let options: &[(&CStr, &CStr)] = &[
        (c"size", ROOT_SIZE_TEXT),
        (c"nr_inodes", c"4096"),
        (c"mode", c"755"),
    ];
    let root = mount::new_file_system(c"tmpfs", options, SAFE | attribute::NOEXEC)
        .map_err(failed("making the new root"))?;
    // pivot_root(2) wants an attached mount; /run is on every system, and this
    // namespace is the child's own.
    let run = open(
        "/run",
        OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )
    .map_err(failed("opening /run"))?;
    mount::attach(root.as_fd(), run.as_fd()).map_err(failed("attaching the new root"))?;
    nix::unistd::fchdir(&root).map_err(failed("entering the new root"))?;
    Ok(root)
}

fn tmpfs(
    size: u64,
    context: Option<&str>,
    (uid, gid): (u32, u32),
    attributes: u64,
) -> Result<OwnedFd, Failure> {
    let failed = |errno| Failure::new(Layer::Root, "mounting a tmpfs at", errno);
    let text = |number: String| CString::new(number).map_err(|_| failed(Errno::EINVAL));
    let (size, uid, gid) = (
        text(size.to_string())?,
        text(uid.to_string())?,
        text(gid.to_string())?,
    );
    let context = text(context.unwrap_or_default().to_owned())?;
    let mut options: Vec<(&CStr, &CStr)> = vec![
        (c"size", &size),
        (c"uid", &uid),
        (c"gid", &gid),
        (c"mode", c"700"),
    ];
    if !context.is_empty() {
        options.push((c"rootcontext", &context));
    }
    mount::new_file_system(c"tmpfs", &options, attributes).map_err(failed)
}

/// The place inside the new root, made where it lies on the new root itself.
///
/// Below a granted tree nothing is made: that would be the device's own file system,
/// and a link planted there is refused rather than followed.
fn place(
    root: &OwnedFd,
    path: &str,
    directory: bool,
    device: libc::dev_t,
) -> Result<OwnedFd, Failure> {
    let failed = |step: &'static str| move |errno| Failure::new(Layer::Root, step, errno);
    let resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut reached = String::from(".");
    for (index, part) in parts.iter().enumerate() {
        let parent =
            CString::new(reached.as_str()).map_err(|_| failed("no path:")(Errno::EINVAL))?;
        let flags = libc::O_PATH | libc::O_CLOEXEC;
        let parent = openat2(root.as_fd(), &parent, flags, resolve)
            .map_err(failed("opening the place of"))?;
        let own = fstat(&parent)
            .map_err(failed("reading the place of"))?
            .st_dev
            == device;
        if own {
            let last = index + 1 == parts.len();
            let made = if directory || !last {
                mkdirat(&parent, *part, Mode::from_bits_truncate(0o755))
            } else {
                let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
                openat(&parent, *part, flags, Mode::from_bits_truncate(0o444)).map(drop)
            };
            match made {
                Ok(()) | Err(Errno::EEXIST) => {}
                Err(errno) => return Err(failed("making the place of")(errno)),
            }
        }
        reached.push('/');
        reached.push_str(part);
    }
    let reached = CString::new(reached).map_err(|_| failed("no path:")(Errno::EINVAL))?;
    openat2(
        root.as_fd(),
        &reached,
        libc::O_PATH | libc::O_CLOEXEC,
        resolve,
    )
    .map_err(failed("opening the place of"))
}
