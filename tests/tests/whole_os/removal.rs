//! The package goes, and its policy with it.

use crate::support::*;
use cordon_policygen::names;
use cordon_tests::vm::steps::{Steps, check};

pub fn steps(steps: &mut Steps) {
    steps.take("removal: a purged device leaves no policy", |machine| {
        let guest = &mut machine.guest;
        let context = names::domain_context(DEVICE, "vitals-display");
        // selinuxfs(8): a context written there is refused when the policy has none such.
        let known = format!("printf {context} > /sys/fs/selinux/context");
        get(guest, &known)?;
        get(
            guest,
            "DEBIAN_FRONTEND=noninteractive dpkg --purge cordon-bedside-monitor",
        )?;
        let module = names::module(DEVICE);
        let listed = get(guest, "semodule --list-modules=full")?;
        check(
            !listed
                .lines()
                .any(|line| line.split_whitespace().nth(1) == Some(&module)),
            || listed.clone(),
        )?;
        let after = run(guest, &known)?;
        check(after.exit != 0, || {
            format!("the kernel still knows {context}")
        })?;
        // The other devices' stays.
        let other = names::module(cordon_tests::vm::devices::ATTACKED);
        check(listed.contains(&other), || listed.clone())
    });
}
