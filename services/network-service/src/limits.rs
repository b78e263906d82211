//! Every bound in one place: what a hostile client can make this process hold or do.
//!
//! The sums fit the role's defaults (64 MiB, 128 descriptors) with room to spare: a
//! connection costs under 200 KiB at worst, and there are at most
//! [`HANDSHAKES`] + [`CONNECTIONS`] of them.

use std::time::Duration;

/// Handshakes in progress. One more and the oldest of the address that has most is dropped,
/// so that an address without a certificate crowds out itself first.
pub const HANDSHAKES: usize = 16;
/// Time from accept to a verified client certificate.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(5);
/// Verified connections in all.
pub const CONNECTIONS: usize = 32;
/// Verified connections of one certificate: a browser opens six, twice that for two windows.
pub const CONNECTIONS_PER_CLIENT: usize = 12;
/// Event streams in all.
pub const STREAMS: usize = 16;
/// Event streams of one certificate.
pub const STREAMS_PER_CLIENT: usize = 4;
/// Time for a complete request head, idle time between requests included (slow loris).
pub const HEAD_TIME: Duration = Duration::from_secs(10);
/// Bytes of a request head.
pub const HEAD_BYTES: usize = 16 * 1024;
/// Header lines of a request.
pub const HEADERS: usize = 64;
/// Bytes the kernel keeps for a connection in either direction. Left to itself it would grow
/// to megabytes for a client that does not read, at the cost of this compartment's memory.
pub const SOCKET_BYTES: usize = 64 * 1024;
/// Time a client may leave our bytes unread before the connection is cut.
pub const WRITE_STALL: Duration = Duration::from_secs(10);
/// Life of a connection. A client comes back with a new handshake, in which its certificate
/// is judged again: an expired one loses its event stream within this time.
pub const CONNECTION_LIFE: Duration = Duration::from_secs(3600);
/// Time a connection at the end of its life gets to finish its last answer.
pub const CLOSING_TIME: Duration = Duration::from_secs(2);
/// Events kept for slow stream readers; older ones are reported as a gap.
pub const EVENTS: usize = 64;
/// An event older than this is not sent any more: it would be an old value in new clothes.
pub const EVENT_AGE: Duration = Duration::from_millis(1000);
/// 'Seen remotely' records a second, all clients together; below the channel's own pace
/// (five a second) so that the display never sees it exceeded.
pub const SEEN_RATE: u32 = 4;
/// 'Seen remotely' records one certificate may send at once, and again after a second each.
pub const SEEN_BURST_PER_CLIENT: u32 = 3;
/// Clients whose 'seen' budget is remembered.
pub const SEEN_CLIENTS: usize = 64;
/// Log lines a second; what is beyond is counted and said once.
pub const LOG_RATE: u32 = 20;
/// Bytes of a certificate, key or CA file.
pub const FILE_BYTES: u64 = 1024 * 1024;
/// How often the channel is looked at. The display's period is 40 ms.
pub const TICK: Duration = Duration::from_millis(20);
/// Records taken in one look, so that a burst cannot hold the loop.
pub const RECORDS_PER_TICK: usize = 64;
/// How often the stream says that there is nothing new.
pub const STATE_EVERY: Duration = Duration::from_millis(500);
