//! execveat(2).

use nix::errno::Errno;
use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Executes the file behind `program`; returns only with an error.
pub fn execveat(program: BorrowedFd<'_>, argv: &[CString], envp: &[CString]) -> Errno {
    let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
        strings
            .iter()
            .map(|string| string.as_ptr())
            .chain(std::iter::once(std::ptr::null()))
            .collect()
    };
    let argv = pointers(argv);
    let envp = pointers(envp);
    // SAFETY: both vectors end with a null pointer and, with the strings they
    // point to, outlive the call.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            program.as_raw_fd(),
            c"".as_ptr(),
            argv.as_ptr(),
            envp.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    Errno::last()
}

/// Ends this process at once, without running anything of the parent's.
pub fn exit(status: i32) -> ! {
    // SAFETY: never returns, runs no handler.
    unsafe { libc::_exit(status) }
}
