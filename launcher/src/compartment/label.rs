//! SELinux labels: of the next exec, and of the program of pid 1.

use super::error::Failure;
use cordon_manifest::plan::Layer;
use cordon_policygen::names;
use nix::errno::Errno;
use selinux::SecurityContext;
use std::ffi::CString;
use std::os::fd::BorrowedFd;

/// Sets the domain the program starts in. Must run while the old root is still
/// there: libselinux writes /proc/thread-self/attr/exec by its path.
pub fn set_for_exec(context: &str) -> Result<(), Failure> {
    let failed = |detail: String| {
        let errno = Errno::last();
        Failure::new(Layer::Selinux, "setting the label of the program:", errno).of(detail)
    };
    let text = CString::new(context).map_err(|error| failed(error.to_string()))?;
    SecurityContext::from_c_str(&text, true)
        .set_for_next_exec()
        .map_err(|error| failed(format!("{context}: {error}")))
}

/// Gives the program of pid 1, written and sealed, the type that leads into pid
/// 1's own domain. The supervisor can execute nothing else that it wrote, and
/// this it can no longer write.
pub fn mark_reaper(program: BorrowedFd<'_>) -> Result<(), Failure> {
    let context = names::object_context(names::REAPER_EXEC);
    let failed = |detail: String| {
        let errno = Errno::last();
        Failure::new(Layer::Selinux, "labelling the program of pid 1:", errno).of(detail)
    };
    let text = CString::new(context).map_err(|error| failed(error.to_string()))?;
    SecurityContext::from_c_str(&text, true)
        .set_for_file(&program)
        .map_err(|error| failed(error.to_string()))
}
