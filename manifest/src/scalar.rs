//! Scalars of the language: what a text must look like to be a duration, a size, a path.
//!
//! Each function answers a wrong text with what is wrong and what would be right.

use crate::keys::{MAX_NAME, MAX_TEXT};
use crate::plan::Scalar;
use std::net::SocketAddr;

/// What is wrong with a text, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: String,
}

fn wrong<T>(
    code: &'static str,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Result<T, Wrong> {
    Err(Wrong {
        code,
        message: message.into(),
        help: help.into(),
    })
}

/// A text short enough to repeat in a message.
pub(crate) fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// `[a-z][a-z0-9-]*`.
pub(crate) fn name(text: &str) -> Result<String, Wrong> {
    let mut chars = text.chars();
    let good = chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && text.len() <= MAX_NAME
        && !text.ends_with('-')
        && !text.contains("--");
    if good {
        return Ok(text.to_owned());
    }
    if text.len() > MAX_NAME {
        return wrong(
            "name",
            format!("a name has at most {MAX_NAME} characters"),
            "shorten it; SELinux types are built from it",
        );
    }
    let mut better: String = text
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    while better.contains("--") {
        better = better.replace("--", "-");
    }
    let better = better
        .trim_matches('-')
        .trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let help = if better.is_empty() {
        "for example `pump-1`".to_owned()
    } else {
        format!("for example `{better}`")
    };
    wrong(
        "name",
        format!(
            "`{}` is no name: lower-case letters, digits and single hyphens, a letter first",
            short(text)
        ),
        help,
    )
}

/// Text without NUL.
pub(crate) fn text(text: &str) -> Result<String, Wrong> {
    if text.len() > MAX_TEXT {
        return wrong(
            "text",
            format!(
                "a text of {} bytes; at most {MAX_TEXT} are possible",
                text.len()
            ),
            "shorten it",
        );
    }
    match text
        .chars()
        .find(|c| c.is_control() && *c != '\n' && *c != '\t')
    {
        Some(c) => wrong(
            "text",
            format!("a control character (U+{:04X}) in a text", u32::from(c)),
            "remove it",
        ),
        None => Ok(text.to_owned()),
    }
}

/// An absolute, normalised path.
pub(crate) fn path(written: &str) -> Result<String, Wrong> {
    text(written)?;
    if written.contains("${") {
        return wrong(
            "path",
            "substitution does not exist in manifests",
            "write the path out",
        );
    }
    if !written.starts_with('/') {
        let help = if written.starts_with('~') {
            "write the home directory out".to_owned()
        } else {
            format!("for example `/{}`", short(written.trim_start_matches("./")))
        };
        return wrong(
            "path",
            format!("`{}` is not absolute", short(written)),
            help,
        );
    }
    if written.contains(['*', '?', '[']) {
        return wrong(
            "path",
            format!("`{}`: patterns do not exist in manifests", short(written)),
            "grant the directory, or each path",
        );
    }
    let better = normalised(written);
    if better != written {
        return wrong(
            "path",
            format!("`{}` is not normalised", short(written)),
            format!("write `{}`", short(&better)),
        );
    }
    Ok(written.to_owned())
}

fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Digits at the beginning, and what follows.
fn digits(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    Some((number.parse().ok()?, rest))
}

