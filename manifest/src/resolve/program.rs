//! The program of a component: what is executed, and what executing it needs.

use super::{LOADER_CACHE, origin};
use crate::diagnostic::{At, Diagnostic, Sink};
use crate::facts::{Elf, Executable, Facts, Kind, Path};
use crate::model;
use crate::nearest::nearest;
use crate::plan::{Access, FileGrant, Linkage, Missing, Origin, PathKind, Program, Purpose};

/// A program and the paths it cannot start without.
pub(super) struct Found {
    pub(super) program: Program,
    pub(super) files: Vec<FileGrant>,
    /// The file whose run path begins with `$ORIGIN`.
    pub(super) origin_of_proc: Option<String>,
}

/// Finds the program.
pub(super) fn program(written: &model::Component, facts: &Facts, sink: &mut Sink) -> Option<Found> {
    let path = written.exec.first()?;
    let fact = executable_file(path, facts, sink)?;
    let mut argv: Vec<String> = written
        .exec
        .iter()
        .map(|argument| argument.value.clone())
        .collect();
    match fact.executable.as_ref() {
        Some(Executable::Elf(elf)) => {
            fits(elf, path, &path.value, facts, sink)?;
            let main = grant(
                &fact.resolved,
                &fact.resolved,
                Access::Execute,
                Purpose::Program,
                origin(path),
            );
            Some(found(
                written,
                fact.resolved.clone(),
                argv,
                None,
                elf,
                vec![main],
                facts,
            ))
        }
        Some(Executable::Script {
            interpreter,
            argument,
            resolved,
            elf,
        }) => {
            if interpreter == "/usr/bin/env" || interpreter == "/bin/env" {
                let meant = argument.as_deref().unwrap_or("python3");
                sink.push(
                    Diagnostic::error("interpreter", format!("`{}` asks {interpreter} to find and start its interpreter", path.value))
                        .at(path.at)
                        .label("starts a second program")
                        .help(format!("name it: `exec: [/usr/bin/{meant}, {}, ...]` with the script under `files`, or in the script's first line", path.value)),
                );
                return None;
            }
            fits(elf, path, interpreter, facts, sink)?;
            let script = fact.resolved.clone();
            let mut full = vec![interpreter.clone()];
            full.extend(argument.clone());
            full.push(script.clone());
            full.extend(argv.drain(1..));
            let from = Origin::Derived {
                from: format!("the first line of {script}"),
            };
            let files = vec![
                grant(resolved, resolved, Access::Execute, Purpose::Program, from),
                grant(
                    &script,
                    &script,
                    Access::Read,
                    Purpose::Script,
                    origin(path),
                ),
            ];
            Some(found(
                written,
                resolved.clone(),
                full,
                Some(script),
                elf,
                files,
                facts,
            ))
        }
        Some(Executable::Unknown(what)) => {
            sink.push(
                Diagnostic::error(
                    "not-executable",
                    format!("`{}` is no program: {what}", path.value),
                )
                .at(path.at)
                .label("cannot be executed")
                .help("an ELF file, or a script that begins with `#!` and an interpreter"),
            );
            None
        }
        None => {
            sink.push(
                Diagnostic::error(
                    "not-executable",
                    format!("nothing is known of `{}` as a program", path.value),
                )
                .at(path.at)
                .label("cannot be executed")
                .help("an ELF file, or a script that begins with `#!` and an interpreter"),
            );
            None
        }
    }
}

