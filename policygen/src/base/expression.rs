//! Which sets of types a new domain is in.

use crate::cil::Expression;
use std::collections::HashMap;

/// The sets of types of a policy, by name: what `typeattributeset` says of each.
#[derive(Debug, Default)]
pub(super) struct Sets<'a> {
    expressions: HashMap<&'a str, Vec<&'a Expression<'a>>>,
}

/// What became of a name so far.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    Asked,
    Is(bool),
}

impl<'a> Sets<'a> {
    /// Adds a `typeattributeset`; several for one name are united.
    pub(super) fn add(&mut self, name: &'a str, expression: &'a Expression<'a>) {
        self.expressions.entry(name).or_default().push(expression);
    }

    /// The sets that a type not yet there would be in when it joins all of `joined`.
    pub(super) fn of_a_new_member<'s>(&'s self, joined: &[&'s str]) -> Membership<'s, 'a> {
        Membership {
            sets: self,
            known: joined.iter().map(|name| (*name, Known::Is(true))).collect(),
        }
    }

    /// The sets that a type is in; itself counts as one.
    pub(super) fn of_type<'s>(&'s self, name: &'s str) -> Membership<'s, 'a> {
        self.of_a_new_member(&[name])
    }
}

/// Answers, and remembers, whether a new type is in a set.
pub(super) struct Membership<'s, 'a> {
    sets: &'s Sets<'a>,
    known: HashMap<&'s str, Known>,
}

impl<'s> Membership<'s, '_> {
    /// Whether the new type is in this set; a single type is no set with it.
    pub(super) fn has(&mut self, name: &'s str) -> bool {
        match self.known.get(name) {
            Some(Known::Is(known)) => return *known,
            // A set defined by itself adds nothing to itself.
            Some(Known::Asked) => return false,
            None => {}
        }
        let Some(expressions) = self.sets.expressions.get(name) else {
            return false;
        };
        self.known.insert(name, Known::Asked);
        let is = expressions.iter().any(|expression| self.holds(expression));
        self.known.insert(name, Known::Is(is));
        is
    }

    /// The operators of CIL's expressions; a list without one is a union.
    fn holds(&mut self, expression: &'s Expression<'_>) -> bool {
        let list = match expression {
            Expression::Atom("all") => return true,
            Expression::Atom(name) => return self.has(name),
            Expression::List(list) => list.as_slice(),
        };
        match list {
            [Expression::Atom("all")] => true,
            [Expression::Atom("not"), one] => !self.holds(one),
            [Expression::Atom("and"), both @ ..] => both.iter().all(|one| self.holds(one)),
            [Expression::Atom("or"), any @ ..] => any.iter().any(|one| self.holds(one)),
            [Expression::Atom("xor"), a, b] => self.holds(a) != self.holds(b),
            any => any.iter().any(|one| self.holds(one)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cil::parse;

    #[test]
    fn a_new_domain_is_in_what_it_is_not_left_out_of() {
        let parsed = parse(
            "(domain (a_t b_t)) (server (and (domain) (not (a_t)))) (other (a_t)) (every (all))
             (neither (not (domain))) (both (or other server)) (one (xor domain server)) (loop (loop))",
        )
        .unwrap();
        let mut sets = Sets::default();
        for statement in &parsed {
            sets.add(statement.list()[0].atom().unwrap(), &statement.list()[1]);
        }
        let mut member = sets.of_a_new_member(&["domain"]);
        for name in ["domain", "server", "every", "both"] {
            assert!(member.has(name), "{name}");
        }
        for name in ["other", "neither", "one", "loop", "unknown", "a_t"] {
            assert!(!member.has(name), "{name}");
        }
        let mut a = sets.of_type("a_t");
        let found =
            ["domain", "server", "other", "every", "both", "neither"].map(|name| a.has(name));
        assert_eq!(found, [true, false, true, true, true, false]);
    }
}
