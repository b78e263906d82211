//! Why the service ended, as a process exit code.

use std::fmt;

/// A reason to end, with the exit code a supervisor or a script can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// The command line was not understood.
    Usage = 2,
    /// The server certificate cannot be read or is not a certificate.
    Certificate = 3,
    /// The private key cannot be read or is not a key.
    Key = 4,
    /// Certificate and key do not belong together.
    Mismatch = 5,
    /// The server certificate is expired or not valid yet.
    Expired = 6,
    /// The client CA cannot be read, is no CA, or is expired.
    ClientCa = 7,
    /// No listening TCP socket named `https` was inherited.
    Listener = 8,
    /// The channel's two ends do not declare the same record.
    Schema = 9,
    /// The kernel refused something the service cannot do without.
    System = 10,
}

/// All codes with the words `--help` prints for them.
pub const ALL: [(Code, &str); 9] = [
    (Code::Usage, "command line not understood"),
    (
        Code::Certificate,
        "certificate unreadable or not a certificate",
    ),
    (Code::Key, "private key unreadable or not a key"),
    (Code::Mismatch, "certificate and key do not belong together"),
    (Code::Expired, "certificate expired or not valid yet"),
    (Code::ClientCa, "client CA unreadable, not a CA, or expired"),
    (
        Code::Listener,
        "no listening TCP socket named `https` was inherited",
    ),
    (
        Code::Schema,
        "the display and this service declare different records",
    ),
    (
        Code::System,
        "the kernel refused something that cannot be done without",
    ),
];

/// An end of the service: a code and a sentence.
#[derive(Debug)]
pub struct Exit {
    /// What the process exits with.
    pub code: Code,
    /// One sentence naming the object and what is wrong with it.
    pub message: String,
}

impl Exit {
    /// An end with `code` and `message`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Exit {}
