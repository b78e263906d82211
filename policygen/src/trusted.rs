//! Whom a base system trusts with what is not theirs: its domains that may act on
//! any process, or change any file, and so a device's. Facts of the base policy,
//! kept in the target's profile; the claims quantify over everybody else.

use std::collections::{BTreeMap, BTreeSet};

/// Types by what the base policy lets them do.
pub type Trusted = BTreeMap<Act, BTreeSet<String>>;

/// Something done to another's process or file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// To trace a process, share its descriptors, write its memory in /proc.
    Trace,
    /// To signal a process, and to take the processor from it.
    Disturb,
    /// To write, replace or remove a file, a program or a directory.
    Change,
    /// To use or replace a device node.
    ChangeNode,
    /// To give or take a label.
    Relabel,
    /// To mount over it.
    Cover,
}

/// Classes of everything that has a path.
const OBJECTS: [&str; 7] = [
    "file",
    "dir",
    "lnk_file",
    "fifo_file",
    "sock_file",
    "chr_file",
    "blk_file",
];

/// A directory's permissions stand among those of the others, which lack them.
const CHANGE: &str =
    "add_name append create link remove_name rename reparent rmdir setattr unlink write";

impl Act {
    /// Every act.
    pub const ALL: [Self; 6] = [
        Self::Trace,
        Self::Disturb,
        Self::Change,
        Self::ChangeNode,
        Self::Relabel,
        Self::Cover,
    ];

    /// Its word in a profile.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Disturb => "disturb",
            Self::Change => "change",
            Self::ChangeNode => "change-node",
            Self::Relabel => "relabel",
            Self::Cover => "cover",
        }
    }

    /// The act of a profile's word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }

    /// Whether it is done to a process; else to what has a path.
    #[must_use]
    pub const fn is_on_processes(self) -> bool {
        matches!(self, Self::Trace | Self::Disturb)
    }

    /// The permissions that are the act, by class. Entries of /proc are files
    /// of their process's type.
    #[must_use]
    pub fn accesses(self) -> Vec<(&'static str, &'static str)> {
        let each = |classes: &[&'static str], permissions: &'static str| {
            classes.iter().map(|class| (*class, permissions)).collect()
        };
        match self {
            Self::Trace => vec![("process", "ptrace share"), ("file", "append write")],
            Self::Disturb => {
                let act = "setcap setpgid setrlimit setsched sigkill signal sigstop";
                vec![("process", act)]
            }
            Self::Change => each(&OBJECTS[..5], CHANGE),
            Self::ChangeNode => {
                let act = "append create ioctl link rename setattr unlink write";
                each(&OBJECTS[5..], act)
            }
            Self::Relabel => each(&OBJECTS, "relabelfrom relabelto"),
            Self::Cover => each(&OBJECTS, "mounton"),
        }
    }
}

/// The attributes that generated types join, by what they are: processes, and
/// files, programs and nodes.
pub(crate) const PROCESS: [&[&str]; 1] = [&["domain"]];
pub(crate) const OBJECT: [&[&str]; 3] = [
    &["file_type", "non_security_file_type", "non_auth_file_type"],
    &[
        "file_type",
        "non_security_file_type",
        "non_auth_file_type",
        "exec_type",
        "entry_type",
    ],
    &["device_node"],
];

/// Whether a rule's class and permissions are part of an act.
pub(crate) fn is_part(act: Act, class: &str, permissions: &[&str]) -> bool {
    act.accesses().iter().any(|(other, all)| {
        *other == class
            && permissions
                .iter()
                .any(|one| *one == "all" || all.split(' ').any(|other| other == *one))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Base, Described, Target, scan};

    const POLICY: &str = "
        (class process (ptrace sigkill)) (class file (write relabelto read))
        (type direct_t) (type member_t) (type left_out_t) (type sometimes_t) (type reader_t)
        (type alias_t) (typealias other_t) (typealiasactual other_t alias_t)
        (typeattribute domain) (typeattribute file_type) (typeattribute trusting)
        (typeattribute everywhere) (typeattribute all_but)
        (typeattributeset domain (direct_t member_t left_out_t sometimes_t reader_t))
        (typeattributeset trusting (member_t))
        (typeattributeset everywhere (and domain (not (left_out_t))))
        (typeattributeset all_but (and trusting (not (left_out_t))))
        (boolean on false)
        (allow direct_t domain (process (ptrace)))
        (allow all_but everywhere (process (ptrace sigkill)))
        (allow left_out_t left_out_t (process (ptrace)))
        (allow left_out_t self (process (ptrace)))
        (allow other_t file_type (file (relabelto)))
        (booleanif on (true (allow sometimes_t file_type (file (write)))))
        (allow reader_t file_type (file (read)))";

    #[test]
    fn the_trusted_are_those_who_reach_a_new_type_however_they_do() {
        let base = Base::from_source(&[POLICY.to_owned()]).unwrap();
        let of =
            |act: Act| -> Vec<&str> { base.trusted[&act].iter().map(String::as_str).collect() };
        assert_eq!(of(Act::Trace), ["direct_t", "member_t"]);
        assert_eq!(of(Act::Disturb), ["member_t"]);
        assert_eq!(of(Act::Change), ["sometimes_t"]);
        assert_eq!(of(Act::Relabel), ["alias_t"]);
        assert!(of(Act::Cover).is_empty());
    }

    /// Nobody is an answer, and no answer is another.
    #[test]
    fn a_profile_says_whom_its_base_trusts_or_that_it_does_not_know() {
        let base = Base::from_source(&[POLICY.to_owned()]).unwrap();
        let described = Described {
            name: "x".to_owned(),
            base: "a stub".to_owned(),
            binary: 33,
            ..Described::default()
        };
        let target = Target::parse(&scan(&base, &described)).unwrap();
        assert_eq!(target.trusted, base.trusted);
        assert!(target.says_who_is_trusted());
        assert!(
            !Target::parse("name x\nbinary 33\n")
                .unwrap()
                .says_who_is_trusted()
        );
        assert!(Target::parse("name x\nbinary 33\ntrusted fly a_t\n").is_err());
        for name in ["debian-12", "debian-13"] {
            assert!(Target::named(name).unwrap().says_who_is_trusted(), "{name}");
        }
    }
}
