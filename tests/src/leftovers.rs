//! What a device that ended must not leave behind.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use std::path::Path;

/// Everything of a device that is still there, one line each: mounts, cgroups
/// and processes that name `directory` or `device`, and ports still answered.
pub fn find(directory: &Path, device: &str, ports: &[u16]) -> Vec<String> {
    let directory = directory.to_string_lossy();
    let mut found = Vec::new();
    for line in fs::read_to_string("/proc/self/mountinfo")
        .unwrap_or_default()
        .lines()
    {
        // The staged device's own tmpfs belongs to the test.
        let own = line.contains(&format!("{directory}/screen "));
        if (line.contains(&*directory) || line.contains(&format!("cordon/{device}"))) && !own {
            found.push(format!("mount: {line}"));
        }
    }
    for path in cgroups(Path::new("/sys/fs/cgroup"), 4) {
        if path.contains("cordon") && path.contains(device) {
            found.push(format!("cgroup: {path}"));
        }
    }
    for (pid, line) in processes() {
        if line.contains(&format!("{directory}/bin")) {
            found.push(format!("process {pid}: {line}"));
        }
    }
    for port in ports {
        if TcpStream::connect(("127.0.0.1", *port)).is_ok() {
            found.push(format!("port {port} is still answered"));
        }
    }
    found
}

/// Directories of the cgroup tree, to this depth.
fn cgroups(root: &Path, depth: usize) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            all.insert(entry.path().display().to_string());
            if depth > 0 {
                all.extend(cgroups(&entry.path(), depth - 1));
            }
        }
    }
    all
}

/// Process numbers with their executables and arguments.
fn processes() -> Vec<(u32, String)> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    numbers
        .filter(|pid| *pid != std::process::id())
        .filter_map(|pid: u32| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // Zombies of the test itself have ended.
            (!state.contains(") Z "))
                .then(|| (pid, String::from_utf8_lossy(&words).replace('\0', " ")))
        })
        .collect()
}
