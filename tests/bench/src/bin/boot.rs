//! What Cordon adds to a boot: the time from the kernel's start until everything
//! that a boot starts is ready, against the same image with Cordon's units masked.
//!
//! Emulated seconds are not a device's; the ratio is what is to be compared.
#![forbid(unsafe_code)]

use cordon_bench::{Row, finish, interleaved};
use cordon_tests::vm::image::{Image, Release};
use cordon_tests::vm::machine::Machine;
use std::io::{self, Error};
use std::time::Duration;

/// Boots of each kind.
const RUNS: usize = 3;
const DEVICE: &str = "bedside-monitor";
/// An emulated boot takes half a minute on a machine with nothing else to do.
const WITHIN: Duration = Duration::from_secs(300);

fn main() -> io::Result<()> {
    let image = Image::of(Release::Debian13)?;
    let masked =
        format!("systemd.mask=cordon@{DEVICE}.service systemd.mask=cordon-policy@{DEVICE}.service");
    let (ours, theirs) = interleaved(
        RUNS,
        || time_to_ready(&image, "", true),
        || time_to_ready(&image, &masked, false),
    )?;
    let rows = [Row::new(
        "boot to READY, Debian 13, emulated",
        "the same image without Cordon",
        ours.as_secs_f64(),
        theirs.as_secs_f64(),
        "s",
    )];
    finish("boot", &rows)
}

/// Boots, and asks systemd when the last thing that a boot starts was ready,
/// counted from the kernel's start.
fn time_to_ready(image: &Image, append: &str, device: bool) -> io::Result<Duration> {
    let mut machine = Machine::boot(image, "bench", append)?;
    let guest = &mut machine.guest;
    guest.until("systemctl is-active --quiet multi-user.target", WITHIN)?;
    let runs = guest.run(&format!("systemctl is-active --quiet cordon@{DEVICE}"))?;
    if (runs.exit == 0) != device {
        return Err(Error::other(format!("{DEVICE} runs: {}", runs.exit == 0)));
    }
    let time = "systemctl show --property ActiveEnterTimestampMonotonic --value multi-user.target";
    let microseconds = guest.get(time)?.trim().parse().map_err(Error::other)?;
    Ok(Duration::from_micros(microseconds))
}
