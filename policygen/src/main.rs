//! `cordon-policygen`: the generator on its own, and the scan of a target.
#![forbid(unsafe_code)]

use cordon_manifest::plan::Plan;
use cordon_policygen::{Described, NODES, SHARED, Target, generate, names, scan};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "\
usage: cordon-policygen build TARGET PLAN.json DIRECTORY
           writes the module, its assertions, file contexts and claims
       cordon-policygen scan NAME VERSION FILE_CONTEXTS DISABLED FILE.cil...
           prints the target profile of the base policy in these files;
           VERSION of its package, DISABLED modules separated by commas
targets: debian-12 debian-13
exit codes: 1 refused, in words; 2 the command line is wrong";

/// Version of the binary policy: what every kernel and compiler from Debian 12
/// on reads and writes.
const BINARY: u32 = 33;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["build", target, plan, directory] => build(target, Path::new(plan), Path::new(directory)),
        ["scan", name, version, contexts, disabled, files @ ..] if !files.is_empty() => {
            profile(name, version, Path::new(contexts), disabled, files)
        }
        ["--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("cordon-policygen: {message}");
            ExitCode::FAILURE
        }
    }
}

fn build(target: &str, plan: &Path, directory: &Path) -> Result<(), String> {
    let target = Target::named(target).ok_or_else(|| format!("no target profile {target}"))?;
    let text = read(plan)?;
    let plan: Plan =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", plan.display()))?;
    let policy = generate(&plan, &target).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    let claims = serde_json::to_string_pretty(&policy.claims).map_err(|error| error.to_string())?;
    std::fs::create_dir_all(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let module = names::module(&plan.device);
    for (name, text) in [
        (format!("{module}.cil"), &policy.module),
        (format!("{module}-assertions.cil"), &policy.assertions),
        (format!("{module}.fc"), &policy.contexts),
        (format!("{module}-claims.json"), &claims),
    ] {
        let path = directory.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn profile(
    name: &str,
    version: &str,
    contexts: &Path,
    disabled: &str,
    files: &[&str],
) -> Result<(), String> {
    let mut labels = BTreeMap::new();
    for (path, kind) in SHARED.iter().chain(&NODES) {
        if let Some(label) = label(contexts, path, *kind)? {
            labels.insert((*path).to_owned(), label);
        }
    }
    let described = Described {
        name: name.to_owned(),
        base: version.to_owned(),
        binary: BINARY,
        disabled: disabled
            .split(',')
            .filter(|module| !module.is_empty())
            .map(str::to_owned)
            .collect(),
        labels,
    };
    let mut modules = Vec::new();
    for file in files {
        let file = PathBuf::from(file);
        let stem = file
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        if !described
            .disabled
            .iter()
            .any(|module| Some(module) == stem.as_ref())
        {
            modules.push(read(&file)?);
        }
    }
    print!("{}", scan(&modules, &described)?);
    Ok(())
}

/// The type the target's file contexts give a path of this file type.
fn label(contexts: &Path, path: &str, kind: u32) -> Result<Option<String>, String> {
    let output = Command::new("selabel_lookup")
        .args(["-b", "file", "-k", path, "-t", &kind.to_string(), "-f"])
        .arg(contexts)
        .output()
        .map_err(|error| format!("selabel_lookup (package selinux-utils): {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let context = text
        .lines()
        .find_map(|line| line.strip_prefix("Default context:"));
    Ok(context.and_then(|context| context.trim().split(':').nth(2).map(str::to_owned)))
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