const DURATIONS: [(&str, u64); 6] = [
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// A duration in nanoseconds: `50ms`.
pub(crate) fn duration(text: &str) -> Result<u64, Wrong> {
    let units = "us, ms, s, min, h or d";
    let Some((number, unit)) = digits(text) else {
        return wrong(
            "duration",
            format!("`{}` is no duration", short(text)),
            "a whole number with its unit, for example `50ms`, `2s`, `1min`",
        );
    };
    let Some((_, scale)) = DURATIONS.iter().find(|(name, _)| *name == unit) else {
        if unit.is_empty() {
            return wrong(
                "unit",
                format!("`{number}` has no unit of time"),
                format!("say which: `{number}ms` or `{number}s`"),
            );
        }
        if unit.starts_with('.') {
            return wrong(
                "duration",
                format!("`{}` is not a whole number", short(text)),
                "use the smaller unit: `1500ms` for 1.5 seconds",
            );
        }
        return wrong(
            "unit",
            format!("`{}` is no unit of time", short(unit)),
            format!("write {units}"),
        );
    };
    match number.checked_mul(*scale) {
        Some(0) => wrong("duration", "a duration of nothing", "at least `1us`"),
        Some(ns) if ns <= 366 * 86_400_000_000_000 => Ok(ns),
        _ => wrong(
            "duration",
            format!("`{}` is longer than a year", short(text)),
            "a device does not wait that long",
        ),
    }
}

/// A size in bytes: `96M`.
pub(crate) fn size(text: &str) -> Result<u64, Wrong> {
    let Some((number, unit)) = digits(text) else {
        return wrong(
            "size",
            format!("`{}` is no size", short(text)),
            "a whole number with K, M or G, for example `96M`",
        );
    };
    let scale: u64 = match unit {
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "" => {
            return wrong(
                "unit",
                format!("`{number}` has no unit of size"),
                format!("say which: `{number}K`, `{number}M` or `{number}G`, powers of 1024"),
            );
        }
        other => {
            let letter = other.chars().next().map_or('M', |c| c.to_ascii_uppercase());
            let letter = if matches!(letter, 'K' | 'M' | 'G') {
                letter
            } else {
                'M'
            };
            return wrong(
                "unit",
                format!("`{}` is no unit of size", short(other)),
                format!("K, M or G, powers of 1024: `{number}{letter}`"),
            );
        }
    };
    match number.checked_mul(scale) {
        Some(0) => wrong("size", "a size of nothing", "for example `16M`"),
        Some(bytes) if bytes <= 1 << 42 => Ok(bytes),
        _ => wrong(
            "size",
            format!("`{}` is larger than 4096G", short(text)),
            "for example `96M`",
        ),
    }
}

/// Percent of one core: `50%`.
pub(crate) fn percent(text: &str) -> Result<u32, Wrong> {
    match digits(text) {
        Some((number @ 1..=6400, "%")) => {
            u32::try_from(number).or_else(|_| wrong("percent", "too large", "for example `50%`"))
        }
        Some((number, "")) => wrong(
            "unit",
            format!("`{number}` has no unit"),
            format!("`{number}%` of one core"),
        ),
        _ => wrong(
            "percent",
            format!("`{}` is no share of the processor", short(text)),
            "percent of one core, 1 to 6400, for example `50%`",
        ),
    }
}

/// A number in a time: `10/min`; count and nanoseconds.
pub(crate) fn rate(text: &str) -> Result<(u32, u64), Wrong> {
    let bad = || {
        wrong(
            "rate",
            format!("`{}` is no rate", short(text)),
            "a number in a time, for example `5/s` or `10/min`",
        )
    };
    let Some((number, rest)) = digits(text) else {
        return bad();
    };
    let Some(unit) = rest.strip_prefix('/') else {
        return bad();
    };
    let per = match unit {
        "s" => 1_000_000_000,
        "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        other => {
            return wrong(
                "unit",
                format!("`{}` is no unit of time for a rate", short(other)),
                format!("write `{number}/s`, `{number}/min` or `{number}/h`"),
            );
        }
    };
    match u32::try_from(number) {
        Ok(count @ 1..=1_000_000) => Ok((count, per)),
        _ => wrong(
            "rate",
            format!("`{}` is out of bounds", short(text)),
            "1 to 1000000",
        ),
    }
}

