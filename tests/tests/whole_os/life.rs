//! Ends and starts: a component's, the supervisor's, the device's.

use crate::support::*;
use cordon_policygen::names;
use cordon_tests::vm::steps::{Steps, check};

pub fn steps(steps: &mut Steps) {
    steps.take(
        "life: a component that crashes is started again in its domain",
        |machine| {
            let guest = &mut machine.guest;
            let display = pid(guest, DEVICE, "vitals-display")?;
            let before = pid(guest, DEVICE, "network-service")?;
            get(guest, &format!("kill -ABRT {before}"))?;
            let after = another(guest, DEVICE, "network-service", before)?;
            let expected = names::domain_type(DEVICE, "network-service");
            let found = domain(guest, after)?;
            check(found == expected, || format!("started again in {found}"))?;
            let still = pid(guest, DEVICE, "vitals-display")?;
            check(still == display, || "the display was touched".into())
        },
    );
    steps.take(
        "life: a supervisor that is killed is started again",
        |machine| {
            let guest = &mut machine.guest;
            let main = format!("systemctl show --property MainPID --value cordon@{DEVICE}");
            let before = get(guest, &main)?.trim().to_owned();
            get(guest, &format!("kill -KILL {before}"))?;
            until(
                guest,
                &format!("pid=$({main}); [ \"$pid\" != {before} ] && [ \"$pid\" != 0 ]"),
            )?;
            ready(guest, DEVICE)?;
            for component in ["vitals-display", "network-service"] {
                let pid = pid(guest, DEVICE, component)?;
                let found = domain(guest, pid)?;
                let expected = names::domain_type(DEVICE, component);
                check(found == expected, || format!("{component} is in {found}"))?;
            }
            Ok(())
        },
    );
    steps.take("life: a stop leaves nothing behind", |machine| {
        let guest = &mut machine.guest;
        get(guest, &format!("systemctl stop cordon@{DEVICE}"))?;
        for (what, command) in [
            (
                "processes",
                "ps -eo label:200,args --no-headers | awk '$1 ~ /:cordon_/'",
            ),
            (
                "cgroups",
                "find /sys/fs/cgroup -name network-service -o -name vitals-display",
            ),
            ("mounts", "grep cordon /proc/self/mountinfo || true"),
            (
                "sockets",
                "ss --listening --tcp --numeric --no-header | grep ':443 ' || true",
            ),
        ] {
            let left = get(guest, command)?;
            check(left.trim().is_empty(), || format!("{what}: {left}"))?;
        }
        get(guest, &format!("systemctl start cordon@{DEVICE}"))?;
        ready(guest, DEVICE)
    });
    steps.take("life: none of it was denied anything", |machine| {
        let denials = denials(&mut machine.guest)?;
        let ours = of_cordon(&denials);
        check(ours.is_empty(), || lines(&ours))
    });
}
