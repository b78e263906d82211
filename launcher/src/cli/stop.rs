//! `cordon stop`: the end of a running device, waited for; or of what a killed
//! supervisor left of it.

use super::arguments::RunningOptions;
use super::client::{Client, checked};
use super::{Exit, Failure, print};
use crate::supervisor::leftovers;
use crate::supervisor::runtime::RuntimeError;
use serde_json::Value;

/// Asks for the end and returns when nothing is left.
pub fn run(options: &RunningOptions) -> Result<Exit, Failure> {
    let mut client = match Client::connect(options) {
        Err(failure) if failure.exit == Exit::NotRunning => return left(options, failure),
        other => other?,
    };
    let _: Value = client.call("Stop")?;
    client.wait_for_end()?;
    Ok(Exit::Success)
}

/// Nobody answers: what a killed supervisor left is ended. systemd calls this
/// after a supervisor's end (ExecStopPost=), when there is mostly nothing.
fn left(options: &RunningOptions, not_running: Failure) -> Result<Exit, Failure> {
    let Some(device) = &options.device else {
        return Err(not_running);
    };
    if !nix::unistd::geteuid().is_root() {
        return Err(not_running);
    }
    let ended = leftovers::end(&options.runtime_dir, &checked(device)?);
    match ended {
        // From ExecStopPost= (systemd.exec(5)): that nothing is left is how it should be.
        Ok(None) if std::env::var_os("SERVICE_RESULT").is_some() => Ok(Exit::Success),
        Ok(None) => Err(not_running),
        Ok(Some(names)) if names.is_empty() => print(&format!(
            "{device}: its supervisor was killed; nothing of it still ran\n"
        )),
        Ok(Some(names)) => print(&format!(
            "{device}: its supervisor was killed; ended what still ran: {}\n",
            names.join(", ")
        )),
        // It has just begun, and does not answer yet.
        Err(error @ RuntimeError::InUse { .. }) => {
            Err(Failure::new(Exit::AlreadyRunning, error.to_string()))
        }
        Err(error) => Err(Failure::new(Exit::Internal, error.to_string())),
    }
}
