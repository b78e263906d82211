//! Whether a device's assertions hold on the modules a store has.

use super::Generated;
use super::rest::{DISTRIBUTION, Rest};
use super::sets::unnamed;
use super::tools::Tools;
use super::work::Work;
use crate::cli::{Exit, Failure, print};
use cordon_policygen::compile::{Outcome, violations};
use cordon_policygen::{BASE_ASSERTIONS, Digest, base_claims, base_module};
use std::collections::BTreeSet;
use std::io;

/// Rules that are named of those that break an assertion.
const NAMED: usize = 5;

/// How it is proved: another word with each check more, without which what was
/// proved before would stand.
const HOW: &str = "proved by cordon, sets and every priority";

/// What is to be proved.
pub struct Proof<'a> {
    pub tools: &'a Tools,
    pub generated: &'a Generated,
    /// What it is to hold on.
    pub rest: &'a Rest<'a>,
    /// Whether a missing compiler is no failure.
    pub may_be_missing: bool,
}

impl Proof<'_> {
    /// Digest of everything the outcome follows from.
    pub fn digest(&self) -> String {
        let policy = &self.generated.policy;
        let mut digest = Digest::default();
        for part in [
            HOW,
            base_module(),
            BASE_ASSERTIONS,
            &policy.module,
            &policy.assertions,
            self.generated.target.name(),
            &self.rest.digest(),
        ] {
            digest.part(part.as_bytes());
        }
        digest.digits()
    }

    /// Compiles base module, device module and assertions with everything else
    /// in the store. Says what was proved; false where nothing was, because
    /// there is no compiler and that is allowed.
    pub fn check(&self) -> Result<bool, Failure> {
        let failed = |error: io::Error| {
            Failure::new(Exit::Internal, format!("compiling the policy: {error}"))
        };
        let policy = &self.generated.policy;
        unnamed(self.rest, &[&policy.assertions, BASE_ASSERTIONS])?;
        let work = Work::new(self.tools.root()).map_err(failed)?;
        let write = |name: &str, bytes: &[u8]| work.write(name, bytes).map_err(failed);
        let store = write("store.cil", &self.rest.text()?)?;
        let assertions = write("assertions.cil", policy.assertions.as_bytes())?;
        let base_assertions = write("base-assertions.cil", BASE_ASSERTIONS.as_bytes())?;
        let sources = [
            store.clone(),
            write("cordon.cil", base_module().as_bytes())?,
            write("device.cil", policy.module.as_bytes())?,
            assertions.clone(),
            base_assertions.clone(),
        ];
        let target = &self.generated.target;
        let out = work.path().join("out");
        let compiler = self.tools.compiler();
        let outcome = compiler
            .compile(target.binary_version(), &sources, &out)
            .map_err(failed)?;
        let base_claims = base_claims();
        let log = match outcome {
            Outcome::Compiled { .. } => {
                print(&format!(
                    "proved: {} assertions hold on the {} modules of the store\n",
                    policy.claims.len() + base_claims.len(),
                    self.rest.count()
                ))?;
                if !target.says_who_is_trusted() {
                    print(&format!(
                        "not claimed: what other programs may do to the device, because the profile {} \
                         says of nobody what the base policy lets him do; scan it again\n",
                        target.name()
                    ))?;
                }
                return Ok(true);
            }
            Outcome::Absent { tool } if self.may_be_missing => {
                print(&format!(
                    "NOT proved: {tool} is not here, so the assertions were not checked\n"
                ))?;
                return Ok(false);
            }
            Outcome::Absent { tool } => {
                return Err(Failure::new(
                    Exit::PolicyStore,
                    format!("not proved: {tool} is not here, so the assertions cannot be checked"),
                )
                .help(format!(
                    "install it (Debian's package {tool}), or say --unproved to do without"
                )));
            }
            Outcome::Failed { log } => log,
        };
        let mut broken = BTreeSet::new();
        let mut lines = BTreeSet::new();
        for (file, claims) in [
            (&assertions, &policy.claims),
            (&base_assertions, &base_claims),
        ] {
            for violation in violations(&log, &self.tools.sees(file)) {
                broken.extend(violation.claim(claims).map(|claim| claim.id.clone()));
                if violation.file == self.tools.sees(&store) {
                    lines.insert(violation.line);
                }
            }
        }
        if broken.is_empty() {
            return Err(Failure::new(
                Exit::PolicyRejected,
                format!("the compiler rejects the policy:\n{}", log.trim_end()),
            )
            .help(format!("the store must be that of {}", target.name())));
        }
        Err(self.rejected(&broken, &lines)?)
    }

    /// Names the rules that break the claims, and whose they are.
    fn rejected(
        &self,
        broken: &BTreeSet<String>,
        lines: &BTreeSet<usize>,
    ) -> Result<Failure, Failure> {
        let texts = self.rest.texts()?;
        let mut culprits = Vec::new();
        for line in lines {
            let culprit = texts.at(*line);
            culprits.extend(culprit.filter(|one| !culprits.contains(one)));
        }
        let broken: Vec<&str> = broken.iter().map(String::as_str).collect();
        let mut message = format!(
            "a module of the store breaks {}; nothing was changed",
            broken.join(", ")
        );
        for culprit in culprits.iter().take(NAMED) {
            message += &format!(
                "\n  module {} (priority {}): {}",
                culprit.module, culprit.priority, culprit.rule
            );
        }
        if culprits.len() > NAMED {
            message += &format!("\n  and {} rules more", culprits.len() - NAMED);
        }
        let failure = Failure::new(Exit::PolicyRejected, message);
        let mut added = culprits.iter().filter(|one| one.priority != DISTRIBUTION);
        Ok(failure.help(match added.next() {
            Some(first) => format!(
                "what it grants the device denies; without it: semodule -X {} -r {}",
                first.priority, first.module
            ),
            None => format!("the store must be that of {}", self.generated.target.name()),
        }))
    }
}
