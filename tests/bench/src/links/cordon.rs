//! The channel, through its public interface: set, publish, poll, get; with its
//! CRC, its ranges and its clock.

use super::{Link, LinkError, Receiver, Sender};
use cordon_channel::{Control, FieldId, Pace, Reader, Reading, Record, Schema, Trust, Writer};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// Name of the channel.
pub const NAME: &str = "bench";
/// As often as a processor can, in 64 slots: as many as the peer's buffer has.
pub const PACE: Pace = Pace::Sporadic {
    records: 32,
    per_ns: 1,
};

/// A record of so many bytes: a stamp, then waves.
///
/// # Errors
/// When no schema has that size.
pub fn schema(size: usize) -> Result<Schema, LinkError> {
    let mut text = String::from("stamp u64\n");
    let mut left = size - 8;
    // Samples as small as they are in a device, and wider where there would be
    // more fields than a record has.
    let (name, bytes, most) = match size {
        0..=4096 => ("i16", 2, 64),
        _ => ("i64", 8, 255),
    };
    while left > 0 {
        let count = (left / bytes).min(most);
        left -= count * bytes;
        text += &format!("wave-{left} {name}[{count}] unit=uV range=-5000..5000\n");
    }
    Ok(Schema::parse(&text)?)
}

/// The control socket that this process inherited as its standard input.
///
/// # Errors
/// When the descriptor cannot be duplicated.
pub fn control() -> Result<Control, LinkError> {
    let socket: OwnedFd = std::io::stdin().as_fd().try_clone_to_owned()?;
    Ok(Control::new(socket))
}

struct Sending {
    writer: Writer,
    record: Record,
    stamp: FieldId,
    _control: Control,
}

impl Sender for Sending {
    fn send(&mut self, stamp: u64) {
        let set = self.record.set(self.stamp, stamp.into());
        set.expect("any stamp is in range");
        self.writer
            .publish_at(&self.record, stamp)
            .expect("attached");
    }
}

pub(super) fn sender(link: &Link) -> Result<Box<dyn Sender>, LinkError> {
    let schema = schema(link.size)?;
    let mut control = control()?;
    let mut writer = control.writer(NAME, &schema, PACE);
    until(|| {
        control.poll();
        writer.epoch().is_some()
    })?;
    let mut record = Record::new(&schema);
    for (id, field) in schema.ids() {
        if field.array.is_some() {
            record.set_array(id, &vec![123; field.elements()])?;
        }
    }
    Ok(Box::new(Sending {
        writer,
        record,
        stamp: schema.field("stamp").ok_or("no stamp")?,
        _control: control,
    }))
}

struct Receiving {
    reader: Reader,
    stamp: FieldId,
    _control: Control,
}

impl Receiver for Receiving {
    fn receive(&mut self) -> Option<u64> {
        match self.reader.poll() {
            Reading::Fresh(record) | Reading::Gap { record, .. } => {
                let record = std::hint::black_box(record);
                u64::try_from(record.get(self.stamp)?).ok()
            }
            Reading::Nothing | Reading::Busy | Reading::Stale { .. } | Reading::Lost => None,
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn receiver(link: &Link) -> Result<Box<dyn Receiver>, LinkError> {
    let schema = schema(link.size)?;
    let mut control = control()?;
    let mut reader = control.reader(NAME, &schema, PACE, Trust::Trusted);
    until(|| {
        control.poll();
        reader.epoch().is_some()
    })?;
    Ok(Box::new(Receiving {
        reader,
        stamp: schema.field("stamp").ok_or("no stamp")?,
        _control: control,
    }))
}

/// Waits for something that comes soon.
///
/// # Errors
/// When it does not.
pub fn until(mut done: impl FnMut() -> bool) -> Result<(), LinkError> {
    let start = Instant::now();
    while !done() {
        if start.elapsed() > Duration::from_secs(10) {
            return Err("nothing came in ten seconds".into());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(())
}