/// An address and a port.
pub(crate) fn socket(text: &str) -> Result<SocketAddr, Wrong> {
    match text.parse::<SocketAddr>() {
        Ok(socket) if socket.port() == 0 => wrong("port", "port 0 means any port", "name the port"),
        Ok(socket) => Ok(socket),
        Err(_) if text.parse::<u16>().is_ok() => wrong(
            "address",
            format!("`{text}` has no address"),
            format!("`\"0.0.0.0:{text}\"` for every address, or one of the device's"),
        ),
        Err(_) if text.starts_with(':') || text.starts_with('*') => wrong(
            "address",
            format!("`{}` has no address", short(text)),
            format!(
                "`\"0.0.0.0:{}\"` for every address",
                short(text.trim_start_matches(['*', ':']))
            ),
        ),
        Err(_) => wrong(
            "address",
            format!("`{}` is no address with a port", short(text)),
            "an IP address and a port, for example `\"0.0.0.0:443\"` or `\"[::]:443\"`; host names do not exist in manifests",
        ),
    }
}

/// `tcp/443`.
pub(crate) fn port(text: &str) -> Result<u16, Wrong> {
    let help = "for example `tcp/11112`";
    match text.split_once('/') {
        Some(("tcp", number)) => match number.parse::<u16>() {
            Ok(0) => wrong("port", "port 0 means any port", "name the port"),
            Ok(port) if !number.starts_with(['+', '0']) => Ok(port),
            _ => wrong(
                "port",
                format!("`{}` is no port", short(number)),
                "1 to 65535",
            ),
        },
        Some((protocol, number)) => wrong(
            "protocol",
            format!(
                "`{}` cannot be granted: Landlock and the system-call filter hold TCP alone",
                short(protocol)
            ),
            format!("`tcp/{}`, or let another component do it", short(number)),
        ),
        None if text.parse::<u16>().is_ok() => wrong(
            "port",
            format!("`{text}` has no protocol"),
            format!("`tcp/{text}`"),
        ),
        None => wrong("port", format!("`{}` is no port", short(text)), help),
    }
}

/// An integer, hexadecimal with `0x`.
pub(crate) fn integer(text: &str, min: i64, max: i64) -> Result<i128, Wrong> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) if !hex.starts_with('+') => i128::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None if text.starts_with('+') => None,
        None if text.trim_start_matches('-').starts_with('0') && text != "0" => {
            return wrong(
                "integer",
                format!("`{}` begins with 0", short(text)),
                "a decimal number without leading zeros, or hexadecimal with `0x`",
            );
        }
        None => text.parse().ok(),
    };
    match parsed {
        Some(number) if number >= i128::from(min) && number <= i128::from(max) => Ok(number),
        Some(_) => wrong(
            "integer",
            format!("{} is out of bounds", short(text)),
            format!("{min} to {max}"),
        ),
        None => wrong(
            "integer",
            format!("`{}` is no whole number", short(text)),
            format!("{min} to {max}"),
        ),
    }
}

const SCALARS: [(&str, Scalar); 8] = [
    ("u8", Scalar::U8),
    ("u16", Scalar::U16),
    ("u32", Scalar::U32),
    ("u64", Scalar::U64),
    ("i8", Scalar::I8),
    ("i16", Scalar::I16),
    ("i32", Scalar::I32),
    ("i64", Scalar::I64),
];

/// `u16`, `i16[20]`.
pub(crate) fn field_type(text: &str) -> Result<(Scalar, Option<u8>), Wrong> {
    let (base, array) = match text.split_once('[') {
        None => (text, None),
        Some((base, rest)) => {
            let Some(number) = rest.strip_suffix(']') else {
                return wrong(
                    "type",
                    format!("`{}` is no type", short(text)),
                    "an array is written `i16[20]`",
                );
            };
            match number.parse::<u8>() {
                Ok(count @ 1..=255) if !number.starts_with(['+', '0']) => (base, Some(count)),
                _ => {
                    return wrong(
                        "type",
                        format!("an array of `{}` elements", short(number)),
                        "1 to 255",
                    );
                }
            }
        }
    };
    if let Some((_, scalar)) = SCALARS.iter().find(|(name, _)| *name == base) {
        return Ok((*scalar, array));
    }
    let help = match base {
        "f32" | "f64" | "float" | "double" => {
            "records hold integers: scale the value (`i16` of tenths) and say so by unit and doc"
        }
        "bool" | "boolean" => "`u8` with `enum: [no, yes]`",
        "string" | "str" | "text" => "records hold integers: an `enum`, or an array of `u8`",
        _ => "u8, u16, u32, u64, i8, i16, i32 or i64; an array as `i16[20]`",
    };
    wrong(
        "type",
        format!("`{}` is no type of a record", short(base)),
        help,
    )
}

