//! Which type each path, device node and port of a device carries.

use crate::error::Error;
use crate::kept::Kept;
use crate::names;
use crate::target::Target;
use cordon_manifest::plan::{
    Access, Component, DeviceGrant, FileGrant, Network, Origin, PathKind, Plan, Purpose,
};
use std::collections::BTreeMap;
use std::ops::Bound;

/// A label, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// A type of the device's own module.
    Own(String),
    /// A type of the base policy, shared with the whole system.
    Base(String),
}

impl Label {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Own(name) | Self::Base(name) => name,
        }
    }

    pub(crate) fn own(&self) -> Option<&str> {
        match self {
            Self::Own(name) => Some(name),
            Self::Base(_) => None,
        }
    }
}

/// A path with a type of its own.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) label: String,
    pub(crate) kind: PathKind,
    pub(crate) origin: Origin,
}

/// A device node with a type of its own.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) label: String,
    pub(crate) block: bool,
    pub(crate) origin: Origin,
}

/// A program that is the entry point of one domain or of several.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) label: Label,
    pub(crate) component: String,
}

/// The labels of a device, by the path or port that carries them.
pub(crate) struct Labels {
    pub(crate) programs: BTreeMap<String, Program>,
    pub(crate) paths: BTreeMap<String, Path>,
    pub(crate) nodes: BTreeMap<String, Node>,
    /// Port, its label, and who asked first.
    pub(crate) ports: BTreeMap<u16, (Label, Origin)>,
    shared: BTreeMap<String, String>,
}

/// Whether the policy has to know of this file: programs have their entry
/// point, and libraries come with the loader, whichever they are.
pub(crate) fn is_declared(file: &FileGrant) -> bool {
    matches!(file.purpose, Purpose::Declared | Purpose::Script)
}

impl Labels {
    /// Decides every label of a Plan. `errors` receives paths that cannot have one.
    pub(crate) fn of(plan: &Plan, target: &Target, errors: &mut Vec<Error>) -> Self {
        let mut labels = Self {
            programs: BTreeMap::new(),
            paths: BTreeMap::new(),
            nodes: BTreeMap::new(),
            ports: BTreeMap::new(),
            shared: BTreeMap::new(),
        };
        let kept = Kept::of(target);
        for component in &plan.components {
            labels.program(plan, component, target, errors);
            let program = &component.program;
            let origin = Origin::Manifest { line: program.line };
            errors.extend(is_kept(&kept, target, plan, &program.path, false, &origin));
        }
        for component in &plan.components {
            for file in component.files.iter().filter(|file| is_declared(file)) {
                labels.path(plan, file, target, &kept, errors);
            }
            for device in &component.devices {
                labels.node(plan, device, target, errors);
            }
            labels.network(plan, component, target);
        }
        errors.extend(labels.named_below(target));
        labels
    }

    /// The nearest directory of the device's at or above a path.
    pub(crate) fn directory(&self, path: &str) -> Option<&Path> {
        let mut at = path;
        loop {
            let found = self.paths.get(at).filter(|own| own.kind != PathKind::File);
            if found.is_some() {
                return found;
            }
            at = &at[..at.rfind('/')?];
        }
    }

    /// What the base policy names exactly below a directory that would be
    /// labelled as a whole, by directory the first.
    fn named_below(&self, target: &Target) -> Vec<Error> {
        let mut found: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for (below, label) in target.all_labelled() {
            let ends = below
                .char_indices()
                .filter(|(_, character)| *character == '/');
            for (end, _) in ends.skip(1) {
                let Some((path, own)) = self.paths.get_key_value(&below[..end]) else {
                    continue;
                };
                if own.kind != PathKind::File {
                    let first = found.entry(path).or_insert((below, label));
                    *first = (*first).min((below, label));
                }
            }
        }
        let error = |(path, (below, label)): (&str, (&str, &str))| Error::BaseBelow {
            path: path.to_owned(),
            below: below.to_owned(),
            label: label.to_owned(),
            target: target.name().to_owned(),
            origin: self.paths[path].origin.to_string(),
        };
        found.into_iter().map(error).collect()
    }

