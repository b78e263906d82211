//! What the tests of generation share: plans of the examples, base policies,
//! and the one way a test says that it cannot run here.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use cordon_manifest::facts::Facts;
use cordon_manifest::plan::{Access, FileGrant, Missing, Origin, PathKind, Plan, Purpose};
use cordon_policygen::compile::{BaseModules, Outcome, Tools};
use cordon_policygen::{
    BASE_ASSERTIONS, Base, Described, Error, Policy, Target, base_module, generate, names, scan,
};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The workspace's root.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A path below this crate's tests.
pub fn tests(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(path)
}

/// A directory of this test binary's own to write into.
pub fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Says plainly that a test cannot run here; under CI that is a failure.
pub fn cannot_run(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "must run under CI: {why}");
    eprintln!("NOT RUN: {why}");
}

/// Names of the example manifests, sorted.
pub fn examples() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(workspace().join("profiles/examples"))
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no example manifests");
    names
}

/// The Plan of an example, on the device of `facts/NAME.json`.
pub fn plan(example: &str) -> Plan {
    let file = format!("{example}.yaml");
    let source = std::fs::read(workspace().join("profiles/examples").join(&file)).unwrap();
    let facts_file = tests("facts").join(format!("{example}.json"));
    let facts = std::fs::read_to_string(&facts_file)
        .unwrap_or_else(|error| panic!("{}: {error}", facts_file.display()));
    let facts: Facts = serde_json::from_str(&facts).unwrap();
    let checked =
        cordon_manifest::parse(&source, &file).unwrap_or_else(|report| panic!("{report:?}"));
    let resolved = cordon_manifest::resolve(&checked.manifest, &facts);
    resolved
        .unwrap_or_else(|report| panic!("{file}: {report:?}"))
        .plan
}

/// The policy of a Plan, which must be possible.
pub fn policy(plan: &Plan, target: &Target) -> Policy {
    generate(plan, target).unwrap_or_else(|errors| panic!("{}: {errors:#?}", plan.device))
}

/// The profile of the stub base policy, made by the scan itself.
pub fn stub_target() -> Target {
    let text = std::fs::read_to_string(tests("stub.cil")).unwrap();
    let labels = [
        ("/dev/null", "null_device_t"),
        ("/dev/urandom", "urandom_device_t"),
        ("/etc/localtime", "etc_t"),
        ("/usr/bin", "bin_t"),
        ("/usr/lib/python3.11", "lib_t"),
    ];
    let described = Described {
        name: "stub".to_owned(),
        base: "stub.cil".to_owned(),
        binary: 33,
        labels: BTreeMap::from(labels.map(|(path, label)| (path.to_owned(), label.to_owned()))),
        ..Described::default()
    };
    let base = Base::from_source(&[text]).unwrap();
    Target::parse(&scan(&base, &described)).unwrap()
}

/// Writes the base module and policies of devices into a directory, module and
/// assertions each, last the base module's assertions, and gives the files in the order of compilation.
pub fn sources(directory: &Path, policies: &[(&Plan, &Policy)], assertions: bool) -> Vec<PathBuf> {
    std::fs::create_dir_all(directory).unwrap();
    let mut files = vec![write(directory, "cordon.cil", base_module())];
    for (plan, policy) in policies {
        let module = names::module(&plan.device);
        files.push(write(directory, &format!("{module}.cil"), &policy.module));
        if assertions {
            let name = format!("{module}-assertions.cil");
            files.push(write(directory, &name, &policy.assertions));
        }
    }
    if assertions {
        files.push(write(directory, "cordon-assertions.cil", BASE_ASSERTIONS));
    }
    files
}

/// Writes a file and gives its path.
pub fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Compiles on the stub base; none when there is no compiler here.
pub fn compile_on_stub(files: &[PathBuf], out: &Path) -> Option<Outcome> {
    let mut all = vec![tests("stub.cil")];
    all.extend_from_slice(files);
    ran(Tools::host().compile(33, &all, out).unwrap())
}

/// The outcome, unless the compiler is not there.
pub fn ran(outcome: Outcome) -> Option<Outcome> {
    if let Outcome::Absent { tool } = &outcome {
        cannot_run(&format!("{tool} is not installed"));
        return None;
    }
    Some(outcome)
}

/// A compilation that must have succeeded.
pub fn compiled(outcome: Outcome) -> (PathBuf, PathBuf) {
    match outcome {
        Outcome::Compiled {
            policy, contexts, ..
        } => (policy, contexts),
        other => panic!("{other:?}"),
    }
}

