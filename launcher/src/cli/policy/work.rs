//! A directory for intermediate files.

use std::io;
use std::path::{Path, PathBuf};

/// Gone when dropped, with everything in it.
pub struct Work(PathBuf);

impl Work {
    /// Makes it in the /tmp of a tree, so that tools entered by chroot see it.
    pub fn new(root: &Path) -> io::Result<Self> {
        // A name nobody can guess and take before; mode 0700.
        Ok(Self(nix::unistd::mkdtemp(
            &root.join("tmp/cordon-policy-XXXXXX"),
        )?))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        std::fs::write(&path, bytes)?;
        Ok(path)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
