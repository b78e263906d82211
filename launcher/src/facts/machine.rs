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

/// Where a file system is, and the options it has there.
pub type Mounted = (String, String);

/// The file systems of a target: as they are mounted, and as its fstab(5) will
/// mount them, which is all there is to know of an image, in whose tree this may
/// run by chroot(1). Whether a quota is in force is seen at each start.
pub fn mounted(tree: &Tree) -> [Vec<Mounted>; 2] {
    const LONGEST: u64 = 1 << 20;
    let mounted = match tree.is_running_system() {
        true => fs::read_to_string("/proc/self/mountinfo").unwrap_or_default(),
        false => String::new(),
    };
    let will = tree.read("/etc/fstab", LONGEST).unwrap_or_default();
    [mountinfo(&mounted), fstab(&String::from_utf8_lossy(&will))]
}

/// proc_pid_mountinfo(5): mount point is field 5; the super block's options are
/// the third field after the lone hyphen.
fn mountinfo(text: &str) -> Vec<Mounted> {
    let fields = |line: &str| {
        let (mount, source) = line.split_once(" - ")?;
        let point = mount.split(' ').nth(4)?;
        Some((point.to_owned(), source.split(' ').nth(2)?.to_owned()))
    };
    text.lines().filter_map(fields).collect()
}

/// fstab(5): mount point is field 2, options are field 4.
fn fstab(text: &str) -> Vec<Mounted> {
    let fields = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let point = fields.nth(1)?.to_owned();
        Some((point, fields.nth(1)?.to_owned()))
    };
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(fields)
        .collect()
}

/// Whether the file system of this path is mounted with project quotas.
pub fn project_quota(mounted: &[Mounted], resolved: &str) -> bool {
    let mut best: Option<(usize, bool)> = None;
    for (point, options) in mounted {
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
        let mounted = mountinfo(text);
        assert!(project_quota(&mounted, "/var/lib/x"));
        assert!(!project_quota(&mounted, "/var/tmp/x"));
        assert!(!project_quota(&mounted, "/variable"));
    }

    #[test]
    fn an_images_file_systems_are_those_of_its_fstab() {
        let text = "# /data /dev/sda3 ext4 prjquota 0 0\n\
                    UUID=1 /    ext4 rw 0 1\n\
                    /dev/sda2\t/var xfs  defaults,pquota 0 2\n";
        let mounted = fstab(text);
        assert!(project_quota(&mounted, "/var/lib/x"));
        assert!(!project_quota(&mounted, "/data/x"));
    }

    #[test]
    fn the_running_system_has_a_machine_and_a_port_start() {
        let tree = Tree::open(Path::new("/")).unwrap();
        assert_eq!(of(&tree), running());
        assert!(unprivileged_port_start(&tree) <= 1024);
    }
}
