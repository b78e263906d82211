//! Builds pid 1 of a compartment (src/sys/reaper.rs) as a static program without
//! a C library, so that the launcher can carry it in itself.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    let source = "src/sys/reaper.rs";
    println!("cargo::rerun-if-changed={source}");
    let output = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let output = Path::new(&output).join("reaper");
    let rustc = env::var("RUSTC").expect("cargo sets RUSTC");
    let target = env::var("TARGET").expect("cargo sets TARGET");
    let mut command = Command::new(rustc);
    command
        .args([
            "--edition",
            "2024",
            "--crate-name",
            "reaper",
            "--crate-type",
            "bin",
        ])
        .args(["--target", &target])
        .args([
            "-C",
            "panic=abort",
            "-C",
            "opt-level=s",
            "-C",
            "strip=symbols",
        ])
        .args(["-C", "relocation-model=static"])
        .args(["-C", "link-arg=-nostartfiles", "-C", "link-arg=-nostdlib"])
        .args(["-C", "link-arg=-static", "-C", "link-arg=-no-pie"])
        .args([
            "-C",
            "link-arg=-Wl,--build-id=none",
            "-C",
            "link-arg=-Wl,-z,noexecstack",
        ]);
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        command.arg("-C").arg(format!("linker={linker}"));
    }
    let status = command.arg("-o").arg(&output).arg(source).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the compartment's pid 1 ({source}) could not be built"
    );
}
