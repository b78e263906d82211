//! What an ELF file says about itself: machine, interpreter, needed libraries.

use object::Endianness;
use object::elf;
use object::read::StringTable;
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};

/// Size in bytes past which no program or library is read.
pub const LIMIT: u64 = 512 << 20;

/// More entries than any real library's dynamic section names.
const MAX_NEEDED: usize = 1024;

/// The head of an ELF file, as far as its loader's search depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `x86-64`, `aarch64`, `riscv64`, or `machine N`.
    pub machine: String,
    /// Interpreter (`PT_INTERP`) as written.
    pub interpreter: Option<String>,
    /// `DT_NEEDED` in order.
    pub needed: Vec<String>,
    /// `DT_RPATH`, split at colons; empty where there is a `DT_RUNPATH`.
    pub rpath: Vec<String>,
    /// `DT_RUNPATH`, split at colons.
    pub runpath: Vec<String>,
}

/// Whether the bytes begin like an ELF file.
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

/// Reads the head; the error says what is wrong in the words of the ELF format.
pub fn read(bytes: &[u8]) -> Result<Head, String> {
    match bytes.get(4) {
        Some(1) => head::<elf::FileHeader32<Endianness>>(bytes),
        Some(2) => head::<elf::FileHeader64<Endianness>>(bytes),
        _ => Err("a truncated or damaged ELF file".to_owned()),
    }
    .map_err(|error| format!("a damaged ELF file ({error})"))
}

fn head<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<Head, String> {
    let words = |error: object::read::Error| error.to_string();
    let file = Elf::parse(bytes).map_err(words)?;
    let endian = file.endian().map_err(words)?;
    if !matches!(file.e_type(endian), elf::ET_EXEC | elf::ET_DYN) {
        return Err("neither a program nor a shared library".to_owned());
    }
    let mut head = Head {
        machine: machine(file.e_machine(endian).0),
        ..Head::default()
    };
    let segments = file.program_headers(endian, bytes).map_err(words)?;
    // The loader finds the string table by its address in memory.
    let offset_of = |address: u64| {
        segments
            .iter()
            .filter(|segment| segment.p_type(endian) == elf::PT_LOAD)
            .find_map(|segment| {
                let within = address.checked_sub(segment.p_vaddr(endian).into())?;
                if within >= segment.p_filesz(endian).into() {
                    return None;
                }
                within.checked_add(segment.p_offset(endian).into())
            })
    };
    for segment in segments {
        if let Some(path) = segment.interpreter(endian, bytes).map_err(words)? {
            head.interpreter = Some(text(path)?);
        }
        let Some(entries) = segment.dynamic(endian, bytes).map_err(words)? else {
            continue;
        };
        let value = |tag| {
            let entry = entries.iter().find(|entry| entry.tag(endian) == tag)?;
            Some(entry.val(endian))
        };
        let (Some(address), Some(size)) = (value(elf::DT_STRTAB), value(elf::DT_STRSZ)) else {
            continue;
        };
        let start = offset_of(address).ok_or("its string table is in no segment")?;
        let end = start
            .checked_add(size)
            .ok_or("its string table has no end")?;
        let strings = StringTable::new(bytes, start, end);
        let string = |offset: u64| {
            let offset = u32::try_from(offset).ok();
            let found = offset.and_then(|offset| strings.get(offset).ok());
            text(found.ok_or("a name lies outside its string table")?)
        };
        for entry in entries {
            match entry.tag(endian) {
                elf::DT_NULL => break,
                elf::DT_NEEDED if head.needed.len() < MAX_NEEDED => {
                    head.needed.push(string(entry.val(endian))?);
                }
                elf::DT_NEEDED => return Err("it needs too many libraries".to_owned()),
                elf::DT_RPATH => head.rpath = split(&string(entry.val(endian))?),
                elf::DT_RUNPATH => head.runpath = split(&string(entry.val(endian))?),
                _ => {}
            }
        }
    }
    if !head.runpath.is_empty() {
        head.rpath.clear();
    }
    Ok(head)
}

fn text(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "a name in it is not UTF-8")?;
    Ok(text.to_owned())
}

fn split(path: &str) -> Vec<String> {
    path.split(':')
        .filter(|directory| !directory.is_empty())
        .map(str::to_owned)
        .collect()
}

fn machine(number: u16) -> String {
    match number {
        62 => "x86-64".to_owned(),
        183 => "aarch64".to_owned(),
        243 => "riscv64".to_owned(),
        3 => "i386".to_owned(),
        40 => "arm".to_owned(),
        other => format!("machine {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_test_is_an_elf_file_with_an_interpreter_and_a_c_library() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let head = read(&bytes).unwrap();
        assert!(head.interpreter.unwrap().contains("ld"));
        assert!(head.needed.iter().any(|name| name.starts_with("libc.")));
    }

    #[test]
    fn every_truncation_and_flipped_byte_is_an_answer_not_a_panic() {
        let bytes = std::fs::read("/bin/true").unwrap();
        for length in (0..bytes.len().min(4096)).step_by(7) {
            let _ = read(&bytes[..length]);
        }
        for place in 0..1024.min(bytes.len()) {
            let mut changed = bytes.clone();
            changed[place] = !changed[place];
            let _ = read(&changed);
        }
    }

    #[test]
    fn a_run_path_hides_the_older_kind() {
        assert_eq!(split("/a::/b"), ["/a", "/b"]);
        assert!(!is_elf(b"#!/bin/sh"));
    }
}
