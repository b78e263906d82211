//! The SELinux tools that install: this system's for itself, and for an image's
//! tree its own where they run here, since one release's tools cannot always
//! read the next one's policy.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where tools are looked for, whatever the caller's environment says: what is
/// run here is run as root.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Whose tools work on which system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tools {
    /// This system's, on itself.
    Here,
    /// A tree's own, entered by chroot(8), on itself.
    Inside(PathBuf),
    /// This system's, on a tree (of another architecture, or without tools).
    Beside(PathBuf),
}

impl Tools {
    /// The tools for a tree, or for this system.
    pub fn of(root: Option<&Path>) -> Self {
        let Some(root) = root else {
            return Self::Here;
        };
        let inside = Self::Inside(root.to_owned());
        // 126 and 127 are chroot's own: not to be executed here, or not there.
        let runs = inside
            .run("semodule", ["--help"], None)
            .is_ok_and(|output| !matches!(output.status.code(), None | Some(125..=127)));
        if runs {
            inside
        } else {
            Self::Beside(root.to_owned())
        }
    }

    /// The tree that is worked on.
    pub fn root(&self) -> &Path {
        match self {
            Self::Here => Path::new("/"),
            Self::Inside(root) | Self::Beside(root) => root,
        }
    }

    /// Whether it is a tree, whatever kernel runs here.
    pub fn is_tree(&self) -> bool {
        *self != Self::Here
    }

    /// A path below the tree as these tools see it.
    pub fn sees(&self, path: &Path) -> PathBuf {
        match self {
            Self::Inside(root) => path
                .strip_prefix(root)
                .map_or_else(|_| path.to_owned(), |rest| Path::new("/").join(rest)),
            Self::Here | Self::Beside(_) => path.to_owned(),
        }
    }

    /// The policy compiler that belongs to them.
    pub fn compiler(&self) -> cordon_policygen::compile::Tools {
        match self {
            Self::Inside(root) => cordon_policygen::compile::Tools::within(root),
            Self::Here | Self::Beside(_) => cordon_policygen::compile::Tools::host(),
        }
    }

    /// Runs a tool to its end. NotFound when it is not there.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        tool: &str,
        arguments: impl IntoIterator<Item = A>,
        input: Option<&[u8]>,
    ) -> io::Result<Output> {
        let mut command = match self {
            Self::Inside(root) => {
                let mut command = Command::new("chroot");
                command.arg(root).arg(tool);
                command
            }
            Self::Here | Self::Beside(_) => Command::new(tool),
        };
        command
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(if input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let output = std::thread::scope(|scope| {
            // A thread of its own feeds it: it may write before it has read all.
            let feed = child.stdin.take().zip(input);
            scope.spawn(move || feed.map(|(mut stdin, input)| stdin.write_all(input)));
            child.wait_with_output()
        })?;
        if matches!(self, Self::Inside(_)) && output.status.code() == Some(127) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_without_tools_gets_this_systems() {
        let root = std::env::temp_dir().join(format!("cordon-no-tools-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let tools = Tools::of(Some(&root));
        assert_eq!(tools, Tools::Beside(root.clone()));
        assert_eq!(tools.sees(&root.join("etc")), root.join("etc"));
        std::fs::remove_dir(&root).unwrap();
    }

    #[test]
    fn paths_inside_lose_the_trees_own() {
        let tools = Tools::Inside("/image".into());
        assert_eq!(tools.sees(Path::new("/image/tmp/x")), Path::new("/tmp/x"));
        assert!(tools.is_tree());
    }
}
