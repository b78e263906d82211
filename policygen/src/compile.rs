//! Compiling modules against a base policy with `secilc`, where it is there.

use crate::claims::Claim;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where Debian's packages put the compiler that turns `.pp` modules into CIL.
const PP: &str = "/usr/libexec/selinux/hll/pp";

/// The tools of one system: this one, or one below a directory (entered by
/// chroot(8), which needs root).
#[derive(Clone, Debug, Default)]
pub struct Tools {
    root: Option<PathBuf>,
}

/// What became of a compilation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The binary policy and its file contexts were written.
    Compiled {
        /// The binary policy.
        policy: PathBuf,
        /// Its file contexts.
        contexts: PathBuf,
        /// What the compiler said.
        log: String,
    },
    /// A tool is not there, so nothing was checked.
    Absent {
        /// The tool.
        tool: String,
    },
    /// The compiler refused.
    Failed {
        /// What it said.
        log: String,
    },
}

/// The modules of a base policy, as CIL files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseModules {
    /// One file per enabled module, by name.
    Unpacked(Vec<PathBuf>),
    /// A tool or the policy package is not there.
    Absent {
        /// What is not there.
        tool: String,
    },
}

impl Tools {
    /// The tools of this system.
    #[must_use]
    pub fn host() -> Self {
        Self::default()
    }

    /// The tools of the system below `root`.
    #[must_use]
    pub fn within(root: &Path) -> Self {
        Self {
            root: Some(root.to_owned()),
        }
    }

    /// The content of a file that may be compressed by bzip2, as modules in
    /// packages and stores are; none when there is no bzip2.
    pub fn unzipped(&self, file: &Path) -> io::Result<Option<Vec<u8>>> {
        let content = std::fs::read(file)?;
        if !content.starts_with(b"BZh") {
            return Ok(Some(content));
        }
        let Some(output) = self.run("bzip2", &["-dc".as_ref()], Some(&content))? else {
            return Ok(None);
        };
        if !output.status.success() {
            return Err(failure("bzip2", &output));
        }
        Ok(Some(output.stdout))
    }

    /// The type that a `file_contexts` file gives a path of this kind (the
    /// file type of stat(2)); none when it gives none. An error when
    /// selabel_lookup is not there.
    pub fn label(&self, contexts: &Path, path: &str, kind: u32) -> io::Result<Option<String>> {
        let kind = kind.to_string();
        let lookup = ["-b", "file", "-k", path, "-t", &kind, "-f"].map(Path::new);
        let contexts = self.inside(contexts);
        let arguments: Vec<&Path> = lookup.into_iter().chain([contexts.as_path()]).collect();
        let Some(output) = self.run("selabel_lookup", &arguments, None)? else {
            return Err(io::Error::other(
                "selabel_lookup (package selinux-utils) is not there",
            ));
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let context = text
            .lines()
            .find_map(|line| line.strip_prefix("Default context:"));
        Ok(context.and_then(|context| context.trim().split(':').nth(2).map(str::to_owned)))
    }

    /// Turns the base policy's packaged modules (`*.pp` in `packaged`, which
    /// may be compressed) into
    /// CIL files in `out`, leaving out the `disabled` ones. What is there
    /// already is kept: another version of the policy needs another `out`.
    /// Both directories lie below the tools' root.
    pub fn unpack(
        &self,
        packaged: &Path,
        disabled: &[String],
        out: &Path,
    ) -> io::Result<BaseModules> {
        let absent = |tool: &str| {
            Ok(BaseModules::Absent {
                tool: tool.to_owned(),
            })
        };
        if !packaged.is_dir() {
            return absent(&packaged.display().to_string());
        }
        std::fs::create_dir_all(out)?;
        let mut names: Vec<String> = std::fs::read_dir(packaged)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                let module = name
                    .strip_suffix(".bz2")
                    .unwrap_or(name)
                    .strip_suffix(".pp");
                module.is_some_and(|module| !disabled.iter().any(|other| other == module))
            })
            .collect();
        names.sort();
        let mut modules = Vec::new();
        for file in names {
            let name = file.split(".pp").next().unwrap_or(&file);
            let cil = out.join(format!("{name}.cil"));
            if !cil.exists() {
                let Some(package) = self.unzipped(&packaged.join(&file))? else {
                    return absent("bzip2");
                };
                let Some(converted) = self.run(PP, &[], Some(&package))? else {
                    return absent(PP);
                };
                if !converted.status.success() {
                    return Err(failure(PP, &converted));
                }
                // Renamed when complete, so that an interrupted run leaves no half,
                // and two runs at once do not meet.
                static RUNS: AtomicU64 = AtomicU64::new(0);
                let run = RUNS.fetch_add(1, Ordering::Relaxed);
                let part = out.join(format!("{name}.{}.{run}.part", std::process::id()));
                std::fs::write(&part, converted.stdout)?;
                std::fs::rename(part, &cil)?;
            }
            modules.push(cil);
        }
        Ok(BaseModules::Unpacked(modules))
    }

    /// Compiles CIL files into `out` (`policy` and `file_contexts`), checking
    /// every `neverallow` there is.
    ///
    /// `-m`: modules of the base policy declare some things twice. `-v`: without
    /// it libsepol 3.4 accepts conflicting file contexts without a word.
    pub fn compile(&self, version: u32, sources: &[PathBuf], out: &Path) -> io::Result<Outcome> {
        std::fs::create_dir_all(out)?;
        let policy = out.join("policy");
        let contexts = out.join("file_contexts");
        let version = version.to_string();
        let mut arguments: Vec<PathBuf> = ["-m", "-v", "-c", version.as_str(), "-o"]
            .map(PathBuf::from)
            .to_vec();
        arguments.extend([self.inside(&policy), "-f".into(), self.inside(&contexts)]);
        arguments.extend(sources.iter().map(|source| self.inside(source)));
        let arguments: Vec<&Path> = arguments.iter().map(PathBuf::as_path).collect();
        let Some(output) = self.run("secilc", &arguments, None)? else {
            return Ok(Outcome::Absent {
                tool: "secilc".to_owned(),
            });
        };
        let log = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(if output.status.success() {
            Outcome::Compiled {
                policy,
                contexts,
                log,
            }
        } else {
            Outcome::Failed { log }
        })
    }

    /// The path as the tools see it.
    fn inside(&self, path: &Path) -> PathBuf {
        self.root
            .as_ref()
            .and_then(|root| path.strip_prefix(root).ok())
            .map_or_else(|| path.to_owned(), |rest| Path::new("/").join(rest))
    }

    /// Runs a tool; none when it is not there.
    fn run(
        &self,
        tool: &str,
        arguments: &[&Path],
        input: Option<&[u8]>,
    ) -> io::Result<Option<Output>> {
        let mut command = match &self.root {
            Some(root) => {
                let mut command = Command::new("chroot");
                command.arg(root).arg(tool);
                command
            }
            None => Command::new(tool),
        };
        command
            .args(arguments)
            .env("LC_ALL", "C")
            .stdin(if input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let output = std::thread::scope(|scope| {
            // A thread of its own feeds it: it may write before it has read all.
            let feed = child.stdin.take().zip(input);
            scope.spawn(move || {
                feed.map(|(mut stdin, input)| io::Write::write_all(&mut stdin, input))
            });
            child.wait_with_output()
        })?;
        // chroot(8) says so with 127 when the command is not there.
        if self.root.is_some() && output.status.code() == Some(127) {
            return Ok(None);
        }
        Ok(Some(output))
    }
}