/// The fact of an executable file nobody but root can change.
fn executable_file<'f>(path: &At<String>, facts: &'f Facts, sink: &mut Sink) -> Option<&'f Path> {
    let fact = facts
        .paths
        .get(&path.value)
        .filter(|fact| fact.kind != Kind::Absent);
    let Some(fact) = fact else {
        let known = facts
            .paths
            .iter()
            .filter(|(_, fact)| fact.executable.is_some())
            .map(|(path, _)| path.as_str());
        let help = match nearest(&path.value, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "install it, or correct the path".to_owned(),
        };
        sink.push(
            Diagnostic::error(
                "missing-executable",
                format!("there is no `{}` on this device", path.value),
            )
            .at(path.at)
            .label("not found")
            .help(help),
        );
        return None;
    };
    if fact.kind != Kind::File {
        sink.push(
            Diagnostic::error(
                "not-executable",
                format!("`{}` is no regular file", path.value),
            )
            .at(path.at)
            .label("cannot be executed")
            .help("name the program itself"),
        );
        return None;
    }
    if fact.mode & 0o111 == 0 {
        sink.push(
            Diagnostic::error(
                "not-executable",
                format!(
                    "`{}` is not executable (mode {:04o})",
                    path.value,
                    fact.mode & 0o7777
                ),
            )
            .at(path.at)
            .label("no x bit")
            .help(format!("`chmod 755 {}`", fact.resolved)),
        );
        return None;
    }
    if fact.uid != 0 || fact.mode & 0o022 != 0 {
        sink.push(
            Diagnostic::error(
                "open-program",
                format!(
                    "`{}` can be changed by someone else than root (owner {}, mode {:04o})",
                    path.value,
                    fact.uid,
                    fact.mode & 0o7777
                ),
            )
            .at(path.at)
            .label("not only root's")
            .help(format!(
                "`chown root:root {0} && chmod 755 {0}`",
                fact.resolved
            )),
        );
    }
    super::paths::parents(path, fact, sink);
    Some(fact)
}

/// Machine and libraries.
fn fits(elf: &Elf, path: &At<String>, file: &str, facts: &Facts, sink: &mut Sink) -> Option<()> {
    if elf.machine != facts.machine {
        sink.push(
            Diagnostic::error(
                "architecture",
                format!(
                    "`{file}` is built for {}, this device is {}",
                    elf.machine, facts.machine
                ),
            )
            .at(path.at)
            .label(format!("for {}", elf.machine))
            .help(format!("install the build for {}", facts.machine)),
        );
        return None;
    }
    for library in &elf.not_found {
        sink.push(
            Diagnostic::error(
                "missing-library",
                format!("`{file}` needs `{library}`, which is not on this device"),
            )
            .at(path.at)
            .label("cannot start")
            .help("install the package that has it; `ldd` shows all the program needs"),
        );
    }
    elf.not_found.is_empty().then_some(())
}

fn found(
    written: &model::Component,
    path: String,
    argv: Vec<String>,
    script: Option<String>,
    elf: &Elf,
    mut files: Vec<FileGrant>,
    facts: &Facts,
) -> Found {
    let derived = || Origin::Derived { from: path.clone() };
    let mut linkage = Linkage::Static;
    if let Some((interpreter, resolved)) = &elf.interpreter {
        linkage = Linkage::Dynamic;
        files.push(grant(
            interpreter,
            resolved,
            Access::Execute,
            Purpose::Interpreter,
            derived(),
        ));
        let mut libraries = elf.libraries.clone();
        libraries.sort();
        libraries.dedup_by(|a, b| a.0 == b.0);
        libraries.retain(|(library, _)| library != interpreter);
        files.extend(libraries.iter().map(|(library, resolved)| {
            grant(
                library,
                resolved,
                Access::Execute,
                Purpose::Library,
                derived(),
            )
        }));
        if let Some(cache) = facts
            .paths
            .get(LOADER_CACHE)
            .filter(|fact| fact.kind == Kind::File)
        {
            files.push(grant(
                LOADER_CACHE,
                &cache.resolved,
                Access::Read,
                Purpose::Library,
                derived(),
            ));
        }
    }
    let origin_of_proc = (elf.origin && linkage == Linkage::Dynamic).then(|| path.clone());
    let line = written
        .exec
        .first()
        .map_or(written.name.at.line, |at| at.at.line);
    Found {
        program: Program {
            path,
            argv,
            script,
            linkage,
            line,
        },
        files,
        origin_of_proc,
    }
}

fn grant(path: &str, source: &str, access: Access, purpose: Purpose, origin: Origin) -> FileGrant {
    FileGrant {
        path: path.to_owned(),
        source: source.to_owned(),
        kind: PathKind::File,
        access,
        missing: Missing::Error,
        size: None,
        quota: None,
        pass: None,
        purpose,
        origin,
    }
}
