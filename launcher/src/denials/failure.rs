//! Calls that failed for want of something that is not in the compartment: no
//! layer wrote a record, a rule had the kernel write the call down itself.

use super::calls::Call;
use super::decision::Need;
use super::record::{Kind, Record};
use super::refusal::Attempt;

/// The path a failed call was about, where it says something about the manifest.
pub fn attempt(event: &[Record]) -> Option<Attempt> {
    // What a layer refused has a record that says more.
    if event.iter().any(|record| {
        matches!(
            record.kind,
            Kind::LandlockAccess | Kind::Avc | Kind::Seccomp
        )
    }) {
        return None;
    }
    let syscall = event.iter().find(|record| record.kind == Kind::Syscall)?;
    let failed: i32 = syscall.number("exit")?;
    let call = Call::of(syscall)?;
    let name = call.name()?;
    let path = path(event)?;
    let creates = |key: &str| {
        let flags = syscall.hexadecimal(key).unwrap_or_default();
        flags & (libc::O_ACCMODE | libc::O_CREAT) as u64 != 0
    };
    let asks = |key: &str| {
        let mode = syscall.hexadecimal(key).unwrap_or_default();
        mode & libc::W_OK as u64 != 0
    };
    let writes = match name {
        "open" => creates("a1"),
        "openat" => creates("a2"),
        "access" => asks("a1"),
        "faccessat" | "faccessat2" => asks("a2"),
        "creat" | "mkdir" | "mkdirat" | "unlink" | "unlinkat" => true,
        _ => false,
    };
    // A shared object is mapped executable.
    let file = path.rsplit('/').next().unwrap_or_default();
    let need = if writes {
        Need::Write
    } else if file.ends_with(".so") || file.contains(".so.") {
        Need::Execute
    } else {
        Need::Read
    };
    match failed.wrapping_neg() {
        libc::ENOENT | libc::EROFS => Some(Attempt::Absent {
            path,
            need,
            read_only: failed == -libc::EROFS,
        }),
        _ => None,
    }
}

/// What the call named: absolute as it stands, or from the working directory. A
/// name from another directory's descriptor is not on record as a whole.
fn path(event: &[Record]) -> Option<String> {
    let paths = event.iter().filter(|record| record.kind == Kind::Path);
    let mut named = paths.filter(|record| record.word("nametype") != Some("PARENT"));
    let parent = || event.iter().rev().find(|record| record.kind == Kind::Path);
    let name = named.next_back().or_else(parent)?.text("name")?;
    if name.starts_with('/') {
        return Some(plain(&name));
    }
    let syscall = event.iter().find(|record| record.kind == Kind::Syscall)?;
    let at = syscall.hexadecimal("a0")? as u32;
    if at != libc::AT_FDCWD as u32 {
        return None;
    }
    let cwd = event
        .iter()
        .find(|record| record.kind == Kind::Cwd)?
        .text("cwd")?;
    Some(plain(&format!("{cwd}/{name}")))
}

/// Without doubled or trailing slashes and parts that say "here"; what leads up
/// stays, because it need not lead where it looks.
fn plain(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.fold(String::new(), |path, part| path + "/" + part)
}

#[cfg(test)]
mod tests {
    use super::super::refusal::tests::event;
    use super::*;

    #[test]
    fn a_path_that_is_not_there_is_read_from_the_calls_records() {
        let of = |exit: i32, flags: &str, paths: &[&str]| {
            let call = format!(
                "1300 audit(1795492490.669:38574928): arch={:x} syscall={} success=no exit={exit} \
                 a0=ffffff9c a1=7f9416d119d0 a2={flags} a3=0 items=1 ppid=1 pid=26619 uid=54321 \
                 comm=\"python3\" exe=\"/usr/bin/python3.11\" key=(null)",
                super::super::calls::native().unwrap(),
                libc::SYS_openat
            );
            let mut lines = vec![
                call.as_str(),
                "1307 audit(1795492490.669:38574928): cwd=\"/srv\"",
            ];
            lines.extend(paths);
            attempt(&event(&lines))
        };
        let absent = |path: &str, need, read_only| {
            Some(Attempt::Absent {
                path: path.to_owned(),
                need,
                read_only,
            })
        };
        let hosts = "1302 audit(1795492490.669:38574928): item=0 name=\"/etc/hosts\" \
                     nametype=UNKNOWN cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0";
        assert_eq!(
            of(-2, "80000", &[hosts]),
            absent("/etc/hosts", Need::Read, false)
        );
        assert_eq!(
            of(-30, "80241", &[hosts]),
            absent("/etc/hosts", Need::Write, true)
        );
        assert_eq!(of(-13, "80000", &[hosts]), None);
        let relative = hosts.replace("/etc/hosts", "x.conf");
        assert_eq!(
            of(-2, "0", &[&relative]),
            absent("/srv/x.conf", Need::Read, false)
        );
        let parent = "1302 audit(1795492490.669:38574928): item=0 name=\"/var/\" nametype=PARENT";
        let created = "1302 audit(1795492490.669:38574928): item=1 name=\"/var/x\" nametype=CREATE";
        assert_eq!(
            of(-30, "41", &[parent, created]),
            absent("/var/x", Need::Write, true)
        );
        let doubled = hosts.replace("/etc/hosts", "/etc/.//hosts/");
        assert_eq!(
            of(-2, "0", &[&doubled]),
            absent("/etc/hosts", Need::Read, false)
        );
        assert_eq!(of(-2, "0", &[]), None);
    }
}
