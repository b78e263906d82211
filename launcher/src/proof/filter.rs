//! The installed system-call filter, instruction by instruction
//! (PTRACE_SECCOMP_GET_FILTER). The process must be stopped under ptrace.

#![forbid(unsafe_code)]

use super::{Proof, Verdict};
use crate::sys::ptrace::seccomp_filter;
use cordon_manifest::plan::Layer;
use cordon_seccomp::Filter;
use nix::errno::Errno;
use nix::unistd::Pid;

/// The filter is the one that was compiled; that no other stands beside it is
/// Seccomp_filters of /proc/PID/status.
pub fn compare(proof: &mut Proof, pid: i32, filter: &Filter) {
    let expected = format!("{} instructions", filter.0.len());
    match seccomp_filter(Pid::from_raw(pid), 0) {
        Ok(found) if found == filter.0 => {
            proof.compare(Layer::Seccomp, "filter", &expected, &expected);
        }
        Ok(found) => {
            let found = format!("another filter, {} instructions", found.len());
            proof.compare(Layer::Seccomp, "filter", expected, found);
        }
        // Without CONFIG_CHECKPOINT_RESTORE the kernel shows no filter; mode and
        // count are compared anyway.
        Err(Errno::EIO | Errno::EINVAL) => {
            let why = "this kernel does not show filters";
            proof.note(Layer::Seccomp, "filter", why, Verdict::NotShown);
        }
        Err(errno) => proof.compare(Layer::Seccomp, "filter", expected, errno.desc()),
    }
}
