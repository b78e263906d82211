//! The channel's C interface: libcordon-channel, `<cordon-channel.h>`.
//!
//! What a component needs and nothing else: its control socket, reading ends,
//! writing ends. The supervisor's side stays in Rust. Each file here is one
//! handle, and unsafe only where a pointer of the caller is believed; the rules
//! a caller keeps stand in the header and in cordon_channel(3).
//!
//! No panic crosses: the functions below are `extern "C"`, so one would end the
//! process at once.

mod clock;
mod control;
mod pointer;
mod reader;
mod record;
mod types;
mod writer;
