//! The system calls of the probe. Those that no safe wrapper has stand here,
//! and nowhere else in it.
#![allow(unsafe_code, reason = "some of these calls have no safe wrapper")]

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
use nix::sched::CloneFlags;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid};
use std::ffi::{CStr, CString};
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

/// One page.
const PAGE: NonZeroUsize = NonZeroUsize::new(4096).expect("4096 is not zero");
/// The attribute a label stands in.
const LABEL: &CStr = c"security.selinux";

/// How a descriptor is mapped.
#[derive(Clone, Copy, Debug)]
pub enum Protection {
    /// To read.
    Read,
    /// To read and write.
    Write,
    /// To read and execute.
    Execute,
}

/// Sets the context of the next exec.
pub fn set_exec_context(context: &str) -> io::Result<()> {
    set_attribute("exec", context)
}

/// Sets an attribute of this process. Opened for writing alone: to create
/// nothing, and to be refused for nothing else.
pub fn set_attribute(name: &str, context: &str) -> io::Result<()> {
    let path = format!("/proc/thread-self/attr/{name}");
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    io::Write::write_all(&mut file, context.as_bytes())
}

/// Labels a file by its path.
pub fn label(path: &Path, context: &str) -> io::Result<()> {
    let file = nix::fcntl::open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK, Mode::empty());
    match file {
        Ok(file) => label_descriptor(&file, context),
        // A terminal without a line behind it opens for nobody.
        Err(Errno::EIO | Errno::ENXIO) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Labels what a descriptor refers to.
pub fn label_descriptor(fd: &OwnedFd, context: &str) -> io::Result<()> {
    let context = CString::new(context)?;
    let value = context.as_bytes_with_nul();
    // SAFETY: name and value are live for the call, the length is the value's.
    let result = unsafe {
        libc::fsetxattr(
            fd.as_raw_fd(),
            LABEL.as_ptr(),
            value.as_ptr().cast(),
            value.len(),
            0,
        )
    };
    Errno::result(result).map(drop).map_err(io::Error::from)
}

/// A memfd of this many bytes.
pub fn memory_file(bytes: i64) -> io::Result<OwnedFd> {
    let fd = memfd_create(
        c"probe",
        MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING,
    )?;
    nix::unistd::ftruncate(&fd, bytes)?;
    Ok(fd)
}

/// A second, read-only description of the same memory.
pub fn reopen_read_only(fd: &OwnedFd) -> io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    Ok(fs::File::open(path)?.into())
}

/// The child's number in the parent, none in the child.
pub fn fork() -> Result<Option<Pid>, Errno> {
    // SAFETY: this program has one thread, so the child may do what it wants.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

/// Ends without running anything of the parent's.
pub fn exit(code: i32) -> ! {
    // SAFETY: takes a number and does not return.
    unsafe { libc::_exit(code) }
}

/// Waits for the end of a child without reaping it, and says how it ended.
pub fn wait_unreaped(child: Pid) -> Result<String, Errno> {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    Ok(match waitid(Id::Pid(child), flags)? {
        WaitStatus::Exited(_, code) => format!("exit {code}"),
        WaitStatus::Signaled(_, signal, _) => signal.to_string(),
        other => format!("{other:?}"),
    })
}

/// Reaps a child.
pub fn reap(child: Pid) {
    let _ = waitpid(child, None);
}

/// Ends a child that would stay.
pub fn kill(child: Pid) {
    let _ = nix::sys::signal::kill(child, Signal::SIGKILL);
    reap(child);
}

/// A mount namespace of its own.
pub fn new_mount_namespace() -> Result<(), Errno> {
    nix::sched::unshare(CloneFlags::CLONE_NEWNS)
}

/// A program as a path descriptor.
pub fn open_program(path: &str) -> Result<OwnedFd, Errno> {
    nix::fcntl::open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())
}

/// Gives a descriptor this number, kept over exec.
pub fn place(from: &OwnedFd, number: i32) {
    // SAFETY: takes two numbers; whatever had the second one is not used again.
    unsafe { libc::dup2(from.as_raw_fd(), number) };
}

/// Writes a text; who cannot, cannot say so either.
pub fn write(fd: &OwnedFd, text: &str) {
    let _ = nix::unistd::write(fd, text.as_bytes());
}

/// Writes to standard output at once, whatever becomes of this process next.
pub fn say(text: &str) {
    let _ = nix::unistd::write(io::stdout(), text.as_bytes());
}

