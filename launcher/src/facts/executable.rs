//! What an `exec` path is: an ELF file, a script, or neither.

use super::elf::{self, Head};
use super::loader;
use super::tree::Tree;
use cordon_manifest::facts::{Elf, Executable, Kind};

/// The kernel reads this much of a `#!` line (`BINPRM_BUF_SIZE`).
const SCRIPT_LINE: usize = 256;

/// Reads the executable at `path`, which is the file `resolved`.
pub fn read(tree: &Tree, path: &str, resolved: &str) -> Executable {
    let bytes = match tree.read(path, elf::LIMIT) {
        Ok(bytes) => bytes,
        Err(error) => return Executable::Unknown(format!("a file that cannot be read ({error})")),
    };
    if bytes.starts_with(b"#!") {
        return script(tree, &bytes);
    }
    if !elf::is_elf(&bytes) {
        let what = if bytes.is_empty() {
            "an empty file"
        } else {
            "neither an ELF file nor a script that begins with #!"
        };
        return Executable::Unknown(what.to_owned());
    }
    match elf::read(&bytes) {
        Ok(head) => Executable::Elf(described(tree, resolved, &head)),
        Err(error) => Executable::Unknown(error),
    }
}

fn described(tree: &Tree, resolved: &str, head: &Head) -> Elf {
    let closure = loader::closure(tree, resolved, head);
    let interpreter = head.interpreter.as_ref().map(|path| {
        let found = tree.look(path).map(|found| found.resolved);
        (path.clone(), found.unwrap_or_else(|_| path.clone()))
    });
    let mut not_found = closure.not_found;
    if let Some((path, _)) = &interpreter
        && !tree.look(path).is_ok_and(|found| found.kind == Kind::File)
    {
        not_found.insert(0, path.clone());
    }
    Elf {
        machine: head.machine.clone(),
        interpreter,
        libraries: closure.libraries,
        not_found,
        origin: loader::asks_for_origin(head),
    }
}

/// execve(2): the interpreter, then everything else of the line as one argument.
fn script(tree: &Tree, bytes: &[u8]) -> Executable {
    let unknown = |text: String| Executable::Unknown(text);
    let head = &bytes[2..bytes.len().min(SCRIPT_LINE)];
    let Some(end) = head.iter().position(|byte| *byte == b'\n') else {
        return unknown(format!(
            "a script whose first line is longer than {SCRIPT_LINE} bytes"
        ));
    };
    let Ok(line) = std::str::from_utf8(&head[..end]) else {
        return unknown("a script whose first line is not UTF-8".to_owned());
    };
    let line = line.trim_matches([' ', '\t']);
    if line.ends_with('\r') {
        return unknown("a script with DOS line ends, which the kernel takes for a part of the interpreter's name".to_owned());
    }
    let (interpreter, argument) = match line.split_once([' ', '\t']) {
        Some((interpreter, rest)) => (interpreter, Some(rest.trim_matches([' ', '\t']).to_owned())),
        None => (line, None),
    };
    if !interpreter.starts_with('/') {
        return unknown(format!(
            "a script whose interpreter '{interpreter}' is not an absolute path"
        ));
    }
    if interpreter.ends_with("/env") {
        return unknown(format!(
            "a script started by {interpreter}, which looks for another program: name that program after #!"
        ));
    }
    let found = match tree.look(interpreter) {
        Ok(found) if found.kind == Kind::File => found,
        _ => {
            return unknown(format!(
                "a script whose interpreter {interpreter} is not there"
            ));
        }
    };
    let bytes = tree.read(interpreter, elf::LIMIT).unwrap_or_default();
    if !elf::is_elf(&bytes) {
        return unknown(format!(
            "a script whose interpreter {interpreter} is not an ELF file"
        ));
    }
    match elf::read(&bytes) {
        Ok(head) => Executable::Script {
            interpreter: interpreter.to_owned(),
            argument,
            elf: described(tree, &found.resolved, &head),
            resolved: found.resolved,
        },
        Err(error) => unknown(format!(
            "a script whose interpreter {interpreter} is {error}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;
    use std::path::Path;

    fn unknown(bytes: &[u8]) -> String {
        let scratch = Scratch::new();
        scratch.write("x", bytes);
        match read(&Tree::open(scratch.path()).unwrap(), "/x", "/x") {
            Executable::Unknown(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_run_is_described() {
        assert_eq!(unknown(b""), "an empty file");
        assert!(unknown(b"hello").starts_with("neither"));
        assert!(unknown(b"\x7fELF").contains("damaged"));
        assert!(unknown(b"#!/usr/bin/env python3\n").contains("name that program"));
        assert!(unknown(b"#!python3\n").contains("absolute"));
        assert!(unknown(b"#!/bin/nothing\n").contains("is not there"));
        assert!(unknown(b"#!/bin/sh\r\n").contains("DOS"));
        assert!(unknown(&[b'#', b'!', b'/', b'a'].repeat(100)).contains("longer"));
        assert!(unknown(b"#!/x\n").contains("not an ELF file"));
    }

    #[test]
    fn a_script_is_its_interpreter_and_at_most_one_argument() {
        let tree = Tree::open(Path::new("/")).unwrap();
        let Executable::Script {
            interpreter,
            argument,
            elf,
            resolved,
        } = script(&tree, b"#! /bin/sh -e  -u \necho\n")
        else {
            panic!("no script");
        };
        assert_eq!(interpreter, "/bin/sh");
        assert_eq!(argument.as_deref(), Some("-e  -u"));
        assert_eq!(resolved, tree.look("/bin/sh").unwrap().resolved);
        assert!(elf.interpreter.is_some());
    }
}
