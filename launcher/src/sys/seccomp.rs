//! seccomp(2): installing a filter so that its refusals are logged.

use super::check;
use cordon_seccomp::Instruction;
use nix::errno::Errno;

/// Installs `filter` over those in force; needs no_new_privs.
///
/// Refusals other than kills are logged too (SECCOMP_FILTER_FLAG_LOG), as far as
/// kernel.seccomp.actions_logged lets them.
pub fn install(filter: &[Instruction]) -> Result<(), Errno> {
    let mut program: Vec<libc::sock_filter> = filter
        .iter()
        .map(|i| libc::sock_filter {
            code: i.code,
            jt: i.jt,
            jf: i.jf,
            k: i.k,
        })
        .collect();
    let fprog = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::E2BIG)?,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: `fprog` describes `program`, which the kernel copies before it returns.
    check(unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_LOG,
            &raw const fprog,
        )
    })?;
    Ok(())
}
