//! cgroup v2: membership, limits, killing and freezing of one component.

use super::error::Failure;
use cordon_manifest::plan::{Component, Layer, Origin};
use nix::errno::Errno;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The cgroup of one life of one component. Removed, with all in it, on drop.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
    directory: OwnedFd,
}

/// How long the kernel may take to empty a killed cgroup.
const EMPTYING: Duration = Duration::from_secs(5);

impl Cgroup {
    /// Makes the cgroup ROOT/DEVICE/COMPONENT; what is left of an earlier life is killed first.
    pub fn create(
        root: &Path,
        device: &str,
        component: &Component,
        limits: bool,
    ) -> Result<Self, Failure> {
        let failed = |step: &str, path: &Path, error: &io::Error| {
            Failure::new(Layer::Cgroup, step, errno(error)).of(path.display().to_string())
        };
        let parent = root.join(device);
        fs::create_dir_all(&parent).map_err(|e| failed("making the cgroup", &parent, &e))?;
        let path = parent.join(&component.name);
        if path.exists() {
            remove(&path)
                .map_err(|e| failed("emptying the cgroup of an earlier life", &path, &e))?;
        }
        if limits {
            for above in [root, &parent] {
                let file = above.join("cgroup.subtree_control");
                set(&file, "+memory +pids +cpu")
                    .map_err(|e| failed("enabling memory, pids and cpu in", &file, &e))?;
            }
        }
        fs::create_dir(&path).map_err(|e| failed("making the cgroup", &path, &e))?;
        let directory =
            fs::File::open(&path).map_err(|e| failed("opening the cgroup", &path, &e))?;
        let cgroup = Self {
            path,
            directory: directory.into(),
        };
        if limits {
            for (file, value, origin) in values(component) {
                let target = cgroup.path.join(file);
                set(&target, &value).map_err(|error| {
                    let failure = Failure::new(Layer::Limits, "setting", errno(&error));
                    failure.of(format!("{file} to {value}")).asked_by(origin)
                })?;
            }
        }
        Ok(cgroup)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Kills every process in it.
    pub fn kill(&self) -> io::Result<()> {
        set(&self.path.join("cgroup.kill"), "1")
    }
}

impl AsFd for Cgroup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Nothing can be told from a drop; a cgroup that stays is found, and
        // killed or refused, by the next start.
        let _ = remove(&self.path);
    }
}

/// The limits' files, values, and who asked for them.
pub fn values(component: &Component) -> Vec<(&'static str, String, &Origin)> {
    let limits = &component.limits;
    let mut values = Vec::new();
    if let Some(memory) = &limits.memory {
        values.push(("memory.max", memory.value.to_string(), &memory.origin));
        // What a vital sign needs must not wait for a disk, and memory.max means little with swap.
        values.push(("memory.swap.max", "0".into(), &memory.origin));
        // All of it or nothing: half a component is not one that can be relied on.
        values.push(("memory.oom.group", "1".into(), &memory.origin));
    }
    if let Some(tasks) = &limits.tasks {
        // One more for pid 1 of the compartment.
        values.push(("pids.max", (tasks.value + 1).to_string(), &tasks.origin));
    }
    if let Some(cpu) = &limits.cpu {
        values.push((
            "cpu.max",
            format!("{} 100000", cpu.value * 1000),
            &cpu.origin,
        ));
    }
    values
}

/// What the limits have to do with the end of a component, in words; none when nothing.
pub fn limits_reached(path: &Path, component: &Component) -> Option<String> {
    let mut reached = Vec::new();
    let line = |origin: &Origin| match origin {
        Origin::Manifest { line } => format!(" [manifest line {line}]"),
        _ => String::new(),
    };
    if let Some(memory) = &component.limits.memory
        && count(path, "memory.events", "oom_kill") > 0
    {
        let (bytes, line) = (memory.value, line(&memory.origin));
        reached.push(format!("out of memory, its limit is {bytes} bytes{line}"));
    }
    if let Some(tasks) = &component.limits.tasks
        && count(path, "pids.events", "max") > 0
    {
        let (tasks, line) = (tasks.value, line(&tasks.origin));
        reached.push(format!(
            "it was refused a process or thread, its limit is {tasks} tasks{line}"
        ));
    }
    (!reached.is_empty()).then(|| reached.join("; "))
}

/// A number of a flat-keyed file (cgroups(7)); 0 where there is none.
fn count(path: &Path, file: &str, key: &str) -> u64 {
    let text = fs::read_to_string(path.join(file)).unwrap_or_default();
    let value = |line: &str| line.strip_prefix(key)?.strip_prefix(' ')?.parse().ok();
    text.lines().find_map(value).unwrap_or(0)
}

/// Removes the cgroup of a device with all in it, and takes the controllers back
/// from the one above: as long as it gives them to its children, systemd can
/// start no process in it (EBUSY), and the next supervisor is one.
pub fn release(device: &Path) {
    let _ = remove(device);
    if let Some(above) = device.parent() {
        // Refused where another device below it still uses them, as it should be.
        let _ = set(&above.join("cgroup.subtree_control"), "-memory -pids -cpu");
    }
}

/// Writes a file of the kernel's, which is there or cannot be made: asking to
/// create it as well would need a right nobody has a use for.
pub fn set(file: &Path, value: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(file)?;
    io::Write::write_all(&mut file, value.as_bytes())
}

/// Kills and removes a cgroup and those below it.
pub fn remove(path: &Path) -> io::Result<()> {
    match set(&path.join("cgroup.kill"), "1") {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let started = Instant::now();
    loop {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                remove(&entry.path())?;
            }
        }
        match fs::remove_dir(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if started.elapsed() > EMPTYING => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;

    #[test]
    fn a_count_is_found_by_its_whole_key() {
        let scratch = Scratch::new();
        scratch.write("memory.events", b"oom 4\noom_kill 2\noom_group_kill 1\n");
        let count = |key| count(scratch.path(), "memory.events", key);
        assert_eq!((count("oom_kill"), count("oom"), count("max")), (2, 4, 0));
    }
}
