//! Reads a node tree by the table of keys, collecting every error on the way.

mod word;

use crate::diagnostic::{At, Diagnostic, Position, Sink};
use crate::keys::{Key, MAX_ITEMS, Shape, Table};
use crate::nearest::nearest;
use crate::scalar::{self, Wrong, short};
use crate::value::{Fields, Value};
use crate::yaml::{Kind, Node};

/// Reads a mapping with fixed keys.
pub(crate) fn table(
    node: &Node,
    table: &'static Table,
    at: Position,
    sink: &mut Sink,
) -> Option<Fields> {
    let Kind::Map(entries) = &node.kind else {
        let names: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
        let help = format!("a mapping; its keys are {}", listed(&names));
        sink.push(wrong_kind(
            node,
            &format!("{} is a mapping", table.what),
            help,
        ));
        return None;
    };
    if crowded(node, entries.len(), table.what, sink) {
        return None;
    }
    let mut fields = Fields {
        at: Some(at),
        ..Fields::default()
    };
    let mut seen: Vec<(String, Position)> = Vec::new();
    for (key_node, value) in entries {
        let Some(name) = key_text(key_node, sink) else {
            continue;
        };
        if let Some(first) = duplicate(&mut seen, &name, key_node.at) {
            sink.push(twice(&name, key_node.at, first));
            continue;
        }
        let Some(key) = table.key(&name) else {
            if sink.is_full() {
                continue;
            }
            // What was meant is not missing besides.
            fields
                .spoiled
                .extend(nearest(&name, table.keys.iter().map(|key| key.name)));
            sink.push(unknown(&name, key_node.at, table));
            continue;
        };
        match shape(value, &key.shape, key, sink) {
            Some(read) => fields
                .entries
                .push((key.name, key_node.at, At::new(read, value.at))),
            None => fields.spoiled.push(key.name),
        }
    }
    for key in table.keys.iter().filter(|key| key.required) {
        if !fields.wrote(key.name) {
            sink.push(
                Diagnostic::error(
                    "missing-key",
                    format!("{} needs `{}`", table.what, key.name),
                )
                .at(at)
                .label(format!("`{}` is missing here", key.name))
                .help(format!("add `{}: {}`. {}", key.name, key.example, key.doc)),
            );
        }
    }
    Some(fields)
}

/// Whether there is more in it than any device needs.
fn crowded(node: &Node, count: usize, what: &str, sink: &mut Sink) -> bool {
    let crowded = count > MAX_ITEMS;
    if crowded {
        sink.push(
            Diagnostic::error(
                "size",
                format!("{what}: {count} entries; at most {MAX_ITEMS} are possible"),
            )
            .at(node.at)
            .label("too many")
            .help("a manifest describes one device"),
        );
    }
    crowded
}

fn unknown(name: &str, at: Position, table: &Table) -> Diagnostic {
    let names: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
    let diagnostic = Diagnostic::error(
        "unknown-key",
        format!("{} has no key `{}`", table.what, short(name)),
    )
    .at(at)
    .label("unknown key");
    match nearest(name, names.iter().copied()) {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic.help(format!("its keys are {}", listed(&names))),
    }
}

fn twice(name: &str, at: Position, first: Position) -> Diagnostic {
    Diagnostic::error(
        "duplicate-key",
        format!("`{}` is written twice", short(name)),
    )
    .at(at)
    .label("second time")
    .related(first, "first time")
    .help("keep one of them")
}

fn duplicate(seen: &mut Vec<(String, Position)>, name: &str, at: Position) -> Option<Position> {
    if let Some((_, first)) = seen.iter().find(|(other, _)| other == name) {
        return Some(*first);
    }
    seen.push((name.to_owned(), at));
    None
}

fn key_text(node: &Node, sink: &mut Sink) -> Option<String> {
    match &node.kind {
        Kind::Scalar { text, .. } => Some(text.clone()),
        _ => {
            sink.push(wrong_kind(node, "a key is a name", "write `name: value`"));
            None
        }
    }
}

/// `a`, `b` and `c`.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [head @ .., last] => {
            let head: Vec<String> = head.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", head.join(", "))
        }
    }
}

fn wrong_kind(node: &Node, message: &str, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error("wrong-type", message)
        .at(node.at)
        .label(format!("this is {}", node.describe()))
        .help(help)
}

/// Reads one value of the shape its key asks for.
fn shape(node: &Node, shape: &'static Shape, key: &'static Key, sink: &mut Sink) -> Option<Value> {
    match shape {
        Shape::List(item) | Shape::Some(item) => {
            list(node, item, key, matches!(shape, Shape::Some(_)), sink)
        }
        Shape::Table(inner) => table(node, inner, node.at, sink).map(Value::Table),
        Shape::Named { what, table } => named(node, what, table, key, sink),
        Shape::Environment => environment(node, key, sink),
        _ => {
            let Kind::Scalar { text, quoted } = &node.kind else {
                sink.push(wrong_kind(
                    node,
                    &format!("`{}` is {}", key.name, word::noun(shape)),
                    for_example(key),
                ));
                return None;
            };
            match word::value(text, *quoted, shape) {
                Ok(value) => Some(value),
                Err(Wrong {
                    code,
                    message,
                    help,
                }) => {
                    sink.push(
                        Diagnostic::error(code, message)
                            .at(node.at)
                            .label(word::noun(shape))
                            .help(help),
                    );
                    None
                }
            }
        }
    }
}

