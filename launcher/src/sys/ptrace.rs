//! ptrace(2): what nix does not wrap.

use super::check;
use cordon_seccomp::Instruction;
use nix::errno::Errno;
use nix::unistd::Pid;

/// The `index`th seccomp filter of a stopped tracee, the oldest first.
///
/// ENOENT past the last; EACCES without CAP_SYS_ADMIN or when the caller is
/// itself filtered; EIO or EINVAL on a kernel without CONFIG_CHECKPOINT_RESTORE.
pub fn seccomp_filter(pid: Pid, index: usize) -> Result<Vec<Instruction>, Errno> {
    let none = std::ptr::null_mut::<libc::sock_filter>();
    // SAFETY: with a null pointer the kernel only counts the instructions.
    let count =
        check(unsafe { libc::ptrace(PTRACE_SECCOMP_GET_FILTER, pid.as_raw(), index, none) })?;
    let empty = libc::sock_filter {
        code: 0,
        jt: 0,
        jf: 0,
        k: 0,
    };
    let mut filter = vec![empty; count as usize];
    // SAFETY: the tracee is stopped, so its filter still has `count` instructions,
    // for which there is room.
    check(unsafe {
        libc::ptrace(
            PTRACE_SECCOMP_GET_FILTER,
            pid.as_raw(),
            index,
            filter.as_mut_ptr(),
        )
    })?;
    Ok(filter
        .iter()
        .map(|i| Instruction {
            code: i.code,
            jt: i.jt,
            jf: i.jf,
            k: i.k,
        })
        .collect())
}

/// Number of the system call a tracee is stopped in by SECCOMP_RET_TRACE, with its arguments.
pub fn seccomp_stop(pid: Pid) -> Result<(u64, [u64; 6]), Errno> {
    // struct ptrace_syscall_info: op, pad, arch, ip, sp, then for a seccomp stop nr, args, ret_data.
    let mut info = [0u64; 11];
    // SAFETY: the kernel writes at most the size given.
    check(unsafe {
        libc::ptrace(
            PTRACE_GET_SYSCALL_INFO,
            pid.as_raw(),
            size_of_val(&info),
            info.as_mut_ptr(),
        )
    })?;
    if info[0] as u8 != PTRACE_SYSCALL_INFO_SECCOMP {
        return Err(Errno::EPROTO);
    }
    Ok((
        info[3],
        [info[4], info[5], info[6], info[7], info[8], info[9]],
    ))
}

const PTRACE_SECCOMP_GET_FILTER: libc::c_uint = 0x420c;
const PTRACE_GET_SYSCALL_INFO: libc::c_uint = 0x420e;
const PTRACE_SYSCALL_INFO_SECCOMP: u8 = 3;
