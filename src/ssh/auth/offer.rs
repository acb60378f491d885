//! A key that can be offered to a server, and its name for a person.

use std::sync::Arc;

use russh::keys::{Algorithm, PrivateKey, PublicKey, agent::AgentIdentity};

/// A key to try.
pub(super) enum Offer {
    Agent(Box<AgentIdentity>),
    File(String, Arc<PrivateKey>),
}

impl Offer {
    /// `agent ed25519 me@desk`, `file ~/.ssh/id_rsa`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Agent(identity) => {
                let algorithm = identity.public_key().algorithm();
                let certificate = match **identity {
                    AgentIdentity::PublicKey { .. } => "",
                    AgentIdentity::Certificate { .. } => " certificate",
                };
                let kind = short(&algorithm);
                format!("agent {kind}{certificate} {}", identity.comment())
                    .trim_end()
                    .to_owned()
            }
            Self::File(name, _) => format!("file {name}"),
        }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Agent(identity) => identity.public_key().algorithm(),
            Self::File(_, key) => key.algorithm(),
        }
    }
}

/// True for a key, or a certificate of it.
pub(super) fn is_of(identity: &AgentIdentity, key: &PublicKey) -> bool {
    identity.public_key().key_data() == key.key_data()
}

/// `ssh-ed25519` is `ed25519` to people.
fn short(algorithm: &Algorithm) -> String {
    match algorithm {
        Algorithm::Ed25519 => "ed25519",
        Algorithm::Rsa { .. } => "rsa",
        Algorithm::Ecdsa { .. } => "ecdsa",
        Algorithm::SkEd25519 => "ed25519-sk",
        Algorithm::SkEcdsaSha2NistP256 => "ecdsa-sk",
        other => other.as_str(),
    }
    .to_owned()
}
