//! The network service of a bedside monitor: what the display publishes on the channel
//! `vitals`, served over HTTPS with mutual TLS to nurse's stations and FHIR clients.
//!
//! # What it promises
//! - **No client without a certificate.** TLS 1.3 and 1.2 with the suites of RFC 9325; a
//!   client certificate is required and verified ([`tls`]).
//! - **No old number.** A value is served only while the display's last record is younger
//!   than the channel's deadline by this process's own clock ([`feed`]); otherwise FHIR
//!   resources carry `dataAbsentReason`, the event stream says why, the page shows `---`.
//! - **Bounded.** Connections, handshakes, headers, streams and times have limits, all in
//!   [`limits`]; nothing a client sends is kept.
//! - **No socket of its own.** It serves the inherited listener `https` and makes no other
//!   than the datagram socket of the readiness protocol ([`notify`]).
//!
//! What it cannot do is change anything at the bedside: its only word to the display is
//! "a nurse has seen alarm N" ([`seen`]), which silences nothing.
#![forbid(unsafe_code)]

pub mod admission;
pub mod arguments;
pub mod body;
pub mod certificate;
pub mod connection;
pub mod events;
pub mod exit;
pub mod feed;
pub mod fhir;
pub mod http;
pub mod inherited;
pub mod io;
pub mod limits;
pub mod log;
pub mod notify;
pub mod page;
pub mod pump;
pub mod record;
pub mod router;
pub mod seen;
pub mod service;
pub mod snapshot;
pub mod timestamp;
pub mod tls;
