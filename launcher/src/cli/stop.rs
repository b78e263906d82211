//! `cordon stop`: the end of a running device, waited for.

use super::arguments::RunningOptions;
use super::client::Client;
use super::{Exit, Failure};
use serde_json::Value;

/// Asks for the end and returns when nothing is left.
pub fn run(options: &RunningOptions) -> Result<Exit, Failure> {
    let mut client = Client::connect(options)?;
    let _: Value = client.call("Stop")?;
    client.wait_for_end()?;
    Ok(Exit::Success)
}