    fn program(
        &mut self,
        plan: &Plan,
        component: &Component,
        target: &Target,
        errors: &mut Vec<Error>,
    ) {
        let path = &component.program.path;
        let line = component.program.line;
        if !normalised(path) {
            errors.push(bad_path(path, &Origin::Manifest { line }));
        }
        // An interpreter serves the whole system: a label of its own would
        // take it away from everyone else.
        let shared = component
            .program
            .script
            .as_ref()
            .and_then(|_| target.shared(path));
        let label = shared.map_or_else(
            || Label::Own(names::exec_type(&plan.device, &component.name)),
            |label| Label::Base(label.to_owned()),
        );
        if matches!(label, Label::Own(_)) {
            let instead = Some(format!("/usr/lib/{}", plan.device));
            let origin = Origin::Manifest { line };
            errors.extend(base_label(target, "program", path, instead, &origin));
        }
        self.programs.entry(path.clone()).or_insert(Program {
            label,
            component: component.name.clone(),
        });
    }

    fn path(
        &mut self,
        plan: &Plan,
        file: &FileGrant,
        target: &Target,
        kept: &Kept<'_>,
        errors: &mut Vec<Error>,
    ) {
        let source = &file.source;
        if !normalised(source) {
            errors.push(bad_path(source, &file.origin));
            return;
        }
        if file.size.is_some() || self.programs.contains_key(source) {
            return;
        }
        if let Some(label) = target.shared(source) {
            if file.access == Access::Write {
                errors.push(Error::SharedWrite {
                    path: source.clone(),
                    label: label.to_owned(),
                    origin: file.origin.to_string(),
                });
            }
            self.shared.insert(source.clone(), label.to_owned());
            return;
        }
        // What is passed and not there yet will be a file.
        let kind = match file.kind {
            PathKind::Absent if file.pass.is_some() => PathKind::File,
            kind => kind,
        };
        let whole = kind != PathKind::File;
        errors.extend(is_kept(kept, target, plan, source, whole, &file.origin));
        if kind == PathKind::File {
            let instead = Some(format!("/etc/{}", plan.device));
            errors.extend(base_label(target, "file", source, instead, &file.origin));
        }
        self.paths.entry(source.clone()).or_insert_with(|| Path {
            label: names::file_type(&plan.device, source),
            kind,
            origin: file.origin.clone(),
        });
    }

    fn node(
        &mut self,
        plan: &Plan,
        device: &DeviceGrant,
        target: &Target,
        errors: &mut Vec<Error>,
    ) {
        let source = &device.source;
        if !normalised(source) {
            errors.push(bad_path(source, &device.origin));
            return;
        }
        if let Some(label) = target.node(source) {
            self.shared.insert(source.clone(), label.to_owned());
            return;
        }
        errors.extend(base_label(
            target,
            "device node",
            source,
            None,
            &device.origin,
        ));
        self.nodes.entry(source.clone()).or_insert_with(|| Node {
            label: names::node_type(&plan.device, source),
            block: device.node.is_some_and(|node| node.block),
            origin: device.origin.clone(),
        });
    }

    fn network(&mut self, plan: &Plan, component: &Component, target: &Target) {
        let mut port = |port: u16, origin: &Origin| {
            self.ports.entry(port).or_insert_with(|| {
                // The base policy's own statement about a port cannot be replaced.
                let label = target.port(port).map_or_else(
                    || Label::Own(names::port_type(&plan.device, port)),
                    |label| Label::Base(label.to_owned()),
                );
                (label, origin.clone())
            });
        };
        for listen in &component.listen {
            port(listen.tcp.port(), &listen.origin);
        }
        if let Network::Host { bind, connect } = &component.network {
            for granted in bind.iter().chain(connect) {
                port(granted.value, &granted.origin);
            }
        }
    }

