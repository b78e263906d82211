//! Single values: a text into what its key asks for.

use super::listed;
use crate::keys::Shape;
use crate::nearest::nearest;
use crate::plan::Layer;
use crate::scalar::{self, Wrong, short};
use crate::value::Value;
use crate::{roles, ucum};

/// What a scalar of this shape is called.
pub(super) fn noun(shape: &Shape) -> &'static str {
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

pub(super) fn value(text: &str, quoted: bool, shape: &'static Shape) -> Result<Value, Wrong> {
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
