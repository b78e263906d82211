//! A base policy from the CIL of its modules.

use super::expression::{Membership, Sets};
use super::{Base, OPEN};
use crate::ambient::{Gathered, SELF};
use crate::cil::{Expression, parse};
use crate::trusted::{Act, OBJECT, PROCESS, Trusted, is_part};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Name under which modules say what they require.
const REQUIRE: &str = "cil_gen_require";

/// Reads every module; the error names the one that cannot be read.
pub(super) fn read(modules: &[String]) -> Result<Base, String> {
    let mut parsed = Vec::new();
    for (index, text) in modules.iter().enumerate() {
        parsed.push(parse(text).map_err(|error| format!("module {index}: {error}"))?);
    }
    let mut statements = Vec::new();
    let mut optionals = Vec::new();
    for expression in parsed.iter().flatten() {
        flatten(
            expression.list(),
            None,
            None,
            &mut statements,
            &mut optionals,
        );
    }
    disable(&statements, &mut optionals);
    let in_force =
        |statement: &&Statement<'_>| statement.within.is_none_or(|n| optionals[n].enabled);
    let in_force: Vec<&Statement<'_>> = statements.iter().filter(in_force).collect();
    let mut found = Found::default();
    for statement in &in_force {
        found.take(statement.words);
    }
    let ambient = found.ambient(&in_force);
    found.base.trusted = found.trusted(&in_force);
    found.base.kept = found.kept();
    Ok(found.base(ambient))
}

/// A statement, with the `optional` it stands in and the booleans it stands under.
struct Statement<'a> {
    words: &'a [Expression<'a>],
    within: Option<usize>,
    condition: Option<String>,
}

/// An `optional` block: what it lacks disables it as a whole.
struct Optional {
    within: Option<usize>,
    enabled: bool,
}

fn flatten<'a>(
    words: &'a [Expression<'a>],
    within: Option<usize>,
    condition: Option<&str>,
    statements: &mut Vec<Statement<'a>>,
    optionals: &mut Vec<Optional>,
) {
    let inside = |from: usize| words.get(from..).unwrap_or_default();
    match words.first().and_then(Expression::atom) {
        Some("optional") => {
            optionals.push(Optional {
                within,
                enabled: true,
            });
            let within = Some(optionals.len() - 1);
            for inner in inside(2) {
                flatten(inner.list(), within, condition, statements, optionals);
            }
        }
        Some("booleanif" | "tunableif") => {
            let expression = words.get(1).map(text).unwrap_or_default();
            for branch in inside(2) {
                let negated = branch.list().first().and_then(Expression::atom) == Some("false");
                let condition = if negated {
                    format!("(not {expression})")
                } else {
                    expression.clone()
                };
                for inner in branch.list().get(1..).unwrap_or_default() {
                    flatten(
                        inner.list(),
                        within,
                        Some(&condition),
                        statements,
                        optionals,
                    );
                }
            }
        }
        Some("block" | "in" | "macro") => {}
        _ => statements.push(Statement {
            words,
            within,
            condition: condition.map(str::to_owned),
        }),
    }
}

/// An expression as CIL writes it; a list of one word as that word.
fn text(expression: &Expression<'_>) -> String {
    match expression {
        Expression::Atom(name) => (*name).to_owned(),
        Expression::List(list) if list.len() == 1 => text(&list[0]),
        Expression::List(list) => {
            let words: Vec<String> = list.iter().map(text).collect();
            format!("({})", words.join(" "))
        }
    }
}

