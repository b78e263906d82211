//! What the records of one event say: who was refused what, by which layer.

use super::calls::Call;
use super::decision::Need;
use super::failure;
use super::record::{Kind, Record, Stamp};
use cordon_manifest::plan::Layer;
use cordon_seccomp::answered_as_absent;
use std::net::IpAddr;

/// What is known of who was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Process number as the host sees it.
    pub pid: Option<i32>,
    /// Real user id.
    pub user: Option<u32>,
    /// SELinux type of the process.
    pub domain: Option<String>,
    /// Identifier of the Landlock domain that refused.
    pub landlock: Option<u64>,
    /// What its thread calls itself; chosen by the component, of no weight.
    pub command: Option<String>,
}

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When, and which event of the kernel.
    pub stamp: Stamp,
    /// Who.
    pub who: Evidence,
    /// What.
    pub what: Attempt,
}

/// What was tried, as the layer that refused it names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// A system call, refused by a filter.
    Call {
        /// Which.
        call: Call,
        /// SECCOMP_RET_* without its data.
        action: u32,
    },
    /// Refused by Landlock.
    Landlock {
        /// Rights that were lacking, as the kernel names them: `fs.read_file`.
        rights: Vec<String>,
        /// On what.
        object: Object,
    },
    /// Refused by SELinux.
    Selinux {
        /// Permissions that were lacking.
        permissions: Vec<String>,
        /// Object class.
        class: String,
        /// Type of what was asked for.
        target: String,
        /// What it was.
        object: Object,
        /// Whether it was only logged.
        permissive: bool,
    },
    /// Not in the compartment, or not to be written there: no layer writes a
    /// record of it, only a rule that has failed calls written down.
    Absent {
        /// The path, as the process named it.
        path: String,
        /// What for.
        need: Need,
        /// Whether it is there, and read-only.
        read_only: bool,
    },
}

/// What was asked for. Texts are of the component's making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Path, as the process sees it.
    pub path: Option<String>,
    /// Last part of a path, where the kernel has no more.
    pub name: Option<String>,
    /// TCP or UDP port.
    pub port: Option<u16>,
    /// Internet address it is of.
    pub address: Option<IpAddr>,
    /// ioctl request.
    pub request: Option<u32>,
    /// Another process.
    pub process: Option<i32>,
    /// Number of a capability (linux/capability.h).
    pub capability: Option<u32>,
}

impl Object {
    fn of(record: &Record) -> Self {
        let port = ["dest", "src"].into_iter();
        let address = ["daddr", "saddr"].into_iter();
        Self {
            path: record.text("path"),
            name: record.text("name"),
            port: port
                .filter_map(|key| record.number(key))
                .find(|port| *port != 0),
            address: address.filter_map(|key| record.number(key)).next(),
            request: record
                .hexadecimal("ioctlcmd")
                .and_then(|request| request.try_into().ok()),
            process: record.number("opid"),
            capability: record.number("capability"),
        }
    }
}

/// SECCOMP_RET_ACTION_FULL values (linux/seccomp.h).
mod action {
    pub const KILL_PROCESS: u32 = 0x8000_0000;
    pub const KILL_THREAD: u32 = 0;
    pub const TRAP: u32 = 0x0003_0000;
    pub const ERRNO: u32 = 0x0005_0000;
    pub const TRACE: u32 = 0x7ff0_0000;
}

impl Attempt {
    /// The layer that refused it.
    pub fn layer(&self) -> Layer {
        match self {
            Self::Call { .. } => Layer::Seccomp,
            Self::Selinux { .. } => Layer::Selinux,
            Self::Absent { .. } => Layer::Root,
            Self::Landlock { rights, .. } => match rights.first().map(String::as_str) {
                Some("fs.ioctl_dev") => Layer::LandlockIoctl,
                Some(right) if right.starts_with("net.") => Layer::LandlockTcp,
                Some(right) if right.starts_with("scope.") => Layer::LandlockScope,
                _ => Layer::LandlockFs,
            },
        }
    }

    /// Whether the filters answer the call as a kernel that lacks it.
    pub fn is_answered_as_absent(&self) -> bool {
        match self {
            Self::Call { call, .. } => match call.name() {
                Some(name) => answered_as_absent(name).is_some(),
                None => call.is_native(),
            },
            _ => false,
        }
    }

    /// How it was answered, in a word or two. Whether a filter says EPERM or
    /// ENOSYS is not in the record: `absent` says that the filters answer this
    /// call as an older kernel would.
    pub fn answer(&self, absent: bool) -> &'static str {
        match self {
            Self::Call { action, .. } => match *action {
                action::KILL_PROCESS => "the process was killed",
                action::KILL_THREAD => "the thread was killed",
                action::TRAP => "SIGSYS was sent",
                action::TRACE => "ENOSYS",
                action::ERRNO if absent => "ENOSYS",
                action::ERRNO => "EPERM",
                _ => "only logged",
            },
            Self::Selinux {
                permissive: true, ..
            } => "only logged: permissive",
            Self::Landlock { rights, .. }
                if rights.iter().any(|right| right.starts_with("scope.")) =>
            {
                "EPERM"
            }
            Self::Landlock { .. } | Self::Selinux { .. } => "EACCES",
            Self::Absent {
                read_only: true, ..
            } => "EROFS",
            Self::Absent { .. } => "ENOENT",
        }
    }
}

