//! Values as the table of keys types them, between the node tree and the model.

use crate::diagnostic::{At, Position};
use crate::plan::{Layer, Scalar};
use std::net::SocketAddr;

/// A value of the shape its key asks for.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Bool(bool),
    /// An integer, a size in bytes, a percentage, a port.
    Integer(i128),
    /// Nanoseconds.
    Duration(u64),
    Rate {
        count: u32,
        per: u64,
    },
    Socket(SocketAddr),
    Field {
        scalar: Scalar,
        array: Option<u8>,
    },
    Range(i128, i128),
    Layer(Layer),
    List(Vec<At<Value>>),
    Table(Fields),
    Named(Vec<(At<String>, Fields)>),
    Pairs(Vec<(At<String>, At<String>)>),
}

/// The keys of one mapping that were present and right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    /// Where the mapping's name or opening stands.
    pub(crate) at: Option<Position>,
    pub(crate) entries: Vec<(&'static str, Position, At<Value>)>,
    /// Keys that were written but wrong: they are not missing.
    pub(crate) spoiled: Vec<&'static str>,
}

impl Fields {
    pub(crate) fn get(&self, name: &str) -> Option<&At<Value>> {
        self.entries
            .iter()
            .find(|entry| entry.0 == name)
            .map(|entry| &entry.2)
    }

    /// Where the key itself stands.
    pub(crate) fn key(&self, name: &str) -> Option<Position> {
        self.entries
            .iter()
            .find(|entry| entry.0 == name)
            .map(|entry| entry.1)
    }

    /// Whether the key was written, right or wrong.
    pub(crate) fn wrote(&self, name: &'static str) -> bool {
        self.spoiled.contains(&name) || self.get(name).is_some()
    }

    fn map<T>(&self, name: &str, f: impl Fn(&Value) -> Option<T>) -> Option<At<T>> {
        let found = self.get(name)?;
        Some(At::new(f(&found.value)?, found.at))
    }

    pub(crate) fn text(&self, name: &str) -> Option<At<String>> {
        self.map(name, Value::text)
    }

    pub(crate) fn bool(&self, name: &str) -> Option<At<bool>> {
        self.map(name, |value| {
            if let Value::Bool(b) = value {
                Some(*b)
            } else {
                None
            }
        })
    }

    pub(crate) fn integer<T: TryFrom<i128>>(&self, name: &str) -> Option<At<T>> {
        self.map(name, |value| {
            if let Value::Integer(n) = value {
                T::try_from(*n).ok()
            } else {
                None
            }
        })
    }

    /// Nanoseconds.
    pub(crate) fn duration(&self, name: &str) -> Option<At<u64>> {
        self.map(name, |value| {
            if let Value::Duration(n) = value {
                Some(*n)
            } else {
                None
            }
        })
    }

    /// Milliseconds, rounded up.
    pub(crate) fn millis(&self, name: &str) -> Option<At<u64>> {
        self.duration(name)
            .map(|at| At::new(at.value.div_ceil(1_000_000), at.at))
    }

    pub(crate) fn rate(&self, name: &str) -> Option<At<(u32, u64)>> {
        self.map(name, |value| {
            if let Value::Rate { count, per } = value {
                Some((*count, *per))
            } else {
                None
            }
        })
    }

    pub(crate) fn list(&self, name: &str) -> &[At<Value>] {
        match self.get(name).map(|found| &found.value) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Fields> {
        match self.get(name).map(|found| &found.value) {
            Some(Value::Table(fields)) => Some(fields),
            _ => None,
        }
    }

    pub(crate) fn tables(&self, name: &str) -> impl Iterator<Item = (&Fields, Position)> {
        self.list(name).iter().filter_map(|item| match &item.value {
            Value::Table(fields) => Some((fields, item.at)),
            _ => None,
        })
    }

    pub(crate) fn named(&self, name: &str) -> &[(At<String>, Fields)] {
        match self.get(name).map(|found| &found.value) {
            Some(Value::Named(entries)) => entries,
            _ => &[],
        }
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<At<String>> {
        self.list(name)
            .iter()
            .filter_map(|item| Some(At::new(item.value.text()?, item.at)))
            .collect()
    }
}

impl Value {
    pub(crate) fn text(&self) -> Option<String> {
        if let Self::Text(text) = self {
            Some(text.clone())
        } else {
            None
        }
    }
}
