//! Writing a module: rule groups, each with its sentence and its origin, every
//! name of the base policy checked against the target profile.

use crate::base_module;
use crate::cil::comment;
use crate::deny::Granted;
use crate::error::Error;
use crate::names;
use crate::target::Target;
use cordon_manifest::plan::Origin;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

/// What a file context is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileKind {
    Any,
    Regular,
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
    pub(crate) granted: Granted,
    text: String,
    sentence: String,
    origin: String,
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
            granted: Granted::of_base_module(),
            text: String::new(),
            sentence: String::new(),
            origin: String::new(),
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
        self.sentence = comment(sentence);
        self.origin = comment(&origin.to_string());
        let _ = writeln!(self.text, "\n;; {} [{}]", self.sentence, self.origin);
        self.groups.push(Group {
            sentence: sentence.to_owned(),
            origin: origin.clone(),
            statements: self.text.len()..self.text.len(),
        });
    }

    /// Begins a group that nobody asked for: about what the base policy gives.
    pub(crate) fn group_of_base(&mut self, sentence: &str) {
        let from = format!("the base policy of {}", self.target.name());
        let _ = writeln!(self.text, "\n;; {} [{from}]", comment(sentence));
        self.groups.push(Group {
            sentence: sentence.to_owned(),
            origin: Origin::Derived { from },
            statements: self.text.len()..self.text.len(),
        });
    }

    /// A statement, as it stands.
    pub(crate) fn statement(&mut self, statement: &str) {
        self.text.push_str(statement);
        self.text.push('\n');
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
        self.statement(&format!("(type {name})"));
        self.statement(&format!("(roletype {role} {name})"));
    }

    /// Puts a type into attributes of the base policy.
    pub(crate) fn join(&mut self, name: &str, attributes: &[&str]) {
        for attribute in attributes {
            if !self.target.attributes.contains(*attribute) {
                self.missing("attribute", attribute);
            }
            self.statement(&format!("(typeattributeset {attribute} ({name}))"));
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
    pub(crate) fn allow(&mut self, source: &str, target: &str, class: &str, permissions: &[&str]) {
        self.check(class, permissions);
        self.granted.add(source, target, class, permissions);
        self.statement(&format!(
            "(allow {source} {target} ({class} ({})))",
            permissions.join(" ")
        ));
    }

    /// Allows these ioctl requests (their lower 16 bits, which is what the
    /// kernel compares) and no other.
    pub(crate) fn allow_ioctl(
        &mut self,
        source: &str,
        target: &str,
        class: &str,
        requests: &[u32],
    ) {
        self.allow(source, target, class, &["ioctl"]);
        let mut requests: Vec<u32> = requests.iter().map(|request| request & 0xffff).collect();
        requests.sort_unstable();
        requests.dedup();
        let requests: Vec<String> = requests.iter().map(|n| format!("{n:#06x}")).collect();
        self.statement(&format!(
            "(allowx {source} {target} (ioctl {class} ({})))",
            requests.join(" ")
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
        let error = Error::Missing {
            kind,
            name: name.to_owned(),
            target: self.target.name.clone(),
            needed_for: self.sentence.clone(),
            origin: self.origin.clone(),
        };
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }
}
