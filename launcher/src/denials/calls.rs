//! System calls by number and name, of the architecture this runs on.

use super::record::Record;
use cordon_seccomp::Architecture;

/// A system call as a record names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// AUDIT_ARCH_* of linux/audit.h.
    pub architecture: u32,
    /// Number in that architecture's table.
    pub number: u32,
}

impl Call {
    /// The call of a seccomp or syscall record.
    pub fn of(record: &Record) -> Option<Self> {
        Some(Self {
            architecture: record.hexadecimal("arch")?.try_into().ok()?,
            number: record.number("syscall")?,
        })
    }

    /// Whether it is of the architecture this program is of; a 32-bit call on a
    /// 64-bit kernel is not.
    pub fn is_native(self) -> bool {
        native() == Some(self.architecture)
    }

    /// Its name; none for a call newer than the table of profiles/syscalls, or of
    /// another architecture.
    pub fn name(self) -> Option<&'static str> {
        let native = Architecture::native().ok()?;
        cordon_seccomp::name(native, self.number).filter(|_| self.is_native())
    }
}

/// AUDIT_ARCH_* of what this runs on.
pub fn native() -> Option<u32> {
    Architecture::native().ok().map(Architecture::audit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_named_in_their_own_architecture_alone() {
        let native = |number| {
            let architecture = native().unwrap();
            Call {
                architecture,
                number,
            }
        };
        assert_eq!(native(libc::SYS_ptrace as u32).name(), Some("ptrace"));
        assert_eq!(native(100_000).name(), None);
        let other = Call {
            architecture: 0x4000_0003,
            number: 26,
        };
        assert_eq!(other.name(), None);
        assert!(!other.is_native());
    }
}
