//! The nurse's station in a real browser: headless Chromium with the nurse's certificate.

use crate::clients::get;
use crate::display::{Display, Mode, patient};
use crate::events::Listener;
use crate::process::{Process, within};
use cordon_vitals_record::{Alarm, Priority, Source, Vitals};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// A page, open.
struct Page {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Page {
    /// The station of `service`; `None`, said aloud, where there is no browser here.
    fn open(service: &Process) -> Option<Self> {
        let missing: Vec<_> = ["chromium", "certutil", "pk12util", "python3"]
            .into_iter()
            .filter(|program| !installed(program))
            .collect();
        if !missing.is_empty() {
            let why = format!("no browser test: {} not installed", missing.join(", "));
            assert!(std::env::var_os("CI").is_none(), "{why}");
            eprintln!("{why}");
            return None;
        }
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/drive.py");
        let mut child = Command::new(driver)
            .arg(service.url("/"))
            .arg(service.room.file("ca.crt"))
            .arg(service.room.file("nurse.p12"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut page = Self {
            orders: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        assert_eq!(page.answer(), "open");
        Some(page)
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line).expect("the driver answers");
        assert!(answer["error"].is_null(), "{answer}");
        answer["value"].take()
    }

    fn order(&mut self, order: Value) -> Value {
        writeln!(self.orders.as_mut().unwrap(), "{order}").unwrap();
        self.answer()
    }

    fn evaluate(&mut self, expression: &str) -> Value {
        self.order(json!({ "evaluate": expression }))
    }

    fn text(&mut self, id: &str) -> String {
        let value = self.evaluate(&format!("document.getElementById('{id}').textContent"));
        value.as_str().unwrap().to_owned()
    }

    /// Every number on the page by its id.
    fn numbers(&mut self) -> Value {
        self.evaluate("Object.fromEntries([...document.querySelectorAll('output')].map((o) => [o.id, o.textContent]))")
    }

    fn is_blank(&mut self) -> bool {
        let numbers = self.numbers();
        numbers
            .as_object()
            .unwrap()
            .values()
            .all(|number| number == "---")
    }

    /// Pixels drawn on each wave's canvas, and a number that changes when they move.
    fn waves(&mut self) -> Value {
        self.evaluate(
            "Object.fromEntries([...document.querySelectorAll('canvas')].map((c) => {
                const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
                let [drawn, hash] = [0, 0];
                for (let i = 3; i < pixels.length; i += 4)
                    if (pixels[i]) { drawn += 1; hash = (hash * 31 + i) % 1000000007; }
                return [c.id, { drawn, hash }];
            }))",
        )
    }

    fn screenshot(&mut self, name: &str) {
        let path = target().join(name);
        self.order(json!({ "screenshot": path }));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // The end of its input ends the driver, which cleans up behind itself.
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}

fn installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|path| path.join(program).exists())
}

/// The workspace's target directory, where people look for the screenshots.
fn target() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = tmp.parent().unwrap().join("nurse-station");
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn signal(service: &Process, signal: &str) {
    let pid = service.pid().to_string();
    let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
    assert!(sent.success());
}

const SOON: Duration = Duration::from_secs(6);

#[test]
fn the_page_shows_what_curl_gets_and_its_waves_move() {
    let service = Process::serving(patient());
    let Some(mut page) = Page::open(&service) else {
        return;
    };
    assert!(within(SOON, || page.text("heart-rate") == "122"));
    let listener = Listener::new(&service, &[]);
    let served = listener.next_of("vitals").data["numerics"].clone();
    let shown = page.numbers();
    for (name, value) in served.as_object().unwrap() {
        let text = value
            .as_i64()
            .map_or("---".into(), |value| value.to_string());
        assert_eq!(shown[name], text, "{name}");
    }
    let rate = get(&service, "/fhir/Observation/heart-rate").json();
    assert_eq!(
        shown["heart-rate"],
        rate["valueQuantity"]["value"].to_string()
    );

    std::thread::sleep(Duration::from_secs(7));
    let (before, _) = (page.waves(), std::thread::sleep(Duration::from_millis(400)));
    let after = page.waves();
    for wave in ["wave-ecg", "wave-abp", "wave-pleth", "wave-resp"] {
        assert!(
            before[wave]["drawn"].as_u64().unwrap() > 200,
            "{wave}: {before}"
        );
        assert_ne!(
            before[wave]["hash"], after[wave]["hash"],
            "{wave} stands still"
        );
    }
    page.screenshot("current.png");

    service.display.script().vitals.numerics.heart_rate = Some(87);
    assert!(within(SOON, || page.text("heart-rate") == "87"));
    let messages = page.order(json!({"messages": true}));
    for message in messages.as_array().unwrap() {
        let message = message.as_str().unwrap();
        let own = message.starts_with(&format!("request {}", service.url("/")));
        // Reading the canvas back is this test's doing, not the page's.
        assert!(own || message.starts_with("Canvas2D:"), "{message}");
    }
}

