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
#![deny(unsafe_code)]

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the channel needs atomic words of 64 bits, so a 64-bit target");

pub mod attach;
mod budget;
mod checksum;
pub mod clock;
pub mod control;
pub mod descriptors;
pub mod endpoint;
pub mod hub;
pub mod layout;
mod mapping;
pub mod message;
pub mod pace;
pub mod port;
pub mod reading;
pub mod record;
#[doc(hidden)]
pub mod ring;
pub mod schema;
pub mod supervisor;

pub use attach::AttachError;
pub use control::{Control, ControlEvent};
pub use descriptors::descriptors;
pub use hub::{Hub, Link};
pub use pace::Pace;
pub use port::{PublishError, Reader, Writer};
pub use reading::{Reading, Received, Trust, Violation};
pub use record::{Record, ValueError};
pub use schema::{Field, FieldId, Scalar, Schema, SchemaError};
