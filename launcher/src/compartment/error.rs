//! Why a component could not be started: one sentence with component, layer,
//! manifest line and the meaning of errno.

use cordon_manifest::plan::{Layer, Origin};
use nix::errno::Errno;
use std::fmt;

/// A component that could not be started. Nothing of it is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The component.
    pub component: String,
    /// The step that failed.
    pub failure: Failure,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "component {}: {}", self.component, self.failure)
    }
}

impl std::error::Error for StartError {}

/// One step that failed, on either side of the clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Layer the step belongs to.
    pub layer: Layer,
    /// What was being done, as "cloning the mount tree of".
    pub step: String,
    /// What it was done to; empty where the step says it all.
    pub subject: String,
    /// Line of the manifest that asked for it, where one did.
    pub line: Option<u32>,
    /// The kernel's answer, where there was one.
    pub errno: Option<Errno>,
}

impl Failure {
    /// A failure of `step`.
    pub fn new(layer: Layer, step: &str, errno: Errno) -> Self {
        Self {
            layer,
            step: step.into(),
            subject: String::new(),
            line: None,
            errno: Some(errno),
        }
    }

    /// A failure the kernel gave no errno for.
    pub fn found(layer: Layer, step: &str, subject: impl Into<String>) -> Self {
        Self {
            layer,
            step: step.into(),
            subject: subject.into(),
            line: None,
            errno: None,
        }
    }

    /// The same, done to `subject`.
    pub fn of(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// The same, asked for by `origin`.
    pub fn asked_by(mut self, origin: &Origin) -> Self {
        if let Origin::Manifest { line } = origin {
            self.line = Some(*line);
        }
        self
    }

    /// One line for the pipe between child and supervisor.
    pub fn encode(&self) -> String {
        let line = self.line.unwrap_or(0);
        let errno = self.errno.map_or(0, |errno| errno as i32);
        let clean = |text: &str| text.replace(['\u{1f}', '\n'], " ");
        format!(
            "failed\u{1f}{}\u{1f}{line}\u{1f}{errno}\u{1f}{}\u{1f}{}\n",
            self.layer,
            clean(&self.step),
            clean(&self.subject)
        )
    }

    /// Reads what [`Self::encode`] wrote.
    pub fn decode(line: &str) -> Option<Self> {
        let mut parts = line.strip_prefix("failed\u{1f}")?.split('\u{1f}');
        let layer = Layer::from_name(parts.next()?)?;
        let number: u32 = parts.next()?.parse().ok()?;
        let errno: i32 = parts.next()?.parse().ok()?;
        Some(Self {
            layer,
            step: parts.next()?.into(),
            subject: parts.next()?.into(),
            line: (number != 0).then_some(number),
            errno: (errno != 0).then(|| Errno::from_raw(errno)),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer {}: {}", self.layer, self.step)?;
        if !self.subject.is_empty() {
            write!(f, " {}", self.subject)?;
        }
        if let Some(errno) = self.errno {
            write!(f, ": {} ({errno:?})", errno.desc())?;
        }
        if let Some(line) = self.line {
            write!(f, " [manifest line {line}]")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_crosses_the_pipe_whole() {
        let failure = Failure::new(Layer::Root, "attaching the mount of", Errno::EACCES)
            .of("/a b\nc")
            .asked_by(&Origin::Manifest { line: 7 });
        let read = Failure::decode(failure.encode().trim_end()).unwrap();
        assert_eq!(read.subject, "/a b c");
        assert_eq!((read.line, read.errno), (Some(7), Some(Errno::EACCES)));
        let sentence = read.to_string();
        assert!(
            sentence.contains("Permission denied (EACCES) [manifest line 7]"),
            "{sentence}"
        );
    }
}
