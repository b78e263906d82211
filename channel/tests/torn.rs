//! No torn read: threads on real shared memory, each record made so that any
//! mixture of two shows.

mod common;

use common::NAME;
use cordon_channel::{Control, Hub, Link, Pace, Reading, Record, Schema, Trust};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SPAN: Duration = Duration::from_secs(2);
/// The smallest ring there is, 4 slots, at any speed: a reader that checks what
/// it got is always behind, reads the oldest record there is, and the writer
/// comes upon it while it is being copied.
const PACE: Pace = Pace::Sporadic {
    records: 2,
    per_ns: 1,
};
/// Different records, made before: the writer does nothing but publish.
const KINDS: i64 = 64;
const READERS: [&str; 2] = ["first", "second"];

fn schema() -> Schema {
    // Long, so that copying one takes as long as the writer takes for another.
    let text: String = (0..40).map(|n| format!("f{n} i64[64]\n")).collect();
    Schema::parse(&text).expect("schema")
}

#[test]
fn threads_never_see_a_torn_record() {
    let schema = schema();
    let mut hub = Hub::new(vec![Link {
        name: NAME.to_owned(),
        schema: schema.clone(),
        pace: PACE,
        from: "writer".to_owned(),
        to: READERS.map(str::to_owned).to_vec(),
    }])
    .expect("hub");
    let mut control = Control::new(hub.start("writer").expect("start"));
    let mut writer = control.writer(NAME, &schema, PACE);
    control.poll();
    hub.service("writer");
    let stop = AtomicBool::new(false);
    let ids: Vec<_> = schema.ids().map(|(id, _)| id).collect();
    let ends = READERS.map(|name| {
        let mut control = Control::new(hub.start(name).expect("start"));
        let reader = control.reader(NAME, &schema, PACE, Trust::Trusted);
        control.poll();
        reader
    });
    let (published, read) = std::thread::scope(|scope| {
        let readers = ends.map(|mut reader| {
            let (stop, ids) = (&stop, &ids);
            scope.spawn(move || {
                let mut last = 0;
                let (mut whole, mut torn) = (0u64, 0u64);
                while !stop.load(Ordering::Relaxed) {
                    let record = match reader.poll() {
                        Reading::Fresh(record) | Reading::Gap { record, .. } => record,
                        Reading::Nothing => continue,
                        Reading::Busy => {
                            torn += 1;
                            continue;
                        }
                        other => panic!("{other:?}"),
                    };
                    assert!(record.number > last, "in order, once");
                    last = record.number;
                    let expected = vec![i64::try_from(last).expect("small") % KINDS; 64];
                    for id in ids {
                        assert_eq!(record.get_array(*id).as_ref(), Some(&expected));
                    }
                    whole += 1;
                }
                (whole, torn)
            })
        });
        let start = Instant::now();
        let records: Vec<_> = (0..KINDS)
            .map(|kind| {
                let mut record = Record::new(&schema);
                for id in &ids {
                    record.set_array(*id, &[kind; 64]).expect("set");
                }
                record
            })
            .collect();
        let mut number = 0;
        for record in records.iter().cycle().skip(1) {
            number = writer.publish(record).expect("publish");
            if start.elapsed() > SPAN {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
        let read = readers.map(|reader| reader.join().expect("reader"));
        (number, read)
    });
    println!("{published} published; whole and busy by reader: {read:?}");
    assert!(read.iter().all(|(whole, _)| *whole > 0));
}
