//! `cordon policy build`: the device's SELinux module, written and compiled.

use super::Generated;
use super::work::Work;
use crate::cli::arguments::PolicyBuildOptions;
use crate::cli::{Exit, Failure, print};
use cordon_policygen::compile::{BaseModules, Outcome, Tools};
use cordon_policygen::{Policy, Target, names};
use std::path::{Path, PathBuf};

/// Where the tools' system keeps the packaged modules of its base policy.
const PACKAGED: &str = "usr/share/selinux/default";

/// Generates, writes, and compiles where there is a compiler.
pub fn run(options: &PolicyBuildOptions) -> Result<Exit, Failure> {
    let root = options.root.as_deref().unwrap_or(Path::new("/"));
    let generated = Generated::new(&options.manifest, root, options.target.as_deref())?;
    let policy = &generated.policy;
    let files = write(policy, generated.device(), &options.output)?;
    for file in &files.all {
        print(&format!("wrote {}\n", file.display()))?;
    }
    compile(
        policy,
        &generated.target,
        &files,
        options.policy_root.as_deref(),
    )
}

/// What was written.
struct Files {
    base: PathBuf,
    module: PathBuf,
    assertions: PathBuf,
    base_assertions: PathBuf,
    all: Vec<PathBuf>,
}

fn write(policy: &Policy, device: &str, output: &Path) -> Result<Files, Failure> {
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::new(
            Exit::Internal,
            format!("cannot write {}: {error}", path.display()),
        )
    };
    std::fs::create_dir_all(output).map_err(|error| failed(output, &error))?;
    let claims = serde_json::to_string_pretty(&policy.claims)
        .map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
    let name = names::module(device);
    let files = Files {
        base: output.join("cordon.cil"),
        module: output.join(format!("{name}.cil")),
        assertions: output.join(format!("{name}-assertions.cil")),
        base_assertions: output.join("cordon-assertions.cil"),
        all: Vec::new(),
    };
    let texts = [
        (files.base.clone(), cordon_policygen::base_module()),
        (files.module.clone(), &policy.module),
        (files.assertions.clone(), &policy.assertions),
        (
            files.base_assertions.clone(),
            cordon_policygen::BASE_ASSERTIONS,
        ),
        (output.join(format!("{name}.fc")), &policy.contexts),
        (output.join(format!("{name}-claims.json")), &claims),
    ];
    let mut all = Vec::new();
    for (path, text) in texts {
        std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
        all.push(path);
    }
    Ok(Files { all, ..files })
}

/// Compiles the module with its assertions on top of the base policy that is
/// there. What was not checked is said.
fn compile(
    policy: &Policy,
    target: &Target,
    files: &Files,
    policy_root: Option<&Path>,
) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Internal, format!("compiling the policy: {error}"))
    };
    let tools = policy_root.map_or_else(Tools::host, Tools::within);
    let packaged = policy_root.unwrap_or(Path::new("/")).join(PACKAGED);
    // Inside the tools' root, which may be a chroot, and gone at the end.
    let work = Work::new(policy_root.unwrap_or(Path::new("/"))).map_err(failed)?;
    let base = tools.unpack(&packaged, target.disabled(), &work.path().join("base"));
    let base = match base.map_err(failed)? {
        BaseModules::Unpacked(base) => base,
        BaseModules::Absent { tool } => return not_compiled(&tool),
    };
    print(&format!(
        "compiling on the base policy of {}, some seconds\n",
        target.name()
    ))?;
    let mut sources = base;
    for file in [
        &files.base,
        &files.module,
        &files.assertions,
        &files.base_assertions,
    ] {
        let copy = work.path().join(file.file_name().unwrap_or_default());
        std::fs::copy(file, &copy).map_err(failed)?;
        sources.push(copy);
    }
    let outcome = tools.compile(target.binary_version(), &sources, &work.path().join("out"));
    match outcome.map_err(failed)? {
        Outcome::Compiled { .. } => {
            print(&format!(
                "compiled on the base policy of {}: {} assertions hold\n",
                target.name(),
                policy.claims.len() + cordon_policygen::base_claims().len()
            ))?;
            Ok(Exit::Success)
        }
        Outcome::Absent { tool } => not_compiled(&tool),
        Outcome::Failed { log } => Err(Failure::new(
            Exit::PolicyRejected,
            format!("the compiler rejects the policy:\n{}", log.trim_end()),
        )
        .help(format!(
            "the base policy there must be that of {}",
            target.name()
        ))),
    }
}

fn not_compiled(tool: &str) -> Result<Exit, Failure> {
    print(&format!(
        "not compiled, so not proved: {tool} is not here\n"
    ))
}
