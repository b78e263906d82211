//! The target's machine, and the two facts of its kernel that resolution asks for.

use super::elf;
use super::tree::Tree;
use std::fs;

/// Linux's default for `net.ipv4.ip_unprivileged_port_start`.
const DEFAULT_UNPRIVILEGED_PORT_START: u16 = 1024;

/// Programs every image has one of; the first that is an ELF file says the
/// machine of an image tree.
const WITNESSES: [&str; 5] = [
    "/sbin/init",
    "/bin/sh",
    "/bin/busybox",
    "/usr/bin/env",
    "/bin/ls",
];

/// The machine in ELF's words: `x86-64`, `aarch64`, `riscv64`.
pub fn of(tree: &Tree) -> String {
    let witness = || {
        WITNESSES
            .iter()
            .find_map(|path| Some(elf::read(&tree.read(path, elf::LIMIT).ok()?).ok()?.machine))
    };
    if tree.is_running_system() {
        return running();
    }
    witness().unwrap_or_else(running)
}

fn running() -> String {
    match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        other => other,
    }
    .to_owned()
}

/// Ports from this one on need no capability. An image tree has no kernel to
/// ask: Linux's default is assumed.
pub fn unprivileged_port_start(tree: &Tree) -> u16 {
    if !tree.is_running_system() {
        return DEFAULT_UNPRIVILEGED_PORT_START;
    }
    fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(DEFAULT_UNPRIVILEGED_PORT_START)
}

/// Whether the file system of this path is mounted with project quotas.
pub fn project_quota(resolved: &str) -> bool {
    let mountinfo = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    quota_in(&mountinfo, resolved)
}

/// proc_pid_mountinfo(5): mount point is field 5; the super block's options are
/// the third field after the lone hyphen.
fn quota_in(mountinfo: &str, resolved: &str) -> bool {
    let mut best: Option<(usize, bool)> = None;
    for line in mountinfo.lines() {
        let Some((mount, source)) = line.split_once(" - ") else {
            continue;
        };
        let (Some(point), Some(options)) = (mount.split(' ').nth(4), source.split(' ').nth(2))
        else {
            continue;
        };
        let below = resolved
            .strip_prefix(point)
            .is_some_and(|rest| point == "/" || rest.is_empty() || rest.starts_with('/'));
        if below && best.is_none_or(|(length, _)| point.len() >= length) {
            let quota = options
                .split(',')
                .any(|o| matches!(o, "prjquota" | "pquota"));
            best = Some((point.len(), quota));
        }
    }
    best.is_some_and(|(_, quota)| quota)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_nearest_mount_decides_about_quota() {
        let text = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n\
                    2 1 8:2 / /var rw shared:1 - xfs /dev/sda2 rw,prjquota\n\
                    3 2 8:3 / /var/tmp rw - tmpfs tmpfs rw\n";
        assert!(quota_in(text, "/var/lib/x"));
        assert!(!quota_in(text, "/var/tmp/x"));
        assert!(!quota_in(text, "/variable"));
    }

    #[test]
    fn the_running_system_has_a_machine_and_a_port_start() {
        let tree = Tree::open(Path::new("/")).unwrap();
        assert_eq!(of(&tree), running());
        assert!(unprivileged_port_start(&tree) <= 1024);
    }
}
