//! Where records come from: the kernel itself while it happens, its log and
//! auditd's for what was before.

mod kernel;
mod live;
mod log;
mod status;
mod watch;

pub use kernel::kernel_log;
pub use live::Live;
pub use log::{AUDIT_LOG, audit_log};
pub use status::{Auditing, Enabled, actions_logged};
pub use watch::Watch;

use super::record::{Kind, Malformed, Record};

/// What was read.
#[derive(Debug, Default)]
pub struct Read {
    /// Records that say something of refusals.
    pub records: Vec<Record>,
    /// How many texts of such a kind were no records.
    pub unreadable: u64,
    /// Times at which the kernel had dropped some before they were read.
    pub dropped: u64,
}

impl Read {
    fn take(&mut self, kind: Kind, text: &[u8]) {
        match Record::parse(kind, text) {
            Ok(record) => self.records.extend(record),
            Err(_) => self.unreadable += 1,
        }
    }

    fn refuse(&mut self, _: Malformed) {
        self.unreadable += 1;
    }
}
