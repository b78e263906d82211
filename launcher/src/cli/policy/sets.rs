//! Whether the sets of types that the assertions speak of have in them what
//! Cordon put there. A foreign module that puts one more type into the sets of
//! who is trusted, or of whom a claim leaves out, would have the claim proved
//! without that type; and a set that the assertions alone declare is not there
//! when semodule(8) compiles, so that in an `optional` nobody sees it.

use super::rest::{Module, Rest};
use crate::cli::{Exit, Failure};
use cordon_policygen::names::{GRANTED, PROGRAM, WORKER};
use std::collections::BTreeSet;

/// The base module's sets that are Cordon's to fill. (`cordon_client` is not
/// among them: a claim speaks of who is not in it, and the administrator may put
/// a type there.)
const FILLED: [&str; 3] = [GRANTED, PROGRAM, WORKER];

/// Refuses where a module of the rest of the store names one of these sets, or
/// one of those that `assertions` declare; a device's module may put its own
/// types into the former.
pub fn unnamed(rest: &Rest<'_>, assertions: &[&str]) -> Result<(), Failure> {
    let declared: BTreeSet<&str> = assertions.iter().flat_map(|text| declared(text)).collect();
    let strangers = rest.text_of(|module| !is_of_device(module))?;
    let is_named = names(&String::from_utf8_lossy(&strangers), &declared).is_some();
    for module in rest.modules() {
        let of_device = is_of_device(module);
        if !of_device && !is_named {
            continue;
        }
        let text = rest.text_of(|other| other.name == module.name)?;
        let text = String::from_utf8_lossy(&text);
        let set = if of_device {
            fills(&text, &declared, &format!("{}__", module.name))
        } else {
            names(&text, &declared)
        };
        if let Some(set) = set {
            return Err(Failure::new(
                Exit::PolicyRejected,
                format!(
                    "a module of the store names {set}, a set of types that is Cordon's alone to \
                     fill; nothing was changed\n  module {} (priority {})",
                    module.name, module.priority
                ),
            )
            .help(format!(
                "without it: semodule -X {} -r {}",
                module.priority, module.name
            )));
        }
    }
    Ok(())
}

/// Whether a module is a device's of Cordon's, going by its name.
fn is_of_device(module: &Module) -> bool {
    module.name.starts_with("cordon_")
}

/// The sets that a text of assertions declares.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("(typeattribute ")?.strip_suffix(')'))
}

/// The first set that a stranger's text names: even in a comment, and by
/// whatever statement, since a macro's argument may become a set to be filled.
fn names<'t>(text: &'t str, declared: &BTreeSet<&str>) -> Option<&'t str> {
    if !text.contains("cordon_") {
        return None;
    }
    tokens(text).find(|token| declared.contains(token) || FILLED.contains(token))
}

/// The first set that a device's text fills with what is not the device's, or
/// names where its module has no need to.
fn fills<'t>(text: &'t str, declared: &BTreeSet<&str>, own: &str) -> Option<&'t str> {
    let tokens: Vec<&str> = tokens(text).collect();
    let types: BTreeSet<&str> = tokens
        .windows(4)
        .filter_map(|window| match window {
            ["(", "type", name, ")"] if name.starts_with(own) => Some(*name),
            _ => None,
        })
        .collect();
    let may = |at: usize| match &tokens[..at] {
        [.., "(", "allow"] | [.., "(", "allow", _] => true,
        [.., "(", "typeattributeset"] => {
            let ["(", rest @ ..] = &tokens[at + 1..] else {
                return false;
            };
            let count = rest.iter().take_while(|token| types.contains(*token));
            rest[count.count()..].starts_with(&[")", ")"])
        }
        _ => false,
    };
    (0..tokens.len())
        .find(|at| declared.contains(tokens[*at]) || FILLED.contains(&tokens[*at]) && !may(*at))
        .map(|at| tokens[at])
}

/// The words of a CIL text, and what stands between them but blanks; comments
/// are words, too. A global name may be written with a dot before it.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let between = |character: char| matches!(character, '(' | ')' | ';' | '"');
    text.split_ascii_whitespace()
        .flat_map(move |word| word.split_inclusive(between))
        .flat_map(move |word| {
            let end = word.len() - usize::from(word.ends_with(between));
            let (name, mark) = word.split_at(end);
            [name.trim_start_matches('.'), mark]
        })
        .filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSERTIONS: &str = "(typeattribute cordon_assert_all)\n\
        (typeattributeset cordon_assert_all (all))\n(typeattribute cordon_pump__assert_may_trace)\n";

    #[test]
    fn a_strangers_text_names_none_of_the_sets() {
        let declared = declared(ASSERTIONS).collect();
        for (text, named) in [
            (
                "(optional o (typeattributeset cordon_pump__assert_may_trace (gift_t)))",
                Some("cordon_pump__assert_may_trace"),
            ),
            ("(call join(.cordon_worker))", Some("cordon_worker")),
            (
                "(typeattributeset cordon_granted(gift_t))",
                Some("cordon_granted"),
            ),
            ("\t; cordon_program\n", Some("cordon_program")),
            (
                "(typeattribute\ncordon_assert_all)",
                Some("cordon_assert_all"),
            ),
            ("(typeattributeset cordon_client (gift_t))", None),
            (
                "(allow gift_t cordon_pump__assert_may_trace_t (fd (use)))",
                None,
            ),
            ("(type cordon_worker_t)", None),
            ("(type gift_t)", None),
        ] {
            assert_eq!(names(text, &declared), named, "{text}");
        }
    }

    #[test]
    fn a_devices_text_fills_them_with_its_own_types_alone() {
        let declared = declared(ASSERTIONS).collect();
        let own = "(type cordon_a__x_t)(type cordon_a__y_t)\n";
        for (text, filled) in [
            ("(typeattributeset cordon_worker (cordon_a__x_t))", None),
            (
                "(typeattributeset cordon_granted (cordon_a__x_t cordon_a__y_t))",
                None,
            ),
            ("(allow cordon_program cordon_a__x_t (file (read)))", None),
            (
                "(typeattributeset cordon_worker (gift_t))",
                Some("cordon_worker"),
            ),
            (
                "(typeattributeset cordon_worker (cordon_a__x_t gift_t))",
                Some("cordon_worker"),
            ),
            (
                "(typeattributeset cordon_worker (cordon_a__x_t ; ))\n gift_t))",
                Some("cordon_worker"),
            ),
            (
                "(typeattributeset cordon_worker (not (gift_t)))",
                Some("cordon_worker"),
            ),
            (
                "(typeattributeset cordon_worker (cordon_a__z_t))",
                Some("cordon_worker"),
            ),
            ("(call allow (cordon_worker))", Some("cordon_worker")),
            (
                "(typeattributeset cordon_assert_all (cordon_a__x_t))",
                Some("cordon_assert_all"),
            ),
        ] {
            let text = format!("{own}{text}");
            assert_eq!(fills(&text, &declared, "cordon_a__"), filled, "{text}");
        }
    }
}
