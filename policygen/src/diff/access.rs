//! A module as a set of single accesses, under names that mean the same in
//! another version of the module.

use crate::cil::{Expression, parse};
use crate::names::SUPERVISOR;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Allows permissions.
    Allow,
    /// Allows ioctl requests by number: `permissions` are the numbers. What is
    /// not under any is allowed all of them, so the numbers are compared, too.
    Requests,
    /// Takes away what the base policy gives.
    Deny,
    /// Claims that nobody has it.
    Never,
    /// Is left out of such a claim, or of a deny rule.
    Except,
}

impl Kind {
    /// Whether more of it is more access.
    pub(super) const fn allows(self) -> bool {
        matches!(self, Self::Allow | Self::Requests | Self::Except)
    }

    const fn keyword(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Requests => "allowx",
            Self::Deny => "deny",
            Self::Never => "neverallow",
            Self::Except => "left out of a claim:",
        }
    }
}

/// A rule: one permission of it, or several for people to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rule {
    pub(super) kind: Kind,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) class: String,
    pub(super) permissions: BTreeSet<String>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permissions: Vec<&str> = self.permissions.iter().map(String::as_str).collect();
        write!(
            f,
            "{} {} -> {} : {} {{ {} }}",
            self.kind.keyword(),
            self.source,
            self.target,
            self.class,
            permissions.join(" ")
        )
    }
}

impl Rule {
    /// The change in words, if it is one that words help with. `here` says
    /// whether the rule is in the new module.
    pub(super) fn words(&self, here: bool) -> impl Iterator<Item = String> {
        let may = if here { "may now" } else { "may no longer" };
        let (who, what) = (self.source.as_str(), self.target.as_str());
        let has = |permission: &str| self.permissions.contains(permission);
        let is_file = matches!(
            self.class.as_str(),
            "file" | "dir" | "chr_file" | "blk_file"
        );
        let verb = match self.kind {
            Kind::Allow if has("name_bind") => Some(format!("bind {what}")),
            Kind::Allow if has("name_connect") => Some(format!("connect to {what}")),
            Kind::Allow if is_file && (has("write") || has("append")) => {
                Some(format!("write {what}"))
            }
            Kind::Allow if is_file && has("execute") => Some(format!("execute {what}")),
            Kind::Allow if is_file && has("read") => Some(format!("read {what}")),
            Kind::Allow if self.class == "tcp_socket" && has("accept") => {
                Some("accept connections on a socket it inherits".to_owned())
            }
            Kind::Allow => Some(format!(
                "{} {what} ({})",
                self.permissions
                    .iter()
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", "),
                self.class
            )),
            Kind::Requests => Some(format!("send {what} other ioctl requests")),
            Kind::Deny | Kind::Never | Kind::Except => None,
        };
        let verb = verb.map(|verb| format!("{who} {may} {verb}"));
        let claim = (self.kind == Kind::Never).then(|| {
            let claimed = if here {
                "is now claimed"
            } else {
                "is no longer claimed"
            };
            format!("it {claimed} that {who} has no {} on {what}", self.class)
        });
        let denied = (self.kind == Kind::Deny).then(|| {
            let taken = if here { "loses" } else { "keeps" };
            format!(
                "{who} {taken} what the base policy gives every domain on {what} ({})",
                self.class
            )
        });
        verb.into_iter().chain(claim).chain(denied)
    }
}

/// Single accesses by source, target and class.
pub(super) fn together<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<Rule> {
    let mut found: BTreeMap<(Kind, &str, &str, &str), BTreeSet<String>> = BTreeMap::new();
    for rule in rules {
        let key = (
            rule.kind,
            rule.source.as_str(),
            rule.target.as_str(),
            rule.class.as_str(),
        );
        found
            .entry(key)
            .or_default()
            .extend(rule.permissions.iter().cloned());
    }
    let rule = |((kind, source, target, class), permissions): ((Kind, &str, &str, &str), _)| Rule {
        kind,
        source: source.to_owned(),
        target: target.to_owned(),
        class: class.to_owned(),
        permissions,
    };
    found.into_iter().map(rule).collect()
}

/// A module, one permission a rule.
pub(super) struct Module {
    pub(super) rules: BTreeSet<Rule>,
    /// Components and channels, under the names the rules have them by.
    things: BTreeSet<String>,
    /// Everything of the device's own, by the same names.
    own: BTreeSet<String>,
}

