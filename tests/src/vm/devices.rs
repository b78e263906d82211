//! The devices of the whole virtual machine besides the packaged one: the
//! bedside monitor with the attack program in the network service's place.

use super::image::Release;
use crate::workspace;
use std::fs;
use std::io;

/// Under attack with every layer in force.
pub const ATTACKED: &str = "attacked";
/// Under attack with no layer but SELinux.
pub const ALONE: &str = "alone";

/// Ports of a device's attack program: where it answers, and the listening
/// socket it may turn into something else.
#[must_use]
pub fn ports(device: &str) -> (u16, u16) {
    match device {
        ATTACKED => (8443, 8444),
        _ => (8445, 8446),
    }
}

/// The manifest of such a device: its own programs below `/usr/lib/DEVICE`,
/// certificates in `/etc/DEVICE/tls`, and a screen that is a file.
///
/// # Errors
/// When the example, whose channels it has, cannot be read.
pub fn manifest(device: &str) -> io::Result<String> {
    let example = workspace::root().join("profiles/examples/bedside-monitor.yaml");
    let example = fs::read_to_string(example)?;
    let (_, channels) = example.split_once("\nchannels:").unwrap_or_default();
    let (port, spare) = ports(device);
    Ok(format!(
        "\
# The bedside monitor with an attacker in its network service.
cordon: 1
device: {device}

components:
  vitals-display:
    role: vitals-display
    exec: [/usr/lib/{device}/vitals-display, --geometry, 1024x600]
    user: vitals
    files:
      # The frame buffer is the packaged monitor's.
      - {{path: /var/lib/{device}/screen, access: write, pass: screen}}
      - {{path: /var/lib/{device}/shown, access: write, pass: shown}}
      - {{path: /usr/share/fonts/opentype/b612, access: read}}
    realtime: {{policy: fifo, priority: 40}}
    watchdog: 20s
    restart: {{policy: always, delay: 50ms}}

  network-service:
    role: network-service
    exec: [/usr/lib/{device}/cordon-attack]
    user: netsvc
    files:
      - {{path: /etc/{device}/tls, access: read}}
      - {{path: /var/lib/sized/{device}, access: write, size: 8M}}
    listen:
      - {{name: https, tcp: \"127.0.0.1:{port}\"}}
      # To be turned into something else, so that the first goes on answering.
      - {{name: spare, tcp: \"127.0.0.1:{spare}\"}}
    limits: {{memory: 64M, tasks: 32, cpu: 50%}}
    restart: {{policy: always, delay: 50ms, limit: 1000/min}}

channels:{channels}"
    ))
}

/// The same for a release whose kernel lacks layers: each is allowed to be
/// missing by name.
#[must_use]
pub fn on(release: Release, manifest: &str) -> String {
    let lacking = match release {
        // Landlock ABI 2.
        Release::Debian12 => {
            "landlock-tcp, landlock-ioctl, landlock-scope, landlock-audit, mdwe, noexec-seal, memfd-noexec"
        }
        // Landlock ABI 6.
        Release::Debian13 => "landlock-audit",
    };
    manifest
        .lines()
        .map(|line| match line.trim_start().starts_with("user:") {
            true => format!("{line}\n    allow-missing: [{lacking}]\n"),
            false => format!("{line}\n"),
        })
        .collect()
}
