//! `GET /fhir/Observation?...`: which vital signs, and the Bundle they come in.
//!
//! A parameter that is not understood is an error, never ignored: who asks for
//! `patient=Patient/7` and is answered with whoever lies at this monitor has been misled.

use super::observation::{Moment, observation};
use super::outcome::outcome;
use super::vital::{VITALS, Vital};
use serde_json::{Value, json};
use std::fmt;

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

/// What a search asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Each must hold: alternatives of `system|code` or `code`.
    codes: Vec<Vec<(Option<String>, String)>>,
    /// The category asked for is another than vital signs.
    other_category: bool,
}

/// Why a search is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// A parameter this server does not know.
    Unknown(String),
    /// A percent escape that is none, or not UTF-8.
    Escape,
    /// A format other than JSON.
    Format(String),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(
                f,
                "search parameter `{name}` is not supported; category, code and _format are"
            ),
            Self::Escape => f.write_str("the query holds an invalid percent escape"),
            Self::Format(format) => write!(f, "format `{format}` is not supported; json is"),
        }
    }
}

impl Query {
    /// Reads a query string.
    pub fn parse(query: &str) -> Result<Self, QueryError> {
        let mut parsed = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            match name.as_str() {
                "category" => {
                    let wanted = value.split(',').any(|token| {
                        let (system, code) = token_parts(token);
                        code == "vital-signs" && system.is_none_or(|s| s == CATEGORY)
                    });
                    parsed.other_category |= !wanted;
                }
                "code" => parsed.codes.push(
                    (value.split(',').map(token_parts))
                        .map(|(system, code)| (system.map(str::to_owned), code.to_owned()))
                        .collect(),
                ),
                "_format" => match value.as_str() {
                    "json" | "application/json" | "application/fhir+json" => {}
                    _ => return Err(QueryError::Format(value)),
                },
                _ => return Err(QueryError::Unknown(name)),
            }
        }
        Ok(parsed)
    }

    /// Whether `vital` is asked for.
    pub fn wants(&self, vital: &Vital) -> bool {
        let code =
            |(system, code): &(Option<String>, String)| vital.matches(system.as_deref(), code);
        !self.other_category && self.codes.iter().all(|any| any.iter().any(code))
    }
}

/// The searchset of `query` at `moment`; `base` is `https://HOST/fhir`, `raw` the query as it came.
pub fn bundle(query: &Query, moment: &Moment<'_>, base: &str, raw: &str) -> Value {
    let mut entries: Vec<Value> = VITALS
        .iter()
        .filter(|vital| query.wants(vital))
        .map(|vital| {
            json!({
                "fullUrl": format!("{base}/Observation/{}", vital.id),
                "resource": observation(vital, moment),
                "search": {"mode": "match"},
            })
        })
        .collect();
    let total = entries.len();
    if let Err(absence) = moment.current {
        entries.push(json!({
            "resource": outcome("warning", "transient", &format!("no current values: {absence}")),
            "search": {"mode": "outcome"},
        }));
    }
    let question = if raw.is_empty() { "" } else { "?" };
    let mut bundle = json!({
        "resourceType": "Bundle",
        "meta": moment.meta(None),
        "type": "searchset",
        "timestamp": crate::timestamp::rfc3339(moment.now),
        "total": total,
        "link": [{"relation": "self", "url": format!("{base}/Observation{question}{raw}")}],
    });
    // An empty array is not legal FHIR: the element is left out.
    if !entries.is_empty() {
        bundle["entry"] = entries.into();
    }
    bundle
}

fn token_parts(token: &str) -> (Option<&str>, &str) {
    match token.split_once('|') {
        Some((system, code)) => (Some(system), code),
        None => (None, token),
    }
}

fn decode(text: &str) -> Result<String, QueryError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (digits, after) = rest.split_at_checked(2).ok_or(QueryError::Escape)?;
                rest = after;
                let [high, low] = [digits[0], digits[1]].map(|d| char::from(d).to_digit(16));
                let (high, low) = high.zip(low).ok_or(QueryError::Escape)?;
                (high * 16 + low) as u8
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).map_err(|_| QueryError::Escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str) -> Vec<&'static str> {
        let query = Query::parse(query).unwrap();
        VITALS
            .iter()
            .filter(|v| query.wants(v))
            .map(|v| v.id)
            .collect()
    }

    #[test]
    fn category_and_code_choose() {
        assert_eq!(found("category=vital-signs").len(), VITALS.len());
        assert_eq!(found("").len(), VITALS.len());
        assert!(found("category=laboratory").is_empty());
        assert_eq!(found("code=8867-4"), ["heart-rate"]);
        assert_eq!(
            found("code=http%3A%2F%2Floinc.org%7C9279-1"),
            ["respiration-rate"]
        );
        assert_eq!(found("code=8867-4,2708-6"), ["heart-rate", "spo2"]);
        assert_eq!(
            found("code=8480-6"),
            ["arterial-pressure", "noninvasive-pressure"]
        );
        assert!(found("code=http://snomed.info/sct|8867-4").is_empty());
        assert!(found("code=8867-4&code=2708-6").is_empty());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(
            Query::parse("patient=Patient/7"),
            Err(QueryError::Unknown("patient".into()))
        );
        assert_eq!(
            Query::parse("_format=xml"),
            Err(QueryError::Format("xml".into()))
        );
        for broken in ["code=%", "code=%2", "code=%zz", "code=%ff", "%+1=x"] {
            assert_eq!(Query::parse(broken), Err(QueryError::Escape), "{broken}");
        }
    }
}
