//! The fingerprint of a policy, and the type that carries it into the kernel.

use crate::{BASE_TEXT, names};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::OnceLock;

/// SHA-256 of the base module's hand-written text, as 64 hexadecimal digits.
#[must_use]
pub fn base_fingerprint() -> &'static str {
    static DIGITS: OnceLock<String> = OnceLock::new();
    DIGITS.get_or_init(|| of(&[BASE_TEXT]))
}

/// The base module as it is installed: its hand-written text, and the type that
/// says in the kernel which text that is ([`names::base_fingerprint_type`]).
#[must_use]
pub fn base_module() -> &'static str {
    static MODULE: OnceLock<String> = OnceLock::new();
    MODULE.get_or_init(|| {
        let name = names::base_fingerprint_type(base_fingerprint());
        format!(
            "{BASE_TEXT}\n;; ==== fingerprint\n\n\
             ;; A device's module names the base module it was generated with; this names the one that \
             is there:\n;; SHA-256 of all of the above. The supervisor asks the kernel for both.\n\
             (type {name})\n(roletype object_r {name})\n"
        )
    })
}

/// SHA-256 over parts, each preceded by its length in bytes as 8 bytes,
/// little-endian, so that no two lists of parts are one sequence of bytes.
#[derive(Clone, Debug, Default)]
pub struct Digest(Sha256);

impl Digest {
    /// Adds a part.
    pub fn part(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// The digest, as 64 hexadecimal digits.
    #[must_use]
    pub fn digits(self) -> String {
        let mut digits = String::with_capacity(64);
        for byte in self.0.finalize() {
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }
}

/// The digest of these texts.
pub(crate) fn of(texts: &[&str]) -> String {
    let mut digest = Digest::default();
    for text in texts {
        digest.part(text.as_bytes());
    }
    digest.digits()
}

/// The last statements of a module: what the fingerprint cannot cover.
pub(crate) fn declaration(device: &str, fingerprint: &str) -> String {
    let name = names::fingerprint_type(device, fingerprint);
    format!(
        "\n;; ==== fingerprint\n\n\
         ;; The supervisor asks the kernel whether this name is known, and so whether the module in \
         force is the manifest's: SHA-256 of the base module's text, all of the above and the target's name. \
         [all of the above]\n\
         (type {name})\n(roletype object_r {name})\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A base module exchanged in the store must not pass for this one.
    #[test]
    fn the_base_module_declares_the_digest_of_the_text_before_it() {
        let text = base_module();
        let (before, _) = text.split_once("\n;; ==== fingerprint").unwrap();
        let declared = names::base_fingerprint_type(&of(&[before]));
        assert!(text.ends_with(&format!(
            "(type {declared})\n(roletype object_r {declared})\n"
        )));
        assert_eq!(before, BASE_TEXT);
        crate::cil::parse(text).unwrap();
    }

    #[test]
    fn texts_that_meet_elsewhere_have_other_fingerprints() {
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab", ""]), of(&["ab"]));
        assert_eq!(of(&["ab", "c"]).len(), 64);
    }
}
