//! `cordon self-test`: what this kernel refuses, tried on a channel made for it.

use super::arguments::usage;
use super::options::Options;
use super::table::{Paint, Table, plain};
use super::{Exit, Failure, Style, print, print_json};
use cordon_channel::self_test::{self, Fact};
use serde::Serialize;

/// Options of `self-test`.
#[derive(Debug)]
pub struct SelfTestOptions {
    /// JSON instead of text.
    pub json: bool,
}

/// The result as JSON.
#[derive(Serialize)]
struct Report<'a> {
    kernel: &'a str,
    cordon: &'static str,
    holds: bool,
    facts: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    attempt: &'a str,
    expected: &'a str,
    found: &'a str,
    holds: bool,
}

/// What `self-test` takes.
pub fn options(options: &mut Options<'_>) -> Result<SelfTestOptions, Failure> {
    let word = options.words.pop_front();
    match word.as_ref().and_then(|word| word.to_str()) {
        Some("channel") => Ok(SelfTestOptions {
            json: options.flag("json").is_some(),
        }),
        _ => Err(usage("self-test takes the word channel").help("cordon self-test channel")),
    }
}

/// Tries, and shows every attempt.
pub fn run(options: &SelfTestOptions) -> Result<Exit, Failure> {
    let facts = self_test::run()
        .map_err(|error| Failure::new(Exit::Internal, format!("self-test: {error}")))?;
    let holds = facts.iter().all(|fact| fact.holds);
    let kernel = kernel();
    if options.json {
        print_json(&Report {
            kernel: &kernel,
            cordon: env!("CARGO_PKG_VERSION"),
            holds,
            facts: facts.iter().map(entry).collect(),
        })?;
    } else {
        print(&text(&facts, &kernel, Style::of_stdout()))?;
    }
    Ok(if holds {
        Exit::Success
    } else {
        Exit::ChannelUnsafe
    })
}

fn kernel() -> String {
    let release = |name: nix::sys::utsname::UtsName| name.release().to_string_lossy().into_owned();
    nix::sys::utsname::uname().map_or_else(|_| "unknown".to_owned(), release)
}

fn entry(fact: &Fact) -> Entry<'_> {
    Entry {
        attempt: &fact.attempt,
        expected: &fact.expected,
        found: &fact.found,
        holds: fact.holds,
    }
}

fn text(facts: &[Fact], kernel: &str, style: Style) -> String {
    let faint = |cell: &str| style.faint(cell);
    let mut table = Table::default();
    let head = ["ATTEMPT", "", "FOUND", "EXPECTED"];
    table.row(&head.map(|name| (name, &faint as Paint<'_>)));
    for fact in facts {
        let paint = |cell: &str| {
            if fact.holds {
                style.good(cell)
            } else {
                style.bad(cell)
            }
        };
        let (verdict, expected) = if fact.holds {
            ("holds", "")
        } else {
            ("BROKEN", fact.expected.as_str())
        };
        table.row(&[
            (&fact.attempt, &plain),
            (verdict, &paint),
            (&fact.found, &plain),
            (expected, &plain),
        ]);
    }
    let broken = facts.iter().filter(|fact| !fact.holds).count();
    let verdict = if broken == 0 {
        style.good(&format!("all {} attempts end as they must", facts.len()))
    } else {
        style.bad(&format!(
            "{broken} of {} attempts do not end as they must: no channel is made here",
            facts.len()
        ))
    };
    format!("{}Linux {kernel}: {verdict}\n", table.text("  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_fact_is_told_with_what_was_expected() {
        let fact = |holds| Fact {
            attempt: "writing".into(),
            expected: "refused".into(),
            found: "allowed".into(),
            holds,
        };
        let said = text(&[fact(true), fact(false)], "6.1", Style::of(false));
        assert_eq!(
            said,
            "  ATTEMPT          FOUND    EXPECTED\n  \
             writing  holds   allowed\n  \
             writing  BROKEN  allowed  refused\n\
             Linux 6.1: 1 of 2 attempts do not end as they must: no channel is made here\n"
        );
    }
}
