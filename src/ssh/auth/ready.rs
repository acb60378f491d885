//! A private key that is ready to sign: what doesn't depend on the text is computed once, when the key is read.

use std::fmt;

use ed25519_dalek::SigningKey;
use russh::keys::{
    Algorithm, HashAlg, PrivateKey, PublicKey,
    signature::{self, Signer as _},
    ssh_key::{Signature, private::KeypairData},
};

/// A decrypted key. Its secrets are wiped when it is dropped.
pub(in crate::ssh) struct ReadyKey {
    key: PrivateKey,
    /// The key library makes it anew for each signature, which costs twice what the signature does. Wipes itself.
    ed25519: Option<SigningKey>,
}

impl ReadyKey {
    pub(super) fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// Less than two changes of threads cost: Ed25519 takes some 30 µs, RSA a millisecond and more (measured).
    pub(super) fn signs_at_once(&self) -> bool {
        self.ed25519.is_some()
    }

    pub(super) fn sign(
        &self,
        hash: Option<HashAlg>,
        data: &[u8],
    ) -> Result<Signature, signature::Error> {
        if let Some(key) = &self.ed25519 {
            let signature = key.try_sign(data)?.to_bytes();
            return Signature::new(Algorithm::Ed25519, signature)
                .map_err(signature::Error::from_source);
        }
        match (self.key.key_data(), self.key.algorithm()) {
            (KeypairData::Rsa(pair), Algorithm::Rsa { .. }) => (pair, hash).try_sign(data),
            (pair, _) => pair.try_sign(data),
        }
    }
}

impl From<PrivateKey> for ReadyKey {
    fn from(key: PrivateKey) -> Self {
        let ed25519 = key.key_data().ed25519();
        // Halves that don't belong together are left to the key library, which refuses them.
        let ed25519 = ed25519.and_then(|pair| SigningKey::try_from(pair).ok());
        Self { key, ed25519 }
    }
}

impl PartialEq for ReadyKey {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl fmt::Debug for ReadyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadyKey")
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::ssh_key::private::Ed25519Keypair;

    use super::*;

    #[test]
    fn signatures_are_those_of_the_key_and_no_secret_is_shown() {
        let pair = Ed25519Keypair::from_seed(&[7; 32]);
        let key = PrivateKey::from(pair.clone());
        let plain: Signature = pair.try_sign(b"text").unwrap();
        let ready = ReadyKey::from(key);
        assert!(ready.signs_at_once());
        assert_eq!(ready.sign(None, b"text").unwrap(), plain);
        assert_eq!(format!("{ready:?}"), "ReadyKey");
    }

    #[test]
    fn halves_that_do_not_belong_together_sign_nothing() {
        let mut pair = Ed25519Keypair::from_seed(&[7; 32]);
        pair.public = Ed25519Keypair::from_seed(&[8; 32]).public;
        let ready = ReadyKey::from(PrivateKey::from(pair));
        assert!(!ready.signs_at_once());
        assert!(ready.sign(None, b"text").is_err());
    }
}
