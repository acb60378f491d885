//! The SSH agent: its keys, and its signatures for a login.

use std::{io, path::Path, time::Duration};

use russh::{
    AgentAuthError,
    client::{AuthResult, Handle},
    keys::{
        self, HashAlg,
        agent::{AgentIdentity, AgentSessionBinding, client::AgentClient},
    },
};
use tokio::{net::UnixStream, time::timeout};

use crate::ssh::events::Events;

/// What needs nobody's touch takes an agent no longer; one that hangs must leave time for the key files.
const LISTING: Duration = Duration::from_secs(3);

/// A connection to the agent. One per SSH connection: an agent binds each to the server that it signs for.
pub(super) struct Agent(AgentClient<UnixStream>);

impl Agent {
    /// Connects, and tells the agent which server this is about, for keys that are restricted to destinations.
    pub(super) async fn connect(
        path: &Path,
        binding: Option<&AgentSessionBinding>,
    ) -> Result<Self, String> {
        let bound = timeout(LISTING, Self::bound(path, binding)).await;
        bound.unwrap_or_else(|_| Err("it does not answer".to_owned()))
    }

    async fn bound(path: &Path, binding: Option<&AgentSessionBinding>) -> Result<Self, String> {
        let mut client = dial(path).await.map_err(|error| error.to_string())?;
        if let Some(binding) = binding {
            match client.bind_session(binding, false).await {
                // An agent that doesn't know of binding says so and goes on.
                Ok(()) | Err(keys::Error::AgentFailure) => {}
                Err(_) => client = dial(path).await.map_err(|error| error.to_string())?,
            }
        }
        Ok(Self(client))
    }

    /// Its keys and certificates.
    pub(super) async fn identities(&mut self) -> Result<Vec<AgentIdentity>, String> {
        let asked = timeout(LISTING, self.0.request_identities());
        let listed = asked.await.map_err(|_| "it does not answer".to_owned())?;
        listed.map_err(|error| error.to_string())
    }

    /// Offers a key and signs for it. An error is the agent's: the server can be offered the next key.
    pub(super) async fn authenticate(
        &mut self,
        handle: &mut Handle<Events>,
        user: &str,
        identity: AgentIdentity,
        hash: Option<HashAlg>,
    ) -> Result<AuthResult, String> {
        let answer = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                handle
                    .authenticate_publickey_with(user, key, hash, &mut self.0)
                    .await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                handle
                    .authenticate_certificate_with(user, certificate, hash, &mut self.0)
                    .await
            }
        };
        answer.map_err(|error| match error {
            AgentAuthError::Key(keys::Error::AgentFailure) => {
                "the agent refused to sign".to_owned()
            }
            other => other.to_string(),
        })
    }
}

async fn dial(path: &Path) -> io::Result<AgentClient<UnixStream>> {
    let stream = UnixStream::connect(path).await?;
    Ok(AgentClient::connect(stream))
}
