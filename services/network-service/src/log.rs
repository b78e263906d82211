//! Lines on stderr, which the supervisor puts into the journal: bounded in number, so that
//! a client that knocks all day cannot flood it, and free of control characters.

use crate::limits::LOG_RATE;
use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, Instant};

struct Budget {
    window: Instant,
    written: u32,
    suppressed: u32,
}

thread_local! {
    static BUDGET: RefCell<Option<Budget>> = const { RefCell::new(None) };
}

/// Writes one line, or counts it where there are too many this second.
pub fn line(text: &str) {
    let now = Instant::now();
    BUDGET.with_borrow_mut(|budget| {
        let budget = budget.get_or_insert(Budget {
            window: now,
            written: 0,
            suppressed: 0,
        });
        if now.duration_since(budget.window) >= Duration::from_secs(1) {
            if budget.suppressed > 0 {
                put(&format!("{} more lines suppressed", budget.suppressed));
            }
            *budget = Budget {
                window: now,
                written: 0,
                suppressed: 0,
            };
        }
        if budget.written < LOG_RATE {
            budget.written += 1;
            put(text);
        } else {
            budget.suppressed = budget.suppressed.saturating_add(1);
        }
    });
}

/// A full or closed journal is no reason to stop serving: the outcome is dropped on purpose.
fn put(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text));
}

/// `text` without control characters: a name in a client's certificate is the client's text.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .take(400)
        .collect()
}
