//! The other way round: every layer but SELinux, on a kernel without it.

use crate::attack::{campaign, named, started};
use crate::boot;
use crate::support::*;
use cordon_tests::campaign::HELD_BY_ONE;
use cordon_tests::vm::devices::ATTACKED;
use cordon_tests::vm::image::Release;
use cordon_tests::vm::steps::check;

/// What takes SELinux out of the kernel: Debian's has no `selinux=0`
/// (CONFIG_SECURITY_SELINUX_BOOTPARAM), but a list of modules stands above
/// `security=`, and everything else stays in it.
const WITHOUT_SELINUX: &str = "lsm=lockdown,capability,landlock,yama,bpf";

/// Boots without SELinux and takes the scenarios.
pub fn selinux(release: Release) {
    let name = format!("{}-without-selinux", release.target());
    let Some(mut steps) = boot(release, &name, WITHOUT_SELINUX) else {
        return;
    };
    steps.take("without: the kernel has no SELinux", |machine| {
        let has = get(&mut machine.guest, "cat /sys/kernel/security/lsm")?;
        check(!has.contains("selinux"), || has.clone())?;
        check(has.contains("landlock"), || has.clone())
    });
    steps.take(
        "without: the device is not started, and it is said why",
        |machine| {
            let guest = &mut machine.guest;
            let unit = format!("cordon@{DEVICE}");
            until(guest, &format!("systemctl is-failed --quiet {unit}"))?;
            let said = get(
                guest,
                &format!("journalctl --boot --no-pager --output cat --unit {unit}"),
            )?;
            for word in ["SELinux", "--without selinux"] {
                check(said.contains(word), || format!("no '{word}' in\n{said}"))?;
            }
            let status = format!("systemctl show --property ExecMainStatus --value {unit}");
            let status = get(guest, &status)?;
            check(status.trim() == "10", || format!("exit {status}"))
        },
    );
    steps.take("without: every other layer refuses what it can", |machine| {
        let guest = &mut machine.guest;
        get(
            guest,
            "mkdir -p /run/systemd/system/cordon@attacked.service.d; \
             printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/cordon run /etc/cordon/%%i.yaml --without selinux\\n' \
             > /run/systemd/system/cordon@attacked.service.d/without.conf; \
             systemctl daemon-reload",
        )?;
        let display = started(guest, ATTACKED)?;
        let said = get(guest, "systemctl status --no-pager cordon@attacked")?;
        check(said.contains("without selinux") || said.contains("selinux"), || said.clone())?;
        let tried = campaign(guest, ATTACKED, display, &format!("{name}.jsonl"))?;
        let open = |name: &str| HELD_BY_ONE.iter().any(|(held, _)| *held == name);
        let breaches = named(&tried, |it| {
            it["verdict"] == "breach" && !it["attempt"].as_str().is_some_and(open)
        });
        check(breaches.is_empty(), || format!("{breaches:#?}"))?;
        let still = pid(guest, ATTACKED, "vitals-display")?;
        check(still == display, || "the display was touched".into())
    });
    steps.end();
}
