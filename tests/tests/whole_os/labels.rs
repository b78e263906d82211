//! Every component has a domain of its own, and everything it was granted a type.

use crate::support::*;
use cordon_policygen::names;
use cordon_tests::vm::audit::Rule;
use cordon_tests::vm::steps::{Steps, check};

pub fn steps(steps: &mut Steps) {
    steps.take("labels: each component runs in its own domain", |machine| {
        let guest = &mut machine.guest;
        let processes = get(guest, "ps -eo label:200,args:200 --no-headers")?;
        let find = |program: &str| {
            let of = |line: &&str| line.split_whitespace().nth(1) == Some(program);
            processes.lines().find(of).unwrap_or_default().to_owned()
        };
        let of = |component: &str| names::domain_context(DEVICE, component);
        for (program, context) in [
            (
                "/usr/bin/cordon",
                "system_u:system_r:cordon_supervisor_t:s0".to_owned(),
            ),
            (
                "cordon-reaper",
                "system_u:system_r:cordon_reaper_t:s0".to_owned(),
            ),
            (
                "/usr/lib/bedside-monitor/vitals-display",
                of("vitals-display"),
            ),
            (
                "/usr/lib/bedside-monitor/network-service",
                of("network-service"),
            ),
        ] {
            let line = find(program);
            check(
                line.split_whitespace().next() == Some(context.as_str()),
                || format!("{program} is not {context}: {line}\n{processes}"),
            )?;
        }
        Ok(())
    });
    steps.take("labels: each declared path has its own type", |machine| {
        let tls = names::file_type(DEVICE, "/etc/bedside-monitor/tls");
        for (path, label) in [
            ("/usr/bin/cordon", "cordon_supervisor_exec_t".to_owned()),
            (
                "/usr/lib/bedside-monitor/vitals-display",
                names::exec_type(DEVICE, "vitals-display"),
            ),
            (
                "/usr/lib/bedside-monitor/network-service",
                names::exec_type(DEVICE, "network-service"),
            ),
            ("/etc/bedside-monitor/tls", tls.clone()),
            ("/etc/bedside-monitor/tls/server.key", tls),
            ("/dev/fb0", names::node_type(DEVICE, "/dev/fb0")),
        ] {
            let context = get(&mut machine.guest, &format!("stat --format %C {path}"))?;
            check(context.contains(&format!(":{label}:")), || {
                format!("{path}: {context}")
            })?;
        }
        Ok(())
    });
    // The channel's type joins no attribute of the base policy, so an unconfined
    // administrator is refused even to look: what the log says of that names the type.
    steps.take(
        "labels: each channel has its own type, closed to administrators too",
        |machine| {
            let guest = &mut machine.guest;
            // Components map their ends and close them; the supervisor keeps its own.
            let main = format!("systemctl show --property MainPID --value cordon@{DEVICE}");
            let look =
                format!("for fd in /proc/$({main})/fd/*; do stat --dereference $fd; done; true");
            run(guest, &look)?;
            let denials = denials(guest)?;
            for channel in ["vitals", "seen-remotely"] {
                let label = names::channel_type(DEVICE, channel);
                let rule = |permission| Rule::new("unconfined_t", &label, "file", permission);
                let refused = ["read", "open", "getattr"].into_iter().any(|permission| {
                    let rule = rule(permission);
                    denials.iter().any(|denial| denial.breaks(&rule))
                });
                check(refused, || {
                    let of = denials.iter().filter(|it| it.source == "unconfined_t");
                    format!("nothing of {label}:\n{}", lines(&of.collect::<Vec<_>>()))
                })?;
            }
            Ok(())
        },
    );
}
