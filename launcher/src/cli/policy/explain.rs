//! `cordon policy explain`: for each rule who asked for it, and what the base
//! policy gives beside.

use super::Generated;
use super::work::Work;
use crate::cli::arguments::PolicyExplainOptions;
use crate::cli::{Exit, Failure, Style, print, print_json};
use cordon_policygen::compile::Tools;
use cordon_policygen::{Ambient, Beyond, Explanation, Fate, Rule, explain, names, store};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Generates, and explains what was generated.
pub fn run(options: &PolicyExplainOptions) -> Result<Exit, Failure> {
    let root = options.root.as_deref().unwrap_or(Path::new("/"));
    let generated = Generated::new(&options.manifest, root, options.target.as_deref())?;
    let plan = &generated.resolved.plan;
    if let Some(name) = &options.component
        && !plan
            .components
            .iter()
            .any(|component| component.name == *name)
    {
        let known: Vec<&str> = plan.components.iter().map(|c| c.name.as_str()).collect();
        return Err(
            Failure::new(Exit::Usage, format!("there is no component '{name}'"))
                .help(format!("components: {}", known.join(", "))),
        );
    }
    // A tree that says itself which policy it has is asked for it.
    let asked = options.policy.clone();
    let policy = asked.or_else(|| options.root.as_ref().and_then(|root| policy_of(root)));
    let (ambient, from) = ambient(&generated, policy.as_deref())?;
    let mut explanation = explain(plan, &generated.target, &generated.policy, &ambient, &from);
    if let Some(name) = &options.component {
        explanation
            .rules
            .retain(|rule| rule.components.contains(name));
        explanation
            .beyond
            .retain(|beyond| beyond.component == *name);
    }
    if options.json {
        return print_json(&explanation);
    }
    print(&text(
        &explanation,
        &generated,
        options.component.as_deref(),
        Style::of_stdout(),
    ))
}

/// The newest binary policy of a tree.
fn policy_of(root: &Path) -> Option<PathBuf> {
    let config = std::fs::read_to_string(root.join("etc/selinux/config")).ok()?;
    let kind = config
        .lines()
        .find_map(|line| line.strip_prefix("SELINUXTYPE="))?;
    let directory = root.join("etc/selinux").join(kind.trim()).join("policy");
    let entries = std::fs::read_dir(directory).ok()?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("policy."))
        })
        .max()
}

/// What the base policy gives to every domain, and where that was read.
fn ambient(
    generated: &Generated,
    policy: Option<&Path>,
) -> Result<(Vec<Ambient>, String), Failure> {
    let Some(policy) = policy else {
        let from = format!("the target profile {}", generated.target.name());
        return Ok((generated.target.ambient().to_vec(), from));
    };
    let failed = |error: String| Failure::new(Exit::PolicyStore, error);
    let work = Work::new(Path::new("/")).map_err(|error| failed(error.to_string()))?;
    let found = store::open(
        &Tools::host(),
        policy,
        generated.target.disabled(),
        work.path(),
    )
    .map_err(failed)?;
    let from = match found.kind {
        store::Kind::Source => found.place,
        store::Kind::Binary => format!(
            "{}, which has no record of what its attributes leave out",
            found.place
        ),
    };
    Ok((found.base.ambient, from))
}

fn text(
    explanation: &Explanation,
    generated: &Generated,
    only: Option<&str>,
    style: Style,
) -> String {
    let mut text = String::new();
    let target = &generated.target;
    let _ = writeln!(
        text,
        "{} on {} ({})",
        style.strong(&explanation.device),
        explanation.target,
        target.base()
    );
    let _ = writeln!(
        text,
        "what the base policy gives was read from {}",
        explanation.ambient_from
    );
    for component in &generated.resolved.plan.components {
        if only.is_some_and(|only| only != component.name) {
            continue;
        }
        let domain = names::domain_type(&explanation.device, &component.name);
        let _ = writeln!(
            text,
            "\n{} {domain}",
            style.strong(&format!("component {}:", component.name))
        );
        let rules = explanation.rules.iter();
        rules_of(
            &mut text,
            rules.filter(|rule| rule.components.contains(&component.name)),
            style,
        );
        let beyond: Vec<&Beyond> = explanation
            .beyond
            .iter()
            .filter(|b| b.component == component.name)
            .collect();
        beyond_of(&mut text, &beyond, explanation.denies, style);
    }
    if only.is_none() {
        let _ = writeln!(
            text,
            "\n{}",
            style.strong("the supervisor, and the device's own types:")
        );
        rules_of(
            &mut text,
            explanation
                .rules
                .iter()
                .filter(|rule| rule.components.is_empty()),
            style,
        );
    }
    text
}

fn rules_of<'r>(text: &mut String, rules: impl Iterator<Item = &'r Rule>, style: Style) {
    let mut last = None;
    for rule in rules {
        if last != Some((&rule.because, &rule.why)) {
            let _ = writeln!(text, "\n  {}  {}", style.strong(&rule.because), rule.why);
            last = Some((&rule.because, &rule.why));
        }
        let requests = if rule.requests.is_empty() {
            String::new()
        } else {
            format!(" (ioctl {} only)", rule.requests.join(" "))
        };
        let permissions = rule.permissions.join(" ");
        let _ = writeln!(
            text,
            "      allow {} {}:{} {{ {permissions} }}{requests}",
            rule.source, rule.target, rule.class
        );
    }
}

fn beyond_of(text: &mut String, beyond: &[&Beyond], denies: bool, style: Style) {
    let unasked: Vec<&&Beyond> = beyond.iter().filter(|b| b.fate != Fate::AskedFor).collect();
    let stays = unasked.iter().filter(|b| b.fate == Fate::Stays).count();
    let heading = match (unasked.is_empty(), stays) {
        (true, _) => "the base policy gives it nothing that it did not ask for".to_owned(),
        (_, 0) => "the base policy gives every domain this, and the module takes all of it away".to_owned(),
        _ if denies => format!("the base policy gives every domain this; {stays} of it STAYS, which the target profile does not know of"),
        _ => "the base policy gives every domain this, and it STAYS: deny rules need libsepol 3.6 on the target".to_owned(),
    };
    let _ = writeln!(text, "\n  {}  {heading}", style.strong("base policy"));
    let mut said = BTreeSet::new();
    for b in &unasked {
        let permissions: Vec<&str> = b.permissions.iter().map(String::as_str).collect();
        let condition = b
            .condition
            .as_ref()
            .map_or_else(String::new, |c| format!(" if {c}"));
        let fate = if b.fate == Fate::Stays {
            style.bad("stays")
        } else {
            style.faint("taken away")
        };
        let _ = writeln!(
            text,
            "      {fate}  {}:{} {{ {} }}{condition}",
            b.target,
            b.class,
            permissions.join(" ")
        );
        if let Some(matters) = &b.matters {
            said.insert((b.fate, matters.as_str()));
        }
    }
    for (fate, heading) in [
        (Fate::Stays, "what matters of what stays"),
        (Fate::TakenAway, "what matters of what is taken away"),
    ] {
        let reasons: Vec<&str> = said
            .iter()
            .filter(|(of, _)| *of == fate)
            .map(|(_, why)| *why)
            .collect();
        if !reasons.is_empty() {
            let _ = writeln!(text, "    {heading}:");
        }
        for reason in reasons {
            let _ = writeln!(text, "      - {reason}");
        }
    }
}
