//! The SELinux label of the next exec.

use super::error::Failure;
use cordon_manifest::plan::Layer;
use nix::errno::Errno;
use selinux::SecurityContext;
use std::ffi::CString;

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
