//! `cordon-policygen`: the generator on its own.
#![forbid(unsafe_code)]

use cordon_manifest::plan::Plan;
use cordon_policygen::{Target, generate, names};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cordon-policygen build TARGET PLAN.json DIRECTORY
           writes the module, its assertions, file contexts and claims
TARGET is the name of a target profile or a file that holds one, as
`cordon policy scan` makes them.
exit codes: 1 refused, in words; 2 the command line is wrong";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["build", target, plan, directory] => build(target, Path::new(plan), Path::new(directory)),
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
    let target = match Target::named(target) {
        Some(target) => target,
        None if Path::new(target).is_file() => {
            let text = read(Path::new(target))?;
            Target::parse(&text).map_err(|error| format!("{target}: {error}"))?
        }
        None => return Err(format!("no target profile {target}")),
    };
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

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
