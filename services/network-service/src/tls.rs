//! The TLS server: who we are, whom we let in, and with which cryptography.
//!
//! RFC 9325: TLS 1.3 and 1.2 only; for 1.2 the four recommended suites of section 4.2
//! (ephemeral key exchange, AES-GCM) and the extended master secret; no renegotiation, no
//! compression (rustls has neither). No session resumption and no early data: a resumed
//! session would skip the judgement of the client's certificate, and an early request
//! could be replayed.

use crate::arguments::Files;
use crate::certificate::{Facts, Validity};
use crate::exit::{Code, Exit};
use crate::limits::FILE_BYTES;
use crate::timestamp;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{CipherSuite, InconsistentKeys, RootCertStore, ServerConfig};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// The suites offered, best first: TLS 1.3's three and RFC 9325's four for TLS 1.2.
pub const SUITES: [CipherSuite; 7] = [
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// Builds the server's configuration from the files, judged at `now`.
pub fn configuration(files: &Files, now: SystemTime) -> Result<ServerConfig, Exit> {
    let provider = Arc::new(provider());
    let chain = certificates(&files.certificate, Code::Certificate)?;
    for der in &chain {
        let facts = facts(der, &files.certificate, Code::Certificate)?;
        in_time(&facts, &files.certificate, now, Code::Expired)?;
    }
    let key = private_key(&files.key)?;
    let roots = authorities(&files.client_ca, now)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|e| unusable(&files.client_ca, Code::ClientCa, &e.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|e| Exit::new(Code::System, format!("TLS versions: {e}")))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Exit::new(
                Code::Mismatch,
                format!(
                    "{} is not the key of {}",
                    files.key.display(),
                    files.certificate.display()
                ),
            ),
            other => unusable(&files.key, Code::Key, &other.to_string()),
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.require_ems = true;
    config.ignore_client_order = true;
    Ok(config)
}

fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    let all = std::mem::take(&mut provider.cipher_suites);
    provider.cipher_suites = SUITES
        .iter()
        .filter_map(|wanted| all.iter().find(|suite| suite.suite() == *wanted).copied())
        .collect();
    provider
}

fn unusable(path: &Path, code: Code, why: &str) -> Exit {
    Exit::new(code, format!("{}: {why}", path.display()))
}

fn read(path: &Path, code: Code) -> Result<Vec<u8>, Exit> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|e| unusable(path, code, &format!("cannot be read: {e}")))?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(unusable(path, code, "is larger than 1 MiB"));
    }
    Ok(bytes)
}

fn certificates(path: &Path, code: Code) -> Result<Vec<CertificateDer<'static>>, Exit> {
    let bytes = read(path, code)?;
    let chain = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| unusable(path, code, &format!("is not PEM: {e}")))?;
    if chain.is_empty() {
        return Err(unusable(path, code, "holds no certificate"));
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Exit> {
    let bytes = read(path, Code::Key)?;
    PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|e| unusable(path, Code::Key, &format!("holds no private key: {e}")))
}

fn facts(der: &CertificateDer<'_>, path: &Path, code: Code) -> Result<Facts, Exit> {
    Facts::read(der).map_err(|e| unusable(path, code, &format!("is not a certificate: {e}")))
}

fn in_time(facts: &Facts, path: &Path, now: SystemTime, code: Code) -> Result<(), Exit> {
    let why = match facts.validity(now) {
        Validity::Valid => return Ok(()),
        Validity::Expired(_) => format!("expired on {}", timestamp::rfc3339(facts.not_after)),
        Validity::NotYet(_) => format!(
            "is not valid before {} (this device's clock says {})",
            timestamp::rfc3339(facts.not_before),
            timestamp::rfc3339(now)
        ),
    };
    Err(unusable(
        path,
        code,
        &format!("the certificate of {} {why}", facts.subject),
    ))
}

fn authorities(path: &Path, now: SystemTime) -> Result<RootCertStore, Exit> {
    let mut roots = RootCertStore::empty();
    for der in certificates(path, Code::ClientCa)? {
        let facts = facts(&der, path, Code::ClientCa)?;
        in_time(&facts, path, now, Code::ClientCa)?;
        if !facts.is_ca {
            let why = format!("{} is not a certificate authority", facts.subject);
            return Err(unusable(path, Code::ClientCa, &why));
        }
        roots
            .add(der)
            .map_err(|e| unusable(path, Code::ClientCa, &e.to_string()))?;
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_wanted_is_offered_and_no_other() {
        let offered: Vec<_> = provider()
            .cipher_suites
            .iter()
            .map(|suite| suite.suite())
            .collect();
        assert_eq!(offered, SUITES);
    }
}