#[test]
fn the_page_goes_blank_when_the_display_is_silent() {
    let service = Process::serving(patient());
    let Some(mut page) = Page::open(&service) else {
        return;
    };
    assert!(within(SOON, || page.text("heart-rate") == "122"));
    service.display.script().mode = Mode::Beating;
    assert!(within(SOON, || page.is_blank()));
    assert!(page.text("banner").contains("NO CURRENT DATA"));
    assert_eq!(page.text("alarms"), "alarms unknown");
    page.screenshot("stale.png");
    service.display.script().mode = Mode::Publishing;
    assert!(within(SOON, || page.text("heart-rate") == "122"));
    assert_eq!(
        page.evaluate("document.getElementById('banner').hidden"),
        true
    );
}

/// The service stops dead: no event, no end of the connection, nothing but the page's clock.
#[test]
fn the_page_goes_blank_by_its_own_clock() {
    let service = Process::serving(patient());
    let Some(mut page) = Page::open(&service) else {
        return;
    };
    assert!(within(SOON, || page.text("heart-rate") == "122"));
    // An event that comes late was kept somewhere; a laptop that slept has no current number.
    assert_eq!(page.evaluate("heard(Date.now())"), true);
    assert_eq!(page.evaluate("heard(Date.now() - 5000)"), false);
    assert_eq!(page.evaluate("heardWall -= 5000, isCurrent()"), false);
    signal(&service, "-STOP");
    assert!(within(SOON, || page.is_blank()));
    assert!(page.text("banner").contains("NO CURRENT DATA"));
    let drawn: u64 = (page.waves().as_object().unwrap().values())
        .map(|wave| wave["drawn"].as_u64().unwrap())
        .sum();
    assert_eq!(drawn, 0, "an old curve is left");
    signal(&service, "-CONT");
    assert!(within(SOON, || page.text("heart-rate") == "122"));
}

#[test]
fn the_page_goes_blank_when_the_service_dies() {
    let service = Process::serving(patient());
    let Some(mut page) = Page::open(&service) else {
        return;
    };
    assert!(within(SOON, || page.text("heart-rate") == "122"));
    signal(&service, "-KILL");
    assert!(within(SOON, || page.is_blank()));
    assert!(within(SOON, || page
        .text("banner")
        .contains("no connection to the monitor")));
}

#[test]
fn alarms_stand_by_priority_and_can_be_marked_as_seen() {
    let service = Process::serving(Vitals {
        source: Source::Demo,
        speed: 60,
        alarm_priority: Some(Priority::High),
        alarms: vec![
            Alarm::NibpNotMeasured.id(),
            Alarm::HeartRateHigh.id(),
            Alarm::Desaturation.id(),
        ],
        ..patient()
    });
    let Some(mut page) = Page::open(&service) else {
        return;
    };
    assert!(within(SOON, || page.text("heart-rate") == "122"));
    let lines =
        page.evaluate("[...document.querySelectorAll('.alarm span')].map((s) => s.textContent)");
    assert_eq!(
        lines,
        json!(["!!! DESATURATION", "!! HR HIGH", "! NIBP NOT MEASURED"])
    );
    assert_eq!(
        page.text("mark"),
        "DEMO: SIMULATED PATIENT \u{b7} SPEED \u{d7}60"
    );
    page.evaluate("document.querySelector('.alarm.high button').click()");
    let id = Alarm::Desaturation.id();
    assert!(within(SOON, || service.display.script().seen == [id]));
    let seen = "document.querySelector('.alarm.high button').textContent";
    assert!(within(SOON, || page.evaluate(seen) == "seen remotely"));
    std::thread::sleep(Duration::from_secs(4));
    page.screenshot("alarms.png");
    assert_eq!(
        page.evaluate("document.querySelectorAll('.alarm.high').length"),
        1
    );
}

#[test]
fn a_restarted_display_is_shown_again() {
    let (display, control) = Display::start(patient());
    let service = Process::start_on(display, control, Default::default());
    assert_eq!(service.notified(), "READY=1");
    let Some(mut page) = Page::open(&service) else {
        return;
    };
    assert!(within(SOON, || page.text("heart-rate") == "122"));
    service.display.script().vitals.numerics.heart_rate = Some(61);
    service.display.script().mode = Mode::Restart;
    assert!(within(SOON, || page.text("heart-rate") == "61"));
}
