//! A directory that stands for a device: its programs, certificates, recording.
//!
//! Below /opt, because every directory on the way to a program must belong to
//! root and be writable by no one else.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A staged device; its directory is removed with it.
#[derive(Debug)]
pub struct Stage {
    directory: PathBuf,
}

impl Stage {
    /// An empty directory of this name, in place of what was left there.
    ///
    /// # Errors
    /// When it cannot be made: it needs root.
    pub fn new(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        if directory.exists() {
            unmount_below(&directory);
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(&directory)?;
        fs::set_permissions(&directory, Permissions::from_mode(0o755))?;
        Ok(Self { directory })
    }

    /// One for a test, unlike any other's.
    ///
    /// # Errors
    /// As [`Stage::new`].
    pub fn of_test(name: &str) -> io::Result<Self> {
        Self::new(format!("/opt/cordon-test-{name}-{}", std::process::id()))
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Copies a file in, with this mode, and gives its new path.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn copy(&self, from: &Path, name: &str, mode: u32) -> io::Result<PathBuf> {
        let to = self.path(name);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from, &to)?;
        fs::set_permissions(&to, Permissions::from_mode(mode))?;
        Ok(to)
    }

    /// Copies the files of a directory in, readable by all.
    ///
    /// # Errors
    /// When one cannot be read or written.
    pub fn copy_directory(&self, from: &Path, name: &str) -> io::Result<PathBuf> {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                self.copy(
                    &entry.path(),
                    &format!("{name}/{}", entry.file_name().to_string_lossy()),
                    0o644,
                )?;
            }
        }
        Ok(self.path(name))
    }

    /// Mounts a file system in memory of this many bytes; unmounted with the stage.
    ///
    /// # Errors
    /// When mount(8) fails.
    pub fn memory(&self, name: &str, bytes: u64) -> io::Result<PathBuf> {
        let at = self.path(name);
        fs::create_dir_all(&at)?;
        let options = format!("size={bytes},mode=755");
        let mount = ["-t", "tmpfs", "-o", &options, "cordon-stage"];
        if Command::new("mount")
            .args(mount)
            .arg(&at)
            .status()?
            .success()
        {
            return Ok(at);
        }
        Err(io::Error::other(format!("mount {}", at.display())))
    }

    /// Writes a file readable by all, and gives its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let to = self.path(name);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&to, content)?;
        fs::set_permissions(&to, Permissions::from_mode(0o644))?;
        Ok(to)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        remove(&self.directory);
    }
}

/// Removes a staged device's directory with everything mounted in it.
pub fn remove(directory: &Path) {
    unmount_below(directory);
    let _ = fs::remove_dir_all(directory);
}

/// Takes away what is mounted below a directory, innermost first.
fn unmount_below(directory: &Path) {
    let below = format!("{}/", directory.display());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    let mut points: Vec<&str> = points.filter(|point| point.starts_with(&below)).collect();
    points.reverse();
    for point in points {
        let _ = Command::new("umount").arg(point).status();
    }
}