    /// Type of each path that has one, whosever it is.
    pub(crate) fn by_path(&self) -> BTreeMap<String, String> {
        let programs = self.programs.iter();
        let programs = programs.map(|(path, program)| (path, program.label.name()));
        let paths = self.paths.iter();
        let paths = paths.map(|(path, found)| (path, found.label.as_str()));
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|(path, found)| (path, found.label.as_str()));
        let shared = self.shared.iter();
        let shared = shared.map(|(path, label)| (path, label.as_str()));
        let all = shared.chain(paths).chain(nodes).chain(programs);
        all.map(|(path, label)| (path.clone(), label.to_owned()))
            .collect()
    }

    /// Label of a device node's path.
    pub(crate) fn node_label(&self, source: &str) -> Option<Label> {
        let own = self
            .nodes
            .get(source)
            .map(|node| Label::Own(node.label.clone()));
        own.or_else(|| self.shared.get(source).cloned().map(Label::Base))
    }

    /// Types a file grant reaches: its own, and those of whatever else has a
    /// type of its own below it, unless the component says something about
    /// that path itself.
    pub(crate) fn reached(
        &self,
        plan: &Plan,
        component: &Component,
        file: &FileGrant,
    ) -> Vec<Label> {
        if file.size.is_some() {
            let label = names::tmpfs_type(&plan.device, &component.name, &file.path);
            return vec![Label::Own(label)];
        }
        let source = &file.source;
        if let Some(program) = self.programs.get(source) {
            return vec![program.label.clone()];
        }
        if let Some(label) = self.shared.get(source) {
            return vec![Label::Base(label.clone())];
        }
        let said = |path: &str| {
            path != source
                && component
                    .files
                    .iter()
                    .any(|other| is_declared(other) && other.source == path)
        };
        let paths = below(&self.paths, source)
            .filter(|(path, _)| !said(path))
            .map(|(_, path)| Label::Own(path.label.clone()));
        // A program is never writable, whatever is granted around it.
        let programs = below(&self.programs, source)
            .filter(|(path, _)| file.access != Access::Write && !said(path))
            .filter_map(|(_, program)| program.label.own().map(str::to_owned))
            .map(Label::Own);
        paths.chain(programs).collect()
    }
}

/// What has this path, and what lies below it.
fn below<'m, V>(
    map: &'m BTreeMap<String, V>,
    path: &str,
) -> impl Iterator<Item = (&'m String, &'m V)> {
    let from = (Bound::Included(path), Bound::Unbounded);
    map.range::<str, _>(from)
        .map_while(move |(found, value)| Some((found, found.strip_prefix(path)?, value)))
        .filter(|(_, rest, _)| rest.is_empty() || rest.starts_with('/'))
        .map(|(found, _, value)| (found, value))
}

/// The error that the base policy labels this very path, if it does.
/// `instead` is a directory in which a copy would do.
fn base_label(
    target: &Target,
    what: &'static str,
    path: &str,
    instead: Option<String>,
    origin: &Origin,
) -> Option<Error> {
    let label = target.labelled(path)?;
    let (_, name) = path.rsplit_once('/')?;
    Some(Error::BaseLabel {
        path: path.to_owned(),
        what,
        label: label.to_owned(),
        target: target.name().to_owned(),
        instead: instead.map(|directory| format!("{directory}/{name}")),
        origin: origin.to_string(),
    })
}

/// The error that a path is, or has below it, what no device is given.
fn is_kept(
    kept: &Kept<'_>,
    target: &Target,
    plan: &Plan,
    path: &str,
    whole: bool,
    origin: &Origin,
) -> Option<Error> {
    let why = if let Some(place) = kept.find(path, whole) {
        let (name, expression, label) = (target.name(), place.expression, place.label);
        format!("the base policy of {name} keeps {expression} apart, as {label}")
    } else if let Some(secret) = cordon_manifest::secret(path, whole) {
        format!("{} is {}", secret.place, secret.what)
    } else {
        return None;
    };
    Some(Error::Kept {
        path: path.to_owned(),
        why,
        instead: format!("/etc/{}", plan.device),
        origin: origin.to_string(),
    })
}

fn bad_path(path: &str, origin: &Origin) -> Error {
    Error::Path {
        path: path.to_owned(),
        origin: origin.to_string(),
    }
}

fn normalised(path: &str) -> bool {
    path.len() > 1
        && path.starts_with('/')
        && path[1..]
            .split('/')
            .all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[test]
    fn only_absolute_normalised_paths() {
        for path in ["", "/", "a", "/a/", "//a", "/a//b", "/a/../b", "/./a"] {
            assert!(!normalised(path), "{path:?}");
        }
        assert!(normalised("/a/b.c"));
    }
}
