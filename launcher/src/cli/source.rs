//! A manifest on disk, from its bytes to the Plan.

use super::{Exit, Failure, Style};
use cordon_manifest::facts::Facts;
use cordon_manifest::plan::Plan;
use cordon_manifest::{Checked, Diagnostic, Report, Severity};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// More than the parser takes, so that it is the parser that says "too large".
const READ_LIMIT: u64 = 2 << 20;

/// A manifest file that was read.
#[derive(Debug)]
pub struct Source {
    /// Where it was read from.
    pub path: PathBuf,
    bytes: Vec<u8>,
}

/// A manifest with its plan and every warning.
#[derive(Debug)]
pub struct Resolved {
    /// Everything decided.
    pub plan: Plan,
    /// What is legal but unwise.
    pub warnings: Vec<Diagnostic>,
}

impl Source {
    /// Reads the file, which must be a regular one (a FIFO would block for ever).
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error: std::io::Error| {
            Failure::new(
                Exit::ManifestUnreadable,
                format!("cannot read the manifest {}: {error}", path.display()),
            )
        };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Failure::new(
                Exit::ManifestUnreadable,
                format!("the manifest {} is not a regular file", path.display()),
            ));
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(READ_LIMIT)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        Ok(Self {
            path: path.to_path_buf(),
            bytes,
        })
    }

    /// The file's name as diagnostics show it.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Checks the manifest alone.
    pub fn check(&self) -> Result<Checked, Report> {
        cordon_manifest::parse(&self.bytes, &self.name())
    }

    /// Checks the manifest and decides everything by the facts of `root`.
    pub fn resolve(&self, root: &Path) -> Result<Resolved, Failure> {
        let checked = self.checked()?;
        self.resolved(&checked, &Self::facts(&checked, root)?)
    }

    /// The same, and the Plan that the installed policy was generated from.
    pub fn resolve_to_run(&self, root: &Path) -> Result<(Resolved, Plan), Failure> {
        let checked = self.checked()?;
        let mut facts = Self::facts(&checked, root)?;
        let resolved = self.resolved(&checked, &facts)?;
        crate::facts::assume_nodes(&mut facts);
        let policy = self.resolved(&checked, &facts)?.plan;
        Ok((resolved, policy))
    }

    /// The same for a policy, which is the same whether a driver is loaded yet or not.
    pub fn resolve_for_policy(&self, root: &Path) -> Result<Resolved, Failure> {
        let checked = self.checked()?;
        let mut facts = Self::facts(&checked, root)?;
        crate::facts::assume_nodes(&mut facts);
        self.resolved(&checked, &facts)
    }

    /// The manifest, or every error of it as the failure of a command.
    pub fn checked(&self) -> Result<Checked, Failure> {
        let checked = self.check();
        checked.map_err(|report| self.refused(&report, Exit::ManifestInvalid))
    }

    fn facts(checked: &Checked, root: &Path) -> Result<Facts, Failure> {
        crate::facts::gather(&checked.manifest.questions(), root)
            .map_err(|error| Failure::new(Exit::TargetMismatch, error.to_string()))
    }

    fn resolved(&self, checked: &Checked, facts: &Facts) -> Result<Resolved, Failure> {
        let resolved = cordon_manifest::resolve(&checked.manifest, facts)
            .map_err(|report| self.refused(&report, Exit::TargetMismatch))?;
        let mut warnings = checked.warnings.clone();
        warnings.extend(resolved.warnings);
        Ok(Resolved {
            plan: resolved.plan,
            warnings,
        })
    }

    /// Diagnostics as text with the lines they speak of.
    pub fn render(&self, diagnostics: &[Diagnostic], style: Style) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        cordon_manifest::render(diagnostics, &text, &self.name(), style.is_colored())
    }

    /// A refused manifest as the failure of a command; `otherwise` is for what
    /// has no exit code of its own.
    fn refused(&self, report: &Report, otherwise: Exit) -> Failure {
        let mut text = self.render(&report.diagnostics, Style::of_stderr());
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Failure::rendered(exit_of(&report.diagnostics, otherwise), text)
    }

    /// Says warnings on standard error.
    pub fn warn(&self, warnings: &[Diagnostic]) {
        if !warnings.is_empty() {
            eprint!("{}", self.render(warnings, Style::of_stderr()));
        }
    }
}

/// The exit code of the first error: what stands first in the file is mended first.
/// `otherwise` is for an error that has no code of its own.
pub fn exit_of(diagnostics: &[Diagnostic], otherwise: Exit) -> Exit {
    let first = diagnostics
        .iter()
        .find(|diagnostic| diagnostic.severity == Severity::Error);
    match first.map(|diagnostic| diagnostic.code) {
        Some("missing-executable" | "missing-library" | "interpreter") => Exit::ExecutableMissing,
        Some("architecture" | "not-executable") => Exit::ExecutableWrong,
        Some("unknown-user") => Exit::UserUnknown,
        _ => otherwise,
    }
}
