//! What the scenarios ask of a machine.

use cordon_tests::vm::audit::{self, Denial};
use cordon_tests::vm::guest::{Guest, Output};
use serde_json::Value;
use std::time::Duration;

/// The packaged device.
pub const DEVICE: &str = "bedside-monitor";
/// How long a device may take to be ready, emulated on a busy machine.
pub const READY: Duration = Duration::from_secs(180);

/// Runs a command that has to succeed.
pub fn get(guest: &mut Guest, command: &str) -> Result<String, String> {
    guest.get(command).map_err(|error| error.to_string())
}

/// Runs a command, whatever comes of it.
pub fn run(guest: &mut Guest, command: &str) -> Result<Output, String> {
    guest.run(command).map_err(|error| error.to_string())
}

/// Waits until a command succeeds.
pub fn until(guest: &mut Guest, command: &str) -> Result<String, String> {
    guest
        .until(command, READY)
        .map_err(|error| error.to_string())
}

/// Waits until the device runs, and every component of it.
pub fn ready(guest: &mut Guest, device: &str) -> Result<(), String> {
    // Whatever the state is, the boot or the restart comes to an end.
    let unit = format!("cordon@{device}");
    let settled = format!(
        "case $(systemctl is-active {unit}) in active|failed) true ;; \
         inactive) ! systemctl list-jobs --no-legend | grep -q {unit} ;; *) false ;; esac"
    );
    until(guest, &settled)?;
    let active = format!("systemctl is-active {unit}");
    get(guest, &active).map(drop).map_err(|error| {
        let why = format!("journalctl --boot --no-pager --unit cordon@{device} | tail -20");
        format!("{error}\n{}", get(guest, &why).unwrap_or_default())
    })
}

/// `cordon status --json` of a device.
pub fn status(guest: &mut Guest, device: &str) -> Result<Value, String> {
    json(guest, &format!("cordon status {device} --json"))
}

/// A command's JSON; what it exits with is in there too.
pub fn json(guest: &mut Guest, command: &str) -> Result<Value, String> {
    let output = run(guest, command)?;
    serde_json::from_str(&output.stdout)
        .map_err(|error| format!("{command}: {error}: {}", output.text()))
}

/// Number of a component's process.
pub fn pid(guest: &mut Guest, device: &str, component: &str) -> Result<u32, String> {
    let status = status(guest, device)?;
    cordon_tests::device::pid_of(&status, component)
        .ok_or_else(|| format!("{component} does not run: {status}"))
}

/// Waits until a component has another process than `before`.
pub fn another(
    guest: &mut Guest,
    device: &str,
    component: &str,
    before: u32,
) -> Result<u32, String> {
    let until = std::time::Instant::now() + READY;
    loop {
        match pid(guest, device, component) {
            Ok(pid) if pid != before => return Ok(pid),
            _ if std::time::Instant::now() > until => {
                return Err(format!("{component} was not started again"));
            }
            _ => std::thread::sleep(Duration::from_millis(300)),
        }
    }
}

/// Type of a process's domain.
pub fn domain(guest: &mut Guest, pid: u32) -> Result<String, String> {
    let context = get(guest, &format!("cat /proc/{pid}/attr/current"))?;
    let context = context.trim_end_matches(['\0', '\n']);
    Ok(context.split(':').nth(2).unwrap_or(context).to_owned())
}

/// Every denial since the boot.
pub fn denials(guest: &mut Guest) -> Result<Vec<Denial>, String> {
    let log = get(guest, "cat /var/log/audit/audit.log; dmesg")?;
    Ok(audit::denials(&log))
}

/// Denials that Cordon's part of the policy has to do with, of what the agent
/// did not do itself.
pub fn of_cordon(denials: &[Denial]) -> Vec<&Denial> {
    let ours = |label: &str| label.starts_with("cordon_");
    let all = denials.iter().filter(|it| it.source != "unconfined_t");
    all.filter(|it| ours(&it.source) || ours(&it.target))
        .collect()
}

/// Lines for a failure.
pub fn lines(denials: &[&Denial]) -> String {
    let lines: Vec<&str> = denials.iter().map(|it| it.line.as_str()).collect();
    lines.join("\n")
}
