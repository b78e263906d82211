//! Varlink on the wire (varlink.org): JSON objects, each ended by a NUL byte.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Bytes of one message; ours are far shorter, and the other side is not trusted.
pub const MAX_MESSAGE: usize = 64 << 10;

/// The interface, as GetInterfaceDescription gives it.
pub const INTERFACE: &str = include_str!("io.cordon.varlink");

/// A method call.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Interface and method.
    pub method: String,
    /// Parameters by name.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// The caller wants no answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oneway: bool,
    /// The caller takes more than one answer; one is allowed too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The caller wants the connection for another protocol; never done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub upgrade: bool,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// Error by interface and name; none when it went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Results, or what the error is about.
    #[serde(default)]
    pub parameters: Map<String, Value>,
}

impl Reply {
    /// Results; anything that is no object becomes none.
    pub fn of(results: &impl Serialize) -> Self {
        let parameters = match serde_json::to_value(results) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        };
        Self {
            error: None,
            parameters,
        }
    }

    /// An error of the Varlink service interface about one named thing.
    pub fn error(name: &str, about: &str, value: &str) -> Self {
        let mut parameters = Map::new();
        if !about.is_empty() {
            parameters.insert(about.to_owned(), json!(value));
        }
        Self {
            error: Some(format!("org.varlink.service.{name}")),
            parameters,
        }
    }

    /// The message, with its NUL.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }
}

/// A value as a message, with its NUL.
pub fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    // Maps with string keys always have a JSON form.
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.push(0);
    bytes
}

/// Bytes that are no call, or too many: the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads one message without its NUL.
pub fn parse(message: &[u8]) -> Result<Call, Malformed> {
    if message.len() > MAX_MESSAGE {
        return Err(Malformed);
    }
    serde_json::from_slice(message).map_err(|_| Malformed)
}

/// Bytes on their way to becoming messages.
#[derive(Debug, Default)]
pub struct Frames {
    rest: Vec<u8>,
}

impl Frames {
    /// Takes bytes; gives the messages that are complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, Malformed> {
        let mut messages = Vec::new();
        let mut parts = bytes.split(|byte| *byte == 0).peekable();
        while let Some(part) = parts.next() {
            if self.rest.len() + part.len() > MAX_MESSAGE {
                return Err(Malformed);
            }
            self.rest.extend_from_slice(part);
            if parts.peek().is_some() {
                messages.push(std::mem::take(&mut self.rest));
            }
        }
        Ok(messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_whole_however_they_came() {
        let mut frames = Frames::default();
        assert_eq!(frames.push(b"{\"a").unwrap(), Vec::<Vec<u8>>::new());
        let found = frames.push(b"\":1}\0{}\0{").unwrap();
        assert_eq!(found, [b"{\"a\":1}".to_vec(), b"{}".to_vec()]);
        assert_eq!(frames.push(b"}\0").unwrap(), [b"{}".to_vec()]);
    }

    #[test]
    fn an_endless_message_is_refused_before_it_costs_memory() {
        let mut frames = Frames::default();
        let portion = vec![b'x'; 16 << 10];
        let taken = (0..100)
            .take_while(|_| frames.push(&portion).is_ok())
            .count();
        assert_eq!(taken, MAX_MESSAGE / portion.len());
    }

    #[test]
    fn a_call_is_read_with_and_without_parameters() {
        let call = parse(b"{\"method\":\"io.cordon.Status\"}").unwrap();
        assert_eq!(call.method, "io.cordon.Status");
        let call = parse(br#"{"method":"a.B","parameters":{"x":1},"more":true}"#).unwrap();
        assert!(call.more && call.parameters["x"] == 1);
    }

    #[test]
    fn hostile_messages_are_refused() {
        let deep = [vec![b'['; 60_000], vec![b']'; 4_000]].concat();
        let nested = format!(
            r#"{{"method":"a.B","parameters":{{"x":{}1{}}}}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        let cases: [&[u8]; 12] = [
            b"",
            b"{}",
            b"null",
            b"[]",
            b"{\"method\":1}",
            b"{\"method\":\"a\",\"method\":\"b\"}",
            b"{\"method\":\"a\",\"parameters\":[]}",
            b"{\"method\":\"a\",\"extra\":1}",
            b"{\"method\":\"a\"} trailing",
            b"\xff\xfe",
            &deep,
            nested.as_bytes(),
        ];
        for case in cases {
            let shown = String::from_utf8_lossy(&case[..case.len().min(40)]).into_owned();
            assert_eq!(parse(case), Err(Malformed), "{shown}");
        }
    }

    #[test]
    fn every_prefix_and_every_changed_byte_of_a_call_is_an_answer() {
        let good = br#"{"method":"io.cordon.Stop","parameters":{},"oneway":true}"#;
        for length in 0..good.len() {
            assert_eq!(parse(&good[..length]), Err(Malformed));
        }
        for place in 0..good.len() {
            for byte in 0..=255 {
                let mut changed = good.to_vec();
                changed[place] = byte;
                let _ = parse(&changed);
            }
        }
    }
}
