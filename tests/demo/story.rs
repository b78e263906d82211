//! The story: from the manifest to an attack that changes nothing.

use crate::{interrupt, say};
use cordon_tests::campaign::{self, Targets, Verdict};
use cordon_tests::device::Device;
use cordon_tests::monitor::{Monitor, Options, WITHOUT};
use cordon_tests::needs::Need;
use cordon_tests::stage::Stage;
use cordon_tests::{fastopen, leftovers, screen, shown, workspace};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const DIRECTORY: &str = "/opt/cordon-demo";
const READY: Duration = Duration::from_secs(20);
/// Time to look at the vital signs before and after the nurse's station asks.
const WATCH: Duration = Duration::from_secs(18);

/// What the demo was asked for.
pub struct Demo {
    /// Record to replay; none for the simulator.
    pub record: Option<PathBuf>,
    /// Whether it stays up at the end.
    pub keep: bool,
    /// Where what it shows is left.
    pub output: PathBuf,
}

impl Demo {
    /// Tells the story.
    pub fn tell(&self) -> Result<(), String> {
        let began = Instant::now();
        for need in [
            Need::Root,
            Need::Program("/usr/bin/openssl"),
            Need::Program("/usr/bin/curl"),
        ] {
            if let Some(why) = need.missing() {
                return Err(why);
            }
        }
        // The directory has one name, so there is one demo at a time.
        let alone = fs::File::open("/opt").map_err(|error| format!("/opt: {error}"))?;
        if alone.try_lock().is_err() {
            return Err("another demo is running on this machine".into());
        }
        fs::create_dir_all(&self.output)
            .map_err(|error| format!("{}: {error}", self.output.display()))?;
        let cordon = workspace::program("cordon")?;
        let device = Options::default().device;
        let stop = [
            cordon.display().to_string(),
            "stop".into(),
            device.clone(),
            "--runtime-dir".into(),
            format!("{DIRECTORY}/run"),
        ];

        let off = fastopen::Off::new().map_err(|error| format!("tcp_fastopen: {error}"))?;
        interrupt::clean_up(
            stop.to_vec(),
            DIRECTORY.into(),
            off.before().map(str::to_owned),
        );

        println!("A bedside monitor in two compartments, staged in {DIRECTORY}.");
        say::warning(&format!(
            "Without {}: a try-out for any machine, not a device.",
            WITHOUT.join(" and without ")
        ));
        if let Some(before) = off.before() {
            say::fact(&format!(
                "net.ipv4.tcp_fastopen is set from {before} to be without client connections, until the end."
            ));
        }
        let monitor = self.staged(false)?;
        self.manifest(&cordon, &monitor)?;
        self.policy(&cordon, &monitor)?;
        let mut running = self.compartments(&cordon, &monitor)?;
        let first = with_log(&running, self.vitals(&monitor))?;
        with_log(&running, self.station(&monitor))?;
        end(&mut running, &monitor)?;
        drop(monitor);

        let monitor = self.staged(true)?;
        self.attack(&cordon, &monitor, &first)?;
        drop(monitor);
        say::fact(&format!(
            "{} holds what was seen; {} seconds.",
            self.output.display(),
            began.elapsed().as_secs()
        ));
        if self.keep {
            self.stay(&cordon)
        } else {
            Ok(())
        }
    }

    fn staged(&self, attack: bool) -> Result<Monitor, String> {
        let stage = Stage::new(DIRECTORY).map_err(|error| format!("{DIRECTORY}: {error}"))?;
        let record = match &self.record {
            None => None,
            // A record may be named with or without .hea.
            Some(path) if path.extension().is_some_and(|it| it == "hea") => Some(path.clone()),
            Some(path) => Some(PathBuf::from(format!("{}.hea", path.display()))),
        };
        let options = Options {
            record,
            attack,
            ..Options::default()
        };
        Monitor::new(stage, options).map_err(|error| format!("staging: {error}"))
    }

