//! Generating a device's policy, and what it adds to compiling the base policy.
#![forbid(unsafe_code)]

use cordon_bench::{Row, finish, interleaved, time, workspace};
use cordon_manifest::facts::Facts;
use cordon_manifest::plan::Plan;
use cordon_policygen::compile::{BaseModules, Outcome, Tools};
use cordon_policygen::{Target, base_module, generate, names};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What generation may take for 100 components and 200 channels.
const LIMIT: Duration = Duration::from_millis(10);
/// How much more a component may cost among ten times as many.
const LINEAR: f64 = 1.5;
/// Where Debian keeps the packaged modules of its policy.
const PACKAGED: &str = "/usr/share/selinux/default";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("policygen: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether generation is as fast and as linear as it must be.
fn run() -> Result<bool, Box<dyn Error>> {
    let monitor = monitor()?;
    let target = Target::named("debian-13").ok_or("no target debian-13")?;
    let mut rows = Vec::new();
    let mut good = true;

    let plan = device(&monitor, 100);
    let (ours, _) = interleaved(31, || time(|| generate(&plan, &target)), Duration::default);
    let case = "generation, 100 components and 200 channels";
    rows.push(Row::new(
        case,
        "the limit",
        milliseconds(ours),
        milliseconds(LIMIT),
        "ms",
    ));
    if ours > LIMIT {
        eprintln!("policygen: {case} takes {ours:?}, more than {LIMIT:?}");
        good = false;
    }
    for many in [10, 100, 1000] {
        let few = many / 10;
        let (large, small) = (device(&monitor, many), device(&monitor, few));
        let (ours, theirs) = interleaved(
            15,
            || time(|| generate(&large, &target)),
            || time(|| generate(&small, &target)),
        );
        let each = |time: Duration, count: usize| milliseconds(time) / count as f64;
        let row = Row::new(
            &format!("generation, a component among {many}"),
            &format!("a component among {few}"),
            each(ours, many),
            each(theirs, few),
            "ms",
        );
        if row.ratio > LINEAR {
            eprintln!(
                "policygen: {} costs {:.2} times {}",
                row.case, row.ratio, row.peer
            );
            good = false;
        }
        rows.push(row);
    }
    compiling(&monitor, &mut rows)?;
    finish("policygen", &rows)?;
    Ok(good)
}

/// The compiler on the base policy with our modules, against the base alone.
fn compiling(monitor: &Plan, rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    let release = std::fs::read_to_string("/etc/os-release")?;
    let number = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_ID="));
    let name = format!("debian-{}", number.unwrap_or_default().trim_matches('"'));
    let Some(target) = Target::named(&name) else {
        println!("not measured: compiling, since this system is none of the targets");
        return Ok(());
    };
    let work = workspace().join("target/bench/policygen");
    let tools = Tools::host();
    let unpacked = tools.unpack(Path::new(PACKAGED), target.disabled(), &work.join(&name))?;
    let BaseModules::Unpacked(whole) = unpacked else {
        println!("not measured: compiling, since the policy's package or its tools are not here");
        return Ok(());
    };
    // Login users of the base module belong to other modules.
    let base = whole
        .iter()
        .find(|path| path.ends_with("base.cil"))
        .ok_or("no base module")?;
    let text = std::fs::read_to_string(base)?;
    let kept = text
        .lines()
        .filter(|line| !line.starts_with("(selinuxuser "));
    let text: String = kept.map(|line| format!("{line}\n")).collect();
    let alone = vec![write(&work, "base-alone.cil", &text)?];
    let policy = generate(monitor, &target).map_err(|errors| errors[0].clone())?;
    let ours = [
        write(&work, "cordon.cil", base_module())?,
        write(
            &work,
            &format!("{}.cil", names::module(&monitor.device)),
            &policy.module,
        )?,
    ];
    let checked = write(&work, "assertions.cil", &policy.assertions)?;
    for (what, base, runs) in [("base.pp", alone, 9), ("the whole policy", whole, 5)] {
        let with: Vec<PathBuf> = base.iter().chain(&ours).cloned().collect();
        let proved: Vec<PathBuf> = with.iter().chain([&checked]).cloned().collect();
        for (case, files) in [("module", with), ("module and its assertions", proved)] {
            let compile = |files: &[PathBuf]| {
                time(
                    || match tools.compile(target.binary_version(), files, &work.join("out")) {
                        Ok(Outcome::Compiled { .. }) => {}
                        other => eprintln!("policygen: {other:?}"),
                    },
                )
            };
            let (ours, theirs) = interleaved(runs, || compile(&files), || compile(&base));
            rows.push(Row::new(
                &format!("secilc, {what} of {name} with the device's {case}"),
                &format!("secilc, {what} alone"),
                ours.as_secs_f64(),
                theirs.as_secs_f64(),
                "s",
            ));
        }
    }
    Ok(())
}

/// The bedside monitor's Plan.
fn monitor() -> Result<Plan, Box<dyn Error>> {
    let root = workspace();
    let source = std::fs::read(root.join("profiles/examples/bedside-monitor.yaml"))?;
    let facts = std::fs::read(root.join("policygen/tests/facts/bedside-monitor.json"))?;
    let facts: Facts = serde_json::from_slice(&facts)?;
    let checked = cordon_manifest::parse(&source, "bedside-monitor.yaml")
        .map_err(|report| format!("{report:?}"))?;
    let resolved = cordon_manifest::resolve(&checked.manifest, &facts);
    Ok(resolved.map_err(|report| format!("{report:?}"))?.plan)
}

/// A device of so many components, each like the network service of the monitor
/// with paths and a port of its own, and two channels from each to the next.
fn device(monitor: &Plan, components: usize) -> Plan {
    let mut plan = monitor.clone();
    plan.components.clear();
    plan.channels.clear();
    let model = &monitor.components[1];
    let name = |index: usize| format!("service-{}", index % components);
    for index in 0..components {
        let mut component = model.clone();
        component.name = name(index);
        component.program.path = format!("/usr/lib/device/service-{index}");
        for file in &mut component.files {
            if file.source.starts_with("/etc/bedside-monitor") {
                file.source = format!("/etc/device/{index}");
                file.path.clone_from(&file.source);
            }
        }
        for listen in &mut component.listen {
            listen
                .tcp
                .set_port(20_000 + u16::try_from(index).unwrap_or(0));
        }
        plan.components.push(component);
        for number in 0..2 {
            let mut channel = monitor.channels[0].clone();
            channel.name = format!("channel-{index}-{number}");
            channel.from.value = name(index);
            channel.to[0].value = name(index + 1);
            channel.to.truncate(1);
            plan.channels.push(channel);
        }
    }
    plan
}

fn write(directory: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    let path = directory.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
