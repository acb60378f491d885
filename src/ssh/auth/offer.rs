//! Keys that can be offered to a server: which, in which order, and their names for a person. Pure.

use std::{path::PathBuf, sync::Arc};

use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey, agent::AgentIdentity};

use super::{
    identity::{Files, Identity, Private},
    ready::ReadyKey,
};

/// sshd cuts the connection at six failures (`MaxAuthTries`), so that it looks at six keys (measured, as with ssh).
const SURE_OFFERS: usize = 6;

/// Of them, kept for certificates, and as many for key files that the agent doesn't hold: an agent full of other keys must not use up every offer.
const KEPT_OFFERS: usize = 2;

/// A key to try.
pub(super) struct Offer {
    /// `agent ed25519 me@desk (SHA256:mVPwvezn)`, `file ~/.ssh/id_rsa`, `certificate ~/.ssh/id_rsa-cert.pub`.
    pub(super) name: String,
    pub(super) public: Public,
    pub(super) by: By,
}

/// What the server is shown.
pub(super) enum Public {
    Key(PublicKey),
    Certificate(Box<Certificate>),
    /// An encrypted file of an older form that has no `.pub` beside it.
    Unknown,
}

/// Who signs.
#[derive(Clone)]
pub(super) enum By {
    /// The agent, by this key or certificate of its own.
    Agent(Box<AgentIdentity>),
    File(Arc<ReadyKey>),
    /// An encrypted file: its name for a person, and its path.
    Locked(String, PathBuf),
}

impl Offer {
    /// `None` where only the unlocked file will tell.
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        match &self.public {
            Public::Key(key) => Some(key.algorithm()),
            Public::Certificate(certificate) => Some(certificate.public_key().algorithm()),
            Public::Unknown => None,
        }
    }

    /// True for a security key's, which somebody has to touch.
    pub(super) fn needs_touch(&self) -> bool {
        matches!(
            self.algorithm(),
            Some(Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256)
        )
    }

    fn of_agent(identity: AgentIdentity) -> Self {
        let kind = short(&identity.public_key().algorithm());
        let certificate = match identity {
            AgentIdentity::PublicKey { .. } => "",
            AgentIdentity::Certificate { .. } => " certificate",
        };
        let comment = match identity.comment().trim() {
            "" => String::new(),
            comment => format!(" {comment}"),
        };
        let mark = mark(&identity.public_key());
        let name = format!("agent {kind}{certificate}{comment} ({mark})");
        let public = match &identity {
            AgentIdentity::PublicKey { key, .. } => Public::Key(key.clone()),
            AgentIdentity::Certificate { certificate, .. } => {
                Public::Certificate(Box::new(certificate.clone()))
            }
        };
        Self {
            name,
            public,
            by: By::Agent(Box::new(identity)),
        }
    }

    fn of_file(identity: &Identity) -> Option<Self> {
        Some(Self {
            name: format!("file {}", identity.name),
            public: identity.public.clone().map_or(Public::Unknown, Public::Key),
            by: by_file(identity)?,
        })
    }
}

/// Puts offers into ssh's order: certificates of files, the agent's keys with those of the key files first, then key files
/// that the agent doesn't hold. Of the agent's keys `only` those of the files, where somebody chose them, as ssh does under
/// `IdentitiesOnly`. What the server may not look at any more comes last. What can't be offered is told.
pub(super) fn order(
    mut held: Vec<AgentIdentity>,
    files: &Files,
    only: bool,
) -> (Vec<Offer>, Vec<String>) {
    let mut notes = Vec::new();
    let mut offers = certificates(&held, files, &mut notes);
    let rank = |identity: &AgentIdentity| {
        let named = |file: &Identity| file.public.as_ref().is_some_and(|key| is_of(identity, key));
        files.identities.iter().position(named)
    };
    if only {
        held.retain(|identity| rank(identity).is_some());
    }
    held.sort_by_key(|identity| rank(identity).unwrap_or(usize::MAX));
    let in_agent = |file: &&Identity| {
        let holds = |key: &PublicKey| held.iter().any(|identity| is_of(identity, key));
        file.public.as_ref().is_some_and(holds)
    };
    let alone = files.identities.iter().filter(|file| !in_agent(file));
    let alone: Vec<Offer> = alone.filter_map(Offer::of_file).collect();
    let room = SURE_OFFERS - offers.len().min(KEPT_OFFERS) - alone.len().min(KEPT_OFFERS);
    let late = held.split_off(room.min(held.len()));
    offers.extend(held.into_iter().map(Offer::of_agent));
    offers.extend(alone);
    offers.extend(late.into_iter().map(Offer::of_agent));
    (offers, notes)
}

/// Certificates of files, with whoever holds their key.
fn certificates(held: &[AgentIdentity], files: &Files, notes: &mut Vec<String>) -> Vec<Offer> {
    let mut offers = Vec::new();
    for certified in &files.certificates {
        let certificate = &certified.certificate;
        let is_held = |identity: &&AgentIdentity| match identity {
            AgentIdentity::Certificate { certificate: c, .. } => c == certificate,
            AgentIdentity::PublicKey { .. } => false,
        };
        if held.iter().any(|identity| is_held(&identity)) {
            // The agent offers it itself.
            continue;
        }
        let by_agent = held.iter().find(|identity| {
            matches!(identity, AgentIdentity::PublicKey { key, .. } if key.key_data() == certificate.public_key())
        });
        let by = by_agent.map(|identity| By::Agent(Box::new(identity.clone())));
        let of_it = |file: &&Identity| {
            let public = file.public.as_ref();
            public.is_some_and(|key| key.key_data() == certificate.public_key())
        };
        let by_key_file = || by_file(files.identities.iter().find(of_it)?);
        match by.or_else(by_key_file) {
            Some(by) => offers.push(Offer {
                name: format!("certificate {}", certified.name),
                public: Public::Certificate(Box::new(certificate.clone())),
                by,
            }),
            None => notes.push(format!(
                "certificate {}: its key is not here",
                certified.name
            )),
        }
    }
    offers
}

fn by_file(identity: &Identity) -> Option<By> {
    match &identity.private {
        Private::Open(key) => Some(By::File(Arc::clone(key))),
        Private::Locked => Some(By::Locked(identity.name.clone(), identity.path.clone())),
        Private::Absent(_) => None,
    }
}

/// True for a key, or a certificate of it.
pub(super) fn is_of(identity: &AgentIdentity, key: &PublicKey) -> bool {
    identity.public_key().key_data() == key.key_data()
}

/// The beginning of the fingerprint that `ssh-add -l` shows: comments are often alike.
fn mark(key: &PublicKey) -> String {
    let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
    fingerprint.chars().take("SHA256:".len() + 8).collect()
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
