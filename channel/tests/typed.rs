//! What holds, told by type: fresh, stale, lost; and every record once.

mod common;

use common::{NAME, PACE, link, schema};
use cordon_channel::typed::{
    Now, Typed, TypedPublishError, TypedReader, TypedWriter, Why, set, value,
};
use cordon_channel::{Control, Hub, Pace, Record, Schema, Trust, ValueError};
use std::time::Duration;

/// As generated code has it, by hand.
#[derive(Clone, Debug, Default, PartialEq)]
struct Vitals {
    count: Option<u64>,
    heart_rate: Option<u16>,
}

impl Typed for Vitals {
    const NAME: &'static str = NAME;
    const SCHEMA: &'static str = "count u64\n\
        heart-rate u16 unit=/min range=0..350\n\
        ecg i16[20] unit=uV range=-5000..5000\n\
        lead u8 enum=i,ii,iii\n";
    const PACE: Pace = PACE;

    fn read(record: &Record) -> Self {
        Self {
            count: value(record, 0),
            heart_rate: value(record, 1),
        }
    }

    fn fill(&self, record: &mut Record) -> Result<(), ValueError> {
        set(record, 0, self.count)?;
        set(record, 1, self.heart_rate)
    }
}

struct Device {
    hub: Hub,
    display: Control,
    network: Control,
    writer: TypedWriter<Vitals>,
    reader: TypedReader<Vitals>,
}

impl Device {
    fn new() -> Self {
        assert_eq!(schema().to_text(), Vitals::SCHEMA);
        let mut hub = Hub::new(vec![link()]).unwrap();
        let mut display = Control::new(hub.start("display").unwrap());
        let mut network = Control::new(hub.start("network").unwrap());
        let writer = display.typed_writer().unwrap();
        let reader = network.typed_reader(Trust::Trusted).unwrap();
        let mut device = Self {
            hub,
            display,
            network,
            writer,
            reader,
        };
        assert_eq!(device.reader.now(), Now::Lost(Why::Absent));
        device.attach();
        device
    }

    fn attach(&mut self) {
        self.display.poll();
        self.hub.service("display");
        self.network.poll();
        self.hub.service("network");
    }

    /// The display starts again, with the supervisor's help.
    fn restart(&mut self) {
        self.display = Control::new(self.hub.start("display").unwrap());
        self.writer = self.display.typed_writer().unwrap();
        self.attach();
    }

    fn publish(&mut self, count: u64) {
        let vitals = Vitals {
            count: Some(count),
            heart_rate: None,
        };
        self.writer.publish(&vitals).unwrap();
    }

    fn count(&mut self) -> Option<u64> {
        match self.reader.now() {
            Now::Fresh { sample, .. } => sample.value.count,
            Now::Stale { .. } | Now::Lost(_) => None,
        }
    }
}

fn deadline() -> Duration {
    Duration::from_nanos(PACE.deadline_ns().unwrap())
}

#[test]
fn a_value_holds_until_its_deadline_and_the_reader_is_told_why_it_does_not() {
    let mut device = Device::new();
    assert_eq!(device.reader.now(), Now::Lost(Why::NotYet));
    device.publish(1);
    assert_eq!(device.count(), Some(1));
    assert_eq!(device.count(), Some(1), "asked twice, it is still so");
    std::thread::sleep(deadline());
    device.writer.heartbeat();
    assert!(matches!(device.reader.now(), Now::Stale { age } if age >= 200_000_000));
    device.publish(2);
    assert_eq!(device.count(), Some(2));
    drop(device.writer);
    assert_eq!(device.reader.now(), Now::Lost(Why::Dead));
}

#[test]
fn each_record_is_taken_once_and_a_hole_is_no_join() {
    let mut device = Device::new();
    let mut taken = Vec::new();
    // More than the ring's 64, so the oldest are gone; the pause earns the
    // writer so large a step.
    for burst in [3, 80] {
        std::thread::sleep(Duration::from_millis(300));
        for _ in 0..burst {
            device.publish(taken.len() as u64);
        }
        while let Some(sample) = device.reader.take() {
            taken.push((sample.number, sample.lost, sample.joins));
        }
    }
    let mut before: Option<u64> = None;
    for (number, lost, joins) in &taken {
        assert_eq!(
            number - lost,
            before.map_or(number - lost, |before| before + 1)
        );
        assert_eq!(*joins, before.is_some_and(|before| before + 1 == *number));
        assert!(before.is_none_or(|before| before < *number));
        before = Some(*number);
    }
    assert_eq!(before, Some(83));
    assert!(taken.iter().any(|(_, lost, _)| *lost > 10), "{taken:?}");
}

#[test]
fn a_record_of_an_earlier_life_is_no_value_of_this_one() {
    let mut device = Device::new();
    device.publish(1);
    assert_eq!(device.count(), Some(1));
    device.restart();
    assert_eq!(device.reader.now(), Now::Lost(Why::NotYet));
    device.publish(2);
    let sample = device.reader.take().unwrap();
    assert_eq!((sample.epoch, sample.number, sample.joins), (2, 1, false));
}

#[test]
fn an_end_of_another_record_is_told_by_field() {
    #[derive(Debug)]
    struct Other;
    impl Typed for Other {
        const NAME: &'static str = NAME;
        const SCHEMA: &'static str = "count u32\n";
        const PACE: Pace = PACE;
        fn read(_: &Record) -> Self {
            Self
        }
        fn fill(&self, _: &mut Record) -> Result<(), ValueError> {
            Ok(())
        }
    }
    let mut device = Device::new();
    device.publish(1);
    device.network = Control::new(device.hub.start("network").unwrap());
    let mut other: TypedReader<Other> = device.network.typed_reader(Trust::Trusted).unwrap();
    device.network.poll();
    let Now::Lost(Why::Schema(differences)) = other.now() else {
        panic!("attached");
    };
    assert!(
        differences.iter().any(|one| one.contains("`count`")),
        "{differences:?}"
    );
}

#[test]
fn what_is_outside_its_range_is_not_published_at_all() {
    let mut device = Device::new();
    let wrong = Vitals {
        count: Some(1),
        heart_rate: Some(351),
    };
    assert!(matches!(
        device.writer.publish(&wrong),
        Err(TypedPublishError::Value(ValueError::Range { .. }))
    ));
    assert_eq!(device.reader.now(), Now::Lost(Why::NotYet));
    assert_eq!(Schema::parse(Vitals::SCHEMA), Ok(schema()));
}
