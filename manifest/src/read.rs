//! Reads a node tree by the table of keys, collecting every error on the way.

use crate::diagnostic::{At, Diagnostic, Position, Sink};
use crate::keys::{Key, MAX_ITEMS, Shape, Table};
use crate::nearest::nearest;
use crate::plan::Layer;
use crate::scalar::{self, Wrong, short};
use crate::value::{Fields, Value};
use crate::yaml::{Kind, Node};
use crate::{roles, ucum};

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
                    &format!("`{}` is {}", key.name, noun(shape)),
                    for_example(key),
                ));
                return None;
            };
            match scalar_value(text, *quoted, shape) {
                Ok(value) => Some(value),
                Err(Wrong {
                    code,
                    message,
                    help,
                }) => {
                    sink.push(
                        Diagnostic::error(code, message)
                            .at(node.at)
                            .label(noun(shape))
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

/// What a scalar of this shape is called.
fn noun(shape: &Shape) -> &'static str {
    match shape {
        Shape::Version | Shape::Integer { .. } => "a whole number",
        Shape::Name => "a name",
        Shape::Role => "the name of a role",
        Shape::User => "the name or number of a user",
        Shape::Text => "a text",
        Shape::Path => "an absolute path",
        Shape::Bool => "true or false",
        Shape::Duration => "a duration",
        Shape::Size => "a size",
        Shape::Percent => "percent of one core",
        Shape::Rate => "a number in a time",
        Shape::SocketAddress => "an address with a port",
        Shape::Port => "a TCP port",
        Shape::FieldType => "an integer type",
        Shape::Unit => "a UCUM code",
        Shape::Range => "a range",
        Shape::Word(_) => "one of a few words",
        Shape::Layer => "the name of a layer",
        Shape::List(_) | Shape::Some(_) => "a list",
        Shape::Table(_) | Shape::Named { .. } | Shape::Environment => "a mapping",
    }
}

fn scalar_value(text: &str, quoted: bool, shape: &'static Shape) -> Result<Value, Wrong> {
    let value = match shape {
        Shape::Version => match text {
            "1" if !quoted => Value::Integer(1),
            _ => {
                return Err(Wrong {
                    code: "version",
                    message: format!(
                        "`{}` is no version of the manifest language this program knows",
                        short(text)
                    ),
                    help: "write `cordon: 1`".to_owned(),
                });
            }
        },
        Shape::Name => Value::Text(scalar::name(text)?),
        Shape::Role => Value::Text(role(text)?),
        Shape::User => Value::Text(user(text)?),
        Shape::Text => Value::Text(scalar::text(text)?),
        Shape::Path => Value::Text(scalar::path(text)?),
        Shape::Bool => match (text, quoted) {
            ("true", false) => Value::Bool(true),
            ("false", false) => Value::Bool(false),
            _ => {
                let meant = match text.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "true" | "1" => "write `true`",
                    "no" | "off" | "false" | "0" => "write `false`",
                    _ => "write `true` or `false`",
                };
                return Err(Wrong {
                    code: "boolean",
                    message: format!("`{}` is neither true nor false", short(text)),
                    help: meant.to_owned(),
                });
            }
        },
        Shape::Integer { min, max } => Value::Integer(scalar::integer(text, *min, *max)?),
        Shape::Duration => Value::Duration(scalar::duration(text)?),
        Shape::Size => Value::Integer(i128::from(scalar::size(text)?)),
        Shape::Percent => Value::Integer(i128::from(scalar::percent(text)?)),
        Shape::Rate => {
            let (count, per) = scalar::rate(text)?;
            Value::Rate { count, per }
        }
        Shape::SocketAddress => Value::Socket(scalar::socket(text)?),
        Shape::Port => Value::Integer(i128::from(scalar::port(text)?)),
        Shape::FieldType => {
            let (scalar, array) = scalar::field_type(text)?;
            Value::Field { scalar, array }
        }
        Shape::Unit => Value::Text(ucum::code(text)?),
        Shape::Range => {
            let (low, high) = scalar::range(text)?;
            Value::Range(low, high)
        }
        Shape::Word(words) => match words.iter().find(|word| **word == text) {
            Some(word) => Value::Text((*word).to_owned()),
            None => return Err(not_among(text, words, "word")),
        },
        Shape::Layer => layer(text)?,
        // Not scalars: read above.
        Shape::List(_)
        | Shape::Some(_)
        | Shape::Table(_)
        | Shape::Named { .. }
        | Shape::Environment => Value::Text(text.to_owned()),
    };
    Ok(value)
}

fn not_among(text: &str, words: &[&str], code: &'static str) -> Wrong {
    let all = words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let help = match nearest(text, words.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`? possible are {all}"),
        None => format!("possible are {all}"),
    };
    Wrong {
        code,
        message: format!("`{}` is not possible here", short(text)),
        help,
    }
}

fn role(text: &str) -> Result<String, Wrong> {
    let names = roles::NAMES;
    if names.contains(&text) {
        return Ok(text.to_owned());
    }
    let mut wrong = not_among(text, names, "unknown-role");
    wrong.message = format!("there is no role `{}`", short(text));
    Err(wrong)
}

fn user(text: &str) -> Result<String, Wrong> {
    let wrong = |message: String, help: &str| {
        Err(Wrong {
            code: "user",
            message,
            help: help.to_owned(),
        })
    };
    if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        return match text.parse::<u64>() {
            Ok(0) => wrong(
                "a component never runs as root".to_owned(),
                "name a user of its own",
            ),
            Ok(0xffff_ffff) => wrong(
                "4294967295 is -1 to the kernel, which means no user".to_owned(),
                "name a user of its own",
            ),
            Ok(number) if number < 0xffff_ffff && !text.starts_with('0') => Ok(text.to_owned()),
            _ => wrong(
                format!("`{}` is no number of a user", short(text)),
                "1 to 4294967294",
            ),
        };
    }
    if text == "root" {
        return wrong(
            "a component never runs as root".to_owned(),
            "name a user of its own",
        );
    }
    let mut chars = text.chars();
    let good = chars
        .next()
        .is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.')
        && text.len() <= 32;
    if good {
        Ok(text.to_owned())
    } else {
        wrong(
            format!("`{}` is no name of a user", short(text)),
            "a name such as `vitals`, or a number",
        )
    }
}

fn layer(text: &str) -> Result<Value, Wrong> {
    let possible: Vec<&str> = Layer::ALL
        .into_iter()
        .filter(|layer| layer.may_be_absent())
        .map(Layer::name)
        .collect();
    match Layer::from_name(text) {
        Some(layer) if layer.may_be_absent() => Ok(Value::Layer(layer)),
        Some(layer) => Err(Wrong {
            code: "layer",
            message: format!("`{layer}` may never be missing"),
            help: format!("these may: {}", listed(&possible)),
        }),
        None => Err(not_among(text, &possible, "layer")),
    }
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
