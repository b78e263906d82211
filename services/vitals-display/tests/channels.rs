//! The display at both ends of its channels: what is published equals what is shown, and
//! what comes in cannot do more than draw a mark.

mod common;

use common::{Bedside, HYPOTENSION, LOOPABLE, record};
use cordon_channel::{Control, Hub, Link, Reader, Reading, Trust, Writer};
use cordon_vitals_display::input::{Demo, Replay};
use cordon_vitals_display::link::numerics;
use cordon_vitals_display::screen::Text;
use cordon_vitals_record::{
    Alarm, Priority, SEEN_REMOTELY_PACE, SeenForm, Source, VITALS_PACE, Vitals, VitalsForm,
};
use std::fs::File;

/// A supervisor, and the network service's ends.
struct Station {
    hub: Hub,
    control: Control,
    vitals: Reader,
    seen: Writer,
    form: VitalsForm,
    seen_form: SeenForm,
}

impl Station {
    /// The station, and the display's control socket.
    fn new() -> (Self, Control) {
        let (form, seen_form) = (VitalsForm::new().unwrap(), SeenForm::new().unwrap());
        let link = |name: &str, schema: &cordon_channel::Schema, pace, from: &str, to: &str| Link {
            name: name.into(),
            schema: schema.clone(),
            pace,
            from: from.into(),
            to: vec![to.into()],
        };
        let mut hub = Hub::new(vec![
            link("vitals", form.schema(), VITALS_PACE, "display", "network"),
            link(
                "seen-remotely",
                seen_form.schema(),
                SEEN_REMOTELY_PACE,
                "network",
                "display",
            ),
        ])
        .unwrap();
        let display = Control::new(hub.start("display").unwrap());
        let mut control = Control::new(hub.start("network").unwrap());
        let vitals = control.reader("vitals", form.schema(), VITALS_PACE, Trust::Trusted);
        let seen = control.writer("seen-remotely", seen_form.schema(), SEEN_REMOTELY_PACE);
        (
            Self {
                hub,
                control,
                vitals,
                seen,
                form,
                seen_form,
            },
            display,
        )
    }

    /// What supervisor and network service do between two frames.
    fn serve(&mut self) {
        for _ in 0..2 {
            self.hub.service("display");
            self.hub.service("network");
            self.control.poll();
        }
    }

    fn read(&mut self) -> Option<Vitals> {
        match self.vitals.poll() {
            Reading::Fresh(record) | Reading::Gap { record, .. } => {
                Some(self.form.from_record(&record).unwrap())
            }
            _ => None,
        }
    }
}

#[test]
fn test_what_is_published_is_what_is_shown() {
    let Some(record) = record(LOOPABLE) else {
        return;
    };
    let ecg: Vec<i16> = {
        let signal = &record.signals[0];
        (0..signal.samples.len())
            .map(|index| (f64::from(signal.samples[index]) * (1000.0 / signal.gain)).round() as i16)
            .collect()
    };
    let (mut station, control) = Station::new();
    let input = Box::new(Replay::new(record, 1, true));
    let mut bedside = Bedside::with(input, Text::builtin(), Some(control));
    let mut received = 0;
    for tick in 0..100usize {
        // A reader that is told more than the channel's pace allows takes it for an attack.
        std::thread::sleep(std::time::Duration::from_millis(40));
        bedside.tick();
        station.serve();
        let Some(vitals) = station.read() else {
            continue;
        };
        received += 1;
        assert_eq!((vitals.source, vitals.speed), (Source::Record, 1));
        assert_eq!(vitals.samples, (tick as u64 + 1) * 5);
        assert_eq!(
            vitals.numerics,
            numerics(bedside.monitor.patient().readings())
        );
        assert_eq!(vitals.alarms, bedside.alarms());
        // The samples of this very period, none lost and none twice.
        let expected: Vec<i16> = (0..20).map(|i| ecg[(tick * 20 + i) % ecg.len()]).collect();
        assert_eq!(vitals.ecg.map(Vec::from), Some(expected));
        assert!(vitals.abp.is_some() && vitals.pleth.is_some() && vitals.resp.is_some());
    }
    // All but those before the channel was attached.
    assert!(received >= 98, "only {received} records came");
}

