//! Pid 1 of a compartment: reaps orphans and does nothing else.
//!
//! A program of its own, built static and without a C library by build.rs, and
//! executed from a sealed memfd. It is not the launcher, so that nothing of the
//! launcher can be reached from inside through /proc/1; it has no descriptor, no
//! file system, no capability, a user of its own, and a filter of six calls.
//! The supervisor ends it by SIGKILL, which takes the whole pid namespace along.
#![no_std]
#![no_main]

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

const SIGCHLD: u64 = 1 << (17 - 1);
const SIG_BLOCK: usize = 0;
const WNOHANG: usize = 1;
const WALL: usize = 0x4000_0000;
const PR_SET_DUMPABLE: usize = 4;

#[cfg(target_arch = "x86_64")]
mod number {
    pub const RT_SIGPROCMASK: usize = 14;
    pub const WAIT4: usize = 61;
    pub const RT_SIGTIMEDWAIT: usize = 128;
    pub const PRCTL: usize = 157;
}

// asm-generic/unistd.h
#[cfg(any(target_arch = "aarch64", target_arch = "riscv64"))]
mod number {
    pub const RT_SIGPROCMASK: usize = 135;
    pub const WAIT4: usize = 260;
    pub const RT_SIGTIMEDWAIT: usize = 137;
    pub const PRCTL: usize = 167;
}

// The stack is aligned by hand: at _start it is not as a function expects it.
#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "and rsp, -16", "call {run}", run = sym run);
#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "bl {run}", run = sym run);
#[cfg(target_arch = "riscv64")]
global_asm!(".globl _start", "_start:", "andi sp, sp, -16", "call {run}", run = sym run);

/// A system call of four arguments; the callers below pass valid pointers or none.
fn call(number: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result: isize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the registers the kernel clobbers are named; the calls made here
    // write to no memory of ours.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as above.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a as isize => result,
            in("x1") b, in("x2") c, in("x3") d, options(nostack));
    }
    #[cfg(target_arch = "riscv64")]
    // SAFETY: as above.
    unsafe {
        asm!("ecall", in("a7") number, inlateout("a0") a as isize => result,
            in("a1") b, in("a2") c, in("a3") d, options(nostack));
    }
    result
}

extern "C" fn run() -> ! {
    // Exec made the process dumpable again where its user can read its file.
    call(number::PRCTL, PR_SET_DUMPABLE, 0, 0, 0);
    let set = SIGCHLD;
    let set = &raw const set as usize;
    call(number::RT_SIGPROCMASK, SIG_BLOCK, set, 0, 8);
    loop {
        while call(number::WAIT4, usize::MAX, 0, WNOHANG | WALL, 0) > 0 {}
        call(number::RT_SIGTIMEDWAIT, set, 0, 0, 8);
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
