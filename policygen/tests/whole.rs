//! Every example against real base policies: base.pp alone, the whole of
//! Debian 12, the whole of Debian 13 in its chroot; and what sesearch then
//! finds in the binary policies.

mod support;

use cordon_policygen::Target;
use cordon_policygen::compile::Tools;
use support::*;

#[test]
fn debian_12_takes_every_example_with_its_assertions() {
    let Some(base) = debian_12() else { return };
    let target = Target::named("debian-12").unwrap();
    let directory = scratch("debian-12");
    for example in examples() {
        let plan = plan(&example);
        let policy = policy(&plan, &target);
        let files: Vec<_> = base
            .iter()
            .cloned()
            .chain(sources(&directory, &[(&plan, &policy)], true))
            .collect();
        let Some(outcome) = ran(Tools::host().compile(33, &files, &directory).unwrap()) else {
            return;
        };
        compiled(outcome);
    }
}
