//! The whole, with real recordings: what the screen shows and what a nurse's
//! station gets over mutual TLS is what the record says.

use cordon_tests::certificates::{Use, Validity};
use cordon_tests::device::Device;
use cordon_tests::monitor::{Monitor, Options};
use cordon_tests::needs::{Need, met};
use cordon_tests::recording::{self, Signal};
use cordon_tests::stage::Stage;
use cordon_tests::station::Station;
use cordon_tests::{leftovers, shown, workspace};
use serde_json::Value;
use std::time::{Duration, Instant};

const NEEDS: &[Need] = &[
    Need::Root,
    Need::Recordings,
    Need::Built("cordon"),
    Need::Built("vitals-display"),
    Need::Built("network-service"),
    Need::Program("/usr/bin/curl"),
    Need::Program("/usr/bin/openssl"),
];
const READY: Duration = Duration::from_secs(20);

fn staged(name: &str, record: &str, speed: u32) -> Monitor {
    let record = workspace::data().join("vitals").join(record);
    let options = Options {
        device: name.into(),
        record: Some(record),
        speed,
        ..Options::default()
    };
    Monitor::new(Stage::of_test(name).unwrap(), options).unwrap()
}

fn start(monitor: &Monitor) -> Device {
    let launch = monitor.launch(workspace::program("cordon").unwrap());
    launch
        .start(READY)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn assert_ends_clean(mut device: Device, monitor: &Monitor) {
    let status = device.stop().unwrap();
    assert!(status.success(), "{status}\n{}", device.log());
    let left = leftovers::find(
        monitor.stage.directory(),
        &monitor.options.device,
        &[monitor.address.port()],
    );
    assert!(left.is_empty(), "{left:#?}");
}

/// The station's answer once the service has a current record.
fn observation(station: &Station, id: &str) -> Value {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = station.get(&format!("/fhir/Observation/{id}")).unwrap();
        if answer["status"] == "final" || Instant::now() > until {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What the display shows of a numeric: rounded, nothing for no sample, and
/// nothing for 0, which is what that monitor recorded when it measured nothing.
fn as_shown(value: Option<f64>) -> Option<i64> {
    value
        .filter(|value| *value != 0.0)
        .map(|value| value.round() as i64)
}

/// Numerics of the display by the names of the record's signals.
const NUMERICS: &[(&str, &str)] = &[
    ("HR", "heart-rate"),
    ("PULSE", "pulse-rate"),
    ("RESP", "respiration-rate"),
    ("SpO2", "spo2"),
    ("NBPSys", "nibp-systolic"),
    ("NBPDias", "nibp-diastolic"),
    ("NBPMean", "nibp-mean"),
];

fn signal<'a>(signals: &'a [Signal], name: &str) -> &'a Signal {
    signals
        .iter()
        .find(|signal| signal.name == name)
        .unwrap_or_else(|| panic!("no signal {name}"))
}

/// The deterioration, 72 minutes in 72 seconds: every numeric of every minute
/// on the screen, and SpO2 of 36 at the end, is the record's; what a station is
/// served is what was shown in that minute.
#[test]
fn a_deterioration_is_shown_and_served_as_recorded() {
    if !met(NEEDS) {
        return;
    }
    let record = "mimic2_s25047/s25047-2704-05-04-10-44n.hea";
    let signals = recording::read(&workspace::data().join("vitals").join(record)).unwrap();
    let monitor = staged("whole-numerics", record, 60);
    let device = start(&monitor);
    let station = monitor.station();
    let mut served = Vec::new();
    // Until the record begins again.
    let until = Instant::now() + Duration::from_secs(71);
    while Instant::now() < until {
        served.push(station.get("/fhir/Observation").unwrap());
        std::thread::sleep(Duration::from_millis(700));
    }
    let lines = shown::lines(&monitor.shown()).unwrap();

    let mut minutes = std::collections::BTreeSet::new();
    for line in &lines {
        let sample = usize::try_from(line["sample"].as_u64().unwrap()).unwrap();
        minutes.insert(sample);
        for (name, field) in NUMERICS {
            let expected = as_shown(signal(&signals, name).samples[sample]);
            assert_eq!(
                line["numerics"][field].as_i64(),
                expected,
                "{field} of minute {sample}: {line}"
            );
        }
        assert_eq!(line["samples"]["lost"], 0, "{line}");
        assert_eq!(line["speed"], 60, "said on the wire: {line}");
    }
    assert!(
        minutes.len() >= 70,
        "only {} minutes were shown",
        minutes.len()
    );
    let lowest = lines
        .iter()
        .filter_map(|line| line["numerics"]["spo2"].as_i64())
        .min();
    assert_eq!(lowest, Some(36));

    // A station's number is one the record has; which minute it belongs to is
    // known to within the request's own time.
    let mut compared = 0;
    for bundle in &served {
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let resource = &entry["resource"];
            let Some(value) = resource["valueQuantity"]["value"].as_i64() else {
                continue;
            };
            let field = resource["id"].as_str().unwrap();
            let time = resource["effectiveDateTime"].as_str().unwrap();
            assert!(
                lines.iter().any(|line| line["numerics"][field].as_i64() == Some(value) && near(line, time)),
                "{field} {value} at {time} was served and never shown"
            );
            compared += 1;
        }
    }
    assert!(compared > 200, "only {compared} values were served");
    println!(
        "{} lines of {} minutes, {compared} served values",
        lines.len(),
        minutes.len()
    );
    assert_ends_clean(device, &monitor);
}

