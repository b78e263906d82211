//! Writing a module: rule groups, each with its sentence and its origin, every
//! name of the base policy checked against the target profile.

use crate::base_module;
use crate::cil::comment;
use crate::error::Error;
use crate::granted::Granted;
use crate::names;
use crate::target::Target;
use cordon_manifest::plan::Origin;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::ops::Range;

/// What a file context is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileKind {
    Any,
    Regular,
    Directory,
    Character,
    Block,
}

/// One file context: which paths get which type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileContext {
    pub(crate) expression: String,
    pub(crate) kind: FileKind,
    pub(crate) label: String,
}

impl FileContext {
    /// As a CIL statement.
    fn cil(&self) -> String {
        let kind = match self.kind {
            FileKind::Any => "any",
            FileKind::Regular => "file",
            FileKind::Directory => "dir",
            FileKind::Character => "char",
            FileKind::Block => "block",
        };
        format!(
            "(filecon \"{}\" {kind} (system_u object_r {} ((s0) (s0))))",
            self.expression, self.label
        )
    }

    /// As a line of a `file_contexts` file.
    pub(crate) fn line(&self) -> String {
        let kind = match self.kind {
            FileKind::Any => "",
            FileKind::Regular => "\t--",
            FileKind::Directory => "\t-d",
            FileKind::Character => "\t-c",
            FileKind::Block => "\t-b",
        };
        format!(
            "{}{kind}\t{}",
            self.expression,
            names::object_context(&self.label)
        )
    }
}

/// A rule group of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Why it is there, one sentence.
    pub sentence: String,
    /// Who asked for it.
    pub origin: Origin,
    /// Where its statements stand in the module's text, as bytes.
    pub statements: Range<usize>,
}

/// A module being written.
pub(crate) struct Writer<'t> {
    pub(crate) target: &'t Target,
    /// What was allowed so far.
    pub(crate) granted: Granted<'static>,
    text: String,
    groups: Vec<Group>,
    declared: BTreeMap<String, String>,
    pub(crate) contexts: Vec<FileContext>,
    pub(crate) errors: Vec<Error>,
}

impl<'t> Writer<'t> {
    /// An empty module for this target.
    pub(crate) fn new(target: &'t Target) -> Self {
        let base = names::BASE.iter().map(|name| {
            let what = "the base module of Cordon (selinux/)";
            ((*name).to_owned(), what.to_owned())
        });
        Self {
            target,
            granted: Granted::default(),
            text: String::new(),
            groups: Vec::new(),
            declared: base.collect(),
            contexts: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// The module's text.
    pub(crate) fn finish(self) -> (String, Vec<Group>, Vec<FileContext>, Vec<Error>) {
        (self.text, self.groups, self.contexts, self.errors)
    }

    /// Types the module declares, by name.
    pub(crate) fn declared(&self) -> impl Iterator<Item = &str> {
        self.declared
            .keys()
            .map(String::as_str)
            .filter(|name| !names::BASE.contains(name))
    }

    /// A comment of its own, at the head of a part of the module.
    pub(crate) fn heading(&mut self, text: &str) {
        let _ = writeln!(self.text, "\n;; ==== {}", comment(text));
    }

    /// Begins a rule group: one sentence why, and who asked.
    pub(crate) fn group(&mut self, sentence: &str, origin: &Origin) {
        self.begin(sentence, origin.clone(), &origin.to_string());
    }

    /// Begins a group that nobody asked for: about what the base policy gives.
    pub(crate) fn group_of_base(&mut self, sentence: &str) {
        let from = format!("the base policy of {}", self.target.name());
        self.begin(sentence, Origin::Derived { from: from.clone() }, &from);
    }

    fn begin(&mut self, sentence: &str, origin: Origin, asked: &str) {
        let _ = writeln!(self.text, "\n;; {} [{}]", comment(sentence), comment(asked));
        self.groups.push(Group {
            sentence: sentence.to_owned(),
            origin,
            statements: self.text.len()..self.text.len(),
        });
    }

    /// A statement, as it stands.
    pub(crate) fn statement(&mut self, statement: &str) {
        self.write(format_args!("{statement}"));
    }

    /// A statement that is put together only here, in the module's own text.
    fn write(&mut self, statement: fmt::Arguments<'_>) {
        let _ = writeln!(self.text, "{statement}");
        if let Some(group) = self.groups.last_mut() {
            group.statements.end = self.text.len();
        }
    }

    /// Declares a type; `what` says whose it is, should another claim the name.
    pub(crate) fn declare(&mut self, name: &str, role: &str, what: &str) {
        if let Some(first) = self.declared.get(name) {
            self.errors.push(Error::Clash {
                name: name.to_owned(),
                first: first.clone(),
                second: what.to_owned(),
            });
            return;
        }
        self.declared.insert(name.to_owned(), what.to_owned());
        self.write(format_args!("(type {name})"));
        self.write(format_args!("(roletype {role} {name})"));
    }

    /// Puts a type into attributes of the base policy.
    pub(crate) fn join(&mut self, name: &str, attributes: &[&str]) {
        for attribute in attributes {
            if !self.target.attributes.contains(*attribute) {
                self.missing("attribute", attribute);
            }
            self.write(format_args!("(typeattributeset {attribute} ({name}))"));
        }
    }

    /// Names a type of the base policy.
    pub(crate) fn base<'n>(&mut self, name: &'n str) -> &'n str {
        if !self.target.types.contains(name) {
            self.missing("type", name);
        }
        name
    }

