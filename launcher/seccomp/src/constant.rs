//! Names that seccomp profiles may use instead of numbers, as the manual pages write them.

/// The number `text` stands for: decimal, hexadecimal, a known name, or names joined by `|`.
pub fn value(text: &str) -> Result<u64, String> {
    text.split('|')
        .try_fold(0, |sum, part| single(part.trim()).map(|value| sum | value))
}

fn single(text: &str) -> Result<u64, String> {
    if text == "PROT_BTI" {
        return Ok(PROT_BTI);
    }
    if let Some((_, value)) = NAMES.iter().find(|(name, _)| *name == text) {
        return Ok(*value);
    }
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map_err(|_| {
        format!("`{text}` is no number and no constant of launcher/seccomp/src/constant.rs")
    })
}

macro_rules! names {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), libc::$name as u64)),*]
    };
}

/// Of arm64's asm/mman.h, which the headers of no other architecture have.
const PROT_BTI: u64 = 0x10;

const NAMES: &[(&str, u64)] = names![
    AF_UNIX,
    AF_INET,
    AF_INET6,
    SOCK_STREAM,
    SOCK_DGRAM,
    SOCK_SEQPACKET,
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    IPPROTO_TCP,
    MSG_FASTOPEN,
    MSG_NOSIGNAL,
    PROT_EXEC,
    PROT_WRITE,
    PROT_READ,
    MAP_ANONYMOUS,
    MAP_SHARED,
    CLONE_VM,
    CLONE_FS,
    CLONE_FILES,
    CLONE_SIGHAND,
    CLONE_THREAD,
    CLONE_SYSVSEM,
    CLONE_SETTLS,
    CLONE_PARENT_SETTID,
    CLONE_CHILD_CLEARTID,
    CLONE_CHILD_SETTID,
    CLONE_VFORK,
    CLONE_PARENT,
    CLONE_NEWNS,
    CLONE_NEWUTS,
    CLONE_NEWIPC,
    CLONE_NEWUSER,
    CLONE_NEWPID,
    CLONE_NEWNET,
    CLONE_NEWCGROUP,
    O_CREAT,
    S_ISUID,
    S_ISGID,
    F_DUPFD,
    F_DUPFD_CLOEXEC,
    F_GETFD,
    F_SETFD,
    F_GETFL,
    F_SETFL,
    F_GETLK,
    F_SETLK,
    F_SETLKW,
    F_GET_SEALS,
    F_OFD_SETLK,
    F_OFD_SETLKW,
    F_OFD_GETLK,
    FIONREAD,
    FIONBIO,
    FIOCLEX,
    FIONCLEX,
    TCGETS,
    TIOCGWINSZ,
    PR_SET_NAME,
    PR_GET_NAME,
    PR_GET_DUMPABLE,
    PR_SET_DUMPABLE,
    PR_CAPBSET_READ,
    PR_SET_VMA,
    PR_GET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    PR_SET_TIMERSLACK,
    PR_SET_SECCOMP,
    PR_GET_SECCOMP,
    SOL_SOCKET,
    SO_REUSEADDR,
    SO_REUSEPORT,
    SO_KEEPALIVE,
    SO_LINGER,
    SO_SNDBUF,
    SO_RCVBUF,
    SO_RCVTIMEO,
    SO_SNDTIMEO,
    MADV_DONTNEED,
    MADV_FREE,
    MADV_HUGEPAGE,
    MADV_NOHUGEPAGE,
    MADV_DONTFORK,
    MADV_WILLNEED,
    MADV_DONTDUMP,
    RLIMIT_STACK,
    CLOCK_REALTIME,
    CLOCK_MONOTONIC,
    CLONE_PIDFD,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_names_and_unions_are_understood() {
        assert_eq!(value("17"), Ok(17));
        assert_eq!(value("0x20000000"), Ok(0x2000_0000));
        assert_eq!(value("PROT_READ|PROT_EXEC"), Ok(5));
        assert!(value("PROT_READ|").is_err());
    }
}
