//! The fingerprint of a policy, and the type that carries it into the kernel.

use crate::names;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// SHA-256 over these texts, each preceded by its length in bytes as 8 bytes,
/// little-endian, so that no two lists of texts are one sequence of bytes.
pub(crate) fn of(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    let mut digits = String::with_capacity(64);
    for byte in hash.finalize() {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// The last statements of a module: what the fingerprint cannot cover.
pub(crate) fn declaration(device: &str, fingerprint: &str) -> String {
    let name = names::fingerprint_type(device, fingerprint);
    format!(
        "\n;; ==== fingerprint\n\n\
         ;; The supervisor asks the kernel whether this name is known, and so whether the policy in \
         force is the manifest's: SHA-256 of the base module, all of the above and the target's name. \
         [all of the above]\n\
         (type {name})\n(roletype object_r {name})\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_meet_elsewhere_have_other_fingerprints() {
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab", ""]), of(&["ab"]));
        assert_eq!(of(&["ab", "c"]).len(), 64);
    }
}