/// `A..B`, both included.
pub(crate) fn range(text: &str) -> Result<(i128, i128), Wrong> {
    let bad = || {
        wrong(
            "range",
            format!("`{}` is no range", short(text)),
            "smallest and largest legal value, both included: `0..350`",
        )
    };
    let Some((low, high)) = text.split_once("..") else {
        return bad();
    };
    let high = high.strip_prefix('=').unwrap_or(high);
    if text.contains("..=") {
        return wrong(
            "range",
            format!("`{}` is written with `=`", short(text)),
            format!("both ends are included: `{low}..{high}`"),
        );
    }
    let (Ok(a), Ok(b)) = (low.parse::<i128>(), high.parse::<i128>()) else {
        return bad();
    };
    if a.to_string() != low || b.to_string() != high {
        return wrong(
            "range",
            format!("`{}` is not written plainly", short(text)),
            format!("write `{a}..{b}`"),
        );
    }
    if a > b {
        return wrong(
            "range",
            format!("{a} is larger than {b}"),
            format!("write `{b}..{a}`"),
        );
    }
    Ok((a, b))
}

/// A name an environment variable may have.
pub(crate) fn environment(text: &str) -> Result<String, Wrong> {
    let mut chars = text.chars();
    let good = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 128;
    if !good {
        return wrong(
            "environment",
            format!("`{}` is no name of an environment variable", short(text)),
            "letters, digits and `_`, for example `TZ`",
        );
    }
    let reserved = text.starts_with("LISTEN_")
        || text.starts_with("WATCHDOG_")
        || text.starts_with("CORDON_")
        || text == "NOTIFY_SOCKET";
    if reserved {
        return wrong(
            "environment",
            format!("`{text}` is set by Cordon"),
            "remove it",
        );
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_and_have_a_unit() {
        assert_eq!(duration("40ms"), Ok(40_000_000));
        assert_eq!(duration("2s"), Ok(2_000_000_000));
        for bad in [
            "",
            "40",
            "1.5s",
            "-1s",
            "2 s",
            "0ms",
            "99999999999999999999s",
            "400d",
            "2sec",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(size("96M"), Ok(96 << 20));
        for bad in [
            "96",
            "96MB",
            "96MiB",
            "96m",
            "0K",
            "1.5G",
            "-1M",
            "18446744073709551615G",
        ] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_are_absolute_and_normalised() {
        assert_eq!(path("/dev/fb0").as_deref(), Ok("/dev/fb0"));
        for bad in [
            "",
            "dev/fb0",
            "/dev/../etc",
            "/a//b",
            "/a/",
            "/a/.",
            "~/x",
            "/dev/tty*",
            "/x/${HOME}",
            "/a\0b",
        ] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ranges_are_ordered_and_plain() {
        assert_eq!(range("-50..350"), Ok((-50, 350)));
        for bad in [
            "", "5", "5..", "..5", "9..1", "0..=9", "00..9", "+1..9", "1...9",
        ] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn integers_have_one_reading() {
        assert_eq!(integer("0x4600", 0, i64::MAX), Ok(0x4600));
        for bad in ["08", "0o17", "1_000", "+5", "", "0x", "1e3", "-00"] {
            assert!(integer(bad, i64::MIN, i64::MAX).is_err(), "{bad}");
        }
    }
}
