//! Ends that start, die and start again in every order: nothing is delivered
//! twice as two, nothing of an older life after a newer one, and nothing of a
//! writer that is gone as if it lived.

mod common;

use common::{NAME, PACE, link, schema};
use cordon_channel::{Control, Hub, Reader, Reading, Record, Trust, Writer};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The writer starts, or dies and starts again, without a last word.
    StartWriter,
    /// The writer is killed.
    KillWriter,
    /// The reader starts, or dies and starts again.
    StartReader,
    /// The writer publishes.
    Publish,
    /// The reader looks at its socket and at the channel.
    Look,
}

const STEPS: [Step; 5] = [
    Step::StartWriter,
    Step::KillWriter,
    Step::StartReader,
    Step::Publish,
    Step::Look,
];
/// In a row: 5 to this power of rows.
const LENGTH: u32 = 5;

struct Device {
    hub: Hub,
    writer: Option<(Control, Writer)>,
    reader: Option<(Control, Reader)>,
    /// Of each epoch, what its writer published: the count tells which it was.
    published: Vec<Vec<i128>>,
    count: i128,
    /// What this life of the reader was given: epoch and number.
    delivered: Vec<(u64, u64)>,
}

impl Device {
    fn new() -> Self {
        Self {
            hub: Hub::new(vec![link()]).expect("hub"),
            writer: None,
            reader: None,
            published: vec![Vec::new()],
            count: 0,
            delivered: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::StartWriter => {
                self.kill_writer();
                let mut control = Control::new(self.hub.start("display").expect("start"));
                let writer = control.writer(NAME, &schema(), PACE);
                control.poll();
                self.hub.service("display");
                self.writer = Some((control, writer));
                self.published.push(Vec::new());
            }
            Step::KillWriter => self.kill_writer(),
            Step::StartReader => {
                self.hub.stop("network");
                let mut control = Control::new(self.hub.start("network").expect("start"));
                let reader = control.reader(NAME, &schema(), PACE, Trust::Trusted);
                self.reader = Some((control, reader));
                self.delivered.clear();
            }
            Step::Publish => {
                let Some((_, writer)) = &mut self.writer else {
                    return;
                };
                self.count += 1;
                let schema = schema();
                let mut record = Record::new(&schema);
                let id = schema.field("count").expect("field");
                record.set(id, self.count).expect("set");
                writer.publish(&record).expect("attached");
                let epoch = self.published.last_mut().expect("an epoch");
                epoch.push(self.count);
            }
            Step::Look => self.look(),
        }
    }

    fn kill_writer(&mut self) {
        if let Some((control, writer)) = self.writer.take() {
            // Killed: it does not say that it ends. Its descriptors close.
            std::mem::forget(writer);
            drop(control);
            self.hub.stop("display");
        }
    }

    fn look(&mut self) {
        let Some((control, reader)) = &mut self.reader else {
            return;
        };
        // One hand-out is outstanding: the newest comes after the receipt for
        // the one that lay there.
        for _ in 0..2 {
            control.poll();
            self.hub.service("network");
        }
        loop {
            let record = match reader.poll() {
                Reading::Fresh(record) | Reading::Gap { record, .. } => record,
                Reading::Absent | Reading::Nothing => break,
                // A machine that is busy for so long.
                Reading::Stale { .. } | Reading::Lost => break,
                other => panic!("{other:?}"),
            };
            let place = (record.epoch, record.number);
            assert!(
                self.delivered.last().is_none_or(|last| *last < place),
                "{place:?} after {:?}",
                self.delivered
            );
            let epoch = usize::try_from(record.epoch).expect("small");
            let number = usize::try_from(record.number).expect("small");
            let count = record.get(schema().field("count").expect("field"));
            assert_eq!(count, self.published[epoch].get(number - 1).copied());
            self.delivered.push(place);
        }
        // With a living writer the reader is at that writer's life.
        if self.writer.is_some() {
            let epoch = self.published.len() as u64 - 1;
            assert_eq!(reader.epoch(), Some(epoch));
        }
    }
}

#[test]
fn every_order_of_starts_and_deaths_delivers_each_record_once_and_in_order() {
    let choices = STEPS.len();
    let mut late = 0;
    for row in 0..choices.pow(LENGTH) {
        let mut device = Device::new();
        let steps: Vec<Step> = (0..LENGTH)
            .map(|at| STEPS[row / choices.pow(at) % choices])
            .collect();
        for step in &steps {
            device.step(*step);
        }
        // However it came there, it ends well.
        for step in [
            Step::StartWriter,
            Step::StartReader,
            Step::Publish,
            Step::Look,
        ] {
            device.step(step);
        }
        let last = device.published.len() as u64 - 1;
        // Past its deadline on a machine that is busy for so long, else there.
        late += usize::from(device.delivered.is_empty());
        assert!(
            device.delivered.is_empty() || device.delivered == [(last, 1)],
            "{steps:?}: {:?}",
            device.delivered
        );
    }
    assert!(late < 100, "{late} came late");
}

#[test]
fn the_supervisor_goes_and_the_ends_go_on_until_one_of_them_does() {
    let mut device = Device::new();
    for step in [
        Step::StartWriter,
        Step::StartReader,
        Step::Publish,
        Step::Look,
    ] {
        device.step(step);
    }
    let id = schema().field("count").expect("field");
    // Another hub is another supervisor: the old one's sockets close with it.
    device.hub = Hub::new(vec![link()]).expect("hub");
    let (control, mut writer) = device.writer.take().expect("writer");
    let (mut reading, mut reader) = device.reader.take().expect("reader");
    assert_eq!(reading.poll().len(), 1, "told once");
    let mut record = Record::new(&schema());
    record.set(id, 7).expect("set");
    writer.publish(&record).expect("still attached");
    match reader.poll() {
        Reading::Fresh(record) => assert_eq!((record.get(id), record.number), (Some(7), 2)),
        other => panic!("{other:?}"),
    }
    drop((control, writer));
    assert_eq!(reader.poll(), Reading::Lost);
}
