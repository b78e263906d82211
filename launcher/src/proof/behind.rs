//! What stands behind a mount: a file or directory of the device, or a file system
//! made for the compartment alone.

use super::mountinfo::Shown;
use crate::sys::statx;
use nix::errno::Errno;
use std::fmt;
use std::fs;
use std::os::fd::BorrowedFd;

/// What stands behind a mount.
#[derive(Clone, Debug)]
pub enum Behind {
    /// A file or directory of the device.
    Tree {
        /// Where it was when it was opened.
        place: String,
        /// Which it is.
        identity: Identity,
    },
    /// A file system of the compartment's own.
    Made {
        /// Its kind, `tmpfs` or `proc`.
        kind: &'static str,
        /// What is expected among its options.
        options: Vec<String>,
        /// Which it is, once it was seen.
        identity: Option<Identity>,
    },
}

impl Behind {
    /// The file or directory behind a descriptor, opened at `place`.
    pub fn tree(place: &str, fd: BorrowedFd<'_>) -> Result<Self, Errno> {
        let (identity, _) = Identity::of(fd)?;
        let place = place.to_owned();
        Ok(Self::Tree { place, identity })
    }

    /// A tmpfs of `size` bytes, which the kernel keeps in whole pages.
    pub fn tmpfs(size: u64) -> Self {
        let page = 4096;
        Self::made("tmpfs", vec![format!("size={}k", size.div_ceil(page) * 4)])
    }

    /// A /proc that shows processes alone, and of them the component's own.
    pub fn proc() -> Self {
        Self::made(
            "proc",
            vec!["hidepid=invisible".into(), "subset=pid".into()],
        )
    }

    const fn made(kind: &'static str, options: Vec<String>) -> Self {
        Self::Made {
            kind,
            options,
            identity: None,
        }
    }

    /// What the kernel shows instead, in the same words; `identity` is that of
    /// what is reached there.
    pub fn found(&self, shown: &Shown, identity: Identity) -> String {
        let (options, known) = match self {
            // The same file, whatever it is called now: names change, and are
            // unlinked, under a program that is updated.
            Self::Tree {
                identity: planned, ..
            } if *planned == identity => return self.to_string(),
            Self::Made {
                options, identity, ..
            } if shown.root == "/" => (options, identity),
            _ => return format!("{} ({identity})", shown.source()),
        };
        let mut text = shown.kind.clone();
        for wanted in options {
            let key = wanted.split('=').next().unwrap_or_default();
            let of = |option: &&str| option.split('=').next() == Some(key);
            match shown.options.split(',').find(of) {
                Some(option) => text.push_str(&format!(" {option}")),
                None if is_unsaid(wanted) => text.push_str(&format!(" {wanted}")),
                None => {}
            }
        }
        match known {
            Some(_) => format!("{text} ({identity})"),
            None => text,
        }
    }
}

/// Whether the kernel does not show this size because it is what a tmpfs gets that
/// was given none: half of the memory (tmpfs(5)).
fn is_unsaid(option: &str) -> bool {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory.lines().find_map(|line| {
        let rest = line.strip_prefix("MemTotal:")?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    });
    total.is_some_and(|kib| option == format!("size={}k", kib / 8 * 4))
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tree { place, identity } => write!(f, "{place} ({identity})"),
            Self::Made {
                kind,
                options,
                identity,
            } => {
                f.write_str(kind)?;
                for option in options {
                    write!(f, " {option}")?;
                }
                match identity {
                    Some(identity) => write!(f, " ({identity})"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Which file something is: of two with the same identity there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: (u32, u32),
    inode: u64,
    born: Option<(i64, u32)>,
    kind: u32,
    node: (u32, u32),
}

impl Identity {
    /// Identity of the file behind a descriptor, and the mount it was reached by.
    pub fn of(fd: BorrowedFd<'_>) -> Result<(Self, u64), Errno> {
        let found = statx::node(fd)?;
        let identity = Self {
            device: found.device,
            inode: found.inode,
            born: found.born,
            kind: found.kind,
            node: found.node,
        };
        Ok((identity, found.mount))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            libc::S_IFREG => "file",
            libc::S_IFDIR => "directory",
            libc::S_IFCHR => "character device",
            libc::S_IFBLK => "block device",
            libc::S_IFSOCK => "socket",
            libc::S_IFIFO => "pipe",
            libc::S_IFLNK => "link",
            _ => "unknown",
        };
        f.write_str(kind)?;
        if matches!(self.kind, libc::S_IFCHR | libc::S_IFBLK) {
            write!(f, " {}:{}", self.node.0, self.node.1)?;
        }
        let (major, minor) = self.device;
        write!(f, ", inode {} of {major}:{minor}", self.inode)?;
        match self.born {
            Some((seconds, nanoseconds)) => write!(f, ", born {seconds}.{nanoseconds:09}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    fn shown(options: &str) -> Shown {
        Shown {
            device: "0:7".into(),
            root: "/".into(),
            kind: "tmpfs".into(),
            options: options.into(),
            ..Shown::default()
        }
    }

    fn of(path: &str) -> Identity {
        let file = fs::File::open(path).unwrap();
        Identity::of(file.as_fd()).unwrap().0
    }

    #[test]
    fn an_own_file_system_is_told_by_kind_size_and_then_by_its_identity() {
        let (first, second) = (of("/etc/passwd"), of("/etc/group"));
        let mut behind = Behind::tmpfs(5000);
        assert_eq!(behind.to_string(), "tmpfs size=8k");
        let found = |behind: &Behind, options| behind.found(&shown(options), second);
        assert_eq!(found(&behind, "rw,size=8k,mode=700"), "tmpfs size=8k");
        assert_eq!(found(&behind, "rw,size=9k"), "tmpfs size=9k");
        assert_eq!(found(&behind, "rw,mode=700"), "tmpfs");
        let Behind::Made { identity, .. } = &mut behind else {
            panic!("made");
        };
        *identity = Some(first);
        assert_eq!(behind.to_string(), format!("tmpfs size=8k ({first})"));
        assert_eq!(
            found(&behind, "rw,size=8k"),
            format!("tmpfs size=8k ({second})")
        );
        let below = Shown {
            root: "/below".into(),
            ..shown("rw,size=8k")
        };
        let text = format!("/below of tmpfs 0:7 ({first})");
        assert_eq!(behind.found(&below, first), text);
    }

    #[test]
    fn a_file_that_was_renamed_is_the_same_and_another_is_not() {
        let identity = of("/etc/passwd");
        let place = "/etc/passwd".to_owned();
        let behind = Behind::Tree { place, identity };
        assert_eq!(behind.found(&shown("rw"), identity), behind.to_string());
        let other = behind.found(&shown("rw"), of("/etc/group"));
        assert!(other.starts_with("/ of tmpfs 0:7 (file, inode "), "{other}");
    }

    #[test]
    fn what_is_not_said_is_half_of_the_memory_and_nothing_else() {
        let memory = fs::read_to_string("/proc/meminfo").unwrap();
        let kib: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(is_unsaid(&format!("size={}k", kib / 8 * 4)));
        assert!(!is_unsaid("size=8k"));
    }

    #[test]
    fn a_file_has_its_identity_by_every_name() {
        assert_eq!(of("/etc/passwd"), of("/etc/../etc/passwd"));
        assert_ne!(of("/etc/passwd"), of("/etc/group"));
        assert!(
            of("/dev/null")
                .to_string()
                .starts_with("character device 1:3")
        );
    }
}
