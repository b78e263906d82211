//! Stock programs in compartments, each tried with its real client: the example
//! manifests as they stand, but for paths, ports and users of this machine.

use cordon_tests::device::{Device, Launch};
use cordon_tests::leftovers;
use cordon_tests::monitor::free_address;
use cordon_tests::needs::{Need, met};
use cordon_tests::stage::Stage;
use cordon_tests::workspace;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const USER: u32 = 61_111;

/// The example of this name with each text replaced by another.
fn example(stage: &Stage, name: &str, replaced: &[(&str, String)]) -> Launch {
    let path = workspace::root().join(format!("profiles/examples/{name}.yaml"));
    let mut text = fs::read_to_string(path).unwrap();
    for (from, to) in replaced {
        assert!(
            text.contains(from),
            "the example {name} does not say {from}"
        );
        text = text.replace(from, to);
    }
    Launch {
        cordon: workspace::program("cordon").unwrap(),
        manifest: stage.write("device.yaml", text).unwrap(),
        runtime: stage.path("run"),
        without: cordon_tests::monitor::WITHOUT
            .iter()
            .map(|layer| (*layer).to_owned())
            .collect(),
        weaken: Vec::new(),
        leave_out: Vec::new(),
    }
}

fn start(launch: &Launch) -> Device {
    launch
        .start(Duration::from_secs(20))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A directory for what the program keeps.
fn kept(stage: &Stage) -> String {
    let directory = stage.path("kept");
    fs::create_dir(&directory).unwrap();
    chown(&directory, Some(USER), Some(USER)).unwrap();
    directory.display().to_string()
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

/// Runs a client until it succeeds: a stock daemon does not say when it listens.
fn until_success(device: &Device, program: &str, arguments: &[&str]) -> Output {
    let until = Instant::now() + Duration::from_secs(15);
    loop {
        let output = run(program, arguments);
        if output.status.success() {
            return output;
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            Instant::now() < until,
            "{program}: {said}\n{}",
            device.log()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn assert_nothing_left(mut device: Device, stage: &Stage, name: &str, port: u16) {
    let status = device.stop().unwrap();
    assert!(status.success(), "{status}\n{}", device.log());
    let left = leftovers::find(stage.directory(), name, &[port]);
    assert!(left.is_empty(), "{left:#?}");
}

/// The directory of a package's files whose name carries a version.
fn versioned(parent: &str, prefix: &str) -> String {
    let mut names: Vec<String> = fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| {
            name.starts_with(prefix)
                && name[prefix.len()..]
                    .chars()
                    .all(|c| c.is_ascii_digit() || c == '.')
        })
        .filter(|name| name.len() > prefix.len() && Path::new(parent).join(name).is_dir())
        .collect();
    names.sort();
    format!("{parent}/{}", names.pop().unwrap())
}

/// The smallest image there is: two by two pixels.
const IMAGE: &str = "\
(0008,0016) UI =SecondaryCaptureImageStorage
(0008,0018) UI [1.2.276.0.7230010.3.1.4.1.1]
(0008,0060) CS [OT]
(0010,0010) PN [Compartment^Test]
(0010,0020) LO [1]
(0020,000d) UI [1.2.276.0.7230010.3.1.2.1]
(0020,000e) UI [1.2.276.0.7230010.3.1.3.1]
(0028,0002) US 1
(0028,0004) CS [MONOCHROME2]
(0028,0010) US 2
(0028,0011) US 2
(0028,0100) US 8
(0028,0101) US 8
(0028,0102) US 7
(0028,0103) US 0
(7fe0,0010) OB 00\\01\\02\\03
";

#[test]
fn storescp_keeps_an_image_sent_by_storescu() {
    let needs = [
        Need::Root,
        Need::Built("cordon"),
        Need::Program("/usr/bin/storescp"),
        Need::Program("/usr/bin/storescu"),
    ];
    if !met(&needs) {
        return;
    }
    let stage = Stage::of_test("storescp").unwrap();
    let port = free_address().unwrap().port();
    let directory = kept(&stage);
    let launch = example(
        &stage,
        "dcmtk-storescp",
        &[
            ("/usr/share/libdcmtk17", versioned("/usr/share", "libdcmtk")),
            ("/var/lib/image-store", directory.clone()),
            ("11112", port.to_string()),
            ("user: storescp", format!("user: {USER}")),
        ],
    );
    let dump = stage.write("image.dump", IMAGE).unwrap();
    let image = stage.path("image.dcm");
    let made = run(
        "dump2dcm",
        &[dump.to_str().unwrap(), image.to_str().unwrap()],
    );
    assert!(made.status.success(), "{made:?}");

    let device = start(&launch);
    until_success(
        &device,
        "storescu",
        &["127.0.0.1", &port.to_string(), image.to_str().unwrap()],
    );

    let received: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(received.len(), 1, "{received:?}\n{}", device.log());
    let dump = run(
        "dcmdump",
        &["+P", "0010,0010", received[0].to_str().unwrap()],
    );
    let dump = String::from_utf8_lossy(&dump.stdout).into_owned();
    assert!(dump.contains("Compartment^Test"), "{dump}");
    assert_nothing_left(device, &stage, "image-store", port);
}

#[test]
fn mosquitto_passes_a_message_from_publisher_to_subscriber() {
    let needs = [
        Need::Root,
        Need::Built("cordon"),
        Need::Program("/usr/sbin/mosquitto"),
        Need::Program("/usr/bin/mosquitto_pub"),
        Need::Program("/usr/bin/mosquitto_sub"),
    ];
    if !met(&needs) {
        return;
    }
    let stage = Stage::of_test("mosquitto").unwrap();
    let port = free_address().unwrap().port();
    let directory = kept(&stage);
    let configuration = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {directory}/\nlog_dest stderr\n"
    );
    stage.write("etc/mosquitto.conf", configuration).unwrap();
    let launch = example(
        &stage,
        "mosquitto",
        &[
            (
                "/etc/measurement-broker",
                stage.path("etc").display().to_string(),
            ),
            ("/var/lib/measurement-broker", directory.clone()),
            ("tcp/1883", format!("tcp/{port}")),
            ("user: mosquitto", format!("user: {USER}")),
        ],
    );
    let device = start(&launch);
    let port_text = port.to_string();
    // A retained message waits for the subscriber.
    let publish = [
        "-p",
        &port_text,
        "-t",
        "ward/bed-3/spo2",
        "-m",
        "97",
        "-r",
        "-q",
        "1",
    ];
    until_success(&device, "mosquitto_pub", &publish);
    let received = run(
        "mosquitto_sub",
        &["-p", &port_text, "-t", "ward/+/spo2", "-C", "1", "-W", "5"],
    );
    assert_eq!(
        String::from_utf8_lossy(&received.stdout).trim(),
        "97",
        "{received:?}\n{}",
        device.log()
    );
    assert_nothing_left(device, &stage, "measurement-broker", port);
    assert!(
        Path::new(&directory).join("mosquitto.db").is_file(),
        "kept its messages when it was stopped"
    );
}

#[test]
fn a_python_script_serves_an_inherited_socket() {
    let needs = [
        Need::Root,
        Need::Built("cordon"),
        Need::Program("/usr/bin/python3"),
        Need::Program("/usr/bin/curl"),
    ];
    if !met(&needs) {
        return;
    }
    let stage = Stage::of_test("python").unwrap();
    let port = free_address().unwrap().port();
    let script = workspace::root().join("profiles/examples/python-service.py");
    let script = stage.copy(&script, "page.py", 0o755).unwrap();
    let launch = example(
        &stage,
        "python-service",
        &[
            ("/usr/lib/status-page/page.py", script.display().to_string()),
            ("/usr/lib/python3.11", versioned("/usr/lib", "python3.")),
            ("127.0.0.1:8080", format!("127.0.0.1:{port}")),
            ("user: status-page", format!("user: {USER}")),
        ],
    );
    let device = start(&launch);
    let url = format!("http://127.0.0.1:{port}/");
    let answer = until_success(&device, "curl", &["-sS", "--max-time", "5", &url]);
    let page: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(page["service"], "status-page");
    assert_eq!(page["user"], USER);
    assert!(
        page["process"].as_u64().unwrap() < 10,
        "its own pid namespace: {page}"
    );
    assert_nothing_left(device, &stage, "status-page", port);
}