    /// An allow rule.
    pub(crate) fn allow(
        &mut self,
        source: &str,
        target: &str,
        class: &'static str,
        permissions: &[&'static str],
    ) {
        self.check(class, permissions);
        // What the base policy gives is taken away from components alone.
        if source != names::SUPERVISOR && self.target.denies() {
            self.granted.add(source, target, class, permissions);
        }
        let permissions = Words(permissions);
        self.write(format_args!(
            "(allow {source} {target} ({class} ({permissions})))"
        ));
    }

    /// Allows these ioctl requests (their lower 16 bits, which is what the
    /// kernel compares) and no other.
    pub(crate) fn allow_ioctl(
        &mut self,
        source: &str,
        target: &str,
        class: &'static str,
        requests: &[u32],
    ) {
        self.allow(source, target, class, &["ioctl"]);
        let mut requests: Vec<u32> = requests.iter().map(|request| request & 0xffff).collect();
        requests.sort_unstable();
        requests.dedup();
        let requests: Vec<String> = requests.iter().map(|n| format!("{n:#06x}")).collect();
        let requests = requests.join(" ");
        self.write(format_args!(
            "(allowx {source} {target} (ioctl {class} ({requests})))"
        ));
    }

    /// Adds a file context to the module and to the list beside it.
    pub(crate) fn context(&mut self, context: FileContext) {
        self.statement(&context.cil());
        self.contexts.push(context);
    }

    /// Records whatever of a class and its permissions the target lacks.
    pub(crate) fn check(&mut self, class: &str, permissions: &[&str]) {
        let Some(known) = self.target.classes.get(class) else {
            self.missing("class", class);
            return;
        };
        for permission in permissions {
            if !known.contains(*permission) {
                self.missing(base_module::kind(class), &format!("{class}:{permission}"));
            }
        }
    }

    fn missing(&mut self, kind: &'static str, name: &str) {
        let group = self.groups.last();
        let asked = group.map_or_else(String::new, |group| group.origin.to_string());
        let error = Error::Missing {
            kind,
            name: name.to_owned(),
            target: self.target.name().to_owned(),
            needed_for: comment(group.map_or("", |group| &group.sentence)).into_owned(),
            origin: comment(&asked).into_owned(),
        };
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }
}

/// Words with spaces between them.
pub(crate) struct Words<'w>(pub(crate) &'w [&'w str]);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_declared_already_is_an_error_naming_both() {
        let target = Target::parse("name x\nbinary 33\n").unwrap();
        let mut writer = Writer::new(&target);
        writer.declare("cordon_a__b_t", "system_r", "component b");
        writer.declare("cordon_a__b_t", "object_r", "something else");
        writer.declare(names::ROOT, "object_r", "path /root");
        let (module, _, _, errors) = writer.finish();
        assert_eq!(module.matches("(type ").count(), 1, "{module}");
        let clash = |name: &str, first: &str, second: &str| Error::Clash {
            name: name.to_owned(),
            first: first.to_owned(),
            second: second.to_owned(),
        };
        assert_eq!(
            errors,
            [
                clash("cordon_a__b_t", "component b", "something else"),
                clash(
                    names::ROOT,
                    "the base module of Cordon (selinux/)",
                    "path /root"
                ),
            ]
        );
    }
}
