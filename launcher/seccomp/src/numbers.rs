//! Numbers of system calls, from `profiles/syscalls`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

static TABLE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../profiles/syscalls"
));

/// An architecture filters are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// x86-64.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
    /// 64-bit RISC-V.
    Riscv64,
}

impl Architecture {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; 3] = [Self::X86_64, Self::Aarch64, Self::Riscv64];

    /// The one this program was built for.
    ///
    /// # Errors
    /// Its name, when it is none of them.
    pub fn native() -> Result<Self, &'static str> {
        let native = std::env::consts::ARCH;
        let found = Self::ALL.into_iter().find(|it| it.name() == native);
        found.ok_or(native)
    }

    /// As Rust and profiles write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Riscv64 => "riscv64",
        }
    }

    /// AUDIT_ARCH_* of linux/audit.h: ELF machine, 64 bits, little-endian.
    #[must_use]
    pub const fn audit(self) -> u32 {
        0xc000_0000
            | match self {
                Self::X86_64 => 62,
                Self::Aarch64 => 183,
                Self::Riscv64 => 243,
            }
    }

    const fn column(self) -> usize {
        self as usize
    }
}

/// One row: a name, and the numbers in the order of [`Architecture::ALL`].
type Numbers = [Option<u32>; 3];

static BY_NAME: LazyLock<BTreeMap<&'static str, Numbers>> = LazyLock::new(|| {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let mut number = || words.next().and_then(|word| word.parse().ok());
        Some((name, [number(), number(), number()]))
    })
    .collect()
});

/// Whether any architecture has a call of this name.
#[must_use]
pub fn known(name: &str) -> bool {
    BY_NAME.contains_key(name)
}

/// The number of the call `name`; none where the architecture has no such call.
#[must_use]
pub fn number(architecture: Architecture, name: &str) -> Option<u32> {
    BY_NAME.get(name)?[architecture.column()]
}

/// The call with this number, for messages.
#[must_use]
pub fn name(architecture: Architecture, number: u32) -> Option<&'static str> {
    let mut rows = BY_NAME.iter();
    let found = rows.find(|(_, numbers)| numbers[architecture.column()] == Some(number));
    found.map(|(name, _)| *name)
}

/// The highest number the table knows.
#[must_use]
pub fn highest(architecture: Architecture) -> u32 {
    let numbers = BY_NAME.values();
    let all = numbers.filter_map(|numbers| numbers[architecture.column()]);
    all.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_the_numbers_of_their_architecture() {
        use Architecture::{Aarch64, Riscv64, X86_64};
        assert_eq!(number(X86_64, "open"), Some(2));
        assert_eq!(number(Aarch64, "open"), None);
        assert_eq!(number(Aarch64, "openat"), Some(56));
        assert_eq!(number(Riscv64, "riscv_flush_icache"), Some(259));
        assert_eq!(name(X86_64, 59), Some("execve"));
        assert_eq!(name(X86_64, 100_000), None);
        for architecture in Architecture::ALL {
            assert_eq!(highest(architecture), 462);
        }
    }

    #[test]
    fn no_two_calls_have_one_number() {
        for architecture in Architecture::ALL {
            let mut numbers: Vec<u32> = BY_NAME
                .values()
                .filter_map(|numbers| numbers[architecture.column()])
                .collect();
            let count = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!((numbers.len(), count > 300), (count, true));
        }
    }

    /// Against what the C library's headers say of the machine this runs on.
    #[test]
    fn numbers_are_those_of_the_headers() {
        let native = Architecture::native().unwrap();
        for (name, value) in [
            ("read", libc::SYS_read),
            ("mmap", libc::SYS_mmap),
            ("clone", libc::SYS_clone),
            ("clone3", libc::SYS_clone3),
            ("prctl", libc::SYS_prctl),
            ("seccomp", libc::SYS_seccomp),
            ("execveat", libc::SYS_execveat),
            ("openat2", libc::SYS_openat2),
            ("futex_waitv", libc::SYS_futex_waitv),
        ] {
            assert_eq!(number(native, name).map(i64::from), Some(value), "{name}");
        }
    }
}