/// Whether a line was shown within two seconds of a time (both RFC 3339, UTC).
fn near(line: &Value, time: &str) -> bool {
    let seconds = |text: &str| -> Option<f64> {
        let (hours, rest) = text.split_once('T')?.1.split_once(':')?;
        let (minutes, rest) = rest.split_once(':')?;
        let rest = rest.trim_end_matches(|c: char| !c.is_ascii_digit());
        let second: f64 = rest.split(['+', '-', 'Z']).next()?.parse().ok()?;
        Some(hours.parse::<f64>().ok()? * 3600.0 + minutes.parse::<f64>().ok()? * 60.0 + second)
    };
    match (line["time"].as_str().and_then(seconds), seconds(time)) {
        (Some(a), Some(b)) => (a - b).abs() < 2.0,
        _ => false,
    }
}

/// Waves in real time, over the record's end: the heart rate derived from the
/// ECG and the pressures derived from the pressure wave are what the samples say.
#[test]
fn waves_give_the_numbers_their_samples_say() {
    if !met(NEEDS) {
        return;
    }
    let segments = ["041s01.hea", "041s02.hea"].map(|name| {
        recording::read(&workspace::data().join("vitals/mimicdb_041").join(name)).unwrap()
    });
    let monitor = staged("whole-waves", "mimicdb_041/041s.hea", 1);
    let device = start(&monitor);
    // More than one turn of the record's sixteen seconds.
    std::thread::sleep(Duration::from_secs(24));
    let station = monitor.station();
    let heart = observation(&station, "heart-rate");
    let lines = shown::lines(&monitor.shown()).unwrap();
    let last = lines.last().unwrap();

    // Median heart rate of the record, by its ECG and by its pulse: PROVENANCE.md.
    let rate = last["numerics"]["heart-rate"].as_f64().unwrap();
    assert!((rate - 95.5).abs() <= 4.0, "{last}");
    assert_eq!(heart["code"]["coding"][0]["code"], "8867-4", "{heart}");
    let value = heart["valueQuantity"]["value"].as_f64().unwrap();
    assert!((value - rate).abs() <= 3.0, "{value} served, {rate} shown");

    // Systolic lies between the record's typical beat and its highest sample.
    let pressure: Vec<f64> = segments
        .iter()
        .flat_map(|s| signal(s, "ABP").samples.iter().flatten().copied())
        .collect();
    let highest = pressure.iter().copied().fold(f64::MIN, f64::max);
    let lowest = pressure.iter().copied().fold(f64::MAX, f64::min);
    let mean = pressure.iter().sum::<f64>() / pressure.len() as f64;
    let shown = |name: &str| {
        last["numerics"][name]
            .as_f64()
            .unwrap_or_else(|| panic!("no {name}: {last}"))
    };
    assert!(
        shown("abp-systolic") <= highest + 1.0 && shown("abp-systolic") > mean,
        "{last}"
    );
    assert!(
        shown("abp-diastolic") >= lowest - 1.0 && shown("abp-diastolic") < mean,
        "{last}"
    );
    assert!(
        (shown("abp-mean") - mean).abs() < 6.0,
        "mean of the record {mean}: {last}"
    );
    // The record has no SpO2, and none is invented.
    assert!(lines.iter().all(|line| line["numerics"]["spo2"].is_null()));
    let spo2 = observation(&station, "spo2");
    assert!(
        spo2["valueQuantity"].is_null() && !spo2["dataAbsentReason"].is_null(),
        "{spo2}"
    );

    assert_eq!(last["samples"]["lost"], 0, "{last}");
    assert_eq!(last["frames"]["lost"], 0, "{last}");
    assert_eq!(last["channel"]["vitals"]["state"], "attached", "{last}");
    println!(
        "frames late: {} of {}",
        last["frames"]["late"], last["frames"]["drawn"]
    );

    let status = device.json("status").unwrap();
    assert_eq!(status["state"], "ready", "{status}");
    let absent: Vec<&str> = status["absent_layers"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["layer"].as_str())
        .collect();
    assert!(
        absent.contains(&"selinux"),
        "what is missing is said: {status}"
    );
    let verified = device.json("verify").unwrap();
    assert_eq!(verified["same"], true, "{verified:#}");
    assert_ends_clean(device, &monitor);
}

