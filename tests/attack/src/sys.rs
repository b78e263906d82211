//! The raw system call, and the few things safe Rust cannot do without it.
//!
//! All unsafe code of the attack program stands here. It asks the kernel for
//! what a compiled language's library would never ask, so there is no safe
//! wrapper to use: what keeps it sound is that pointers come only from borrows.

#![allow(unsafe_code)]

use std::ffi::CStr;

/// Error number of a refused call.
pub type Errno = i32;

/// One argument of a system call.
pub enum Arg<'a> {
    /// A number, a flag or a descriptor.
    Number(i64),
    /// Bytes that the kernel reads.
    In(&'a [u8]),
    /// Bytes that the kernel writes.
    Out(&'a mut [u8]),
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Arg::Number(value)
    }
}

impl From<i32> for Arg<'_> {
    fn from(value: i32) -> Self {
        Arg::Number(value.into())
    }
}

impl From<u32> for Arg<'_> {
    fn from(value: u32) -> Self {
        Arg::Number(value.into())
    }
}

impl From<u64> for Arg<'_> {
    fn from(value: u64) -> Self {
        Arg::Number(value.cast_signed())
    }
}

impl From<usize> for Arg<'_> {
    fn from(value: usize) -> Self {
        Arg::Number((value as u64).cast_signed())
    }
}

impl<'a> From<&'a CStr> for Arg<'a> {
    fn from(value: &'a CStr) -> Self {
        Arg::In(value.to_bytes_with_nul())
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(value: &'a [u8]) -> Self {
        Arg::In(value)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Arg<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Arg::In(value)
    }
}

impl<'a> From<&'a mut [u8]> for Arg<'a> {
    fn from(value: &'a mut [u8]) -> Self {
        Arg::Out(value)
    }
}

impl<'a, const N: usize> From<&'a mut [u8; N]> for Arg<'a> {
    fn from(value: &'a mut [u8; N]) -> Self {
        Arg::Out(value)
    }
}

impl Arg<'_> {
    fn word(&mut self) -> i64 {
        match self {
            Self::Number(value) => *value,
            Self::In(bytes) => bytes.as_ptr() as i64,
            Self::Out(bytes) => bytes.as_mut_ptr() as i64,
        }
    }
}

/// Makes system call `number`; arguments past the given ones are 0.
pub fn call<const N: usize>(number: i64, mut args: [Arg<'_>; N]) -> Result<i64, Errno> {
    let mut words = [0i64; 6];
    for (word, arg) in words.iter_mut().zip(args.iter_mut()) {
        *word = arg.word();
    }
    let [a, b, c, d, e, f] = words;
    // SAFETY: every pointer is a live borrow of at least the length the attempt
    // passes beside it, and `args` outlives the call. Calls that change this
    // process's own memory map are made on mappings of `map` alone.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if answer == -1 {
        Err(last_errno())
    } else {
        Ok(answer)
    }
}

fn last_errno() -> Errno {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// `call` with each argument converted: `sys!(SYS_kill, pid, 0)`.
#[macro_export]
macro_rules! sys {
    ($number:expr $(, $arg:expr)* $(,)?) => {
        $crate::sys::call($number, [$($crate::sys::Arg::from($arg)),*])
    };
}

/// The address of a buffer, for a structure of the kernel's that holds pointers.
/// The caller keeps the buffer alive over the call.
pub fn address(bytes: &[u8]) -> u64 {
    bytes.as_ptr() as u64
}

/// The same of a buffer that the kernel fills.
pub fn address_mut(bytes: &mut [u8]) -> u64 {
    bytes.as_mut_ptr() as u64
}

/// A structure of the kernel's as its words in memory order, in bytes.
pub fn words<const N: usize>(values: [u64; N]) -> Vec<u8> {
    values.into_iter().flat_map(u64::to_ne_bytes).collect()
}

/// Maps `len` bytes with these raw arguments of mmap(2); the mapping is never
/// unmapped, read or written, so nothing can go stale.
pub fn map(len: usize, protection: i32, flags: i32, fd: i32) -> Result<u64, Errno> {
    sys!(libc::SYS_mmap, 0, len, protection, flags, fd, 0).map(|a| a.cast_unsigned())
}

/// Forks, by clone(2) with these flags; the child exits at once.
pub fn fork(flags: i32) -> Result<i64, Errno> {
    // SAFETY: clone without CLONE_VM and without a stack is fork(2): the child
    // has its own copy of this single-threaded process and only exits.
    let pid = unsafe {
        libc::syscall(
            libc::SYS_clone,
            i64::from(flags | libc::SIGCHLD),
            0,
            0,
            0,
            0,
        )
    };
    match pid {
        -1 => Err(last_errno()),
        0 => {
            // SAFETY: ends the child without running this process's destructors.
            unsafe { libc::_exit(0) }
        }
        pid => {
            let _ = sys!(libc::SYS_wait4, pid, 0, 0, 0);
            Ok(pid)
        }
    }
}

/// getpid(2) by the 32-bit entry of an x86-64 kernel: the way around a filter
/// that looks at numbers and not at the architecture.
#[cfg(target_arch = "x86_64")]
pub fn getpid_by_int80() -> Result<i64, Errno> {
    let answer: i32;
    // SAFETY: getpid takes no argument and touches no memory; the 32-bit entry
    // clears r8 to r11, which are named as clobbered.
    unsafe {
        std::arch::asm!(
            "int 0x80",
            inlateout("eax") 20i32 => answer,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    if answer < 0 {
        Err(-answer)
    } else {
        Ok(answer.into())
    }
}