fn for_example(key: &Key) -> String {
    format!("for example `{}: {}`", key.name, key.example)
}

fn list(
    node: &Node,
    item: &'static Shape,
    key: &'static Key,
    some: bool,
    sink: &mut Sink,
) -> Option<Value> {
    let Kind::List(nodes) = &node.kind else {
        let help = match &node.kind {
            Kind::Scalar { text, .. } if matches!(item, Shape::Text) => {
                let words: Vec<&str> = text.split_whitespace().take(20).collect();
                format!(
                    "there is no shell that would split a text: `{}: [{}]`",
                    key.name,
                    short(&words.join(", "))
                )
            }
            Kind::Scalar { text, .. } => format!("write `{}: [{}]`", key.name, short(text)),
            _ => for_example(key),
        };
        sink.push(wrong_kind(node, &format!("`{}` is a list", key.name), help));
        return None;
    };
    if nodes.is_empty() && some {
        sink.push(
            Diagnostic::error("empty-list", format!("`{}` is empty", key.name))
                .at(node.at)
                .label("nothing in it")
                .help(for_example(key)),
        );
        return None;
    }
    if crowded(node, nodes.len(), key.name, sink) {
        return None;
    }
    // A wrong item is an error already; the others are kept for the checks that follow.
    Some(Value::List(
        nodes
            .iter()
            .filter_map(|node| Some(At::new(shape(node, item, key, sink)?, node.at)))
            .collect(),
    ))
}

fn named(
    node: &Node,
    what: &str,
    inner: &'static Table,
    key: &'static Key,
    sink: &mut Sink,
) -> Option<Value> {
    let Kind::Map(entries) = &node.kind else {
        sink.push(wrong_kind(
            node,
            &format!("`{}` is a mapping from names", key.name),
            for_example(key),
        ));
        return None;
    };
    if entries.is_empty() {
        sink.push(
            Diagnostic::error("empty-list", format!("`{}` is empty", key.name))
                .at(node.at)
                .label("nothing in it")
                .help(for_example(key)),
        );
        return None;
    }
    if crowded(node, entries.len(), key.name, sink) {
        return None;
    }
    let mut seen = Vec::new();
    let mut read = Vec::new();
    for (key_node, value) in entries {
        let Some(name) = key_text(key_node, sink) else {
            continue;
        };
        if let Some(first) = duplicate(&mut seen, &name, key_node.at) {
            sink.push(twice(&name, key_node.at, first));
            continue;
        }
        let name = match scalar::name(&name) {
            Ok(name) => Some(name),
            Err(wrong) => {
                sink.push(
                    Diagnostic::error(wrong.code, wrong.message)
                        .at(key_node.at)
                        .label(format!("name of a {what}"))
                        .help(wrong.help),
                );
                None
            }
        };
        // A name whose mapping is wrong is still a name that others may point to.
        let fields = table(value, inner, key_node.at, sink).unwrap_or_default();
        if let Some(name) = name {
            read.push((At::new(name, key_node.at), fields));
        }
    }
    Some(Value::Named(read))
}

fn environment(node: &Node, key: &'static Key, sink: &mut Sink) -> Option<Value> {
    let Kind::Map(entries) = &node.kind else {
        sink.push(wrong_kind(
            node,
            &format!("`{}` is a mapping", key.name),
            for_example(key),
        ));
        return None;
    };
    if crowded(node, entries.len(), key.name, sink) {
        return None;
    }
    let mut seen = Vec::new();
    let mut pairs = Vec::new();
    for (key_node, value) in entries {
        let Some(name) = key_text(key_node, sink) else {
            continue;
        };
        if let Some(first) = duplicate(&mut seen, &name, key_node.at) {
            sink.push(twice(&name, key_node.at, first));
            continue;
        }
        let mut complain = |wrong: Wrong, at: Position| {
            sink.push(
                Diagnostic::error(wrong.code, wrong.message)
                    .at(at)
                    .label("environment")
                    .help(wrong.help),
            );
        };
        let name = scalar::environment(&name)
            .map_err(|wrong| complain(wrong, key_node.at))
            .ok();
        let Kind::Scalar { text, .. } = &value.kind else {
            sink.push(wrong_kind(
                value,
                "an environment variable is a text",
                "`\"\"` for an empty one",
            ));
            continue;
        };
        let text = scalar::text(text)
            .map_err(|wrong| complain(wrong, value.at))
            .ok();
        if let (Some(name), Some(text)) = (name, text) {
            pairs.push((At::new(name, key_node.at), At::new(text, value.at)));
        }
    }
    Some(Value::Pairs(pairs))
}
