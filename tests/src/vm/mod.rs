//! Virtual machines in which SELinux is in force: a micro one for single facts
//! of the policy, and a whole Debian with the device on it.
//!
//! Both run in QEMU without hardware acceleration, which is nowhere needed.
//! What is built for them is kept under `target/vm`, keyed by what it is made of.

pub mod audit;
pub mod initramfs;
pub mod micro;

use crate::workspace;
use std::path::PathBuf;

/// The emulator.
pub const QEMU: &str = "/usr/bin/qemu-system-x86_64";

/// Directory of everything built for virtual machines.
pub fn directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace::root().join("target"), PathBuf::from)
        .join("vm")
}