/// Executes a program with an empty environment; comes back with the error.
pub fn execute(path: &str, program: Option<&OwnedFd>, arguments: &[String]) -> Errno {
    let text = |text: &str| CString::new(text).unwrap_or_default();
    let arguments: Vec<CString> = arguments.iter().map(|argument| text(argument)).collect();
    let environment: [CString; 0] = [];
    let result = match program {
        Some(fd) => {
            nix::unistd::execveat(fd, c"", &arguments, &environment, AtFlags::AT_EMPTY_PATH)
        }
        None => nix::unistd::execveat(
            AT_FDCWD,
            &text(path),
            &arguments,
            &environment,
            AtFlags::empty(),
        ),
    };
    match result {
        Ok(never) => match never {},
        Err(errno) => errno,
    }
}

/// Whether the loader was told not to trust its environment.
pub fn is_secure_exec() -> bool {
    // SAFETY: takes a number and touches nothing.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// A number from outside as a descriptor; it may be closed, which the kernel says.
fn borrowed(number: i32) -> Option<BorrowedFd<'static>> {
    // SAFETY: nothing in this process closes a descriptor it was given, and -1,
    // the one number that is none, is left out.
    (number >= 0).then(|| unsafe { BorrowedFd::borrow_raw(number) })
}

/// What stands behind a descriptor.
pub fn describe(number: i32) -> String {
    let Some(fd) = borrowed(number) else {
        return "closed".into();
    };
    let null = libc::makedev(1, 3);
    match nix::sys::stat::fstat(fd) {
        Ok(stat) if stat.st_mode & libc::S_IFMT == libc::S_IFCHR && stat.st_rdev == null => {
            "null device".into()
        }
        Ok(stat) => match stat.st_mode & libc::S_IFMT {
            libc::S_IFREG => "file".into(),
            libc::S_IFSOCK => "socket".into(),
            mode => format!("mode {mode:o}"),
        },
        Err(Errno::EBADF) => "closed".into(),
        Err(errno) => format!("{errno:?}"),
    }
}

/// Maps a page of a descriptor; it stays mapped and is never touched.
pub fn map_shared(number: i32, protection: Protection) -> Result<(), Errno> {
    let fd = borrowed(number).ok_or(Errno::EBADF)?;
    let protection = match protection {
        Protection::Read => ProtFlags::PROT_READ,
        Protection::Write => ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
        Protection::Execute => ProtFlags::PROT_READ | ProtFlags::PROT_EXEC,
    };
    // SAFETY: a new mapping at an address of the kernel's choice, never used.
    unsafe { nix::sys::mman::mmap(None, PAGE, protection, MapFlags::MAP_SHARED, fd, 0) }.map(drop)
}

/// Maps memory that can be written and executed.
pub fn map_writable_code() -> Result<(), Errno> {
    let all = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE | ProtFlags::PROT_EXEC;
    // SAFETY: a new mapping at an address of the kernel's choice, never used.
    unsafe { nix::sys::mman::mmap_anonymous(None, PAGE, all, MapFlags::MAP_PRIVATE) }.map(drop)
}

/// Writes data, then makes it executable.
pub fn make_code_of_data() -> Result<(), Errno> {
    let data = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice.
    let page = unsafe { nix::sys::mman::mmap_anonymous(None, PAGE, data, MapFlags::MAP_PRIVATE) }?;
    // SAFETY: one byte of the page just mapped, which nothing else knows of.
    unsafe { page.cast::<u8>().write(0xc3) };
    let code = ProtFlags::PROT_READ | ProtFlags::PROT_EXEC;
    // SAFETY: the whole page just mapped; it is neither read nor run.
    unsafe { nix::sys::mman::mprotect(page, PAGE.get(), code) }
}

/// Binds a socket it was given to another port.
pub fn bind_again(number: i32) -> Result<(), Errno> {
    let address = nix::sys::socket::SockaddrIn::new(127, 0, 0, 1, 2222);
    nix::sys::socket::bind(number, &address)
}

/// Listens on it again, which is how a closed listener comes back.
pub fn listen_again(number: i32) -> Result<(), Errno> {
    let fd = borrowed(number).ok_or(Errno::EBADF)?;
    nix::sys::socket::listen(&fd.as_fd(), nix::sys::socket::Backlog::new(1)?)
}

/// Connects it to somebody.
pub fn connect_again(number: i32) -> Result<(), Errno> {
    let address = nix::sys::socket::SockaddrIn::new(127, 0, 0, 1, 2222);
    nix::sys::socket::connect(number, &address)
}
