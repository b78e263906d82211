//! How often records come.

#![forbid(unsafe_code)]

/// How often records come; the same meaning as in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Regularly, and no value any more past the deadline.
    Periodic {
        /// Nominal period in ns.
        period_ns: u64,
        /// Age in ns past which a record is stale.
        deadline_ns: u64,
    },
    /// Now and then, at most so many in a span of time.
    Sporadic {
        /// Records in `per_ns` at most.
        records: u32,
        /// ns.
        per_ns: u64,
    },
}

impl Pace {
    /// The mean time between two records, in ns, never 0.
    #[must_use]
    pub fn spacing_ns(self) -> u64 {
        match self {
            Self::Periodic { period_ns, .. } => period_ns.max(1),
            Self::Sporadic { records, per_ns } => (per_ns / u64::from(records.max(1))).max(1),
        }
    }

    /// Age in ns past which a record is stale; none for a sporadic channel,
    /// whose last record stays the last however old it is.
    #[must_use]
    pub const fn deadline_ns(self) -> Option<u64> {
        match self {
            Self::Periodic { deadline_ns, .. } => Some(deadline_ns),
            Self::Sporadic { .. } => None,
        }
    }

    /// Whether every number of it can be worked with: none is 0.
    #[must_use]
    pub const fn is_sound(self) -> bool {
        match self {
            Self::Periodic {
                period_ns,
                deadline_ns,
            } => period_ns > 0 && deadline_ns > 0,
            Self::Sporadic { records, per_ns } => records > 0 && per_ns > 0,
        }
    }
}
