//! The runtime directory of a device: one supervisor has it at a time, and
//! nothing of it stays.

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Why the directory cannot be had.
#[derive(Debug)]
pub enum RuntimeError {
    /// Another supervisor runs the device.
    InUse {
        /// The device.
        device: String,
    },
    /// Someone else than root could change what stands in it.
    Open {
        /// The directory.
        path: PathBuf,
    },
    /// The system refused.
    System {
        /// What was done to which path.
        what: String,
        /// Its answer.
        error: io::Error,
    },
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { device } => write!(f, "the device {device} is already running"),
            Self::Open { path } => write!(
                f,
                "the runtime directory {} can be changed by someone else than root",
                path.display()
            ),
            Self::System { what, error } => write!(f, "{what}: {error}"),
        }
    }
}

impl std::error::Error for RuntimeError {}

/// A claimed directory; dropping it removes it with everything in it.
#[derive(Debug)]
pub struct RuntimeDir {
    base: PathBuf,
    path: PathBuf,
    lock: Option<Flock<File>>,
}

impl RuntimeDir {
    /// Claims BASE/DEVICE. What an earlier supervisor left in it is still there.
    pub fn claim(base: &Path, device: &str) -> Result<Self, RuntimeError> {
        let path = base.join(device);
        make(base, 0o755)?;
        let metadata = fs::metadata(base).map_err(|error| system("reading", base, error))?;
        if metadata.uid() != nix::unistd::geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
            return Err(RuntimeError::Open {
                path: base.to_path_buf(),
            });
        }
        loop {
            make(&path, 0o711)?;
            let lock_path = path.join("lock");
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&lock_path);
            let file = match file {
                Ok(file) => file,
                // The one before us is just removing the directory.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(system("opening", &lock_path, error)),
            };
            let lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => lock,
                Err((_, Errno::EWOULDBLOCK)) => {
                    return Err(RuntimeError::InUse {
                        device: device.to_owned(),
                    });
                }
                Err((_, errno)) => return Err(system("locking", &lock_path, errno.into())),
            };
            // A lock on a file that was removed meanwhile keeps nobody out.
            let held = lock.metadata().map(|held| held.ino()).ok();
            if held.is_some() && held == fs::metadata(&lock_path).map(|there| there.ino()).ok() {
                let claimed = Self {
                    base: base.to_path_buf(),
                    path,
                    lock: Some(lock),
                };
                make(&claimed.notify(), 0o711)?;
                make(&claimed.members(), 0o700)?;
                return Ok(claimed);
            }
        }
    }

    /// Directory of the components' notify sockets.
    pub fn notify(&self) -> PathBuf {
        self.path.join("notify")
    }

    /// Directory of the notes on running components.
    pub fn members(&self) -> PathBuf {
        self.path.join("members")
    }
}

/// The control socket of a device.
pub fn control_socket(base: &Path, device: &str) -> PathBuf {
    base.join(device).join("control")
}

/// Devices that run. What a killed supervisor left answers nobody.
pub fn devices(base: &Path) -> Vec<String> {
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let mut devices: Vec<String> = entries
        .filter(|entry| answers(&entry.path().join("control")))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    devices.sort();
    devices
}

fn answers(socket: &Path) -> bool {
    match UnixStream::connect(socket) {
        Ok(_) => true,
        // It is there, for others.
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

impl Drop for RuntimeDir {
    fn drop(&mut self) {
        // While the lock is held: nobody else makes anything in it.
        let _ = fs::remove_dir_all(&self.path);
        self.lock = None;
        // Other devices may be in it; then it stays.
        let _ = fs::remove_dir(&self.base);
    }
}

fn make(path: &Path, mode: u32) -> Result<(), RuntimeError> {
    let made = DirBuilder::new().recursive(true).mode(mode).create(path);
    made.map_err(|error| system("making", path, error))
}

fn system(what: &str, path: &Path, error: io::Error) -> RuntimeError {
    RuntimeError::System {
        what: format!("{what} {}", path.display()),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixListener;

    #[test]
    fn one_supervisor_at_a_time_and_nothing_stays() {
        let scratch = Scratch::new();
        let base = scratch.path().join("run");
        let first = RuntimeDir::claim(&base, "monitor").unwrap();
        let second = RuntimeDir::claim(&base, "monitor").unwrap_err();
        assert!(matches!(second, RuntimeError::InUse { .. }));
        let other = RuntimeDir::claim(&base, "pump").unwrap();
        drop(first);
        assert!(!base.join("monitor").exists());
        drop(RuntimeDir::claim(&base, "monitor").unwrap());
        drop(other);
        assert!(!base.exists());
    }

    #[test]
    fn a_device_is_one_that_answers() {
        let scratch = Scratch::new();
        for name in ["runs", "killed", "empty"] {
            fs::create_dir(scratch.path().join(name)).unwrap();
        }
        let bind = |name| UnixListener::bind(control_socket(scratch.path(), name)).unwrap();
        let _listener = bind("runs");
        drop(bind("killed"));
        assert_eq!(devices(scratch.path()), ["runs"]);
    }

    #[test]
    fn a_base_that_others_may_change_is_refused() {
        let scratch = Scratch::new();
        let base = scratch.path().join("run");
        fs::create_dir(&base).unwrap();
        fs::set_permissions(&base, fs::Permissions::from_mode(0o777)).unwrap();
        let error = RuntimeDir::claim(&base, "monitor").unwrap_err();
        assert!(matches!(error, RuntimeError::Open { .. }));
    }
}
