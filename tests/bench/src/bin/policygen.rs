//! Generating a device's policy, and what it adds to compiling the base policy.
//!
//! No other generator that Debian packages takes a whole device (sepolicy(8)
//! makes a skeleton for one program to be written on by hand, and udica(8), for
//! containers, is not packaged), so that generation is compared with what its
//! text must go through in any case: the policy compiler. Both are measured in
//! processor time: neither waits for anything, and what else runs on the machine
//! is no part of it.
#![forbid(unsafe_code)]

use cordon_bench::{Row, device, finish, interleaved, save, time, work, work_of_others, workspace};
use cordon_manifest::plan::Plan;
use cordon_policygen::compile::{BaseModules, Outcome, Tools};
use cordon_policygen::{Policy, Target, base_module, generate, names};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// What generation may take for 100 components and 200 channels.
const LIMIT: Duration = Duration::from_millis(10);
/// How much more a component may cost among ten times as many.
const LINEAR: f64 = 1.5;
/// Where Debian keeps the packaged modules of its policy.
const PACKAGED: &str = "/usr/share/selinux/default";
/// Components of a device, and how often it is generated and compiled.
const SIZES: [(usize, usize); 3] = [(1, 5), (10, 5), (100, 3)];

fn main() -> ExitCode {
    let mut rows = Vec::new();
    let measured = measure(&mut rows);
    // What was measured is written whatever becomes of the rest.
    let written = finish("policygen", &rows).map_err(Into::into);
    match measured.and(written) {
        Ok(()) if judge(&rows) => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("policygen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    let monitor = device::monitor()?;
    generation(&monitor, rows)?;
    process(rows)?;
    // Compiling takes minutes.
    save("policygen", rows)?;
    compiling(&monitor, rows)
}

/// Whether generation is as fast and as linear as it must be.
fn judge(rows: &[Row]) -> bool {
    let too_slow = |row: &&Row| match row.peer.as_str() {
        THE_LIMIT => row.ratio > 1.0,
        peer if peer.starts_with(A_COMPONENT) => row.ratio > LINEAR,
        _ => false,
    };
    let mut good = true;
    for row in rows.iter().filter(too_slow) {
        eprintln!(
            "policygen: {} takes {:.2} times {}",
            row.case, row.ratio, row.peer
        );
        good = false;
    }
    good
}

const THE_LIMIT: &str = "the limit";
const A_COMPONENT: &str = "a component among ";

/// Generating alone, Plan in memory to text in memory.
fn generation(monitor: &Plan, rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    let target = Target::named("debian-13").ok_or("no target debian-13")?;
    let plan = device::plan(monitor, 100);
    let generate = |plan: &Plan| -> Result<_, Box<dyn Error>> { policy(plan, &target) };
    let (ours, _) = interleaved(51, || work(|| generate(&plan)), || Ok(LIMIT))?;
    rows.push(Row::new(
        "generation, 100 components and 200 channels",
        THE_LIMIT,
        milliseconds(ours),
        milliseconds(LIMIT),
        "ms",
    ));
    for many in [10, 100, 1000] {
        let few = many / 10;
        let (large, small) = (device::plan(monitor, many), device::plan(monitor, few));
        // Ten small devices are as much text as the large one.
        let (ours, theirs) = interleaved(
            15,
            || work(|| generate(&large)),
            || work(|| (0..10).try_for_each(|_| generate(&small).map(drop))),
        )?;
        let each = |time: Duration| milliseconds(time) / many as f64;
        rows.push(Row::new(
            &format!("generation, a component among {many}"),
            &format!("{A_COMPONENT}{few}"),
            each(ours),
            each(theirs),
            "ms",
        ));
    }
    Ok(())
}

/// A whole process: what it reads, decides and writes besides.
fn process(rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    let cordon = std::env::current_exe()?.with_file_name("cordon");
    if !cordon.exists() {
        println!(
            "not measured: a whole process, since {} is not there",
            cordon.display()
        );
        return Ok(());
    }
    let scratch = workspace().join("target/bench/policygen/tree");
    for components in [2, 100] {
        let root = scratch.join(components.to_string());
        std::fs::create_dir_all(&root)?;
        let manifest = root.join("device.yaml");
        std::fs::write(&manifest, device::tree(&root, components)?)?;
        // A root without tools: generating is measured here, and not compiling.
        let none = scratch.join("none");
        std::fs::create_dir_all(none.join("tmp"))?;
        let run = |words: &[&str]| -> Result<Duration, Box<dyn Error>> {
            let mut command = Command::new(&cordon);
            command.args(words).arg(&manifest).arg("--root").arg(&root);
            if words[0] == "policy" {
                command
                    .args(["--target", "debian-13", "--output"])
                    .arg(scratch.join("out"));
                command.arg("--policy-root").arg(&none);
            }
            command.stdout(Stdio::null());
            time(|| match command.status()? {
                status if status.success() => Ok(()),
                status => Err(format!("{command:?}: {status}").into()),
            })
        };
        let (ours, theirs) = interleaved(15, || run(&["policy", "build"]), || run(&["check"]))?;
        rows.push(Row::new(
            &format!("cordon policy build, the process, {components} components"),
            "cordon check of the same, which generates nothing",
            milliseconds(ours),
            milliseconds(theirs),
            "ms",
        ));
    }
    Ok(())
}

/// The base policy of this system, unpacked: its base module alone, and whole.
struct Base {
    target: Target,
    name: String,
    alone: Vec<PathBuf>,
    whole: Vec<PathBuf>,
}

fn base(tools: &Tools, work: &Path) -> Result<Option<Base>, Box<dyn Error>> {
    let release = std::fs::read_to_string("/etc/os-release")?;
    let number = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_ID="));
    let name = format!("debian-{}", number.unwrap_or_default().trim_matches('"'));
    let Some(target) = Target::named(&name) else {
        println!("not measured: compiling, since this system is none of the targets");
        return Ok(None);
    };
    let unpacked = tools.unpack(Path::new(PACKAGED), target.disabled(), &work.join(&name))?;
    let BaseModules::Unpacked(whole) = unpacked else {
        println!("not measured: compiling, since the policy's package or its tools are not here");
        return Ok(None);
    };
    let base = whole
        .iter()
        .find(|path| path.ends_with("base.cil"))
        .ok_or("no base module")?;
    // Login users of the base module belong to other modules.
    let text: String = std::fs::read_to_string(base)?
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("(selinuxuser "))
        .collect();
    let alone = vec![write(work, "base-alone.cil", &text)?];
    Ok(Some(Base {
        target,
        name,
        alone,
        whole,
    }))
}

/// The compiler on the base policy with our modules, against the base alone;
/// and generation against the compiler.
fn compiling(monitor: &Plan, rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    let scratch = workspace().join("target/bench/policygen");
    let tools = Tools::host();
    let Some(Base {
        target,
        name,
        alone,
        whole,
    }) = base(&tools, &scratch)?
    else {
        return Ok(());
    };
    let ours = write(&scratch, "cordon.cil", base_module())?;
    let compile = |files: &[PathBuf]| -> Result<Duration, Box<dyn Error>> {
        work_of_others(|| {
            match tools.compile(target.binary_version(), files, &scratch.join("out"))? {
                Outcome::Compiled { .. } => Ok(()),
                other => Err(format!("the compiler: {other:?}").into()),
            }
        })
    };

    for (components, runs) in SIZES {
        let plan = device::plan(monitor, components);
        let module = write(&scratch, "device.cil", &policy(&plan, &target)?.module)?;
        let files: Vec<PathBuf> = alone.iter().chain([&ours, &module]).cloned().collect();
        let (ours, theirs) =
            interleaved(runs, || work(|| policy(&plan, &target)), || compile(&files))?;
        rows.push(Row::new(
            &format!("generation, components: {components}"),
            &format!("secilc, the module on base.pp of {name}"),
            milliseconds(ours),
            milliseconds(theirs),
            "ms",
        ));
    }

    let policy = policy(monitor, &target)?;
    let module = format!("{}.cil", names::module(&monitor.device));
    let module = write(&scratch, &module, &policy.module)?;
    let checked = write(&scratch, "assertions.cil", &policy.assertions)?;
    for (what, base, runs) in [("base.pp", alone, 7), ("the whole policy", whole, 3)] {
        let with: Vec<PathBuf> = base.iter().chain([&ours, &module]).cloned().collect();
        let proved: Vec<PathBuf> = with.iter().chain([&checked]).cloned().collect();
        for (case, files) in [("module", with), ("module and its assertions", proved)] {
            let (ours, theirs) = interleaved(runs, || compile(&files), || compile(&base))?;
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

fn policy(plan: &Plan, target: &Target) -> Result<Policy, Box<dyn Error>> {
    generate(plan, target).map_err(|errors| errors[0].to_string().into())
}

fn write(directory: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    let path = directory.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
