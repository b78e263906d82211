//! What a certificate says of itself: whom it names, when it is valid, whether it is a CA.
//!
//! rustls verifies what a *client* presents. Nobody verifies our own certificate before a
//! client does, and a trust anchor's dates are never looked at: both are judged here at
//! start, so that a device with an expired certificate says so instead of being refused by
//! every nurse's station for an unknown reason.

use std::time::{Duration, SystemTime};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::BasicConstraints;

/// The part of a certificate the service judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The subject's distinguished name.
    pub subject: String,
    /// First moment of validity.
    pub not_before: SystemTime,
    /// Last moment of validity.
    pub not_after: SystemTime,
    /// Whether basicConstraints say that it may sign certificates.
    pub is_ca: bool,
}

/// Where a moment stands against a certificate's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Within.
    Valid,
    /// Too early, by this much.
    NotYet(Duration),
    /// Too late, by this much.
    Expired(Duration),
}

impl Facts {
    /// Reads a DER certificate.
    pub fn read(der: &[u8]) -> Result<Self, x509_cert::der::Error> {
        let certificate = Certificate::from_der(der)?.tbs_certificate;
        let is_ca = match certificate.get::<BasicConstraints>()? {
            Some((_, constraints)) => constraints.ca,
            None => false,
        };
        Ok(Self {
            subject: subject_name(&certificate.subject),
            not_before: certificate.validity.not_before.to_system_time(),
            not_after: certificate.validity.not_after.to_system_time(),
            is_ca,
        })
    }

    /// Judges `now`.
    pub fn validity(&self, now: SystemTime) -> Validity {
        if let Ok(early) = self.not_before.duration_since(now)
            && !early.is_zero()
        {
            return Validity::NotYet(early);
        }
        match now.duration_since(self.not_after) {
            Ok(late) if !late.is_zero() => Validity::Expired(late),
            _ => Validity::Valid,
        }
    }
}

/// Whom a verified certificate names, for the log.
pub fn subject(der: &[u8]) -> String {
    Facts::read(der).map_or_else(|_| "(unreadable)".into(), |facts| facts.subject)
}

/// The name as RFC 4514 text, or a stand-in where it has no attribute at all.
fn subject_name(name: &x509_cert::name::Name) -> String {
    match name.encoded_len() {
        Ok(len) if u32::from(len) <= 2 => "(no subject)".into(),
        _ => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn validity_includes_both_ends() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let facts = Facts {
            subject: String::new(),
            not_before: at(100),
            not_after: at(200),
            is_ca: false,
        };
        let second = Duration::from_secs(1);
        assert_eq!(facts.validity(at(99)), Validity::NotYet(second));
        assert_eq!(facts.validity(at(100)), Validity::Valid);
        assert_eq!(facts.validity(at(200)), Validity::Valid);
        assert_eq!(facts.validity(at(201)), Validity::Expired(second));
    }

    #[test]
    fn what_is_no_certificate_is_an_error() {
        for bytes in [&b""[..], b"\x30\x00", b"-----BEGIN", &[0x30; 4000]] {
            assert!(Facts::read(bytes).is_err());
            assert_eq!(subject(bytes), "(unreadable)");
        }
    }
}
