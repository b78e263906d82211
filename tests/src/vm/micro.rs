//! The micro virtual machine: a kernel, a policy and one static program, up in
//! seconds. It runs cases and says how each ended.

use super::initramfs::Archive;
use super::{QEMU, audit, directory, output, static_program};
use crate::workspace;
use cordon_policygen::Target;
use cordon_policygen::compile::{BaseModules, Outcome, Tools};
use serde_json::Value;
use std::fs;
use std::io::{self, Error};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long the machine may take; it takes about five seconds.
const LIMIT: Duration = Duration::from_secs(180);

/// What is staged at a path, with its type.
#[derive(Clone, Debug)]
pub struct Staged {
    /// `directory`, `program` (a copy of the probe), `file` (empty) or `node`
    /// (a device node that is there).
    pub kind: &'static str,
    /// The path.
    pub path: String,
    /// The type of its label.
    pub label: String,
}

/// One program started in one way, and what it tries there.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The fields as the probe reads them, see `tests/vm/probe/src/case.rs`.
    fields: Vec<String>,
}

impl Case {
    /// A start of a program by the supervisor, under no_new_privs.
    #[must_use]
    pub fn new(name: &str, program: &str) -> Self {
        let case = Self::default().field("name", name);
        case.field("program", program).field("no-new-privs", "")
    }

    /// One more field.
    #[must_use]
    pub fn field(mut self, key: &str, value: &str) -> Self {
        self.fields.push(format!("{key}={value}"));
        self
    }

    /// Without a field of this name.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.fields
            .retain(|field| !field.starts_with(&format!("{key}=")));
        self
    }

    fn line(&self) -> String {
        self.fields.join("\t") + "\n"
    }
}

/// How a case ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Type of the domain it was in at its end.
    pub domain: String,
    /// `exit 0`, or the signal's name.
    pub exit: String,
    /// Each try's outcome in a word.
    pub tries: Value,
}

/// What a run of the machine says.
#[derive(Debug)]
pub struct Run {
    /// By the cases' names.
    results: Vec<Value>,
    /// The kernel's log.
    pub log: String,
}

impl Run {
    /// How a case ended.
    ///
    /// # Panics
    /// When the machine did not get to it.
    #[must_use]
    pub fn case(&self, name: &str) -> Ended {
        let found = self.results.iter().find(|result| result["case"] == name);
        let result = found.unwrap_or_else(|| panic!("no result of {name}:\n{}", self.log));
        let text = |key: &str| result[key].as_str().unwrap_or_default().to_owned();
        Ended {
            domain: text("domain")
                .split(':')
                .nth(2)
                .unwrap_or("none")
                .to_owned(),
            exit: text("exit"),
            tries: result["tries"].clone(),
        }
    }

    /// What was denied.
    #[must_use]
    pub fn denials(&self) -> Vec<audit::Denial> {
        audit::denials(&self.log)
    }
}

/// The target profile of this system's release.
///
/// # Errors
/// When there is none.
pub fn target() -> io::Result<Target> {
    let release = fs::read_to_string("/etc/os-release")?;
    let version = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_ID="));
    let name = format!("debian-{}", version.unwrap_or_default().trim_matches('"'));
    Target::named(&name).ok_or_else(|| Error::other(format!("no target profile {name}")))
}

/// The whole base policy of this system's release with these modules, checked
/// and compiled.
///
/// # Errors
/// When a tool is missing, or the compiler rejects it.
pub fn policy(modules: &[(&str, String)]) -> io::Result<PathBuf> {
    let target = target()?;
    let tools = Tools::host();
    let packaged = Path::new("/usr/share/selinux/default");
    let key = fs::metadata(packaged.join("base.pp.bz2"))?.len();
    let base = directory().join(format!("base-{}-{key}", target.name()));
    let base = match tools.unpack(packaged, target.disabled(), &base)? {
        BaseModules::Unpacked(modules) => modules,
        BaseModules::Absent { tool } => return Err(Error::other(format!("no {tool}"))),
    };
    let work = directory().join("micro");
    fs::create_dir_all(&work)?;
    let mut sources = base;
    for (name, text) in modules {
        let path = work.join(name);
        fs::write(&path, text)?;
        sources.push(path);
    }
    match tools.compile(target.binary_version(), &sources, &work)? {
        Outcome::Compiled { policy, .. } => Ok(policy),
        Outcome::Absent { tool } => Err(Error::other(format!("no {tool}"))),
        Outcome::Failed { log } => Err(Error::other(log)),
    }
}

/// Runs the cases under this policy, enforcing, on what is staged.
///
/// # Errors
/// In words, with what the machine said until then.
pub fn run(policy: &Path, staged: &[Staged], cases: &[Case]) -> io::Result<Run> {
    let work = directory().join("micro");
    let archive = work.join("initramfs");
    pack(&archive, policy, staged, cases)?;
    let (log, results) = (work.join("console.log"), work.join("results.jsonl"));
    let kernel = output(&mut Command::new(
        workspace::root().join("tests/vm/kernel.sh"),
    ))?;
    let mut machine = Command::new(QEMU)
        .args(["-accel", "tcg,thread=multi", "-cpu", "max", "-m", "512"])
        .args(["-display", "none", "-nic", "none", "-no-reboot", "-kernel", kernel.trim()])
        .arg("-initrd")
        .arg(&archive)
        .args(["-append", "console=ttyS0 lsm=selinux enforcing=0 audit=1 audit_backlog_limit=8192 loglevel=6 panic=-1 rdinit=/init"])
        .args(["-serial", &format!("file:{}", log.display())])
        .args(["-serial", &format!("file:{}", results.display())])
        .stdin(Stdio::null())
        .spawn()?;
    let until = Instant::now() + LIMIT;
    while machine.try_wait()?.is_none() {
        if Instant::now() > until {
            machine.kill()?;
            machine.wait()?;
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let log = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    let results = fs::read_to_string(results)?;
    if !results.contains("{\"end\":\"exit status: 0\"}") {
        return Err(Error::other(format!(
            "the machine did not get to its end:\n{log}\n{results}"
        )));
    }
    let results = results
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    Ok(Run { results, log })
}

fn pack(to: &Path, policy: &Path, staged: &[Staged], cases: &[Case]) -> io::Result<()> {
    let mut archive = Archive::new(io::BufWriter::new(fs::File::create(to)?));
    archive.directory("root")?;
    archive.file("init", 0o755, &fs::read(static_program("cordon-probe")?)?)?;
    archive.file("policy", 0o600, &fs::read(policy)?)?;
    let labels: String = staged
        .iter()
        .map(|it| {
            format!(
                "{}\t{}\tsystem_u:object_r:{}:s0\n",
                it.kind, it.path, it.label
            )
        })
        .collect();
    archive.file("labels", 0o600, labels.as_bytes())?;
    let cases: String = cases.iter().map(Case::line).collect();
    archive.file("cases", 0o600, cases.as_bytes())?;
    archive.finish().map(drop)
}
