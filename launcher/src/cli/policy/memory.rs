//! What `cordon policy` remembers of a device between runs: on what its assertions
//! were proved last, and which labels a run that was interrupted has not set yet.

use super::tools::Tools;
use crate::cli::{Exit, Failure};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Where it is kept, below the tree; the base module gives it a type of its own.
const DIRECTORY: &str = "var/lib/cordon";

/// A device's files in it.
pub struct Memory {
    directory: PathBuf,
    device: String,
}

impl Memory {
    /// Of a device of this tree.
    pub fn of(tools: &Tools, device: &str) -> Self {
        Self {
            directory: tools.root().join(DIRECTORY),
            device: device.to_owned(),
        }
    }

    /// Digest of what the assertions held on last; none where it is not known.
    pub fn proved(&self) -> Result<Option<String>, Failure> {
        let text = self.read("proved")?;
        Ok(text.map(|text| text.trim().to_owned()))
    }

    /// Notes that the assertions hold on what has this digest.
    pub fn note_proof(&self, digest: &str) -> io::Result<()> {
        self.write("proved", &format!("{digest}\n"))
    }

    /// Places whose labels a run that did not end was to set.
    pub fn unlabelled(&self) -> Result<BTreeSet<String>, Failure> {
        let text = self.read("unlabelled")?.unwrap_or_default();
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Notes places before anything is done by which they could be forgotten.
    pub fn note_unlabelled(&self, places: &BTreeSet<String>) -> Result<(), Failure> {
        let text: String = places.iter().map(|place| format!("{place}\n")).collect();
        let name = self.path("unlabelled");
        self.write("unlabelled", &text)
            .map_err(|error| unusable(&name, &error))
    }

    /// They have their labels.
    pub fn labelled(&self) -> Result<(), Failure> {
        self.forget("unlabelled")
    }

    /// The device's policy is gone.
    pub fn unproved(&self) -> Result<(), Failure> {
        self.forget("proved")
    }

    fn path(&self, kind: &str) -> PathBuf {
        self.directory.join(format!("{}.{kind}", self.device))
    }

    fn read(&self, kind: &str) -> Result<Option<String>, Failure> {
        let path = self.path(kind);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Whole or not at all, and on the disk before this returns.
    fn write(&self, kind: &str, text: &str) -> io::Result<()> {
        if !self.directory.is_dir() {
            let mut builder = fs::DirBuilder::new();
            // Nobody but root says what was proved, whatever the caller's umask.
            builder.recursive(true).mode(0o755);
            builder.create(&self.directory)?;
        }
        let path = self.path(kind);
        let part = self.path(&format!("{kind}.part"));
        let mut file = File::create(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        File::open(&self.directory)?.sync_all()
    }

    fn forget(&self, kind: &str) -> Result<(), Failure> {
        let path = self.path(kind);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(&path, &error)),
            _ => Ok(()),
        }
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(Exit::PolicyStore, format!("{}: {error}", path.display()));
    failure.help("what has to be remembered between two runs is kept there")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;

    #[test]
    fn what_was_noted_is_known_until_it_is_done() {
        let scratch = Scratch::new();
        let tools = Tools::Beside(scratch.path().to_owned());
        let memory = || Memory::of(&tools, "monitor");
        assert_eq!(memory().proved().unwrap(), None);
        assert!(memory().unlabelled().unwrap().is_empty());
        memory().labelled().unwrap();

        memory().note_proof("ab12").unwrap();
        let places = BTreeSet::from(["/a b".to_owned(), "/usr/bin/x".to_owned()]);
        memory().note_unlabelled(&places).unwrap();
        assert_eq!(memory().proved().unwrap().as_deref(), Some("ab12"));
        assert_eq!(memory().unlabelled().unwrap(), places);
        // Another device's are its own.
        assert_eq!(Memory::of(&tools, "pump").proved().unwrap(), None);

        memory().labelled().unwrap();
        memory().unproved().unwrap();
        assert!(memory().unlabelled().unwrap().is_empty());
        assert_eq!(memory().proved().unwrap(), None);
    }
}
