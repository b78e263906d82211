//! Bad input to a whole monitor: each is one clear error with an exit code of
//! its own, and nothing is left behind.
//!
//! What a client may send is in `whole.rs`; what a manifest may say, in the
//! manifest's own tests.

use cordon_tests::certificates::{Use, Validity};
use cordon_tests::monitor::{Monitor, Options};
use cordon_tests::needs::{Need, met};
use cordon_tests::stage::Stage;
use cordon_tests::{leftovers, workspace};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::Path;
use std::time::Duration;

const NEEDS: &[Need] = &[
    Need::Root,
    Need::Recordings,
    Need::Built("cordon"),
    Need::Built("vitals-display"),
    Need::Built("network-service"),
    Need::Program("/usr/bin/openssl"),
];

/// A monitor with one thing spoiled, and how `cordon run` has to answer.
struct Case {
    monitor: Monitor,
    manifest: String,
    without: Vec<String>,
}

impl Case {
    fn new(name: &str) -> Self {
        let record = workspace::data().join("vitals/mimicdb_041/041s.hea");
        let device = format!("bad-{name}");
        let options = Options {
            device: device.clone(),
            record: Some(record),
            ..Options::default()
        };
        let monitor = Monitor::new(Stage::of_test(&device).unwrap(), options).unwrap();
        // A component that cannot start ends the start, instead of being tried for ever.
        let manifest = monitor.manifest().unwrap();
        let manifest = manifest
            .replace(
                "restart: {policy: always, delay: 50ms}",
                "restart: {policy: never}",
            )
            .replace(
                "restart: {policy: always, delay: 50ms, limit: 1000/min}",
                "restart: {policy: never}",
            );
        let launch = monitor.launch(workspace::program("cordon").unwrap());
        Self {
            monitor,
            manifest,
            without: launch.without,
        }
    }

    fn replace(&mut self, from: &str, to: &str) {
        assert!(
            self.manifest.contains(from),
            "{from} is not in\n{}",
            self.manifest
        );
        self.manifest = self.manifest.replace(from, to);
    }

    /// Runs it, and asserts the exit code, the words, and that nothing is left.
    fn refused(self, code: i32, words: &[&str]) {
        let path = self
            .monitor
            .stage
            .write("device.yaml", &self.manifest)
            .unwrap();
        self.refused_with(&path, code, words);
    }

