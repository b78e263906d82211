//! Having the kernel write down failed calls as well (audit rules, AUDIT_ADD_RULE
//! of linux/audit.h): nothing else tells of a path that is not in a compartment.
//! Nothing is let through that was not before.

use super::status::call;
use crate::denials::calls::native;
use nix::errno::Errno;

const ADD_RULE: u16 = 1011;
const DEL_RULE: u16 = 1012;
/// AUDIT_FILTER_EXIT: looked at when a call ends.
const AT_EXIT: u32 = 4;
/// AUDIT_ALWAYS: write it down.
const ALWAYS: u32 = 2;
/// AUDIT_EQUAL.
const EQUAL: u32 = 0x4000_0000;
/// AUDIT_UID, AUDIT_ARCH, AUDIT_SUCCESS.
const USER: u32 = 1;
const ARCHITECTURE: u32 = 11;
const SUCCESS: u32 = 104;
/// Words of each array in struct audit_rule_data.
const WORDS: usize = 64;

/// Calls that name a path, and those of their kind by which a program of any
/// architecture does it.
const PATHS: &[libc::c_long] = &[
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_chdir,
    libc::SYS_statfs,
];

/// Of old C libraries.
#[cfg(target_arch = "x86_64")]
const OLD: &[libc::c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_mkdir,
    libc::SYS_unlink,
    libc::SYS_creat,
];

#[cfg(not(target_arch = "x86_64"))]
const OLD: &[libc::c_long] = &[];

/// Rules in force; what was added is taken back when it goes.
#[derive(Debug)]
pub struct Watch {
    native: u32,
    users: Vec<u32>,
    /// Users whose rule was there already: another listener's, which ends it.
    others: Vec<u32>,
}

impl Watch {
    /// Has failed calls of these users written down.
    pub fn failures_of(users: &[u32]) -> Result<Self, Errno> {
        let native = native().ok_or(Errno::ENOSYS)?;
        let mut watch = Self {
            native,
            users: Vec::new(),
            others: users.to_vec(),
        };
        watch.look()?;
        Ok(watch)
    }

    /// Adds the rules that another listener had and has taken back meanwhile.
    pub fn look(&mut self) -> Result<(), Errno> {
        for user in std::mem::take(&mut self.others) {
            match call(ADD_RULE, &rule(self.native, user)) {
                Ok(_) => self.users.push(user),
                Err(Errno::EEXIST) => self.others.push(user),
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Users whose rule somebody else has added.
    pub fn of_others(&self) -> &[u32] {
        &self.others
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for user in &self.users {
            let _ = call(DEL_RULE, &rule(self.native, *user));
        }
    }
}

/// struct audit_rule_data: what, then the calls, fields, values and comparisons.
fn rule(native: u32, user: u32) -> Vec<u32> {
    let mut calls = [0; WORDS];
    for number in PATHS.iter().chain(OLD) {
        let number = *number as usize;
        calls[number / 32] |= 1 << (number % 32);
    }
    let wanted = [(ARCHITECTURE, native), (USER, user), (SUCCESS, 0)];
    let column = |value: &dyn Fn(&(u32, u32)) -> u32| {
        let mut column = [0; WORDS];
        for (place, field) in column.iter_mut().zip(&wanted) {
            *place = value(field);
        }
        column
    };
    let mut words = vec![AT_EXIT, ALWAYS, wanted.len() as u32];
    words.extend(calls);
    words.extend(column(&|field| field.0));
    words.extend(column(&|field| field.1));
    words.extend(column(&|_| EQUAL));
    words.push(0);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_laid_out_as_the_kernel_reads_it() {
        let words = rule(0xc000_003e, 4711);
        assert_eq!(words.len(), 4 + 4 * WORDS);
        let openat = libc::SYS_openat as usize;
        assert_ne!(words[3 + openat / 32] & (1 << (openat % 32)), 0);
        assert_eq!(words[3 + WORDS..][..3], [ARCHITECTURE, USER, SUCCESS]);
        assert_eq!(words[3 + 2 * WORDS..][..3], [0xc000_003e, 4711, 0]);
    }
}
