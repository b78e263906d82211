//! A display: a supervisor's hub and the writer of `vitals`, on a thread of the test.

use cordon_channel::{Control, Hub, Link, Reading, Schema, Trust, Writer};
use cordon_vitals_record::{
    Alarm, ECG_SAMPLES, Numerics, PressureNumerics, Priority, SEEN_REMOTELY, SEEN_REMOTELY_PACE,
    SeenForm, Source, VITALS, VITALS_PACE, Vitals, VitalsForm,
};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What the display does with its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A record every 40 ms.
    Publishing,
    /// Alive, without records.
    Beating,
    /// Hangs: no sign of life.
    Hung,
    /// Starts anew, with a new epoch, then publishes.
    Restart,
    /// Ends.
    Stopped,
}

/// What the test tells the display, and what the display tells the test.
#[derive(Debug)]
pub struct Script {
    pub mode: Mode,
    pub vitals: Vitals,
    pub seen: Vec<u32>,
    pub published: u64,
}

/// A running display.
pub struct Display {
    script: Arc<Mutex<Script>>,
    thread: Option<JoinHandle<()>>,
}

struct Ends {
    control: Control,
    writer: Writer,
    seen: cordon_channel::Reader,
}

/// A patient: a monitor's usual numbers, one alarm, and no pulse rate.
pub fn patient() -> Vitals {
    Vitals {
        source: Source::Record,
        speed: 1,
        alarm_priority: Some(Priority::Medium),
        alarms: vec![Alarm::HeartRateHigh.id(), Alarm::NibpNotMeasured.id()],
        numerics: Numerics {
            heart_rate: Some(122),
            spo2: Some(97),
            pulse_rate: None,
            respiration_rate: Some(17),
            abp: pressure(118, 62, 82),
            pap: pressure(28, 12, 18),
            nibp: PressureNumerics::default(),
        },
        ..Vitals::default()
    }
}

pub fn pressure(systolic: i16, diastolic: i16, mean: i16) -> PressureNumerics {
    PressureNumerics {
        systolic: Some(systolic),
        diastolic: Some(diastolic),
        mean: Some(mean),
    }
}

impl Display {
    /// Starts a display; returns the network service's end of the control socket.
    pub fn start(vitals: Vitals) -> (Self, OwnedFd) {
        Self::start_with(vitals, VITALS)
    }

    /// The same, with a schema of its own.
    pub fn start_with(vitals: Vitals, schema: &str) -> (Self, OwnedFd) {
        let schema = Schema::parse(schema).unwrap();
        let seen = Schema::parse(SEEN_REMOTELY).unwrap();
        let link = |name: &str, schema: &Schema, pace, from: &str, to: &str| Link {
            name: name.into(),
            schema: schema.clone(),
            pace,
            from: from.into(),
            to: vec![to.into()],
        };
        let links = vec![
            link("vitals", &schema, VITALS_PACE, "display", "network"),
            link(
                "seen-remotely",
                &seen,
                SEEN_REMOTELY_PACE,
                "network",
                "display",
            ),
        ];
        let mut hub = Hub::new(links).unwrap();
        let ends = Ends::start(&mut hub, &schema);
        let network = hub.start("network").unwrap();
        let script = Arc::new(Mutex::new(Script {
            mode: Mode::Publishing,
            vitals,
            seen: Vec::new(),
            published: 0,
        }));
        let shared = script.clone();
        let thread = std::thread::spawn(move || run(hub, ends, &schema, &shared));
        let display = Self {
            script,
            thread: Some(thread),
        };
        (display, network)
    }

    /// Changes what it does or shows.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.script.lock().unwrap().mode = Mode::Stopped;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Ends {
    fn start(hub: &mut Hub, schema: &Schema) -> Self {
        let mut control = Control::new(hub.start("display").unwrap());
        let writer = control.writer("vitals", schema, VITALS_PACE);
        let form = SeenForm::new().unwrap();
        let seen = control.reader(
            "seen-remotely",
            form.schema(),
            SEEN_REMOTELY_PACE,
            Trust::Untrusted,
        );
        Self {
            control,
            writer,
            seen,
        }
    }
}

fn run(mut hub: Hub, mut ends: Ends, schema: &Schema, script: &Mutex<Script>) {
    // Of another schema only heartbeats are sent: the test is about the attachment.
    let form = Some(VitalsForm::new().unwrap()).filter(|form| form.schema() == schema);
    let seen_form = SeenForm::new().unwrap();
    let mut due = Instant::now();
    loop {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        due += Duration::from_millis(40);
        hub.service("display");
        hub.service("network");
        ends.control.poll();
        let mut script = script.lock().unwrap();
        while let Reading::Fresh(record) | Reading::Gap { record, .. } = ends.seen.poll() {
            script.seen.extend(seen_form.from_record(&record));
        }
        match (script.mode, &form) {
            (Mode::Stopped, _) => return,
            (Mode::Hung, _) => {}
            (Mode::Restart, _) => {
                ends = Ends::start(&mut hub, schema);
                script.mode = Mode::Publishing;
            }
            (Mode::Publishing, Some(form)) => {
                let n = script.published;
                script.published += 1;
                script.vitals.samples += 5;
                draw(&mut script.vitals, n);
                let record = form.to_record(&script.vitals).unwrap();
                // Before the channel is attached there is nobody to publish to.
                let _ = ends.writer.publish(&record);
            }
            (Mode::Beating | Mode::Publishing, _) => ends.writer.heartbeat(),
        }
    }
}

/// Waves that look like some, 2 beats a second.
fn draw(vitals: &mut Vitals, record: u64) {
    let phase = |sample: u64, rate: u64| (sample % (rate / 2)) as f64 / (rate / 2) as f64;
    let bump = |p: f64, at: f64, width: f64| (-((p - at) / width).powi(2)).exp();
    let first = record * ECG_SAMPLES as u64;
    vitals.ecg = Some(std::array::from_fn(|i| {
        let p = phase(first + i as u64, 500);
        let mv = bump(p, 0.2, 0.04) * 0.12 - bump(p, 0.365, 0.012) * 0.14
            + bump(p, 0.4, 0.014) * 1.1
            - bump(p, 0.43, 0.013) * 0.25
            + bump(p, 0.65, 0.07) * 0.3;
        (mv * 1000.0) as i16
    }));
    let slow = |i: usize| phase(record * 5 + i as u64, 125);
    let pulse = |p: f64| bump(p, 0.55, 0.11) + 0.35 * bump(p, 0.78, 0.1);
    vitals.abp = Some(std::array::from_fn(|i| {
        (62.0 + 56.0 * pulse(slow(i))) as i16
    }));
    vitals.pleth = Some(std::array::from_fn(|i| {
        (-700.0 + 1400.0 * pulse(slow(i))) as i16
    }));
    let breath = |i: usize| (record * 5 + i as u64) as f64 / 125.0 / 3.5 * std::f64::consts::TAU;
    vitals.resp = Some(std::array::from_fn(|i| (breath(i).sin() * 700.0) as i16));
    vitals.beat = record % 12 == 5;
}
