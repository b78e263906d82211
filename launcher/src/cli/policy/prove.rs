//! Whether a device's assertions hold on the modules a store has, before
//! anything is installed into it.

use super::Generated;
use super::store::{BASE, Store};
use super::tools::Tools;
use super::work::Work;
use crate::cli::{Exit, Failure, print};
use cordon_policygen::compile::{Outcome, violations};
use cordon_policygen::{BASE_ASSERTIONS, base_claims, base_module, names};
use std::io;

/// Compiles base module, device module and assertions with everything else in
/// the store. Says what was proved, or that nothing was and why.
pub fn prove(tools: &Tools, store: &Store<'_>, generated: &Generated) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::new(Exit::Internal, format!("compiling the policy: {error}"));
    let work = Work::new(tools.root()).map_err(failed)?;
    let module = names::module(generated.device());
    let (count, others) = store.others(&[BASE, &module])?;
    let policy = &generated.policy;
    let assertions = work
        .write("assertions.cil", policy.assertions.as_bytes())
        .map_err(failed)?;
    let base_assertions = work
        .write("base-assertions.cil", BASE_ASSERTIONS.as_bytes())
        .map_err(failed)?;
    let base_claims = base_claims();
    let sources = [
        work.write("store.cil", &others).map_err(failed)?,
        work.write("cordon.cil", base_module().as_bytes())
            .map_err(failed)?,
        work.write("device.cil", policy.module.as_bytes())
            .map_err(failed)?,
        assertions.clone(),
        base_assertions.clone(),
    ];
    let outcome = tools
        .compiler()
        .compile(
            generated.target.binary_version(),
            &sources,
            &work.path().join("out"),
        )
        .map_err(failed)?;
    match outcome {
        Outcome::Compiled { .. } => {
            print(&format!(
                "proved: {} assertions hold on the {count} modules of the store\n",
                policy.claims.len() + base_claims.len()
            ))?;
            Ok(())
        }
        Outcome::Absent { tool } => {
            print(&format!(
                "NOT proved: {tool} is not here, so the assertions were not checked\n"
            ))?;
            Ok(())
        }
        Outcome::Failed { log } => {
            let broken: Vec<String> = [
                (&assertions, &policy.claims),
                (&base_assertions, &base_claims),
            ]
            .into_iter()
            .flat_map(|(file, claims)| {
                let found = violations(&log, &tools.sees(file));
                let ids = found
                    .iter()
                    .filter_map(|violation| violation.claim(claims))
                    .map(|claim| claim.id.clone());
                ids.collect::<Vec<_>>()
            })
            .collect();
            let what = if broken.is_empty() {
                "the compiler rejects the policy".to_owned()
            } else {
                format!("a module of the store breaks {}", broken.join(", "))
            };
            Err(Failure::new(
                Exit::PolicyRejected,
                format!("{what}; nothing was installed\n{}", log.trim_end()),
            )
            .help(format!(
                "the store must be that of {}; a module added to it may grant what the device denies",
                generated.target.name()
            )))
        }
    }
}
