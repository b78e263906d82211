//! Virtual machines in which SELinux is in force: a micro one for single facts
//! of the policy, and a whole Debian with the device on it.
//!
//! Both run in QEMU without hardware acceleration, which is nowhere needed.
//! What is built for them is kept under `target/vm`, keyed by what it is made of.

pub mod audit;
pub mod devices;
pub mod guest;
pub mod image;
pub mod initramfs;
pub mod machine;
pub mod micro;
pub mod monitor;
pub mod picture;
pub mod stamp;
pub mod steps;

use crate::workspace;
use std::io::{self, Error};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The emulator.
pub const QEMU: &str = "/usr/bin/qemu-system-x86_64";

/// Directory of everything built.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace::root().join("target"), PathBuf::from)
}

/// Directory of everything built for virtual machines.
pub fn directory() -> PathBuf {
    target().join("vm")
}

/// Runs a command that has to succeed, and gives what it printed.
fn output(command: &mut Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::other(format!(
        "{}: {}",
        command.get_program().to_string_lossy(),
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

/// A program that runs inside the machines: static, so it runs on every release
/// and in an initramfs; built apart from the workspace's dynamic programs.
fn static_program(name: &str) -> io::Result<PathBuf> {
    let build = directory().join("build");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    output(
        Command::new(cargo)
            .current_dir(workspace::root())
            .args(["rustc", "--locked", "--quiet", "--package", "cordon-probe"])
            .args(["--bin", name, "--target-dir"])
            .arg(&build)
            .args([
                "--",
                "-C",
                "target-feature=+crt-static",
                "-C",
                "strip=symbols",
            ]),
    )?;
    Ok(build.join("debug").join(name))
}