    fn refused_with(self, manifest: &Path, code: i32, words: &[&str]) {
        let mut launch = self.monitor.launch(workspace::program("cordon").unwrap());
        launch.manifest = manifest.to_owned();
        launch.without = self.without;
        let output = launch.to_the_end().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{said}\n{}",
            self.manifest
        );
        for word in words {
            assert!(said.contains(word), "{word:?} is not said:\n{said}");
        }
        let stage = &self.monitor.stage;
        let left = leftovers::find(stage.directory(), &self.monitor.options.device, &[]);
        assert!(left.is_empty(), "{left:#?}");
        let runtime: Vec<_> = fs::read_dir(stage.path("run"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
            .collect();
        assert!(
            runtime
                .iter()
                .all(|path| path.extension().is_some_and(|it| it == "lock")),
            "left: {runtime:?}"
        );
    }
}

#[test]
fn an_unreadable_manifest_is_3() {
    if met(NEEDS) {
        let case = Case::new("unreadable");
        let path = case.monitor.stage.path("nowhere.yaml");
        case.refused_with(&path, 3, &["nowhere.yaml"]);
    }
}

#[test]
fn an_invalid_manifest_is_4_with_its_line() {
    if met(NEEDS) {
        let mut case = Case::new("invalid");
        case.replace("    role: vitals-display\n", "    rôle: vitals-display\n");
        case.refused(4, &["device.yaml:7:5"]);
    }
}

#[test]
fn a_missing_executable_is_6() {
    if met(NEEDS) {
        let case = Case::new("missing");
        fs::remove_file(case.monitor.stage.path("bin/network-service")).unwrap();
        case.refused(6, &["bin/network-service"]);
    }
}

#[test]
fn an_executable_of_another_architecture_is_7() {
    if met(NEEDS) {
        let case = Case::new("foreign");
        let path = case.monitor.stage.path("bin/network-service");
        let mut bytes = fs::read(&path).unwrap();
        // e_machine of an ELF file: 183 is AArch64, 243 RISC-V.
        bytes[18] = if bytes[18] == 183 { 243 } else { 183 };
        fs::write(&path, bytes).unwrap();
        case.refused(7, &["bin/network-service"]);
    }
}

#[test]
fn an_unknown_user_is_8() {
    if met(NEEDS) {
        let mut case = Case::new("user");
        case.replace("user: 61102", "user: nobody-of-this-name");
        case.refused(8, &["nobody-of-this-name"]);
    }
}

#[test]
fn a_port_in_use_is_9() {
    if met(NEEDS) {
        let case = Case::new("port");
        let _holder = TcpListener::bind(case.monitor.address).unwrap();
        let port = case.monitor.address.port().to_string();
        case.refused(9, &["network-service", &port]);
    }
}

#[test]
fn a_kernel_without_a_layer_is_10() {
    if met(NEEDS) {
        let mut case = Case::new("layer");
        // No machine of the tests has everything: an enforcing SELinux, and all
        // cgroup v2 controllers.
        case.without.clear();
        case.refused(10, &["selinux"]);
    }
}

#[test]
fn an_expired_server_certificate_ends_the_service_with_6() {
    if met(NEEDS) {
        let case = Case::new("expired");
        let expired = case
            .monitor
            .monitors
            .sign("expired", Use::Server, Validity::Past)
            .unwrap();
        replace_certificate(&case, &expired.certificate, &expired.key);
        case.refused(11, &["network-service", "exited with status 6", "expired"]);
    }
}

#[test]
fn a_key_of_another_certificate_ends_the_service_with_5() {
    if met(NEEDS) {
        let case = Case::new("mismatch");
        let other = case
            .monitor
            .monitors
            .sign("other", Use::Server, Validity::Now)
            .unwrap();
        let certificate = case.monitor.stage.path("tls/server.crt");
        let certificate = case
            .monitor
            .stage
            .copy(&certificate, "hospital/kept.crt", 0o644)
            .unwrap();
        replace_certificate(&case, &certificate, &other.key);
        case.refused(11, &["network-service", "exited with status 5"]);
    }
}

fn replace_certificate(case: &Case, certificate: &Path, key: &Path) {
    let stage = &case.monitor.stage;
    stage.copy(certificate, "tls/server.crt", 0o644).unwrap();
    fs::remove_file(stage.path("tls/server.key")).unwrap();
    let key = stage.copy(key, "tls/server.key", 0o440).unwrap();
    chown(key, Some(0), Some(cordon_tests::monitor::USERS.1)).unwrap();
}

#[test]
fn a_truncated_record_ends_the_display_with_6() {
    if met(NEEDS) {
        let case = Case::new("truncated");
        let path = case.monitor.stage.path("record/041s02.dat");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        case.refused(11, &["vitals-display", "exited with status 6", "041s02"]);
    }
}

#[test]
fn a_corrupt_record_ends_the_display_with_6() {
    if met(NEEDS) {
        let case = Case::new("corrupt");
        let path = case.monitor.stage.path("record/041s01.dat");
        let mut bytes = fs::read(&path).unwrap();
        bytes[100] ^= 0x10;
        fs::write(&path, bytes).unwrap();
        case.refused(11, &["vitals-display", "exited with status 6", "041s01"]);
    }
}

#[test]
fn a_header_that_is_none_ends_the_display_with_4() {
    if met(NEEDS) {
        let case = Case::new("header");
        fs::write(case.monitor.stage.path("record/041s.hea"), "not a header\n").unwrap();
        case.refused(11, &["vitals-display", "exited with status 4"]);
    }
}

/// The display goes on without its remote part, says which field differs, and
/// nobody is served a number.
#[test]
fn a_vitals_channel_of_another_record_is_refused_by_field() {
    if !met(NEEDS) {
        return;
    }
    let mut case = Case::new("schema");
    case.replace("heart-rate: {type: u16", "heart-rate: {type: u32");
    let stage = &case.monitor.stage;
    stage.write("device.yaml", &case.manifest).unwrap();
    let launch = case.monitor.launch(workspace::program("cordon").unwrap());
    let mut device = launch.start(Duration::from_secs(20)).unwrap();
    let observation = case
        .monitor
        .station()
        .get("/fhir/Observation/heart-rate")
        .unwrap();
    assert!(observation["valueQuantity"].is_null(), "{observation:#}");
    assert_eq!(observation["status"], "unknown", "{observation:#}");
    let log = device.log();
    assert!(
        log.contains("channel vitals: refused: the schema differs: "),
        "{log}"
    );
    assert!(log.contains("heart-rate"), "{log}");
    let status = device.json("status").unwrap();
    assert_eq!(
        status["channels"][0]["state"], "offered",
        "never open: {status:#}"
    );
    device.stop().unwrap();
    let left = leftovers::find(stage.directory(), &case.monitor.options.device, &[]);
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn a_seen_remotely_channel_of_another_record_ends_the_service_with_9() {
    if met(NEEDS) {
        let mut case = Case::new("commands");
        case.replace("alarm: {type: u32", "alarm: {type: u64");
        case.refused(11, &["network-service", "exited with status 9", "alarm"]);
    }
}