impl Module {
    /// Reads a module and its assertions.
    pub(super) fn read(module: &str, assertions: Option<&str>) -> Result<Self, String> {
        let parsed = parse(module)?;
        let claimed = parse(assertions.unwrap_or_default())?;
        let names = Names::of(module, &parsed, &claimed);
        let mut read = Self {
            rules: BTreeSet::new(),
            things: names.things.clone(),
            own: names.by_type.values().cloned().collect(),
        };
        for statement in parsed.iter().chain(&claimed) {
            match statement.list() {
                [Expression::Atom("optional"), _, inner] => read.take(inner, &names),
                _ => read.take(statement, &names),
            }
        }
        Ok(read)
    }

    fn take(&mut self, statement: &Expression<'_>, names: &Names) {
        let [
            Expression::Atom(keyword),
            Expression::Atom(source),
            Expression::Atom(target),
            access,
        ] = statement.list()
        else {
            return;
        };
        let (kind, class, permissions) = match (*keyword, access.list()) {
            ("allow", [Expression::Atom(class), list]) => (Kind::Allow, class, list),
            ("deny", [Expression::Atom(class), list]) => (Kind::Deny, class, list),
            ("neverallow", [Expression::Atom(class), list]) => (Kind::Never, class, list),
            ("allowx", [_, Expression::Atom(class), list]) => (Kind::Requests, class, list),
            _ => return,
        };
        // A rule about a set is one about each of its members, so that a
        // component more in the set is no change for the others; and what a
        // claim leaves out is said apart, so that leaving out more is wider.
        let (sources, not_sources) = names.parts(source);
        let (targets, not_targets) = names.parts(target);
        let mut all = vec![(kind, &sources, &targets)];
        if matches!(kind, Kind::Never | Kind::Deny) {
            all.push((Kind::Except, &not_sources, &targets));
            all.push((Kind::Except, &sources, &not_targets));
        }
        for (kind, sources, targets) in all {
            for (source, target) in sources
                .iter()
                .flat_map(|s| targets.iter().map(move |t| (s, t)))
            {
                for permission in permissions.list().iter().filter_map(Expression::atom) {
                    self.rules.insert(Rule {
                        kind,
                        source: source.clone(),
                        target: target.clone(),
                        class: (*class).to_owned(),
                        permissions: BTreeSet::from([permission.to_owned()]),
                    });
                }
            }
        }
    }

    /// Whether a rule restrains something of the device's own that is in this
    /// module and not in the other: with it comes and goes what is said of it.
    pub(super) fn goes_with(&self, other: &Self, rule: &Rule) -> bool {
        let gone = |name: &String| self.own.contains(name) && !other.own.contains(name);
        let restrains = !matches!(rule.kind, Kind::Allow | Kind::Requests);
        restrains && (gone(&rule.source) || gone(&rule.target))
    }

    /// Renames components and channels that are new here to ones that are gone
    /// from `old`, where everything else about them is the same. Gives the
    /// renamings as `old -> new`.
    pub(super) fn rename_like(&mut self, old: &Self) -> Vec<String> {
        let mut renamed = Vec::new();
        let gone: Vec<String> = old.things.difference(&self.things).cloned().collect();
        for before in &gone {
            let shape = old.about(before);
            let candidates = self.things.difference(&old.things);
            let candidates: Vec<String> = candidates
                .filter(|after| self.about(after) == shape)
                .cloned()
                .collect();
            // Two that look alike could be either: then both are told as changes.
            if let [after] = candidates.as_slice() {
                renamed.push(format!("{before} -> {after}"));
                let rules = std::mem::take(&mut self.rules);
                let replace = |name: &str| replace(name, after, before);
                self.rules = rules
                    .into_iter()
                    .map(|rule| Rule {
                        source: replace(&rule.source),
                        target: replace(&rule.target),
                        ..rule
                    })
                    .collect();
                self.things.remove(after);
                self.things.insert(before.clone());
                self.own = self.own.iter().map(|name| replace(name)).collect();
            }
        }
        renamed
    }

    /// The rules with a thing in them, its name left blank.
    fn about(&self, thing: &str) -> BTreeSet<Rule> {
        let blank = |name: &str| replace(name, thing, "*");
        let rules = self.rules.iter().filter(|rule| {
            let named = |name: &str| replace(name, thing, "*") != *name;
            rule.kind == Kind::Allow && (named(&rule.source) || named(&rule.target))
        });
        rules
            .map(|rule| Rule {
                source: blank(&rule.source),
                target: blank(&rule.target),
                ..rule.clone()
            })
            .collect()
    }
}

/// What each type of a module is, in words that do not change with the device's
/// name or the order of its sets.
struct Names {
    by_type: BTreeMap<String, String>,
    /// Sets of the module's own.
    sets: BTreeMap<String, Parts>,
    things: BTreeSet<String>,
}