/// A Debian release's policy, with the tools that can read it.
pub struct Debian {
    /// Its profile.
    pub target: Target,
    /// Its tools.
    pub tools: Tools,
    /// The chroot they live in; none where this system is that release.
    pub root: Option<PathBuf>,
    /// Modules of its base policy.
    pub modules: Vec<PathBuf>,
    /// Where its tools can read and write.
    pub work: PathBuf,
}

/// The whole policy of a release: this system's, or a chroot's, which is made
/// on first use.
pub fn debian(number: &str, suite: &str) -> Option<Debian> {
    let target = Target::named(&format!("debian-{number}")).unwrap();
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let here = release
        .lines()
        .any(|line| line == format!("VERSION_ID=\"{number}\""))
        && release.lines().any(|line| line == "ID=debian");
    let root = if here { None } else { Some(chroot(suite)?) };
    let tools = root.as_deref().map_or_else(Tools::host, Tools::within);
    let at = root.as_deref().unwrap_or(Path::new("/"));
    let packaged = at.join("usr/share/selinux/default");
    let work = match &root {
        Some(root) => root.join("cordon"),
        None => scratch(&format!("debian-{number}")),
    };
    // Another version of the package gets another directory.
    let status = std::fs::metadata(packaged.join("base.pp.bz2"));
    let version = status
        .map(|status| (status.mtime(), status.len()))
        .unwrap_or_default();
    let cache = work.join(format!("base-{}-{}", version.0, version.1));
    match tools.unpack(&packaged, target.disabled(), &cache).unwrap() {
        BaseModules::Unpacked(modules) => Some(Debian {
            target,
            tools,
            root,
            modules,
            work,
        }),
        BaseModules::Absent { tool } => {
            cannot_run(&format!("{tool} is not there (packages: see .ci/deps)"));
            None
        }
    }
}

fn chroot(suite: &str) -> Option<PathBuf> {
    let script = tests("debian.sh");
    let output = std::process::Command::new(&script)
        .arg(suite)
        .output()
        .unwrap();
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        cannot_run(&format!("{} {suite}: {why}", script.display()));
        return None;
    }
    Some(PathBuf::from(
        String::from_utf8(output.stdout).unwrap().trim(),
    ))
}

impl Debian {
    /// Runs one of its tools: whether it succeeded, and what it said. Paths
    /// below the chroot are given as the tool sees them.
    pub fn run(&self, tool: &str, arguments: &[&Path]) -> Option<(bool, String)> {
        let mut command = match &self.root {
            Some(root) => {
                let mut command = std::process::Command::new("chroot");
                command.arg(root).arg(tool);
                command
            }
            None => std::process::Command::new(tool),
        };
        for argument in arguments {
            let inside = self
                .root
                .as_ref()
                .and_then(|root| argument.strip_prefix(root).ok());
            command.arg(inside.map_or_else(
                || argument.to_path_buf(),
                |inside| Path::new("/").join(inside),
            ));
        }
        let output = match command.output() {
            Ok(output) if self.root.is_none() || output.status.code() != Some(127) => output,
            _ => {
                cannot_run(&format!("{tool} is not installed (packages: see .ci/deps)"));
                return None;
            }
        };
        let text = [output.stdout, output.stderr].concat();
        Some((
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        ))
    }
}

/// The profile of Debian 12.
pub fn debian_12_profile() -> Target {
    Target::named("debian-12").unwrap()
}

/// The Plan of the reference device.
pub fn bedside_monitor() -> Plan {
    plan("bedside-monitor")
}

/// Why nothing is generated.
pub fn errors(plan: &Plan, target: &Target) -> Vec<Error> {
    generate(plan, target).expect_err("generation should be refused")
}

/// A directory that the manifest declares in this line.
pub fn declared(path: &str, access: Access, line: u32) -> FileGrant {
    FileGrant {
        path: path.to_owned(),
        source: path.to_owned(),
        kind: PathKind::Directory,
        access,
        missing: Missing::Error,
        size: None,
        quota: None,
        pass: None,
        purpose: Purpose::Declared,
        origin: Origin::Manifest { line },
    }
}

/// Lines of a module, without its comments.
pub fn rules(module: &str) -> Vec<&str> {
    module
        .lines()
        .filter(|line| !line.starts_with(";;") && !line.is_empty())
        .collect()
}