/// Who has no certificate, an expired one, or another hospital's gets nothing;
/// plaintext gets nothing; a nurse is still answered.
#[test]
fn only_a_nurse_is_answered() {
    if !met(NEEDS) {
        return;
    }
    let monitor = staged("whole-clients", "mimicdb_041/041s.hea", 1);
    let device = start(&monitor);
    let nurse = monitor.station();
    let expired = monitor
        .nurses
        .sign("former-nurse", Use::Client, Validity::Past)
        .unwrap();
    let foreign =
        cordon_tests::certificates::Authority::new(&monitor.stage.path("other"), "other").unwrap();
    let foreign = foreign
        .sign("stranger", Use::Client, Validity::Now)
        .unwrap();
    let server = monitor
        .nurses
        .sign("no-client", Use::Server, Validity::Now)
        .unwrap();
    for (who, identity) in [
        ("no certificate", None),
        ("expired", Some(expired)),
        ("foreign", Some(foreign)),
        ("a server's", Some(server)),
    ] {
        for version in ["--tlsv1.3", "--tls-max=1.2"] {
            let station = Station {
                identity: identity.clone(),
                ..nurse.clone()
            };
            let version: Vec<&str> = version.split('=').collect();
            let output = station.curl("/fhir/Observation", &version).unwrap();
            assert!(
                !output.status.success(),
                "{who}: {}",
                String::from_utf8_lossy(&output.stdout)
            );
            assert!(
                output.stdout.is_empty(),
                "{who}: {}",
                String::from_utf8_lossy(&output.stdout)
            );
        }
    }
    let plain = Station {
        url: nurse.url.replace("https", "http"),
        ..nurse.clone()
    };
    let output = plain.curl("/fhir/Observation", &[]).unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        !said.contains("Observation"),
        "plaintext was answered: {said}"
    );
    assert!(nurse.get("/fhir/metadata").is_ok());
    let status = device.json("status").unwrap();
    let restarts: Vec<&Value> = status["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["restarts"])
        .collect();
    assert!(
        restarts.iter().all(|it| **it == 0),
        "nobody fell over: {status}"
    );
    assert_ends_clean(device, &monitor);
}
