//! Scenarios that share one boot: each is a step with a name, and one that fails
//! does not keep the later ones from being seen.

use super::machine::Machine;
use std::time::Instant;

/// The steps on a machine. Ends in a panic when one failed.
#[derive(Debug)]
pub struct Steps {
    /// The machine.
    pub machine: Machine,
    failed: Vec<String>,
}

/// Why a step failed, in words.
pub type Step = Result<(), String>;

impl Steps {
    /// Steps on this machine.
    #[must_use]
    pub fn on(machine: Machine) -> Self {
        Self {
            machine,
            failed: Vec::new(),
        }
    }

    /// Takes a step, unless `ONLY` in the environment names another part.
    pub fn take(&mut self, name: &str, step: impl FnOnce(&mut Machine) -> Step) {
        let only = std::env::var("ONLY").unwrap_or_default();
        if !name.contains(&only) {
            return;
        }
        let began = Instant::now();
        let result = step(&mut self.machine);
        let seconds = began.elapsed().as_secs();
        match result {
            Ok(()) => println!("ok      {name} ({seconds} s)"),
            Err(why) => {
                println!(
                    "FAILED  {name} ({seconds} s)\n        {}",
                    why.replace('\n', "\n        ")
                );
                self.failed.push(format!("{name}: {why}"));
            }
        }
    }

    /// Ends the machine.
    ///
    /// # Panics
    /// When a step failed.
    pub fn end(self) {
        let Self { machine, failed } = self;
        drop(machine);
        assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    }
}

/// Fails with a text unless something holds.
///
/// # Errors
/// The text.
pub fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Step {
    if holds { Ok(()) } else { Err(otherwise()) }
}
