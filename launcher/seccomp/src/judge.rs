//! Every rule and its neighbours, on every architecture: what the compiled filter
//! answers, by an interpreter of BPF, is what the rule's text says. What is allowed
//! is what another compiler (seccompiler) makes of the same rules.

use crate::profile::Condition;
use crate::{
    Action, Architecture, Book, ENOSYS, EPERM, EXEC_MARK, Instruction, compile, numbers, read,
};
use std::collections::BTreeSet;

/// One system call as a filter sees it.
#[derive(Clone, Copy, Debug)]
struct Call {
    architecture: u32,
    number: u32,
    arguments: [u64; 6],
}

impl Call {
    /// A word of struct seccomp_data, little-endian.
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.architecture,
            16..64 if offset.is_multiple_of(4) => {
                let argument = self.arguments[(offset as usize - 16) / 8];
                (argument >> (8 * (offset % 8))) as u32
            }
            _ => panic!("{offset} is no word of it"),
        }
    }
}

/// What `program` answers `call`; panics where the kernel would refuse to load it.
fn interpret(program: &[Instruction], call: &Call) -> u32 {
    let mut accumulator = 0u32;
    let mut next = 0;
    loop {
        let Instruction { code, jt, jf, k } = program[next];
        next += 1;
        let mut branch = |taken: bool| next += usize::from(if taken { jt } else { jf });
        match code {
            0x20 => accumulator = call.word(k),
            0x54 => accumulator &= k,
            0x05 => next += k as usize,
            0x15 => branch(accumulator == k),
            0x25 => branch(accumulator > k),
            0x35 => branch(accumulator >= k),
            0x06 => return k,
            other => panic!("{other:#x} is no instruction of these filters"),
        }
    }
}

fn holds(condition: &Condition, arguments: &[u64; 6]) -> bool {
    let argument = arguments[usize::from(condition.argument)];
    let seen = if condition.dword {
        argument & u64::from(u32::MAX)
    } else {
        argument
    };
    seen & condition.mask.unwrap_or(u64::MAX) == condition.value
}

/// What the profiles say, for one architecture.
struct Text {
    architecture: Architecture,
    highest: u32,
    execveat: u32,
    kill: Book,
    enosys: Book,
    allowed: Book,
}

impl Text {
    fn new(architecture: Architecture, set: &[&str]) -> Self {
        let book = |names: &[&str]| crate::book(architecture, names).unwrap();
        Self {
            architecture,
            highest: numbers::highest(architecture),
            execveat: numbers::number(architecture, "execveat").unwrap(),
            kill: book(&["kill"]),
            enosys: book(&["enosys"]),
            allowed: book(set),
        }
    }

    fn says(&self, call: &Call) -> Action {
        let fits = |book: &Book| {
            let mut alternatives = book.get(&call.number).into_iter().flatten();
            alternatives.any(|all| all.iter().all(|it| holds(it, &call.arguments)))
        };
        let x32 = self.architecture == Architecture::X86_64
            && (0x4000_0000..0x8000_0000).contains(&call.number);
        if x32 || fits(&self.kill) {
            Action::Kill
        } else if call.number > self.highest || fits(&self.enosys) {
            ENOSYS
        } else if call.number == self.execveat {
            Action::Trace(EXEC_MARK)
        } else if fits(&self.allowed) {
            Action::Allow
        } else {
            EPERM
        }
    }

    /// Calls of every number there is, was or may be, with neighbouring arguments.
    fn calls(&self) -> Vec<Call> {
        let odd = [0x3fff_ffff, 0x4000_0000, 0x4000_0001, 0x4000_0208];
        let beyond = [0x7fff_ffff, 0x8000_0000, u32::MAX];
        let numbers = (0..self.highest + 20).chain(odd).chain(beyond);
        let mut calls = Vec::new();
        for number in numbers {
            let all = [&self.kill, &self.enosys, &self.allowed];
            let rules: Vec<_> = all
                .into_iter()
                .filter_map(|book| book.get(&number))
                .flatten()
                .collect();
            calls.extend(neighbours(&rules).into_iter().map(|arguments| Call {
                architecture: self.architecture.audit(),
                number,
                arguments,
            }));
        }
        calls
    }
}

/// Arguments that fit each alternative of the call, and their neighbours: each bit
/// the other way round, one more and one less, and everything else set.
fn neighbours(alternatives: &[&Vec<Condition>]) -> Vec<[u64; 6]> {
    let mut all = vec![[0; 6], [u64::MAX; 6], [1; 6]];
    for conditions in alternatives {
        for rest in [0, u64::MAX] {
            let mut fitting = [rest; 6];
            for condition in *conditions {
                let argument = &mut fitting[usize::from(condition.argument)];
                let mut seen = condition.mask.unwrap_or(u64::MAX);
                if condition.dword {
                    seen &= u64::from(u32::MAX);
                }
                *argument = *argument & !seen | condition.value;
            }
            all.push(fitting);
            for condition in *conditions {
                let place = usize::from(condition.argument);
                let flipped = (0..64).map(|bit| fitting[place] ^ 1 << bit);
                let next = [1, u64::MAX].map(|step| fitting[place].wrapping_add(step));
                for value in flipped.chain(next).chain([0, u64::MAX]) {
                    let mut changed = fitting;
                    changed[place] = value;
                    all.push(changed);
                }
            }
        }
    }
    all
}

