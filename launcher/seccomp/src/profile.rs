//! The language of `profiles/seccomp/*.policy`.
//!
//! A line is `NAME`, `NAME: CONDITION && CONDITION`, `@include FILE` or a comment;
//! several lines of one name are alternatives. A condition is `argN == VALUE` or
//! `argN & MASK == VALUE`, and compares all 64 bits unless it says `argN:32`.
//! Everything behind `#` is the reason, and every rule line must give one.
//! `NAME@x86_64,riscv64` is a rule of those architectures alone.

use crate::constant;
use crate::numbers::{self, Architecture};
use std::collections::BTreeMap;

/// Rules by system call; each inner list is one alternative, empty for "any arguments".
pub type Rules = BTreeMap<String, Vec<Vec<Condition>>>;

/// The call a key of [`Rules`] means for `architecture`; none where it is another's rule.
pub fn of_architecture(key: &str, architecture: Architecture) -> Option<&str> {
    match key.split_once('@') {
        Some((call, only)) => only
            .split(',')
            .any(|one| one == architecture.name())
            .then_some(call),
        None => Some(key),
    }
}

/// A comparison of one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Number of the argument, 0 to 5.
    pub argument: u8,
    /// Whether only the lower 32 bits are compared.
    pub dword: bool,
    /// Mask put on the argument first.
    pub mask: Option<u64>,
    /// What is compared with.
    pub value: u64,
}

/// A line that is not of the language.
#[derive(Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// File and line.
    pub place: String,
    /// What is wrong.
    pub problem: String,
}

impl std::fmt::Display for ProfileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// Adds the rules of the file `name` to `rules`; `load` gives a file's text.
pub fn read(
    name: &str,
    load: &dyn Fn(&str) -> Option<&'static str>,
    rules: &mut Rules,
) -> Result<(), ProfileError> {
    let Some(text) = load(name) else {
        return Err(ProfileError {
            place: format!("profiles/seccomp/{name}.policy"),
            problem: "no such profile".into(),
        });
    };
    for (number, line) in text.lines().enumerate() {
        let error = |problem: String| ProfileError {
            place: format!("profiles/seccomp/{name}.policy:{}", number + 1),
            problem,
        };
        let (rule, reason) = match line.split_once('#') {
            Some((rule, reason)) => (rule.trim(), reason.trim()),
            None => (line.trim(), ""),
        };
        if rule.is_empty() {
            continue;
        }
        if let Some(file) = rule.strip_prefix("@include ") {
            read(file.trim(), load, rules)?;
            continue;
        }
        if reason.is_empty() {
            return Err(error(format!("`{rule}` gives no reason (after #)")));
        }
        let (call, conditions) = match rule.split_once(':') {
            Some((call, conditions)) if !call.contains("arg") => (call.trim(), conditions),
            _ => (rule, ""),
        };
        let alternative = if conditions.is_empty() {
            Vec::new()
        } else {
            conditions
                .split("&&")
                .map(|text| condition(text.trim()).map_err(&error))
                .collect::<Result<_, _>>()?
        };
        named(call).map_err(&error)?;
        rules.entry(call.to_owned()).or_default().push(alternative);
    }
    Ok(())
}

/// Every architecture the rule is for has such a call.
fn named(key: &str) -> Result<(), String> {
    let call = key.split('@').next().unwrap_or(key);
    if !numbers::known(call) {
        return Err(format!("`{call}` is no system call of profiles/syscalls"));
    }
    let only = key.split_once('@').map(|(_, only)| only.split(','));
    for one in only.into_iter().flatten() {
        if !Architecture::ALL.iter().any(|it| it.name() == one) {
            return Err(format!("`{one}` is no architecture"));
        }
    }
    for architecture in Architecture::ALL {
        if of_architecture(key, architecture).is_some()
            && numbers::number(architecture, call).is_none()
        {
            return Err(format!(
                "{} has no `{call}`: name the architectures that have, `{call}@...`",
                architecture.name()
            ));
        }
    }
    Ok(())
}

fn condition(text: &str) -> Result<Condition, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (argument, mask, value) = match words[..] {
        [argument, "==", value] => (argument, None, value),
        [argument, "&", mask, "==", value] => (argument, Some(constant::value(mask)?), value),
        _ => {
            return Err(format!(
                "`{text}` is no condition (argN == VALUE, argN & MASK == VALUE)"
            ));
        }
    };
    let (number, dword) = match argument.strip_suffix(":32") {
        Some(number) => (number, true),
        None => (argument, false),
    };
    let argument = match number
        .strip_prefix("arg")
        .and_then(|digits| digits.parse().ok())
    {
        Some(number @ 0..=5) => number,
        _ => return Err(format!("`{number}` is no argument (arg0 to arg5)")),
    };
    let value = constant::value(value)?;
    let seen = if dword { u64::from(u32::MAX) } else { u64::MAX } & mask.unwrap_or(u64::MAX);
    if value & !seen != 0 {
        return Err(format!("`{text}` never holds"));
    }
    Ok(Condition {
        argument,
        dword,
        mask,
        value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &'static str) -> Result<Rules, ProfileError> {
        let mut rules = Rules::new();
        let load = move |name: &str| (name == "x").then_some(text);
        read("x", &load, &mut rules).map(|()| rules)
    }

    #[test]
    fn conditions_of_a_line_are_all_needed_and_lines_are_alternatives() {
        let rules =
            rules("socket: arg0 == AF_UNIX && arg1:32 & 0xf == 2 # a\nsocket: arg0 == 3 # b\n");
        let socket = &rules.unwrap()["socket"];
        assert_eq!(socket.len(), 2);
        assert_eq!(socket[0].len(), 2);
        assert_eq!(socket[0][1].mask, Some(0xf));
        assert!(socket[0][1].dword && !socket[0][0].dword);
    }

    #[test]
    fn every_kind_of_bad_line_is_refused_with_its_place() {
        for (text, problem) in [
            ("read", "gives no reason"),
            ("read: arg6 == 1 # why", "is no argument"),
            ("read: arg0 = 1 # why", "is no condition"),
            ("read: arg0 < 1 # why", "is no condition"),
            ("read: arg0 & 1 == 2 # why", "never holds"),
            ("read: arg0:32 == 0x100000000 # why", "never holds"),
            ("reed # why", "is no system call"),
            ("open # why", "aarch64 has no `open`"),
            ("open@x68_64 # why", "is no architecture"),
            ("read: arg0 == NOBODY_KNOWS # why", "is no number"),
            ("read: arg0 # why", "is no condition"),
            ("@include nowhere", "no such profile"),
        ] {
            let error = rules(text).unwrap_err();
            assert!(error.problem.contains(problem), "{text}: {error}");
        }
    }
}
