//! What the supervisor does not start under, and what it says then.

use crate::support::*;
use cordon_tests::vm::guest::Guest;
use cordon_tests::vm::steps::{Step, Steps, check};

/// Starts the device after `change`, undoes it by `undo`, and looks for `words`
/// in what the journal says of the start.
fn refused(guest: &mut Guest, change: &str, undo: &str, code: u32, words: &[&str]) -> Step {
    let unit = format!("cordon@{DEVICE}");
    get(guest, &format!("systemctl stop {unit}"))?;
    get(guest, change)?;
    let since = get(guest, "date +%s")?;
    let started = run(guest, &format!("systemctl start {unit}"));
    let status = get(
        guest,
        &format!("systemctl show --property ExecMainStatus --value {unit}"),
    );
    let journal = format!(
        "journalctl --no-pager --output cat --since @{} --unit {unit}",
        since.trim()
    );
    let said = get(guest, &journal);
    // Undone whatever came of it: the next scenario begins as this one did.
    get(guest, undo)?;
    get(
        guest,
        &format!("systemctl reset-failed {unit} || true; systemctl start {unit}"),
    )?;
    ready(guest, DEVICE)?;
    let (started, status, said) = (started?, status?, said?);
    check(started.exit != 0, || format!("started:\n{said}"))?;
    check(status.trim() == code.to_string(), || {
        format!("exit {status}:\n{said}")
    })?;
    for word in words {
        check(said.contains(word), || format!("no '{word}' in\n{said}"))?;
    }
    Ok(())
}

pub fn steps(steps: &mut Steps) {
    const SERVICE: &str = "/usr/lib/bedside-monitor/network-service";
    const MANIFEST: &str = "/etc/cordon/bedside-monitor.yaml";
    steps.take("refusals: a wrong label on a program", |machine| {
        refused(
            &mut machine.guest,
            &format!("chcon -t bin_t {SERVICE}"),
            &format!("restorecon {SERVICE}"),
            21,
            &[SERVICE, "bin_t", "restorecon"],
        )
    });
    steps.take("refusals: a policy that is not the manifest's", |machine| {
        // One more path to read: the policy in force lacks it. The unit that
        // would put it in force is kept from it.
        refused(
            &mut machine.guest,
            &format!(
                "cp -a {MANIFEST} /root/manifest; mkdir -p /etc/bedside-monitor/more; \
                 sed -i '0,/^    files:/s|^    files:|&\\n      - {{path: /etc/bedside-monitor/more, access: read}}|' {MANIFEST}; \
                 ! cmp -s {MANIFEST} /root/manifest"
            ),
            &format!("cp -a /root/manifest {MANIFEST}; restorecon {MANIFEST}"),
            20,
            &["policy", "cordon-policy@bedside-monitor", "cordon policy install"],
        )
    });
    steps.take("refusals: a kernel that refuses nothing", |machine| {
        refused(
            &mut machine.guest,
            "setenforce 0",
            "setenforce 1",
            10,
            &["permissive", "--without selinux"],
        )
    });
    steps.take(
        "refusals: a domain that refuses nothing is named at run time too",
        |machine| {
            let guest = &mut machine.guest;
            get(guest, "setenforce 0")?;
            let said = until(
                guest,
                &format!("cordon status {DEVICE} | grep -i permissive"),
            );
            get(guest, "setenforce 1")?;
            ready(guest, DEVICE)?;
            said.map(drop)
        },
    );
}
