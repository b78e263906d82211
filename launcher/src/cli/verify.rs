//! `cordon verify`: what is in force, read back from outside, as a table.

use super::arguments::RunningOptions;
use super::client::Client;
use super::status::absent;
use super::table::{Paint, Table, plain};
use super::{Exit, Failure, Style, print, print_json};
use crate::supervisor::report::{ComponentProof, ProofItem, Verification};

/// Characters of an expected or found value that are shown; --json has them all.
const WIDTH: usize = 48;

/// Asks and shows.
pub fn run(options: &RunningOptions) -> Result<Exit, Failure> {
    let verification: Verification = Client::connect(options)?.call("Verify")?;
    if options.json {
        print_json(&verification)?;
    } else {
        print(&text(&verification, Style::of_stdout()))?;
    }
    Ok(if verification.same {
        Exit::Success
    } else {
        Exit::Different
    })
}

fn text(verification: &Verification, style: Style) -> String {
    let mut text = String::new();
    for component in &verification.components {
        text.push_str(&proof(component, style));
    }
    let verdict = if verification.same {
        style.good("everything found is as planned")
    } else {
        style.bad("something differs from the plan")
    };
    text.push_str(&format!(
        "{}: {verdict}\n",
        style.strong(&verification.device)
    ));
    text.push_str(&absent(&verification.absent_layers, style));
    text
}

fn proof(component: &ComponentProof, style: Style) -> String {
    let Some(pid) = component.pid else {
        return format!(
            "{} {}\n\n",
            style.strong(&component.name),
            if component.same {
                style.warn("does not run: nothing to read")
            } else {
                style.bad("was ended because it differed from the plan")
            }
        );
    };
    let mut table = Table::default();
    let faint = |cell: &str| style.faint(cell);
    let head = ["LAYER", "WHAT", "VERDICT", "FOUND", "EXPECTED"];
    table.row(&head.map(|name| (name, &faint as Paint<'_>)));
    for item in &component.items {
        row(&mut table, item, style);
    }
    let name = style.strong(&component.name);
    format!("{name} (pid {pid})\n{}\n", table.text("  "))
}

fn row(table: &mut Table, item: &ProofItem, style: Style) {
    let paint = |cell: &str| match item.verdict.as_str() {
        "same" => style.good(cell),
        "not-shown" => style.faint(cell),
        _ => style.bad(cell),
    };
    // Where they are the same, once is enough.
    let expected = if item.verdict == "different" {
        &item.expected
    } else {
        ""
    };
    table.row(&[
        (&item.layer, &plain),
        (&item.name, &plain),
        (&item.verdict, &paint),
        (&cut(&item.found), &plain),
        (&cut(expected), &plain),
    ]);
}

fn cut(text: &str) -> String {
    let shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if shown.chars().count() <= WIDTH {
        return shown;
    }
    let head: String = shown.chars().take(WIDTH - 1).collect();
    head + "…"
}