/// Disables each `optional` whose requirements nobody enabled declares; what it
/// would have declared is then missing in turn.
fn disable(statements: &[Statement<'_>], optionals: &mut [Optional]) {
    loop {
        let mut declared = HashSet::new();
        for statement in statements {
            if statement.within.is_none_or(|n| optionals[n].enabled) {
                let keyword = statement.words.first().and_then(Expression::atom);
                if matches!(
                    keyword,
                    Some(
                        "type"
                            | "typealias"
                            | "typeattribute"
                            | "role"
                            | "roleattribute"
                            | "boolean"
                            | "user"
                    )
                ) {
                    declared.extend(statement.words.get(1).and_then(Expression::atom));
                }
            }
        }
        let mut changed = false;
        for statement in statements {
            let Some(index) = statement.within.filter(|n| optionals[*n].enabled) else {
                continue;
            };
            if requires(statement.words).any(|name| !declared.contains(name)) {
                optionals[index].enabled = false;
                changed = true;
            }
        }
        // What stands in a disabled one is disabled; outer ones come first.
        for index in 0..optionals.len() {
            let outer = optionals[index].within;
            if optionals[index].enabled && outer.is_some_and(|outer| !optionals[outer].enabled) {
                optionals[index].enabled = false;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Names that a statement says are required.
fn requires<'a>(words: &'a [Expression<'a>]) -> impl Iterator<Item = &'a str> {
    let required = match words {
        [
            Expression::Atom("typeattributeset" | "roleattributeset"),
            Expression::Atom(REQUIRE),
            what,
        ] => Some(what),
        _ => None,
    };
    let one = required.and_then(Expression::atom);
    let list = required.map(Expression::list).unwrap_or_default();
    one.into_iter()
        .chain(list.iter().filter_map(Expression::atom))
}

#[derive(Default)]
struct Found<'a> {
    base: Base,
    sets: Sets<'a>,
    commons: BTreeMap<&'a str, Vec<&'a str>>,
    inherited: HashMap<&'a str, &'a str>,
    aliases: HashMap<&'a str, &'a str>,
}

impl<'a> Found<'a> {
    fn take(&mut self, statement: &'a [Expression<'a>]) {
        let atom = |n: usize| statement.get(n).and_then(Expression::atom);
        let words = |n: usize| -> Vec<&'a str> {
            let list = statement.get(n).map(Expression::list).unwrap_or_default();
            list.iter().filter_map(Expression::atom).collect()
        };
        let (Some(keyword), Some(name)) = (atom(0), atom(1)) else {
            return;
        };
        let into = |set: &mut BTreeSet<String>| _ = set.insert(name.to_owned());
        match keyword {
            "type" => into(&mut self.base.types),
            "typeattribute" if name != REQUIRE => into(&mut self.base.attributes),
            "typeattributeset" if name != REQUIRE => {
                if let Some(expression) = statement.get(2) {
                    self.sets.add(name, expression);
                }
            }
            "user" => into(&mut self.base.users),
            "role" => into(&mut self.base.roles),
            "sensitivity" => into(&mut self.base.sensitivities),
            "common" => _ = self.commons.insert(name, words(2)),
            "class" => {
                let own = words(2).into_iter().map(str::to_owned);
                self.base
                    .classes
                    .entry(name.to_owned())
                    .or_default()
                    .extend(own);
            }
            "typealiasactual" => _ = atom(2).map(|actual| self.aliases.insert(name, actual)),
            "classcommon" => _ = atom(2).map(|common| self.inherited.insert(name, common)),
            "portcon" if name == "tcp" => {
                let port = atom(2).and_then(|port| port.parse().ok());
                if let (Some(port), Some(label)) = (port, words(3).get(2)) {
                    self.base.ports.insert(port, (*label).to_owned());
                }
            }
            _ => {}
        }
    }

    /// What the rules of the policy give to a new member of `domain`.
    fn ambient(&self, statements: &[&'a Statement<'a>]) -> Vec<crate::ambient::Ambient> {
        let mut member = self.sets.of_a_new_member(&["domain"]);
        let mut gathered = Gathered::default();
        for statement in statements {
            let [
                Expression::Atom("allow"),
                Expression::Atom(source),
                Expression::Atom(target),
                access,
            ] = statement.words
            else {
                continue;
            };
            let [Expression::Atom(class), permissions] = access.list() else {
                continue;
            };
            if !member.has(source) {
                continue;
            }
            let permissions: Vec<&str> = permissions
                .list()
                .iter()
                .filter_map(Expression::atom)
                .collect();
            let permissions: Vec<String> = if permissions == ["all"] {
                self.permissions(class)
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
            } else {
                permissions.into_iter().map(str::to_owned).collect()
            };
            let target = self.aliases.get(target).unwrap_or(target);
            // A set that the new domain is in reaches the domain itself, too.
            if *target != SELF && member.has(target) {
                gathered.add(
                    SELF,
                    class,
                    permissions.clone(),
                    statement.condition.as_deref(),
                );
            }
            gathered.add(target, class, permissions, statement.condition.as_deref());
        }
        gathered.finish()
    }

    /// Who may do each act to a new type, under whatever booleans.
    fn trusted(&self, statements: &[&'a Statement<'a>]) -> Trusted {
        let members = |probes: &[&[&'static str]]| -> Vec<Membership<'_, 'a>> {
            let probes = probes.iter();
            probes
                .map(|joined| self.sets.of_a_new_member(joined))
                .collect()
        };
        let (mut process, mut object) = (members(&PROCESS), members(&OBJECT));
        let mut sources: BTreeMap<Act, BTreeSet<&str>> = BTreeMap::new();
        for statement in statements {
            let [
                Expression::Atom("allow"),
                Expression::Atom(source),
                Expression::Atom(target),
                access,
            ] = statement.words
            else {
                continue;
            };
            let [Expression::Atom(class), permissions] = access.list() else {
                continue;
            };
            let permissions = permissions.list().iter().filter_map(Expression::atom);
            let permissions: Vec<&str> = permissions.collect();
            for act in Act::ALL {
                if !is_part(act, class, &permissions) {
                    continue;
                }
                let members = if act.is_on_processes() {
                    &mut process
                } else {
                    &mut object
                };
                if members.iter_mut().any(|member| member.has(target)) {
                    sources.entry(act).or_default().insert(source);
                }
            }
        }
        let mut trusted: Trusted = Act::ALL.map(|act| (act, BTreeSet::new())).into();
        for name in &self.base.types {
            let mut member = self.sets.of_type(name);
            for (act, sources) in &sources {
                let mut all = sources.iter();
                if all.any(|source| member.has(self.aliases.get(source).unwrap_or(source))) {
                    trusted.entry(*act).or_default().insert(name.clone());
                }
            }
        }
        trusted
    }

    /// Types of files that are left out of what is anybody's to read and label.
    fn kept(&self) -> BTreeSet<String> {
        if !OPEN.iter().all(|name| self.base.attributes.contains(*name)) {
            return BTreeSet::new();
        }
        let types = self.base.types.iter();
        let kept = types.filter(|name| {
            let mut member = self.sets.of_type(name);
            member.has("file_type") && !OPEN.iter().all(|open| member.has(open))
        });
        kept.cloned().collect()
    }

    fn permissions(&self, class: &str) -> BTreeSet<&str> {
        let own = self.base.classes.get(class).into_iter().flatten();
        let common = self
            .inherited
            .get(class)
            .and_then(|name| self.commons.get(name));
        own.map(String::as_str)
            .chain(common.into_iter().flatten().copied())
            .collect()
    }

    fn base(mut self, ambient: Vec<crate::ambient::Ambient>) -> Base {
        for (class, common) in &self.inherited {
            let permissions = self.commons.get(common).into_iter().flatten();
            if let Some(own) = self.base.classes.get_mut(*class) {
                own.extend(permissions.map(|permission| (*permission).to_owned()));
            }
        }
        self.base.ambient = ambient;
        self.base
    }
}