    fn manifest(&self, cordon: &std::path::Path, monitor: &Monitor) -> Result<(), String> {
        say::step(1, "The manifest is checked");
        let manifest = monitor.stage.path("device.yaml");
        say::quoted(&said(Command::new(cordon).arg("check").arg(&manifest))?);
        let plan = said(Command::new(cordon).args(["plan", "--json"]).arg(&manifest))?;
        fs::write(self.output.join("plan.json"), &plan).map_err(|error| error.to_string())?;
        fs::copy(&manifest, self.output.join("device.yaml")).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn policy(&self, cordon: &std::path::Path, monitor: &Monitor) -> Result<(), String> {
        say::step(2, "The SELinux policy is generated and compiled");
        let directory = self.output.join("policy");
        let mut build = Command::new(cordon);
        build
            .args(["policy", "build"])
            .arg(monitor.stage.path("device.yaml"))
            .arg("--output")
            .arg(&directory)
            .args(["--target", &target()?]);
        say::quoted(&said(&mut build)?);
        let mut names: Vec<String> = fs::read_dir(&directory)
            .map_err(|error| error.to_string())?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        say::fact(&format!("{}: {}", directory.display(), names.join(", ")));
        Ok(())
    }

    fn compartments(&self, cordon: &std::path::Path, monitor: &Monitor) -> Result<Device, String> {
        say::step(
            3,
            "Each part starts in its compartment, proved before its first instruction",
        );
        let running = monitor.launch(cordon.into()).start(READY)?;
        let verified = running
            .ask(&["verify"])
            .map_err(|error| error.to_string())?;
        let table = String::from_utf8_lossy(&verified.stdout).into_owned();
        let path = self.output.join("verify.txt");
        fs::write(&path, &table).map_err(|error| format!("{}: {error}", path.display()))?;
        if !verified.status.success() {
            return Err(format!(
                "verify: {table}{}",
                String::from_utf8_lossy(&verified.stderr)
            ));
        }
        let proofs = running.json("verify")?;
        for component in proofs["components"].as_array().into_iter().flatten() {
            let count = |verdict: &str| {
                let items = component["items"].as_array().into_iter().flatten();
                items.filter(|item| item["verdict"] == verdict).count()
            };
            say::fact(&format!(
                "{}: {} facts read back from the kernel are as planned, {} differ",
                component["name"].as_str().unwrap_or("?"),
                count("same"),
                count("different"),
            ));
        }
        for layer in proofs["absent_layers"].as_array().into_iter().flatten() {
            say::warning(&format!(
                "without {}: {}",
                layer["layer"].as_str().unwrap_or("?"),
                layer["why"].as_str().unwrap_or("?"),
            ));
        }
        say::fact(&format!("{} is the whole table", path.display()));
        Ok(running)
    }

    /// Lets vital signs flow, and gives the display's last word.
    fn vitals(&self, monitor: &Monitor) -> Result<Value, String> {
        say::step(4, "Vital signs flow from the sensor to the screen");
        say::fact(&format!(
            "watched for {} s, as long as a breathing rate takes to be known ...",
            WATCH.as_secs()
        ));
        std::thread::sleep(WATCH);
        let lines = shown::lines(&monitor.shown()).map_err(|error| error.to_string())?;
        let last = lines.last().ok_or("the display said nothing")?.clone();
        say::fact(&format!("on the screen: {}", numerics(&last)));
        say::fact(&format!(
            "frames drawn {}, lost {}; samples lost {}",
            last["frames"]["drawn"], last["frames"]["lost"], last["samples"]["lost"]
        ));
        screen::to_png(&monitor.screen(), &self.output.join("screen.png"))
            .map_err(|error| error.to_string())?;
        save(&self.output.join("shown.json"), &Value::Array(lines))?;
        say::fact(&format!(
            "{}/screen.png is the screen",
            self.output.display()
        ));
        Ok(last)
    }

    fn station(&self, monitor: &Monitor) -> Result<(), String> {
        say::step(5, "A nurse's station asks over mutual TLS");
        let station = monitor.station();
        let mut served = Vec::new();
        for _ in 0..3 {
            let answer = station.get("/fhir/Observation")?;
            served.push(answer);
            std::thread::sleep(Duration::from_secs(1));
        }
        for entry in served
            .last()
            .and_then(|answer| answer["entry"].as_array())
            .into_iter()
            .flatten()
        {
            let resource = &entry["resource"];
            if let Some(value) = resource["valueQuantity"]["value"].as_f64() {
                say::fact(&format!(
                    "{}: {value} {}",
                    resource["code"]["text"].as_str().unwrap_or("?"),
                    resource["valueQuantity"]["unit"].as_str().unwrap_or("")
                ));
            }
        }
        save(&self.output.join("served.json"), &Value::Array(served))?;
        let stranger = cordon_tests::station::Station {
            identity: None,
            ..station
        };
        match stranger.get("/fhir/Observation") {
            Ok(_) => Err("a client without a certificate was answered".into()),
            Err(refusal) => {
                say::fact(&format!(
                    "a client without a certificate is refused: {refusal}"
                ));
                Ok(())
            }
        }
    }

    fn attack(
        &self,
        cordon: &std::path::Path,
        monitor: &Monitor,
        before: &Value,
    ) -> Result<(), String> {
        say::step(6, "The network service is taken over");
        say::fact("An attack program runs in its place: same role, same compartment.");
        let launch = monitor.launch(cordon.into());
        let mut running = launch.start(READY)?;
        let display = display(&running)?;
        let targets = Targets::new(display).map_err(|error| error.to_string())?;
        // The display settles, so that what is lost later is the attack's doing.
        std::thread::sleep(Duration::from_secs(3));
        let first = shown::lines(&monitor.shown())
            .map_err(|error| error.to_string())?
            .pop()
            .ok_or("the display said nothing")?;
        let all = campaign::run(
            &monitor.aim(),
            &targets,
            |_| true,
            |attempted| {
                let line = format!(
                    "{:<36} {:<14} {}",
                    attempted.listed.name,
                    attempted.answer(),
                    attempted.listed.what
                );
                match attempted.verdict(&launch.without) {
                    Verdict::Refused | Verdict::Sent => say::fact(&line),
                    Verdict::Open(layer) => {
                        say::warning(&format!("{line} (only {layer} refuses it)"))
                    }
                    Verdict::Breach => say::warning(&line),
                }
            },
        );
        let all = with_log(&running, all)?;
        std::thread::sleep(Duration::from_secs(2));
        let lines = shown::lines(&monitor.shown()).map_err(|error| error.to_string())?;
        let last = lines.last().ok_or("the display said nothing")?.clone();
        let records: Vec<Value> = all
            .iter()
            .map(|attempted| attempted.to_json(&launch.without))
            .collect();
        save(
            &self.output.join("attack.json"),
            &json!({
                "without": launch.without,
                "attempts": records,
                "display-before": first,
                "display-after": last,
            }),
        )?;
        let breaches: Vec<&str> = all
            .iter()
            .filter(|it| it.verdict(&launch.without) == Verdict::Breach)
            .map(|it| it.listed.name.as_str())
            .collect();
        let refused = all
            .iter()
            .filter(|it| it.verdict(&launch.without) == Verdict::Refused)
            .count();

        say::step(7, "Meanwhile, at the bedside");
        say::fact(&format!(
            "on the screen: {} (before the attack: {})",
            numerics(&last),
            numerics(before)
        ));
        let mut wrong = Vec::new();
        for (what, pointer) in [
            ("samples lost", "/samples/lost"),
            ("frames lost", "/frames/lost"),
            ("epoch of the vitals", "/channel/vitals/epoch"),
        ] {
            let (was, is) = (first.pointer(pointer), last.pointer(pointer));
            say::fact(&format!("{what}: {} before, {} after", text(was), text(is)));
            if was != is || was.is_none() {
                wrong.push(what);
            }
        }
        if targets.was_reached() {
            wrong.push("a service of the device was reached");
        }
        end(&mut running, monitor)?;
        if !breaches.is_empty() {
            return Err(format!("not refused: {}", breaches.join(", ")));
        }
        if !wrong.is_empty() {
            return Err(format!("the attack was felt: {}", wrong.join(", ")));
        }
        say::fact(&format!(
            "{} attempts, {refused} refused by the kernel, none had an effect.",
            all.len()
        ));
        Ok(())
    }

    fn stay(&self, cordon: &std::path::Path) -> Result<(), String> {
        let monitor = self.staged(false)?;
        let running = monitor.launch(cordon.into()).start(READY)?;
        let nurse = &monitor.nurse;
        say::step(8, "It stays up");
        say::fact(&format!("nurse's station  {}", monitor.station().url));
        say::fact(&format!("certificate      {}", nurse.certificate.display()));
        say::fact(&format!("key              {}", nurse.key.display()));
        say::fact(&format!(
            "authority        {}",
            monitor.monitors.identity.certificate.display()
        ));
        say::fact(&format!(
            "try              curl --cacert {} --cert {} --key {} {}/fhir/Observation",
            monitor.monitors.identity.certificate.display(),
            nurse.certificate.display(),
            nurse.key.display(),
            monitor.station().url
        ));
        say::fact("stop             Ctrl-C");
        let log = running.log_path().to_owned();
        say::fact(&format!("log              {}", log.display()));
        // Interrupted, the thread of `interrupt` ends the process.
        loop {
            std::thread::park();
        }
    }
}

/// An error with the last words of the device beside it.
fn with_log<T>(running: &Device, result: Result<T, String>) -> Result<T, String> {
    result.map_err(|error| {
        let log = running.log();
        let lines: Vec<&str> = log.lines().collect();
        format!(
            "{error}\n{}",
            lines[lines.len().saturating_sub(20)..].join("\n")
        )
    })
}

/// What a command prints, when it succeeds.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!(
        "{command:?}: {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// The base policy of this machine, as `cordon policy build --target` names it.
fn target() -> Result<String, String> {
    let release = fs::read_to_string("/etc/os-release").map_err(|error| error.to_string())?;
    let version = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_ID="));
    let version = version.ok_or("/etc/os-release names no VERSION_ID")?;
    Ok(format!("debian-{}", version.trim_matches('"')))
}

fn save(path: &std::path::Path, value: &Value) -> Result<(), String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))
}

