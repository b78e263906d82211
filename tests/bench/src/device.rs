//! Devices of any size, made up for measuring.

use cordon_manifest::facts::Facts;
use cordon_manifest::plan::Plan;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The bedside monitor's Plan.
pub fn monitor() -> Result<Plan, Box<dyn Error>> {
    let root = crate::workspace();
    let source = std::fs::read(root.join("profiles/examples/bedside-monitor.yaml"))?;
    let facts = std::fs::read(root.join("policygen/tests/facts/bedside-monitor.json"))?;
    let facts: Facts = serde_json::from_slice(&facts)?;
    let checked = cordon_manifest::parse(&source, "bedside-monitor.yaml")
        .map_err(|report| format!("{report:?}"))?;
    let resolved = cordon_manifest::resolve(&checked.manifest, &facts);
    Ok(resolved.map_err(|report| format!("{report:?}"))?.plan)
}

/// The Plan of a device of so many components, each like the network service of
/// the monitor with paths and a port of its own, and two channels from each to
/// the next.
#[must_use]
pub fn plan(monitor: &Plan, components: usize) -> Plan {
    let mut plan = monitor.clone();
    plan.components.clear();
    plan.channels.clear();
    let model = &monitor.components[1];
    let name = |index: usize| format!("service-{}", index % components);
    for index in 0..components {
        let mut component = model.clone();
        component.name = name(index);
        component.program.path = format!("/usr/lib/device/service-{index}");
        for file in &mut component.files {
            if file.source.starts_with("/etc/bedside-monitor") {
                file.source = format!("/etc/device/{index}");
                file.path.clone_from(&file.source);
            }
        }
        for listen in &mut component.listen {
            listen
                .tcp
                .set_port(20_000 + u16::try_from(index).unwrap_or(0));
        }
        plan.components.push(component);
        for number in 0..2 {
            let mut channel = monitor.channels[0].clone();
            channel.name = format!("channel-{index}-{number}");
            channel.from.value = name(index);
            channel.to[0].value = name(index + 1);
            channel.to.truncate(1);
            plan.channels.push(channel);
        }
    }
    plan
}

/// A manifest of so many components, two or more, and the tree of an image
/// that has their programs: this system's true(1), with its libraries.
pub fn tree(root: &Path, components: usize) -> io::Result<String> {
    const PROGRAM: &str = "/usr/bin/true";
    let ldd = std::process::Command::new("ldd").arg(PROGRAM).output()?;
    let said = String::from_utf8_lossy(&ldd.stdout).into_owned();
    for library in said.split_whitespace().filter(|word| word.starts_with('/')) {
        let copy = root.join(&library[1..]);
        std::fs::create_dir_all(copy.parent().unwrap_or(root))?;
        std::fs::copy(library, copy)?;
    }
    let mut text = "cordon: 1\ndevice: device\ncomponents:\n".to_owned();
    for index in 0..components {
        let program = root.join(format!("opt/device/service-{index}"));
        std::fs::create_dir_all(root.join(format!("opt/device/data-{index}")))?;
        std::fs::copy(PROGRAM, &program)?;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
        let (user, port) = (61_000 + index, 20_000 + index);
        let _ = write!(
            text,
            "  service-{index}:\n    role: network-service\n    exec: [/opt/device/service-{index}]\n    \
             user: {user}\n    listen:\n      - {{name: https, tcp: \"0.0.0.0:{port}\"}}\n    files:\n      \
             - {{path: /opt/device/data-{index}, access: read}}\n"
        );
    }
    text.push_str("channels:\n");
    for index in 0..components {
        let to = (index + 1) % components;
        for number in 0..2 {
            let _ = write!(
                text,
                "  channel-{index}-{number}:\n    from: service-{index}\n    to: [service-{to}]\n    \
                 period: 40ms\n    deadline: 1s\n    record:\n      value: {{type: u16}}\n"
            );
        }
    }
    Ok(text)
}