/// What is in a set, and what is left out of it.
type Parts = (BTreeSet<String>, BTreeSet<String>);

impl Names {
    fn of(text: &str, module: &[Expression<'_>], assertions: &[Expression<'_>]) -> Self {
        let mut names = Self {
            by_type: BTreeMap::from([(SUPERVISOR.to_owned(), "the supervisor".to_owned())]),
            sets: BTreeMap::new(),
            things: BTreeSet::new(),
        };
        // The parts of a module say their names with the hyphens that types lack.
        let headings = text
            .lines()
            .filter_map(|line| line.strip_prefix(";; ==== "));
        let device = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix(";; The SELinux module of "))
            .and_then(|line| line.split(',').next())
            .unwrap_or_default();
        for heading in headings {
            if let Some(component) = heading.strip_prefix("component ") {
                names.thing(
                    crate::names::domain_type(device, component),
                    component.to_owned(),
                );
                let program = format!("the program of {component}");
                names
                    .by_type
                    .insert(crate::names::exec_type(device, component), program);
            } else if let Some(channel) = heading.strip_prefix("channel ") {
                names.thing(
                    crate::names::channel_type(device, channel),
                    heading.to_owned(),
                );
            }
        }
        for statement in module {
            let list = statement.list();
            match list {
                [
                    Expression::Atom("filecon"),
                    Expression::Atom(path),
                    _,
                    context,
                ] => {
                    let path = path.trim_end_matches("(/(.*))?").replace('\\', "");
                    names.label(context, path);
                }
                [
                    Expression::Atom("portcon"),
                    Expression::Atom("tcp"),
                    Expression::Atom(port),
                    context,
                ] => {
                    names.label(context, format!("TCP {port}"));
                }
                _ => {}
            }
        }
        for statement in module.iter().chain(assertions) {
            // Whom the base policy trusts is one set, whichever of them a store has.
            if let [Expression::Atom("typeattribute"), Expression::Atom(set)] = statement.list()
                && let Some((_, act)) = set.split_once("__assert_may_")
            {
                let trusted = format!("whom the base policy lets {act}");
                names.by_type.insert((*set).to_owned(), trusted);
            }
            if let [
                Expression::Atom("typeattributeset"),
                Expression::Atom(set),
                expression,
            ] = statement.list()
                && (set.contains("__unasked_") || set.contains("__assert_"))
            {
                let parts = names.split(expression);
                names.sets.insert((*set).to_owned(), parts);
            }
        }
        names
    }

    fn thing(&mut self, label: String, name: String) {
        self.things.insert(name.clone());
        self.by_type.insert(label, name);
    }

    /// The type of a context is called by what carries it, where it has no name yet.
    fn label(&mut self, context: &Expression<'_>, what: String) {
        if let Some(label) = context.list().get(2).and_then(Expression::atom) {
            self.by_type.entry(label.to_owned()).or_insert(what);
        }
    }

    fn of_type(&self, name: &str) -> String {
        let known = self.by_type.get(name).cloned();
        known.unwrap_or_else(|| name.to_owned())
    }

    /// What a name stands for.
    fn parts(&self, name: &str) -> Parts {
        let known = self.sets.get(name).cloned();
        known.unwrap_or_else(|| (BTreeSet::from([self.of_type(name)]), BTreeSet::new()))
    }

    /// What the expressions of generated modules say: unions, and unions with
    /// something left out.
    fn split(&self, expression: &Expression<'_>) -> Parts {
        let list = match expression {
            Expression::Atom(name) => return self.parts(name),
            Expression::List(list) => list.as_slice(),
        };
        let (mut within, mut without) = (BTreeSet::new(), BTreeSet::new());
        let parts = match list {
            [Expression::Atom("not"), one] => {
                return (BTreeSet::from(["all".to_owned()]), self.split(one).0);
            }
            [Expression::Atom("and" | "or"), parts @ ..] | parts => parts,
        };
        for part in parts {
            if let [Expression::Atom("not"), one] = part.list() {
                without.extend(self.split(one).0);
                continue;
            }
            let (in_it, not_in_it) = self.split(part);
            within.extend(in_it);
            without.extend(not_in_it);
        }
        (within, without)
    }
}

/// A whole name replaced by another wherever it stands.
fn replace(text: &str, name: &str, by: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || "-_/.".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let end = at + name.len();
        let whole = !rest[..at].ends_with(part) && !rest[end..].starts_with(part);
        out.push_str(&rest[..at]);
        out.push_str(if whole { by } else { name });
        rest = &rest[end..];
    }
    out + rest
}
