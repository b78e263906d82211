//! The verified channel: the only link between two compartments.
//!
//! One writer, any number of readers, one memfd per life of the writer. What
//! goes over it goes one way by the kernel's page tables: a reader's end is
//! read-only memory that is sealed before the reader ever sees it.
//!
//! # Threat model
//! An end may be fully owned by an attacker with code execution. As a reader it
//! cannot alter, forge, stall or crash the writer or another reader: publishing
//! makes no system call, waits for nobody and reads nothing back. As a writer
//! it can say something wrong, within the schema; it can neither crash a reader
//! nor make it loop, index out of range, or show an old value as a live one.
//! The CRC catches bugs and bit flips, never the attacker: what is authentic is
//! so because only one process can have the memory writable.
//!
//! # A complete example
//! The supervisor's side is [`Hub`], a component's is [`Control`]; here both
//! ends stand in one process. A component calls [`Control::from_listen_fds`]
//! where this says [`Control::new`].
//!
//! ```
//! use cordon_channel::{Control, Hub, Link, Pace, Reading, Record, Schema, Trust};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let schema = Schema::parse(
//!     "heart-rate u16 unit=/min range=0..350\n\
//!      spo2 u16 unit=% range=0..100\n\
//!      ecg i16[4] unit=uV range=-5000..5000\n",
//! )?;
//! let pace = Pace::Periodic { period_ns: 40_000_000, deadline_ns: 1_000_000_000 };
//!
//! // The supervisor: declares, starts components, serves their sockets.
//! let mut hub = Hub::new(vec![Link {
//!     name: "vitals".into(),
//!     schema: schema.clone(),
//!     pace,
//!     from: "display".into(),
//!     to: vec!["network".into()],
//! }])?;
//! let display_socket = hub.start("display")?;
//! let network_socket = hub.start("network")?;
//!
//! // The component that writes: takes its end, which acknowledges it.
//! let mut display = Control::new(display_socket);
//! let mut writer = display.writer("vitals", &schema, pace);
//! display.poll();
//!
//! // The supervisor: `hub.fd("display")` is readable; it seals and hands on.
//! hub.service("display");
//!
//! // The component that reads: absent until it polls its control socket.
//! let mut network = Control::new(network_socket);
//! let mut reader = network.reader("vitals", &schema, pace, Trust::Trusted);
//! assert_eq!(reader.poll(), Reading::Absent);
//! network.poll();
//!
//! let (rate, spo2, ecg) = (
//!     schema.field("heart-rate").ok_or("no field")?,
//!     schema.field("spo2").ok_or("no field")?,
//!     schema.field("ecg").ok_or("no field")?,
//! );
//! let mut record = Record::new(&schema);
//! record.set(rate, 72)?;
//! record.set_array(ecg, &[0, 250, 1000, -300])?;
//! assert!(record.set(spo2, 101).is_err()); // outside its range, not set
//! writer.publish(&record)?;
//!
//! match reader.poll() {
//!     Reading::Fresh(record) => {
//!         assert_eq!(record.get(rate), Some(72));
//!         assert_eq!(record.get(spo2), None); // not valid: draw `---`
//!         assert_eq!(record.get_array(ecg), Some(vec![0, 250, 1000, -300]));
//!     }
//!     other => return Err(format!("{other:?}").into()),
//! }
//! assert_eq!(reader.poll(), Reading::Nothing);
//!
//! drop(writer); // the process ends
//! assert_eq!(reader.poll(), Reading::Lost);
//! # Ok(())
//! # }
//! ```
//!
//! A component's loop is then: [`Control::poll`] now and then (every tick is
//! fine: without news it is one `recvmsg`), [`Reader::poll`] until it says
//! neither `Fresh` nor `Gap`, [`Writer::publish`] or [`Writer::heartbeat`] at
//! least every half second.
//!
//! # Faults
//! Each class of IEC 61784-3 and OPC 10000-15 section 5.3, what catches it, and
//! the test (in `src/ring/tests.rs`, where nothing else is said) that shows it:
//!
//! | class | caught by | a reader is told | test |
//! |---|---|---|---|
//! | corruption | CRC-32C and its complement, ranges of the schema | `Corrupt`, `Schema` | `fault_corruption_every_flipped_bit_is_caught` |
//! | unintended repetition | each number is delivered once and is under the CRC | `Nothing`, `Corrupt` | `fault_repetition_a_record_is_delivered_once` |
//! | incorrect sequence | the head only grows | `Poisoned` | `fault_wrong_sequence_a_head_that_goes_back_poisons` |
//! | loss | numbers without a hole; heartbeat | `Gap`, `Stale`, `Lost` | `fault_loss_is_a_gap_with_its_number` |
//! | unacceptable delay | deadline, by the writer's clock or, untrusted, the reader's | `Stale` | `fault_delay_is_stale_by_the_records_time_or_the_readers_clock` |
//! | insertion | number under the CRC; a limit on how far the head moves | `Corrupt`, `Poisoned` | `fault_insertion_a_record_without_its_number_is_corrupt`, `fault_insertion_a_head_that_jumps_poisons_at_the_rate_and_not_below` |
//! | masquerade | the read-only sealed map; hash and epoch seed the CRC | nothing gets in; `Corrupt` | `fault_masquerade_another_epoch_or_schema_is_corrupt`, all of `tests/sealed.rs` |
//! | addressing | channel number, from the name, in header and CRC seed | `Absent`, `Corrupt` | `fault_addressing_another_channels_record_is_corrupt`, `a_reader_refuses_each_wrong_header_word` in `tests/order.rs` |
//!
//! # How it is proved
//! | what | by | where |
//! |---|---|---|
//! | no torn record, whatever the memory model allows | loom, every execution; six mutants that are caught | `src/ring/model.rs` |
//! | the same for every pause of either side in a whole ring | enumeration | `src/ring/interleaving.rs` |
//! | memory that answers anything: bounded loads, nothing outside | enumeration, properties, fuzzing | `src/ring/havoc.rs`, `fuzz/` |
//! | a writer killed between any two stores | enumeration | `src/ring/death.rs` |
//! | the kernel refuses each attempt on sealed memory | [`self_test::run`] on the kernel it runs on: `cordon self-test channel`, and the supervisor before it makes a channel | `tests/sealed.rs`, `tests/order.rs` |
//!
//! # System calls
//! [`Writer::publish`], [`Writer::heartbeat`] and [`Reader::poll`] make none
//! (the clock is the vDSO's; a reader allocates the record it returns, so the
//! allocator may). What a component's filter has to let through:
//!
//! | when | calls |
//! |---|---|
//! | [`descriptors()`], [`Control::from_listen_fds`], once | `fcntl` F_GETFD, F_SETFD |
//! | each [`Control::poll`] | `recvmsg` (MSG_DONTWAIT, MSG_CMSG_CLOEXEC) |
//! | for each hand-out | `fcntl` F_GET_SEALS, `fstat`, `mmap` (MAP_SHARED, MAP_POPULATE, never PROT_EXEC), `madvise` MADV_DONTFORK, `mlock`, `sendmsg` (MSG_DONTWAIT, MSG_NOSIGNAL), `close` |
//! | when an epoch is replaced or an end dropped | `munmap` |
//!
//! `mlock` may be refused with an error (then [`Writer::is_locked`] and
//! [`Reader::is_locked`] say so), the others may not. The standard library's
//! debug builds add `fcntl` F_GETFD before each `close`.
//!
//! # What has to hold around it
//! - The ends of a channel share a time namespace.
//! - A writer keeps to its pace: at twice the declared rate, beyond the slots
//!   and what a minute's pause left over, readers call it [`Reading::Poisoned`].
//! - MFD_NOEXEC_SEAL does not stop a map with PROT_EXEC. The SELinux module
//!   does; without it, a writer can run code from its own memory.
//! - No record from a network-facing writer silences, hides or lowers an
//!   alarm. That rule stands in the display, not here.

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the channel needs atomic words of 64 bits, so a 64-bit target");

pub mod attach;
mod budget;
mod checksum;
pub mod clock;
pub mod control;
pub mod descriptors;
pub mod endpoint;
pub mod field;
pub mod follower;
pub mod hub;
pub mod layout;
mod mapping;
pub mod message;
pub mod pace;
pub mod port;
mod range;
pub mod reading;
pub mod record;
#[doc(hidden)]
pub mod ring;
pub mod schema;
pub mod self_test;
pub mod supervisor;
pub mod trace;
pub mod typed;

pub use attach::AttachError;
pub use control::{Control, ControlEvent};
pub use descriptors::descriptors;
pub use field::{Field, Scalar};
pub use hub::{Hub, Link};
pub use pace::Pace;
pub use port::{PublishError, Reader, Writer};
pub use reading::{Reading, Received, Trust, Violation};
pub use record::{Record, ValueError};
pub use schema::{FieldId, Schema, SchemaError};