/// The sets of profile files that are tried: each role alone and with all that a
/// manifest can ask for, and each fragment with one role.
fn sets() -> Vec<Vec<&'static str>> {
    let fragments: Vec<&str> = crate::PROFILES
        .iter()
        .filter(|name| !crate::ROLES.contains(name))
        .filter(|name| !["base", "general", "kill", "enosys", "reaper"].contains(name))
        .copied()
        .collect();
    let mut sets = Vec::new();
    for role in crate::ROLES {
        sets.push(vec![*role]);
        sets.push([&[*role], fragments.as_slice()].concat());
    }
    sets.extend(fragments.iter().map(|it| vec!["network-service", *it]));
    sets
}

#[test]
fn every_call_is_answered_as_the_profiles_say() {
    let (mut count, mut longest) = (0, 0);
    for architecture in Architecture::ALL {
        for set in sets() {
            let text = Text::new(architecture, &set);
            let filter = compile(architecture, &set, []).unwrap().0;
            let linear = crate::linear::compile(architecture, &set).unwrap().0;
            longest = longest.max(filter.len());
            for call in text.calls() {
                let said = text.says(&call);
                let found = interpret(&filter, &call);
                assert_eq!(
                    found,
                    said.value(),
                    "{architecture:?} {set:?}: {:?} {call:x?} is {found:#x}, not {said:?}",
                    numbers::name(architecture, call.number),
                );
                if [Action::Allow, EPERM].contains(&said) {
                    let allows = interpret(&linear, &call) == Action::Allow.value();
                    assert_eq!(allows, said == Action::Allow, "seccompiler: {call:x?}");
                }
                count += 1;
            }
        }
    }
    println!("{count} calls; the longest filter has {longest} instructions");
    assert!(count > 100_000, "{count} calls");
}

#[test]
fn another_architecture_ends_the_process() {
    let filter = compile(Architecture::X86_64, &["network-service"], []).unwrap();
    // read of i386, by AUDIT_ARCH_I386.
    let call = Call {
        architecture: 0x4000_0003,
        number: 3,
        arguments: [0; 6],
    };
    assert_eq!(interpret(&filter.0, &call), Action::Kill.value());
}

#[test]
fn a_device_request_is_allowed_and_no_neighbour_of_it() {
    const REQUEST: u32 = 0x4004_7013; // RTC_EPOCH_SET, any other would do
    for architecture in Architecture::ALL {
        let filter = compile(architecture, &["vitals-display"], [REQUEST]).unwrap();
        let ioctl = |request: u64| {
            let call = Call {
                architecture: architecture.audit(),
                number: numbers::number(architecture, "ioctl").unwrap(),
                arguments: [3, request, 0, 0, 0, 0],
            };
            interpret(&filter.0, &call)
        };
        assert_eq!(ioctl(REQUEST.into()), Action::Allow.value());
        // The kernel looks at the lower 32 bits alone, and so does the filter.
        assert_eq!(ioctl(u64::from(REQUEST) | 1 << 32), Action::Allow.value());
        for bit in 0..32 {
            let other = u64::from(REQUEST) ^ 1 << bit;
            assert_eq!(ioctl(other), EPERM.value(), "{other:#x}");
        }
        // Terminal injection, also with upper bits set (CVE-2017-5226, CVE-2019-10063).
        for request in [0x5412, 0x541c, 0x1_0000_5412] {
            assert_eq!(ioctl(request), EPERM.value());
        }
    }
}

#[test]
fn no_call_is_both_allowed_and_refused() {
    let refused = read(&["kill", "enosys"]).unwrap();
    let refused: BTreeSet<&str> = refused
        .keys()
        .filter_map(|it| it.split('@').next())
        .collect();
    for name in crate::PROFILES {
        let rules = read(&[name]).unwrap();
        for key in rules.keys().filter_map(|it| it.split('@').next()) {
            let stands_there = ["kill", "enosys"].contains(name);
            assert!(stands_there || !refused.contains(key), "{name}: {key}");
        }
    }
    let both: Vec<String> = read(&["kill"])
        .unwrap()
        .into_keys()
        .filter(|key| read(&["enosys"]).unwrap().contains_key(key))
        .collect();
    assert!(both.is_empty(), "{both:?}");
}
