//! Everything that runs in the micro virtual machine: one static program,
//! whose part is told by the name it is started by.
//!
//! | name | part |
//! |---|---|
//! | `/init` | loads the policy, stages a root on a tmpfs, becomes enforcing ([`stage`]) |
//! | `/sbin/init` | the same process in init's domain: starts the supervisor ([`init`]) |
//! | `/usr/bin/cordon` | in the supervisor's domain: runs the cases ([`supervisor`]) |
//! | anything else | in a component's domain: tries what its arguments say ([`worker`]) |
//!
//! The cases come from the test on the host, and their results go back to it on
//! the second serial line, one line of JSON each.

mod case;
mod init;
mod outcome;
mod stage;
mod supervisor;
mod sys;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    let name = arguments.next().unwrap_or_default();
    let result = match name.as_str() {
        "/init" => stage::run(),
        "/sbin/init" => init::run(),
        "/usr/bin/cordon" => supervisor::run(),
        _ => worker::run(arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            if std::process::id() == 1 {
                init::power_off();
            }
            ExitCode::FAILURE
        }
    }
}