/// The refusals among the records of one event.
pub fn refusals(event: &[Record]) -> Vec<Refusal> {
    // Where the kernel also wrote down the system call, it says who it was.
    let syscall = event.iter().find(|record| record.kind == Kind::Syscall);
    let of = |record: &Record| {
        let what = match record.kind {
            Kind::Syscall => failure::attempt(event)?,
            _ => attempt(record)?,
        };
        let number = |key| record.number(key).or_else(|| syscall?.number(key));
        let context = match record.kind {
            Kind::Avc => record.word("scontext"),
            _ => record.word("subj").or_else(|| syscall?.word("subj")),
        };
        Some(Refusal {
            stamp: record.stamp,
            who: Evidence {
                pid: number("pid"),
                user: record.number("uid").or_else(|| syscall?.number("uid")),
                domain: context.and_then(context_type),
                landlock: record.hexadecimal("domain"),
                command: record.text("comm").or_else(|| syscall?.text("comm")),
            },
            what,
        })
    };
    event.iter().filter_map(of).collect()
}

fn attempt(record: &Record) -> Option<Attempt> {
    match record.kind {
        Kind::Seccomp => Some(Attempt::Call {
            call: Call::of(record)?,
            action: record.hexadecimal("code")?.try_into().ok()?,
        }),
        Kind::LandlockAccess => Some(Attempt::Landlock {
            rights: record
                .word("blockers")?
                .split(',')
                .map(str::to_owned)
                .collect(),
            object: Object::of(record),
        }),
        Kind::Avc => Some(Attempt::Selinux {
            permissions: record.permissions.clone(),
            class: record.word("tclass")?.to_owned(),
            target: context_type(record.word("tcontext")?)?,
            object: Object::of(record),
            permissive: record.word("permissive") == Some("1"),
        }),
        _ => None,
    }
}

/// The type in USER:ROLE:TYPE:LEVEL.
fn context_type(context: &str) -> Option<String> {
    context.split(':').nth(2).map(str::to_owned)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Records of one event, as the kernel's log shows them: `1423 audit(...): ...`.
    pub fn event(lines: &[&str]) -> Vec<Record> {
        let record = |line: &&str| {
            let (number, text) = line.split_once(' ').unwrap();
            let kind = Kind::from_number(number.parse().unwrap()).unwrap();
            Record::parse(kind, text.as_bytes()).unwrap().unwrap()
        };
        lines.iter().map(record).collect()
    }

    #[test]
    fn landlocks_refusal_gets_its_process_from_the_call() {
        let found = refusals(&event(&[
            "1423 audit(1795489489.653:38574147): domain=171c683b8 blockers=net.connect_tcp \
             daddr=127.0.0.1 dest=4444",
            "1300 audit(1795489489.653:38574147): arch=c000003e syscall=42 success=no exit=-13 \
             a0=3 a1=7ffd2086adb0 a2=10 a3=7f0df5102a08 items=0 ppid=11031 pid=11126 \
             auid=4294967295 uid=54321 gid=54321 euid=54321 suid=54321 fsuid=54321 egid=54321 \
             sgid=54321 fsgid=54321 tty=(none) ses=4294967295 comm=\"python3\" \
             exe=\"/usr/bin/python3.11\" key=(null)",
        ]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].who.pid, Some(11126));
        assert_eq!(found[0].who.user, Some(54321));
        assert_eq!(found[0].who.landlock, Some(0x1_71c6_83b8));
        assert_eq!(found[0].what.layer(), Layer::LandlockTcp);
        let Attempt::Landlock { rights, object } = &found[0].what else {
            panic!("{found:?}");
        };
        assert_eq!(rights, &["net.connect_tcp"]);
        assert_eq!(object.port, Some(4444));
    }

    #[test]
    fn a_rename_is_two_refusals_of_one_event() {
        let found = refusals(&event(&[
            "1423 audit(1795489489.653:38574152): domain=171c683b8 \
             blockers=fs.remove_file,fs.refer path=\"/tmp/dn\" dev=\"vda\" ino=10010740",
            "1423 audit(1795489489.653:38574152): domain=171c683b8 \
             blockers=fs.make_reg,fs.refer path=\"/tmp\" dev=\"vda\" ino=246951",
        ]));
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].what.layer(), Layer::LandlockFs);
        assert_eq!(found[1].who.pid, None);
    }

    #[test]
    fn an_answer_says_what_the_program_saw() {
        let record = |code: &str| {
            let text =
                format!("1326 audit(1.002:3): pid=9 uid=5 arch=c000003e syscall=101 code={code}");
            refusals(&event(&[&text])).remove(0).what
        };
        assert_eq!(record("0x50000").answer(false), "EPERM");
        assert_eq!(record("0x50000").answer(true), "ENOSYS");
        assert_eq!(record("0x7ff00000").answer(false), "ENOSYS");
        assert_eq!(record("0x80000000").answer(false), "the process was killed");
        assert_eq!(record("0x7ffc0000").answer(false), "only logged");
    }
}
