//! What the tests of generation share: plans of the examples, base policies,
//! and the one way a test says that it cannot run here.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use cordon_manifest::facts::Facts;
use cordon_manifest::plan::Plan;
use cordon_policygen::compile::{BaseModules, Outcome, Tools};
use cordon_policygen::{BASE_MODULE, Described, Policy, Target, generate, names, scan};
use std::collections::BTreeMap;
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

/// The Plan of an example, on the device whose facts the manifest's tests use.
pub fn plan(example: &str) -> Plan {
    let file = format!("{example}.yaml");
    let source = std::fs::read(workspace().join("profiles/examples").join(&file)).unwrap();
    let facts_file = workspace().join("manifest/tests/facts/device.json");
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
    Target::parse(&scan(&[text], &described).unwrap()).unwrap()
}

/// Writes the base module and policies of devices into a directory, module and
/// assertions each, and gives the files in the order of compilation.
pub fn sources(directory: &Path, policies: &[(&Plan, &Policy)], assertions: bool) -> Vec<PathBuf> {
    std::fs::create_dir_all(directory).unwrap();
    let mut files = vec![write(directory, "cordon.cil", BASE_MODULE)];
    for (plan, policy) in policies {
        let module = names::module(&plan.device);
        files.push(write(directory, &format!("{module}.cil"), &policy.module));
        if assertions {
            let name = format!("{module}-assertions.cil");
            files.push(write(directory, &name, &policy.assertions));
        }
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

/// Modules of this system's Debian policy, unpacked once.
pub fn debian_12() -> Option<Vec<PathBuf>> {
    let target = Target::named("debian-12").unwrap();
    let cache = workspace().join("target/policy/debian-12");
    let packaged = Path::new("/usr/share/selinux/default");
    let installed = std::process::Command::new("dpkg-query")
        .args([
            "-W",
            "-f",
            "${Package} ${Version}",
            "selinux-policy-default",
        ])
        .output();
    let installed = installed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    if !installed
        .as_ref()
        .is_ok_and(|version| version == target.base())
    {
        cannot_run(&format!(
            "this system's base policy is {installed:?}, the profile's is {}",
            target.base()
        ));
        return None;
    }
    unpacked(&Tools::host(), packaged, &target, &cache)
}

/// Modules of a base policy.
pub fn unpacked(
    tools: &Tools,
    packaged: &Path,
    target: &Target,
    cache: &Path,
) -> Option<Vec<PathBuf>> {
    match tools.unpack(packaged, target.disabled(), cache).unwrap() {
        BaseModules::Unpacked(modules) => Some(modules),
        BaseModules::Absent { tool } => {
            cannot_run(&format!("{tool} is not installed"));
            None
        }
    }
}
