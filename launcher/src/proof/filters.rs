//! The installed system-call filters, instruction by instruction
//! (PTRACE_SECCOMP_GET_FILTER). The process must be stopped under ptrace.

#![forbid(unsafe_code)]

use super::{Proof, Verdict};
use crate::compartment::Filters;
use crate::sys::ptrace::seccomp_filter;
use cordon_manifest::plan::Layer;
use nix::errno::Errno;
use nix::unistd::Pid;

/// Each filter is the one that was compiled, and no other stands beside them.
pub fn compare(proof: &mut Proof, pid: i32, filters: &Filters) {
    for (index, filter) in filters.0.iter().enumerate() {
        let name = format!("filter {index}");
        let expected = format!("{} instructions", filter.len());
        match seccomp_filter(Pid::from_raw(pid), index) {
            Ok(found) if found == *filter => {
                proof.compare(Layer::Seccomp, &name, &expected, &expected);
            }
            Ok(found) => {
                let found = format!("another filter, {} instructions", found.len());
                proof.compare(Layer::Seccomp, &name, expected, found);
            }
            // Without CONFIG_CHECKPOINT_RESTORE the kernel shows no filter; mode and
            // count are compared anyway.
            Err(Errno::EIO | Errno::EINVAL) => {
                let why = "this kernel does not show filters";
                proof.note(Layer::Seccomp, &name, why, Verdict::NotShown);
            }
            Err(errno) => proof.compare(Layer::Seccomp, &name, expected, errno.desc()),
        }
    }
}