#[test]
fn test_the_simulator_says_demo_on_the_wire() {
    let (mut station, control) = Station::new();
    let mut bedside = Bedside::with(Box::new(Demo::new(1, 1)), Text::builtin(), Some(control));
    for _ in 0..50 {
        bedside.tick();
        station.serve();
    }
    let vitals = station.read().unwrap();
    assert_eq!(vitals.source, Source::Demo);
    assert_eq!(vitals.numerics.spo2, None);
}

#[test]
fn test_a_screen_that_cannot_be_written_is_an_alarm_on_the_wire() {
    let (mut station, control) = Station::new();
    // Open for reading only: every write is refused.
    let screen = File::open("/dev/null").unwrap();
    let input = Box::new(Demo::new(1, 1));
    let mut bedside = Bedside::on(Some(screen), input, Text::builtin(), Some(control));
    let mut last = None;
    for _ in 0..50 {
        bedside.tick();
        station.serve();
        last = station.read().or(last);
    }
    let vitals = last.unwrap();
    assert_eq!(vitals.alarm_priority, Some(Priority::High));
    assert_eq!(vitals.alarms[0], Alarm::ScreenNotWritten.id());
    assert_eq!(bedside.monitor.frames().lost(), 50);
    // No mark of a nurse takes it away.
    bedside.monitor.watch().see(Alarm::ScreenNotWritten.id());
    bedside.tick();
    assert_eq!(bedside.alarms()[0], Alarm::ScreenNotWritten.id());
}

#[test]
fn test_a_flood_of_valid_marks_leaves_every_alarm_and_every_frame() {
    let Some(record) = record(HYPOTENSION) else {
        return;
    };
    let (mut station, control) = Station::new();
    let input = Box::new(Replay::new(record, 1, false));
    let mut bedside = Bedside::with(input, Text::builtin(), Some(control));
    for _ in 0..500 {
        bedside.tick();
        station.serve();
    }
    let alarms = bedside.alarms();
    assert!(alarms.len() >= 3, "{alarms:?}");
    for round in 0..250u32 {
        for id in 0..40 {
            let record = station.seen_form.to_record(round * 40 % 400 + id).unwrap();
            let _ = station.seen.publish(&record);
        }
        bedside.tick();
        station.serve();
        let now = bedside.alarms();
        assert!(
            alarms
                .iter()
                .filter(|id| **id != 212)
                .all(|id| now.contains(id)),
            "{now:?}"
        );
    }
    let frames = bedside.monitor.frames();
    assert_eq!((frames.due, frames.drawn, frames.lost()), (750, 750, 0));
}

#[test]
fn test_one_mark_is_drawn_beside_the_alarm_it_names() {
    let Some(record) = record(HYPOTENSION) else {
        return;
    };
    let (mut station, control) = Station::new();
    let input = Box::new(Replay::new(record, 1, false));
    let mut bedside = Bedside::with(input, Text::builtin(), Some(control));
    for _ in 0..250 {
        bedside.tick();
        station.serve();
    }
    let id = bedside.alarms()[0];
    let record = station.seen_form.to_record(id).unwrap();
    station.seen.publish(&record).unwrap();
    bedside.tick();
    bedside.tick();
    let active = bedside.monitor.watch().active();
    let seen: Vec<u32> = active
        .iter()
        .filter(|a| a.seen_remotely)
        .map(|a| a.alarm.id())
        .collect();
    assert_eq!(seen, [id]);
}

#[test]
fn test_a_dead_supervisor_stops_nothing() {
    let (station, control) = Station::new();
    let mut bedside = Bedside::with(Box::new(Demo::new(1, 1)), Text::builtin(), Some(control));
    bedside.seconds(1);
    drop(station);
    bedside.seconds(10);
    assert_eq!(bedside.monitor.frames().lost(), 0);
    assert!(
        bedside
            .monitor
            .patient()
            .readings()
            .heart_rate
            .value()
            .is_some()
    );
}
