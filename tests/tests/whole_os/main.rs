//! A whole Debian with the device installed from its packages, SELinux enforcing
//! from the first instruction: each claim about it is seen from inside, in the
//! log of denials and in the journal, and the screen from outside.
//!
//! Many scenarios share one boot (`steps`); `ONLY=PART` takes those whose names
//! contain it, `KEEP=1` leaves the machine running, `RESUME=1` takes the steps on
//! one that was left so. See tests/vm/README.md.

mod attack;
mod health;
mod labels;
mod life;
mod limits;
mod refusals;
mod removal;
mod screen;
mod support;
mod without;

use cordon_tests::needs::{Need, met};
use cordon_tests::vm::QEMU;
use cordon_tests::vm::image::{Image, Release};
use cordon_tests::vm::machine::Machine;
use cordon_tests::vm::steps::Steps;

const NEEDS: &[Need] = &[
    Need::Root,
    Need::Program(QEMU),
    Need::Program("/usr/bin/mmdebstrap"),
    Need::Built("cordon-weaken"),
    Need::Built("cordon-campaign"),
    Need::Built("cordon-attack"),
    Need::Built("vitals-display"),
];

/// Boots the release; none where it cannot be.
fn boot(release: Release, name: &str, append: &str) -> Option<Steps> {
    if !met(NEEDS) {
        return None;
    }
    let machine = if std::env::var_os("RESUME").is_some() {
        Machine::resume(name)
    } else {
        Image::of(release).and_then(|image| Machine::boot(&image, name, append))
    };
    Some(Steps::on(machine.unwrap_or_else(|error| panic!("{error}"))))
}

/// Everything with SELinux in force.
fn enforcing(release: Release) {
    let name = release.target();
    let Some(mut steps) = boot(release, name, "") else {
        return;
    };
    health::steps(&mut steps);
    labels::steps(&mut steps);
    screen::steps(&mut steps, release);
    life::steps(&mut steps);
    refusals::steps(&mut steps);
    attack::steps(&mut steps, release);
    limits::steps(&mut steps);
    removal::steps(&mut steps);
    steps.end();
}

#[test]
fn debian_13_enforcing() {
    enforcing(Release::Debian13);
}

#[test]
fn debian_13_with_every_layer_but_selinux() {
    without::selinux(Release::Debian13);
}

/// Takes another quarter of an hour, so only where it can come out differently:
/// see tests/vm/debian-12.sh.
#[test]
fn debian_12_enforcing() {
    if cordon_tests::vm::stamp::is_current() && std::env::var_os("CORDON_VM_ALL").is_none() {
        println!("passed before with the same policy and packaging: tests/vm/debian-12.passed");
        return;
    }
    enforcing(Release::Debian12);
    cordon_tests::vm::stamp::write().unwrap();
}
