//! Exit codes: one per kind of trouble, so that a script need not read prose.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Success = 0,
    /// `policy diff`: the new gives more access than the old.
    Wider = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The manifest cannot be read.
    ManifestUnreadable = 3,
    /// The manifest has errors.
    ManifestInvalid = 4,
    /// The manifest does not fit the target in another way than the next three.
    TargetMismatch = 5,
    /// A program of the manifest, or a library it needs, is missing.
    ExecutableMissing = 6,
    /// A program is for another machine, or none at all.
    ExecutableWrong = 7,
    /// A user of the manifest does not exist.
    UserUnknown = 8,
    /// A socket cannot be bound or would not be safe to hand over.
    Socket = 9,
    /// The kernel lacks a layer that nobody allowed to be absent.
    LayerMissing = 10,
    /// A component could not be confined, proved and started.
    StartFailed = 11,
    /// What is in force differs from the Plan.
    Different = 12,
    /// The device is already being run.
    AlreadyRunning = 13,
    /// The device is not running.
    NotRunning = 14,
    /// Not allowed for this user.
    NotPermitted = 15,
    /// The generated policy was rejected.
    PolicyRejected = 16,
    /// Every component was given up.
    GivenUp = 17,
    /// A device or file to be handed over cannot be opened.
    Handover = 18,
    /// The system's SELinux policy cannot be changed or read.
    PolicyStore = 19,
    /// The SELinux policy in force is not the manifest's.
    PolicyNotInForce = 20,
    /// A file of a component carries another SELinux label than the policy gives it.
    WrongLabel = 21,
    /// The kernel allows what a channel rests on its refusing.
    ChannelUnsafe = 22,
    /// Something of the system failed that none of the above names.
    Internal = 70,
}

impl Exit {
    /// Every code with its meaning, for `--help`.
    pub const TABLE: [(Self, &'static str); 24] = [
        (Self::Success, "done"),
        (Self::Wider, "policy diff: more access than before"),
        (Self::Usage, "the command line is wrong"),
        (Self::ManifestUnreadable, "the manifest cannot be read"),
        (Self::ManifestInvalid, "the manifest has errors"),
        (Self::TargetMismatch, "the manifest does not fit the target"),
        (Self::ExecutableMissing, "a program or library is missing"),
        (
            Self::ExecutableWrong,
            "a program is for another machine, or no program",
        ),
        (Self::UserUnknown, "a user does not exist"),
        (Self::Socket, "a socket cannot be bound (port in use, ...)"),
        (
            Self::LayerMissing,
            "the kernel lacks a layer nobody allowed to be absent",
        ),
        (
            Self::StartFailed,
            "a component could not be confined, proved or started",
        ),
        (Self::Different, "what is in force differs from the plan"),
        (Self::AlreadyRunning, "the device is already running"),
        (Self::NotRunning, "the device is not running"),
        (Self::NotPermitted, "not permitted"),
        (Self::PolicyRejected, "the generated policy was rejected"),
        (Self::GivenUp, "every component was given up"),
        (
            Self::Handover,
            "a device or file to be handed over cannot be opened",
        ),
        (
            Self::PolicyStore,
            "the policy cannot be installed, loaded or removed",
        ),
        (
            Self::PolicyNotInForce,
            "the SELinux policy in force is not the manifest's",
        ),
        (Self::WrongLabel, "a file carries a wrong SELinux label"),
        (
            Self::ChannelUnsafe,
            "the kernel does not keep what a channel rests on",
        ),
        (Self::Internal, "the system failed in another way"),
    ];

    /// The number a shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_distinct_and_in_the_table_in_order() {
        let codes: Vec<u8> = Exit::TABLE.iter().map(|(exit, _)| exit.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }
}
