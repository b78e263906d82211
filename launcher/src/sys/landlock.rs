//! landlock_create_ruleset(2): which ABI the kernel has. The rules themselves are
//! made by the landlock crate, which keeps this number to itself.

use super::check;
use nix::errno::Errno;

/// The kernel's Landlock ABI; ENOSYS without Landlock, EOPNOTSUPP where it is switched off.
pub fn abi() -> Result<u32, Errno> {
    const LANDLOCK_CREATE_RULESET_VERSION: libc::c_uint = 1;
    let none = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the kernel takes no attribute and only answers a number.
    check(unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            none,
            0,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    })
    .map(|version| version as u32)
}
