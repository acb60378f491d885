//! Whether a host certificate holds, as sshkey.c of OpenSSH checks it: russh checks only that the server has its key. Pure.

use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey, ssh_key::certificate::CertType};

use super::{Host, Key, line::matches_pattern};

/// Names told of a certificate that is made out to others.
const TOLD: usize = 3;

/// The key of the authority that signed it.
pub(in crate::ssh) fn authority(certificate: &Certificate) -> Option<Key> {
    wire(&PublicKey::new(certificate.signature_key().clone(), ""))
}

/// A key as it travels.
pub(in crate::ssh) fn wire(key: &PublicKey) -> Option<Key> {
    let algorithm = key.algorithm().as_str().to_owned();
    let blob = key.to_bytes().ok()?;
    Some(Key { algorithm, blob })
}

/// Why a certificate, signed by an authority that is trusted for `host`, doesn't count at `now` (Unix seconds).
pub(in crate::ssh) fn fault(certificate: &Certificate, host: &Host, now: u64) -> Option<String> {
    if certificate.cert_type() != CertType::Host {
        return Some("it is no host certificate".to_owned());
    }
    if now < certificate.valid_after() {
        return Some("it is not valid yet; check both clocks".to_owned());
    }
    if now >= certificate.valid_before() {
        return Some("it has expired".to_owned());
    }
    let names = certificate.valid_principals();
    if !names.iter().any(|name| is_for(name, host)) {
        return Some(made_out_to(names, host));
    }
    if let Some((name, _)) = certificate.critical_options().first_key_value() {
        return Some(format!("its critical option {name} is not understood"));
    }
    badly_signed(certificate, now)
}

/// Names may be patterns, but letters count as they stand.
fn is_for(name: &str, host: &Host) -> bool {
    let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
    is_lower && matches_pattern(name.as_bytes(), host.name().as_bytes())
}

fn made_out_to(names: &[String], host: &Host) -> String {
    if names.is_empty() {
        // Since 10.3 such a certificate is for nobody; before, it was for every host.
        return "it names no host".to_owned();
    }
    let told: Vec<&str> = names.iter().take(TOLD).map(String::as_str).collect();
    format!("it is for {}, not for {}", told.join(", "), host.name())
}

/// SHA-1 signatures count no more, as with `CASignatureAlgorithms`.
fn badly_signed(certificate: &Certificate, now: u64) -> Option<String> {
    let algorithm = certificate.signature().algorithm();
    let old = matches!(algorithm, Algorithm::Rsa { hash: None } | Algorithm::Dsa);
    if old {
        return Some(format!("it is signed by {}", algorithm.as_str()));
    }
    let signer = certificate.signature_key().fingerprint(HashAlg::Sha256);
    let valid = certificate.validate_at(now, [&signer]);
    valid.is_err().then(|| "its signature is wrong".to_owned())
}
