//! Rust: a module per channel, with a struct, its enums, and what is known of
//! each field.

use super::names::{Scope, camel, snake, upper};
use super::{Declared, sentence};
use cordon_channel::{Field, Pace};
use std::fmt::Write as _;

/// One field in Rust's words.
struct Member<'a> {
    field: &'a Field,
    sentence: String,
    name: String,
    /// Type of a value, without the option around it.
    kind: String,
    /// The enum's name and its variants, where it is one.
    choice: Option<(String, Vec<String>)>,
}

/// The whole file. It can be a module's file or be included by `include!`.
pub fn text(device: &str, channels: &[Declared<'_>]) -> String {
    let mut text = format!(
        "// Made by `cordon channel codegen --lang rust` from the manifest of {device}.\n\
         // Change the manifest, not this.\n"
    );
    let mut scope = Scope::default();
    for declared in channels {
        let name = scope.name(snake(&declared.link.name));
        module(&mut text, &name, declared);
    }
    text
}

fn module(text: &mut String, name: &str, declared: &Declared<'_>) {
    let members = members(declared);
    let _ = write!(
        text,
        "\n/// {}\n#[rustfmt::skip]\n#[allow(dead_code, reason = \"a program uses a part\")]\npub mod {name} {{\n\
         \x20   use ::cordon_channel::typed::{{self, FieldFacts, Typed}};\n\
         \x20   use ::cordon_channel::{{Pace, ValueError}};\n",
        declared.sentence()
    );
    record(text, &members);
    implementation(text, declared, &members);
    for member in &members {
        choice(text, member);
    }
    facts(text, &members);
    text.push_str("}\n");
}

fn members<'a>(declared: &'a Declared<'_>) -> Vec<Member<'a>> {
    let mut names = Scope::default();
    // What the module itself uses.
    let mut types = Scope::with(&[
        "Record",
        "Self",
        "FieldFacts",
        "Typed",
        "Pace",
        "ValueError",
    ]);
    let member = |(field, said): (&'a Field, _)| {
        let scalar = field.scalar.name();
        let mut choice = None;
        let kind = match (field.array, field.values.is_empty()) {
            (Some(count), _) => format!("[{scalar}; {count}]"),
            (None, true) => scalar.to_owned(),
            (None, false) => {
                let name = types.name(camel(&field.name));
                let mut variants = Scope::with(&["Self"]);
                let of = |value: &String| variants.name(camel(value));
                choice = Some((name.clone(), field.values.iter().map(of).collect()));
                name
            }
        };
        Member {
            field,
            sentence: sentence(field, said),
            name: names.name(snake(&field.name)),
            kind,
            choice,
        }
    };
    declared.fields().map(member).collect()
}

fn record(text: &mut String, members: &[Member<'_>]) {
    text.push_str(
        "\n    /// One record; a field without a value is drawn as `---`.\n\
         \x20   #[derive(Clone, Debug, Default, PartialEq, Eq)]\n    pub struct Record {\n",
    );
    for member in members {
        let Member {
            sentence,
            name,
            kind,
            ..
        } = member;
        let _ = writeln!(
            text,
            "        /// {sentence}\n        pub {name}: ::core::option::Option<{kind}>,"
        );
    }
    text.push_str("    }\n");
}

fn implementation(text: &mut String, declared: &Declared<'_>, members: &[Member<'_>]) {
    let link = &declared.link;
    let pace = match link.pace {
        Pace::Periodic {
            period_ns,
            deadline_ns,
        } => format!("Periodic {{ period_ns: {period_ns}, deadline_ns: {deadline_ns} }}"),
        Pace::Sporadic { records, per_ns } => {
            format!("Sporadic {{ records: {records}, per_ns: {per_ns} }}")
        }
    };
    let _ = write!(
        text,
        "\n    impl Typed for Record {{\n        const NAME: &'static str = {:?};\n\
         \x20       const SCHEMA: &'static str = \"\\\n",
        link.name
    );
    for line in link.schema.to_text().lines() {
        // A unit may hold any printable character.
        let _ = writeln!(text, "{}\\n\\", line.escape_default());
    }
    let _ = write!(
        text,
        "\";\n        const PACE: Pace = Pace::{pace};\n\n\
         \x20       fn read(record: &::cordon_channel::Record) -> Self {{\n            Self {{\n"
    );
    for (place, member) in members.iter().enumerate() {
        let call = if member.field.array.is_some() {
            "array"
        } else {
            "value"
        };
        let _ = writeln!(
            text,
            "                {}: typed::{call}(record, {place}),",
            member.name
        );
    }
    text.push_str(
        "            }\n        }\n\n\
         \x20       fn fill(&self, record: &mut ::cordon_channel::Record) -> ::core::result::Result<(), ValueError> {\n",
    );
    for (place, member) in members.iter().enumerate() {
        let (call, by) = match member.field.array {
            Some(_) => ("set_array", ".as_ref()"),
            None => ("set", ""),
        };
        let _ = writeln!(
            text,
            "            typed::{call}(record, {place}, self.{}{by})?;",
            member.name
        );
    }
    text.push_str("            ::core::result::Result::Ok(())\n        }\n    }\n");
}

fn choice(text: &mut String, member: &Member<'_>) {
    let Some((name, variants)) = &member.choice else {
        return;
    };
    let _ = write!(
        text,
        "\n    /// {}\n    #[derive(Clone, Copy, Debug, PartialEq, Eq)]\n    pub enum {name} {{\n",
        member.sentence
    );
    for ((place, variant), value) in variants.iter().enumerate().zip(&member.field.values) {
        let _ = writeln!(text, "        /// `{value}`.\n        {variant} = {place},");
    }
    let _ = write!(
        text,
        "    }}\n\n    impl ::core::convert::TryFrom<i128> for {name} {{\n        type Error = i128;\n\n\
         \x20       fn try_from(value: i128) -> ::core::result::Result<Self, i128> {{\n\
         \x20           match value {{\n"
    );
    for (place, variant) in variants.iter().enumerate() {
        let _ = writeln!(
            text,
            "                {place} => ::core::result::Result::Ok(Self::{variant}),"
        );
    }
    let _ = write!(
        text,
        "                other => ::core::result::Result::Err(other),\n            }}\n        }}\n    }}\n\n\
         \x20   impl ::core::convert::From<{name}> for i128 {{\n\
         \x20       fn from(value: {name}) -> Self {{\n            value as Self\n        }}\n    }}\n"
    );
}

fn facts(text: &mut String, members: &[Member<'_>]) {
    text.push_str(
        "\n    /// Name, unit and range of each field.\n    pub mod fields {\n        use super::FieldFacts;\n",
    );
    let mut scope = Scope::with(&["FieldFacts"]);
    for member in members {
        let field = member.field;
        let (low, high) = field.bounds();
        let unit = match &field.unit {
            Some(unit) => format!("::core::option::Option::Some({unit:?})"),
            None => "::core::option::Option::None".to_owned(),
        };
        let _ = write!(
            text,
            "\n        /// {}\n        pub const {}: FieldFacts = FieldFacts {{ name: {:?}, unit: {unit}, low: {low}, high: {high}, elements: {} }};\n",
            member.sentence,
            scope.name(upper(&field.name)),
            field.name,
            field.elements()
        );
    }
    text.push_str("    }\n");
}
