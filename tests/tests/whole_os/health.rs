//! The device boots to READY, does its work, and says so.

use crate::support::*;
use cordon_tests::vm::steps::{Steps, check};

/// What Debian's own policy denies its own systemd at each boot, which
/// somebody may mistake for ours: source, target, class, permission.
const OF_THE_BASE: &[(&str, &str, &str, &str)] = &[
    // journald looks for credentials in a tmpfs that has no label of its own.
    ("syslogd_t", "tmpfs_t", "dir", "search"),
    // bochs is asked for by name before the console is there.
    (
        "systemd_modules_load_t",
        "systemd_modules_load_t",
        "capability",
        "sys_admin",
    ),
    // Debian 12's udevd reads a tunable and raises its own limit of files;
    // its systemd-tmpfiles would label /etc/mtab, which it has just made, anew.
    ("udev_t", "sysctl_fs_t", "dir", "search"),
    ("udev_t", "udev_t", "process", "setrlimit"),
    ("systemd_tmpfiles_t", "etc_t", "lnk_file", "relabelfrom"),
];

pub fn steps(steps: &mut Steps) {
    steps.take("health: enforcing from the first instruction", |machine| {
        let guest = &mut machine.guest;
        check(get(guest, "getenforce")?.trim() == "Enforcing", || {
            "not enforcing".into()
        })?;
        // Policy is loaded once, by systemd before anything else runs; nobody
        // has switched since.
        let log = get(guest, "cat /var/log/audit/audit.log; dmesg")?;
        check(!log.contains("enforcing=0 old_enforcing=1"), || {
            "was permissive".into()
        })
    });
    steps.take("health: boots to READY without one denial", |machine| {
        let guest = &mut machine.guest;
        ready(guest, DEVICE)?;
        let denials = denials(guest)?;
        let others: Vec<_> = denials
            .iter()
            .filter(|it| it.source != "unconfined_t")
            .filter(|it| {
                !OF_THE_BASE
                    .iter()
                    .any(|(source, target, class, permission)| {
                        it.source == *source
                            && it.target == *target
                            && it.class == *class
                            && it.permissions.contains(*permission)
                    })
            })
            .collect();
        check(others.is_empty(), || lines(&others))
    });
    steps.take(
        "health: a nurse's station gets the vital signs",
        |machine| {
            let guest = &mut machine.guest;
            let curl = "curl --silent --show-error --fail --max-time 60 --cacert /root/pki/ca.crt";
            let nurse = format!("{curl} --cert /root/pki/nurse.crt --key /root/pki/nurse.key");
            let url = "https://localhost/fhir/Observation/heart-rate";
            let rate = until(guest, &format!("{nurse} {url} | grep valueQuantity"))?;
            check(rate.contains("/min"), || rate)?;
            let stranger = run(guest, &format!("{curl} {url}"))?;
            check(stranger.exit != 0, || "served without a certificate".into())
        },
    );
    // The supervisor tried the same in its own domain, or it would not be ready.
    steps.take(
        "health: this kernel keeps what channels rest on",
        |machine| {
            let tried = run(&mut machine.guest, "cordon self-test channel")?;
            let all = tried.stdout.matches(" holds  ").count() == 28;
            check(tried.exit == 0 && all, || tried.text())
        },
    );
    steps.take(
        "health: every component's protection is proved again",
        |machine| {
            let guest = &mut machine.guest;
            let verified = run(guest, &format!("cordon verify {DEVICE}"))?;
            check(verified.exit == 0, || verified.text())
        },
    );
    steps.take(
        "health: systemctl says in words how the device is",
        |machine| {
            let said = get(
                &mut machine.guest,
                &format!("systemctl status --no-pager --full cordon@{DEVICE}"),
            )?;
            for expected in ["active (running)", "2 of 2 components run"] {
                check(said.contains(expected), || {
                    format!("no '{expected}' in\n{said}")
                })?;
            }
            Ok(())
        },
    );
    steps.take(
        "health: the journal has each component under its own name",
        |machine| {
            for name in ["cordon", "vitals-display", "network-service"] {
                let journal = format!(
                    "journalctl --boot --no-pager --lines 20 --output cat --identifier {name}"
                );
                let said = get(&mut machine.guest, &journal)?;
                let empty = said.trim().is_empty() || said.contains("-- No entries --");
                // A display that is well has nothing to say.
                check(!empty || name == "vitals-display", || {
                    format!("nothing from {name}")
                })?;
            }
            Ok(())
        },
    );
}
