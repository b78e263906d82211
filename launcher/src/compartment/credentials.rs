//! User, groups and the five capability sets.

use super::error::Failure;
use crate::sys::prctl;
use caps::CapSet;
use cordon_manifest::plan::{Layer, User};
use nix::errno::Errno;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

/// NOROOT and NO_CAP_AMBIENT_RAISE on, NO_SETUID_FIXUP and KEEP_CAPS off, all
/// four locked (capabilities(7)): leaving user 0 then empties the sets, and no
/// user id ever fills them again.
pub const SECUREBITS: libc::c_ulong = 0b1110_1011;

/// Gives up everything root has: bounding set, groups, user, all sets.
///
/// `taken` says whether a step is: always, but for a test build.
pub fn drop_all(user: &User, taken: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let failed = |step: &'static str| move |errno| Failure::new(Layer::Capabilities, step, errno);
    clear(CapSet::Ambient)?;
    if taken("bounding-set") {
        clear(CapSet::Bounding)?;
    }
    if taken("securebits") {
        prctl::set_securebits(SECUREBITS).map_err(failed("locking the securebits"))?;
    }
    let groups: &[Gid] = match taken("groups") {
        true => &[],
        false => &[Gid::from_raw(0)],
    };
    setgroups(groups).map_err(failed("dropping supplementary groups"))?;
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    setresgid(gid, gid, gid)
        .map_err(failed("changing to group"))
        .map_err(|f| f.of(user.gid.to_string()))?;
    setresuid(uid, uid, uid)
        .map_err(failed("changing to user"))
        .map_err(|f| f.of(user.name.clone()))?;
    clear(CapSet::Inheritable)?;
    clear(CapSet::Effective)?;
    clear(CapSet::Permitted)
}

fn clear(set: CapSet) -> Result<(), Failure> {
    caps::clear(None, set).map_err(|error| {
        let errno = Errno::last();
        Failure::new(Layer::Capabilities, "emptying a capability set:", errno).of(error.to_string())
    })
}
