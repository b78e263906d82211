//! Programs of classic BPF (Documentation/userspace-api/seccomp_filter.rst).
//!
//! The number of the call is looked for by halving, in ranges of numbers that are
//! answered alike; only a call whose arguments count has instructions of its own.

use crate::numbers::Architecture;
use crate::profile::Condition;
use std::collections::BTreeMap;

/// One instruction of classic BPF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Jump if true.
    pub jt: u8,
    /// Jump if false.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// What a filter answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The call is made.
    Allow,
    /// The call fails with this error number.
    Errno(u16),
    /// The tracer is asked, who sees this value; without one the call is ENOSYS.
    Trace(u16),
    /// The process ends by SIGSYS.
    Kill,
}

impl Action {
    /// The value a filter returns: SECCOMP_RET_* of linux/seccomp.h.
    #[must_use]
    pub const fn value(self) -> u32 {
        match self {
            Self::Allow => libc::SECCOMP_RET_ALLOW,
            Self::Errno(errno) => libc::SECCOMP_RET_ERRNO | errno as u32,
            Self::Trace(mark) => libc::SECCOMP_RET_TRACE | mark as u32,
            Self::Kill => libc::SECCOMP_RET_KILL_PROCESS,
        }
    }
}

// linux/bpf_common.h.
const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
const JUMP: u16 = 0x05; // BPF_JMP | BPF_JA
const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_IF_AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

// Offsets in struct seccomp_data.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// BPF_MAXINSNS: the kernel takes no longer program.
const LONGEST: usize = 4096;

const fn plain(code: u16, k: u32) -> Instruction {
    jump(code, k, 0, 0)
}

const fn jump(code: u16, k: u32, jt: u8, jf: u8) -> Instruction {
    Instruction { code, jt, jf, k }
}

/// What one call is answered: each alternative in turn, each with its action.
pub type Alternatives = Vec<(Vec<Condition>, Action)>;

/// The program of `calls`, by number; `otherwise` is what other numbers up to
/// `highest` are answered, `beyond` what those of newer kernels are.
///
/// # Errors
/// In words, when it would be too long for the kernel.
pub fn assemble(
    architecture: Architecture,
    calls: BTreeMap<u32, Alternatives>,
    highest: u32,
    otherwise: Action,
    beyond: Action,
) -> Result<Vec<Instruction>, String> {
    let answer = |action: Action| vec![plain(RETURN, action.value())];
    // By the number a range begins with.
    let mut ranges = BTreeMap::from([(0, answer(otherwise))]);
    for (number, alternatives) in calls {
        ranges.insert(number, call(&alternatives, otherwise)?);
        ranges.insert(number + 1, answer(otherwise));
    }
    ranges.insert(highest + 1, answer(beyond));
    if architecture == Architecture::X86_64 {
        // x32, another ABI with the same AUDIT_ARCH: no program of a device is one.
        ranges.insert(X32, answer(Action::Kill));
        ranges.insert(X32 << 1, answer(beyond));
    }
    let mut ranges: Vec<_> = ranges.into_iter().collect();
    ranges.dedup_by(|next, before| before.1 == next.1);
    let mut program = vec![
        plain(LOAD, ARCHITECTURE),
        jump(JUMP_IF_EQUAL, architecture.audit(), 1, 0),
        plain(RETURN, Action::Kill.value()),
        plain(LOAD, NUMBER),
    ];
    program.extend(search(&ranges));
    if program.len() > LONGEST {
        return Err(format!("{} instructions", program.len()));
    }
    Ok(program)
}

/// __X32_SYSCALL_BIT.
const X32: u32 = 0x4000_0000;

/// Halves the ranges until one is left. Each is answered where it stands, so
/// every part can be put anywhere.
fn search(ranges: &[(u32, Vec<Instruction>)]) -> Vec<Instruction> {
    if let [(_, only)] = ranges {
        return only.clone();
    }
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let middle = upper[0].0;
    let (lower, upper) = (search(lower), search(upper));
    let mut program = match u8::try_from(lower.len()) {
        Ok(over) => vec![jump(JUMP_IF_AT_LEAST, middle, over, 0)],
        // A conditional jump reaches 255 instructions, an unconditional one any.
        Err(_) => vec![
            jump(JUMP_IF_AT_LEAST, middle, 0, 1),
            plain(JUMP, lower.len() as u32),
        ],
    };
    program.extend(lower);
    program.extend(upper);
    program
}

/// One call's instructions: its alternatives, then `otherwise`.
fn call(alternatives: &Alternatives, otherwise: Action) -> Result<Vec<Instruction>, String> {
    let mut program = Vec::new();
    for (conditions, action) in alternatives {
        // Comparisons that must hold; where one does not, the next alternative is tried.
        let mut comparisons = Vec::new();
        for condition in conditions {
            compare(condition, &mut comparisons);
        }
        let length = comparisons.len();
        for (place, mut instruction) in comparisons.into_iter().enumerate() {
            if instruction.code == JUMP_IF_EQUAL {
                instruction.jf = u8::try_from(length - place)
                    .map_err(|_| format!("an alternative of {length} instructions"))?;
            }
            program.push(instruction);
        }
        program.push(plain(RETURN, action.value()));
        if conditions.is_empty() {
            return Ok(program);
        }
    }
    program.push(plain(RETURN, otherwise.value()));
    Ok(program)
}

/// Loads and compares one argument; the false branch is left open.
fn compare(condition: &Condition, into: &mut Vec<Instruction>) {
    let low = ARGUMENTS + 8 * u32::from(condition.argument);
    let mask = condition.mask.unwrap_or(u64::MAX);
    let halves = [
        (low + 4, (mask >> 32) as u32, (condition.value >> 32) as u32),
        (low, mask as u32, condition.value as u32),
    ];
    let halves = if condition.dword {
        &halves[1..]
    } else {
        &halves[..]
    };
    for (offset, mask, value) in halves {
        // Nothing of this half is looked at.
        if *mask == 0 {
            continue;
        }
        into.push(plain(LOAD, *offset));
        if *mask != u32::MAX {
            into.push(plain(AND, *mask));
        }
        into.push(plain(JUMP_IF_EQUAL, *value));
    }
}