fn text(value: Option<&Value>) -> String {
    value.map_or_else(|| "?".into(), Value::to_string)
}

/// The numerics of a line of the display's, `---` for what it has no value of.
fn numerics(line: &Value) -> String {
    [
        "heart-rate",
        "spo2",
        "respiration-rate",
        "abp-systolic",
        "abp-diastolic",
    ]
    .iter()
    .map(|name| match &line["numerics"][name] {
        Value::Null => format!("{name} ---"),
        value => format!("{name} {value}"),
    })
    .collect::<Vec<_>>()
    .join(", ")
}

/// The display's process number.
fn display(running: &Device) -> Result<u32, String> {
    let status = running.json("status")?;
    cordon_tests::device::pid_of(&status, "vitals-display")
        .ok_or_else(|| format!("status names no display: {status}"))
}

/// Stops the device and looks for what it left.
fn end(running: &mut Device, monitor: &Monitor) -> Result<(), String> {
    let status = running.stop()?;
    if !status.success() {
        return Err(format!(
            "the supervisor ended with {status}:\n{}",
            running.log()
        ));
    }
    let ports = [monitor.address.port(), monitor.spare.port()];
    let left = leftovers::find(monitor.stage.directory(), &monitor.options.device, &ports);
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("left behind: {}", left.join("; ")))
    }
}