/// A `neverallow` rule that a failed compilation names, and a rule it forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Line of the `neverallow`, from 1, in the file of assertions.
    pub assertion: usize,
    /// File of the rule that breaks it.
    pub file: PathBuf,
    /// Line of that rule, from 1.
    pub line: usize,
}

impl Violation {
    /// The claim whose lines of the assertions hold the `neverallow`.
    #[must_use]
    pub fn claim<'c>(&self, claims: &'c [Claim]) -> Option<&'c Claim> {
        claims
            .iter()
            .find(|claim| (claim.first_line..=claim.last_line).contains(&self.assertion))
    }
}

/// Reads what a failed compilation says about the `neverallow` rules of the
/// file `assertions`.
#[must_use]
pub fn violations(log: &str, assertions: &Path) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut assertion = None;
    for line in log.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("neverallow check failed at ") {
            assertion = at(place)
                .filter(|(file, _)| file == assertions)
                .map(|(_, line)| line);
        } else if let Some((file, line)) = line.strip_prefix("allow at ").and_then(at) {
            found.extend(assertion.map(|assertion| Violation {
                assertion,
                file,
                line,
            }));
        }
    }
    found
}

/// `FILE:LINE`, as secilc writes places.
fn at(place: &str) -> Option<(PathBuf, usize)> {
    let (file, rest) = place.rsplit_once(':')?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((PathBuf::from(file), digits.parse().ok()?))
}

fn failure(tool: &str, output: &Output) -> io::Error {
    io::Error::other(format!(
        "{tool} failed ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_pair_each_assertion_with_the_rules_that_break_it() {
        let log = "neverallow check failed at /t/a.cil:12\n\
                   \x20 (neverallow x y (file (write)))\n\
                   \x20   <root>\n\
                   \x20   allow at /b/base.cil:7\n\
                   \x20     (allow x y (file (write)))\n\
                   \x20   allow at /b/other.cil:9\n\
                   neverallow check failed at /b/base.cil:3\n\
                   \x20   allow at /b/base.cil:8\n\
                   Failed to generate binary\n";
        let found = violations(log, Path::new("/t/a.cil"));
        let found: Vec<_> = found.iter().map(|v| (v.assertion, v.line)).collect();
        assert_eq!(found, [(12, 7), (12, 9)]);
    }
}
