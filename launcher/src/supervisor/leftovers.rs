//! What a killed supervisor leaves: compartments that still run. Each is noted
//! on disk while it runs, and ended by the next supervisor of the device, or by
//! `cordon stop`, which systemd runs after a supervisor's end.

use super::runtime::{RuntimeDir, RuntimeError};
use crate::sys::descriptor::pidfd_send_signal;
use crate::sys::pidfd;
use nix::sys::signal::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the kernel may take to end what was killed.
const ENDING: Duration = Duration::from_secs(5);

/// A process whose end ends the whole compartment, and its cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Pid 1 of the compartment, as the host sees it.
    pub pid: i32,
    /// Its start in clock ticks since boot: a number that is used again has another.
    start: u64,
    /// Identifier of the boot.
    boot: String,
    /// Its cgroup.
    pub cgroup: Option<PathBuf>,
}

impl Note {
    /// A note on a process that runs; none when it has just ended.
    pub fn of(pid: i32, cgroup: Option<&Path>) -> Option<Self> {
        Some(Self {
            pid,
            start: start_of(pid)?,
            boot: boot()?,
            cgroup: cgroup.map(Path::to_path_buf),
        })
    }

    /// Writes the note, whole or not at all.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let cgroup = self.cgroup.as_deref().unwrap_or(Path::new(""));
        let text = format!(
            "{} {} {}\n{}\n",
            self.pid,
            self.start,
            self.boot,
            cgroup.display()
        );
        let part = path.with_extension("part");
        fs::write(&part, text)?;
        fs::rename(part, path)
    }

    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let (first, rest) = text.split_once('\n')?;
        let mut words = first.split(' ');
        let cgroup = rest.trim_end_matches('\n');
        Some(Self {
            pid: words.next()?.parse().ok()?,
            start: words.next()?.parse().ok()?,
            boot: words.next()?.to_owned(),
            cgroup: (!cgroup.is_empty()).then(|| cgroup.into()),
        })
    }

    /// Ends the process, if it is still the one that was noted.
    fn end(&self) -> bool {
        let Ok(process) = pidfd::open(self.pid) else {
            return false;
        };
        // After the descriptor is open the number cannot change hands unseen.
        if boot().as_deref() != Some(&self.boot) || start_of(self.pid) != Some(self.start) {
            return false;
        }
        if pidfd_send_signal(process.as_fd(), Signal::SIGKILL as i32).is_err() {
            return false;
        }
        let started = Instant::now();
        while start_of(self.pid) == Some(self.start) && started.elapsed() < ENDING {
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }
}

/// Ends what a supervisor that is gone left of a device, and removes its
/// runtime directory; gives the names of what still ran, none where there was
/// nothing at all.
pub fn end(base: &Path, device: &str) -> Result<Option<Vec<String>>, RuntimeError> {
    if !base.join(device).exists() {
        return Ok(None);
    }
    let runtime = RuntimeDir::claim(base, device)?;
    Ok(Some(clean(&runtime.members())))
}

/// Ends everything noted in the directory; gives the names of what still ran.
pub fn clean(notes: &Path) -> Vec<String> {
    let mut ended = Vec::new();
    let mut devices = BTreeSet::new();
    for entry in fs::read_dir(notes).into_iter().flatten().flatten() {
        let path = entry.path();
        if let Some(note) = Note::read(&path) {
            let name = path.file_name().unwrap_or_default();
            if note.end() {
                ended.push(name.to_string_lossy().into_owned());
            }
            if let Some(cgroup) = &note.cgroup {
                // Busy or gone: the component's next start says what is wrong.
                let _ = crate::compartment::remove_cgroup(cgroup);
                devices.extend(cgroup.parent().map(Path::to_path_buf));
            }
        }
        let _ = fs::remove_file(path);
    }
    for device in devices {
        crate::compartment::release_cgroup(&device);
    }
    ended.sort();
    ended
}

/// Field 22 of proc_pid_stat(5); the name in field 2 may hold anything.
fn start_of(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(") ")?;
    let mut fields = after.split(' ');
    // A zombie runs nothing any more and waits for its parent only.
    if fields.next() == Some("Z") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn boot() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;
    use std::process::Command;

    #[test]
    fn what_was_noted_is_ended_and_forgotten() {
        let scratch = Scratch::new();
        let mut child = Command::new("/bin/sleep").arg("1000").spawn().unwrap();
        let note = Note::of(child.id() as i32, None).unwrap();
        let path = scratch.path().join("sleeper");
        note.write(&path).unwrap();
        assert_eq!(Note::read(&path), Some(note));
        assert_eq!(clean(scratch.path()), ["sleeper"]);
        assert!(!child.wait().unwrap().success());
        assert!(!path.exists());
    }

    #[test]
    fn a_process_that_only_has_the_number_is_let_alone() {
        let scratch = Scratch::new();
        let mut child = Command::new("/bin/sleep").arg("1000").spawn().unwrap();
        let mut note = Note::of(child.id() as i32, None).unwrap();
        note.start -= 1;
        note.write(&scratch.path().join("other")).unwrap();
        assert_eq!(clean(scratch.path()), Vec::<String>::new());
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_damaged_note_ends_nobody() {
        let scratch = Scratch::new();
        scratch.write("x", b"1 ");
        scratch.write("y", &[0xff; 9]);
        assert_eq!(clean(scratch.path()), Vec::<String>::new());
    }
}
