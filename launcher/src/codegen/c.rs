//! C and C++: a struct per channel that has the packed record's own layout,
//! and the calls of cordon-channel.h with its types.

use super::names::{Scope, snake, upper};
use super::{Declared, sentence};
use cordon_channel::{Field, Pace, Scalar};
use std::fmt::Write as _;

/// One field in C's words.
struct Member<'a> {
    field: &'a Field,
    sentence: String,
    name: String,
    /// What its macros begin with.
    stem: String,
    offset: usize,
}

/// The whole header.
pub fn text(device: &str, channels: &[Declared<'_>]) -> String {
    let guard = format!("CORDON_{}_CHANNELS_H", upper(device));
    let mut text = format!(
        "/* Made by `cordon channel codegen --lang c` from the manifest of {device}.\n\
         \x20* Change the manifest, not this. */\n\
         #ifndef {guard}\n#define {guard}\n\n\
         #include <cordon-channel.h>\n#include <stddef.h>\n"
    );
    let mut names = Scope::default();
    for declared in channels {
        let name = names.name(snake(&declared.link.name));
        channel(&mut text, &name, declared);
    }
    let _ = write!(text, "\n#endif /* {guard} */\n");
    text
}

fn channel(text: &mut String, name: &str, declared: &Declared<'_>) {
    let macros = name.to_uppercase();
    let members = members(&macros, declared);
    let _ = write!(text, "\n/* ==== {} */\n\n", declared.sentence());
    let _ = writeln!(text, "#define {macros}_NAME \"{}\"", declared.link.name);
    let pace = match declared.link.pace {
        Pace::Periodic {
            period_ns,
            deadline_ns,
        } => format!("{{0, UINT64_C({period_ns}), UINT64_C({deadline_ns})}}"),
        Pace::Sporadic { records, per_ns } => format!("{{{records}, UINT64_C({per_ns}), 0}}"),
    };
    let _ = writeln!(text, "#define {macros}_PACE {pace}");
    let _ = write!(text, "#define {macros}_SCHEMA");
    for line in declared.link.schema.to_text().lines() {
        // A unit may hold any printable character; `??` begins a trigraph.
        let line = line
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('?', "\\?");
        let _ = write!(text, " \\\n    \"{line}\\n\"");
    }
    text.push('\n');
    facts(text, &macros, &members);
    record(text, name, declared, &members);
    calls(text, name, &macros);
}

fn members<'a>(macros: &str, declared: &'a Declared<'_>) -> Vec<Member<'a>> {
    let mut names = Scope::with(&["valid"]);
    let mut stems = Scope::default();
    let schema = &declared.link.schema;
    let member = |(place, (field, said)): (usize, (&'a Field, _))| Member {
        field,
        sentence: sentence(field, said),
        name: names.name(snake(&field.name)),
        stem: stems.name(format!("{macros}_{}", upper(&field.name))),
        offset: schema
            .at(place)
            .and_then(|id| schema.offset(id))
            .unwrap_or(0),
    };
    declared.fields().enumerate().map(member).collect()
}

fn facts(text: &mut String, macros: &str, members: &[Member<'_>]) {
    let mut scope = Scope::with(
        &["NAME", "PACE", "SCHEMA"]
            .map(|word| format!("{macros}_{word}"))
            .each_ref()
            .map(String::as_str),
    );
    for (place, member) in members.iter().enumerate() {
        let Member { field, stem, .. } = member;
        let mut define = |word: &str, value: &str| {
            let name = scope.name(format!("{stem}_{word}"));
            let _ = writeln!(text, "#define {name} {value}");
        };
        define("VALID", &format!("(UINT64_C(1) << {place})"));
        if let Some(unit) = &field.unit {
            let unit = unit
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('?', "\\?");
            define("UNIT", &format!("\"{unit}\""));
        }
        if field.values.is_empty() {
            let (low, high) = field.bounds();
            define("MIN", &literal(field.scalar, low));
            define("MAX", &literal(field.scalar, high));
        }
        for (number, value) in field.values.iter().enumerate() {
            define(&upper(value), &number.to_string());
        }
    }
}

fn record(text: &mut String, name: &str, declared: &Declared<'_>, members: &[Member<'_>]) {
    let _ = write!(
        text,
        "\n/* One record. A field has a value where its bit of `valid` is set; it is\n\
         \x20* drawn as `---` where it is not. */\ntypedef struct {name}_record {{\n\
         \x20   uint64_t valid; /* of the bits *_VALID */\n"
    );
    for member in members {
        let kind = kind(member.field.scalar);
        let count = member
            .field
            .array
            .map_or(String::new(), |n| format!("[{n}]"));
        let _ = writeln!(
            text,
            "    {kind} {}{count}; /* {} */",
            member.name, member.sentence
        );
    }
    let _ = writeln!(text, "}} {name}_record;\n");
    let size = 8 + declared.link.schema.payload_words() * 8;
    let _ = writeln!(
        text,
        "CORDON_STATIC_ASSERT(sizeof({name}_record) == {size}, \"packed as the channel packs\");"
    );
    for member in members {
        let _ = writeln!(
            text,
            "CORDON_STATIC_ASSERT(offsetof({name}_record, {}) == {}, \"packed as the channel packs\");",
            member.name,
            8 + member.offset
        );
    }
}

fn calls(text: &mut String, name: &str, macros: &str) {
    let _ = write!(
        text,
        "
/* The reading end; NULL when the control socket is NULL. */
static inline cordon_reader *{name}_reader(cordon_control *control, cordon_trust trust)
{{
    const cordon_pace pace = {macros}_PACE;
    return cordon_reader_new(control, {macros}_NAME, {macros}_SCHEMA, &pace, trust);
}}

/* The next record, each once: for a curve. */
CORDON_MUST_USE static inline bool {name}_take(cordon_reader *reader, {name}_record *record,
                                               cordon_sample *sample)
{{
    return cordon_reader_take(reader, record, sizeof *record, sample);
}}

/* What holds now: a record is written only with CORDON_FRESH, else `valid` is 0. */
CORDON_MUST_USE static inline cordon_now {name}_now(cordon_reader *reader, {name}_record *record,
                                                    cordon_sample *sample)
{{
    return cordon_reader_now(reader, record, sizeof *record, sample);
}}

/* The writing end; NULL when the control socket is NULL. */
static inline cordon_writer *{name}_writer(cordon_control *control)
{{
    const cordon_pace pace = {macros}_PACE;
    return cordon_writer_new(control, {macros}_NAME, {macros}_SCHEMA, &pace);
}}

CORDON_MUST_USE static inline cordon_status {name}_publish(cordon_writer *writer,
                                                           const {name}_record *record)
{{
    return cordon_writer_publish(writer, record, sizeof *record);
}}
"
    );
}

fn kind(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::U8 => "uint8_t",
        Scalar::U16 => "uint16_t",
        Scalar::U32 => "uint32_t",
        Scalar::U64 => "uint64_t",
        Scalar::I8 => "int8_t",
        Scalar::I16 => "int16_t",
        Scalar::I32 => "int32_t",
        Scalar::I64 => "int64_t",
    }
}

/// A number as a constant expression of its own width.
fn literal(scalar: Scalar, value: i128) -> String {
    match scalar {
        Scalar::U64 => format!("UINT64_C({value})"),
        Scalar::U32 => format!("UINT32_C({value})"),
        // C has no negative constants, so the smallest has none of its own.
        Scalar::I64 if value == i64::MIN.into() => format!("(-INT64_C({}) - 1)", i64::MAX),
        Scalar::I64 => format!("INT64_C({value})"),
        Scalar::I32 if value == i32::MIN.into() => format!("(-{} - 1)", i32::MAX),
        _ => format!("({value})"),
    }
}
