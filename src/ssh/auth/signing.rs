//! Signatures for a login, once the server has said that it would take the key: by a key file or by the agent.

use std::{sync::Arc, time::Duration};

use russh::{
    SendError, Signer,
    keys::{self, HashAlg, agent::AgentIdentity, ssh_encoding::Encode},
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::{
    agent::{Agent, Asked},
    ready::ReadyKey,
};
use crate::ssh::prompt::Asker;

/// Whose signature.
pub(super) enum Signing<'a> {
    /// Nobody's: only whether the server would take the key.
    Probe,
    File(Arc<ReadyKey>),
    Agent(ByAgent<'a>),
}

/// How an agent is asked.
pub(super) struct ByAgent<'a> {
    pub(super) agent: &'a mut Agent,
    pub(super) identity: &'a AgentIdentity,
    /// It may wait for somebody's touch or confirmation, but not for ever.
    pub(super) patience: Duration,
    /// All that are asked for now.
    pub(super) asked: &'a Asked,
    /// Held while a security key waits for its touch: nobody knows which of two blinking keys is meant.
    pub(super) touch: Option<&'a Semaphore>,
    /// Other deadlines rest meanwhile.
    pub(super) asker: &'a Asker,
}

/// Why there is no signature.
#[derive(Debug)]
pub(super) enum Unsigned {
    /// The connection is gone.
    Gone,
    /// The server would take the key.
    Wanted,
    /// The agent did not answer; whatever it says from now on belongs to this question.
    Silent,
    Failed(String),
}

impl From<SendError> for Unsigned {
    fn from(_: SendError) -> Self {
        Self::Gone
    }
}

impl Signer for Signing<'_> {
    type Error = Unsigned;

    /// Gives `to_sign` back with the signature behind it.
    async fn auth_sign(
        &mut self,
        _key: &AgentIdentity,
        hash: Option<HashAlg>,
        to_sign: Vec<u8>,
    ) -> Result<Vec<u8>, Unsigned> {
        match self {
            Self::Probe => Err(Unsigned::Wanted),
            Self::File(key) => file_signs(key, hash, to_sign)
                .await
                .map_err(Unsigned::Failed),
            Self::Agent(by) => by.sign(hash, to_sign).await,
        }
    }
}

impl ByAgent<'_> {
    async fn sign(&mut self, hash: Option<HashAlg>, to_sign: Vec<u8>) -> Result<Vec<u8>, Unsigned> {
        let _rest = self.asker.rest();
        let _turn = match self.touch {
            // The semaphore is never closed; whoever holds it has a deadline.
            Some(touch) => touch.acquire().await.ok(),
            None => None,
        };
        let signature = self.agent.sign(self.identity, hash, to_sign, self.asked);
        match timeout(self.patience, signature).await {
            Ok(Ok(signed)) => Ok(signed),
            Ok(Err(keys::Error::AgentFailure)) => {
                Err(Unsigned::Failed("the agent refused to sign".to_owned()))
            }
            Ok(Err(error)) => Err(Unsigned::Failed(error.to_string())),
            Err(_) => Err(Unsigned::Silent),
        }
    }
}

async fn file_signs(
    key: &Arc<ReadyKey>,
    hash: Option<HashAlg>,
    to_sign: Vec<u8>,
) -> Result<Vec<u8>, String> {
    if key.signs_at_once() {
        return by_file(key, hash, to_sign).map_err(|error| error.to_string());
    }
    let key = Arc::clone(key);
    let signed = spawn_blocking(move || by_file(&key, hash, to_sign)).await;
    signed
        .map_err(|error| error.to_string())
        .and_then(|signed| signed.map_err(|error| error.to_string()))
}

fn by_file(
    key: &ReadyKey,
    hash: Option<HashAlg>,
    mut to_sign: Vec<u8>,
) -> Result<Vec<u8>, keys::Error> {
    let signature = key
        .sign(hash, &to_sign)
        .map_err(|_| keys::Error::KeyIsCorrupt)?;
    let mut blob = Vec::new();
    signature.encode(&mut blob)?;
    blob.encode(&mut to_sign)?;
    Ok(to_sign)
}
