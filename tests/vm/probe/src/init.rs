//! Process 1 in init's domain: starts the supervisor as systemd would, and
//! hands on what it says.

use nix::sys::reboot::{RebootMode, reboot};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

/// The serial line of the results; the first one is the kernel's.
const RESULTS: &str = "/dev/ttyS1";

/// Runs the supervisor to its end and switches the machine off.
pub fn run() -> io::Result<()> {
    let mut results = fs::OpenOptions::new().write(true).open(RESULTS)?;
    // Standard output is a stream of init's, as systemd's journal streams are.
    let (mut ours, theirs) = UnixStream::pair()?;
    let errors = theirs.try_clone()?;
    let (mut cases, input) = UnixStream::pair()?;
    let mut supervisor = Command::new("/usr/bin/cordon");
    supervisor
        .stdin(Stdio::from(OwnedFd::from(input)))
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .stderr(Stdio::from(OwnedFd::from(errors)));
    let mut running = supervisor.spawn()?;
    drop(supervisor);
    cases.write_all(&fs::read("/cases")?)?;
    drop(cases);
    let mut buffer = [0; 4096];
    loop {
        match ours.read(&mut buffer)? {
            0 => break,
            length => results.write_all(&buffer[..length])?,
        }
    }
    let status = running.wait()?;
    writeln!(results, "{{\"end\":\"{status}\"}}")?;
    power_off();
    Ok(())
}

/// Ends the machine, and with it QEMU.
pub fn power_off() {
    // The line is drained before the machine goes.
    if let Ok(results) = fs::OpenOptions::new().write(true).open(RESULTS) {
        let _ = nix::sys::termios::tcdrain(&results);
    }
    let _ = reboot(RebootMode::RB_POWER_OFF);
}
