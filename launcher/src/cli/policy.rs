//! `cordon policy build`: the device's SELinux module, written and compiled.

use super::arguments::PolicyOptions;
use super::source::Source;
use super::{Exit, Failure, print, target};
use cordon_policygen::compile::{BaseModules, Outcome, Tools};
use cordon_policygen::{Policy, Target, generate, names};
use std::path::{Path, PathBuf};

/// Where the tools' system keeps the packaged modules of its base policy.
const PACKAGED: &str = "usr/share/selinux/default";

/// Generates, writes, and compiles where there is a compiler.
pub fn run(options: &PolicyOptions) -> Result<Exit, Failure> {
    let source = Source::read(&options.manifest)?;
    let root = options.root.as_deref().unwrap_or(Path::new("/"));
    let resolved = source.resolve(root)?;
    source.warn(&resolved.warnings);
    let target = target::of(root, options.target.as_deref())?;
    let policy = generate(&resolved.plan, &target).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::new(Exit::PolicyRejected, lines.join("\n  "))
    })?;
    let files = write(&policy, &resolved.plan.device, &options.output)?;
    for file in &files.all {
        print(&format!("wrote {}\n", file.display()))?;
    }
    compile(&policy, &target, &files, options.policy_root.as_deref())
}

/// What was written.
struct Files {
    base: PathBuf,
    module: PathBuf,
    assertions: PathBuf,
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
        all: Vec::new(),
    };
    let texts = [
        (files.base.clone(), cordon_policygen::BASE_MODULE),
        (files.module.clone(), &policy.module),
        (files.assertions.clone(), &policy.assertions),
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
    let base = tools.unpack(&packaged, target.disabled(), &work.0.join("base"));
    let base = match base.map_err(failed)? {
        BaseModules::Unpacked(base) => base,
        BaseModules::Absent { tool } => return not_compiled(&tool),
    };
    print(&format!(
        "compiling on the base policy of {}, some seconds\n",
        target.name()
    ))?;
    let mut sources = base;
    for file in [&files.base, &files.module, &files.assertions] {
        let copy = work.0.join(file.file_name().unwrap_or_default());
        std::fs::copy(file, &copy).map_err(failed)?;
        sources.push(copy);
    }
    let outcome = tools.compile(target.binary_version(), &sources, &work.0.join("out"));
    match outcome.map_err(failed)? {
        Outcome::Compiled { .. } => {
            print(&format!(
                "compiled on the base policy of {}: {} assertions hold\n",
                target.name(),
                policy.claims.len()
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

/// A directory for intermediate files.
struct Work(PathBuf);

impl Work {
    fn new(root: &Path) -> std::io::Result<Self> {
        let path = root
            .join("tmp")
            .join(format!("cordon-policy-{}", std::process::id()));
        // An existing one is somebody else's.
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
