//! The SSH agent: its keys, and its signatures for a login.

use std::{io, path::Path, time::Duration};

use russh::keys::{
    self, HashAlg,
    agent::{AgentIdentity, AgentSessionBinding, client::AgentClient},
};
use tokio::{net::UnixStream, time::timeout};

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

    /// Signs; the answer is `data` with the signature behind it.
    pub(super) async fn sign(
        &mut self,
        identity: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, keys::Error> {
        self.0.sign_request(identity, hash, data).await
    }
}

async fn dial(path: &Path) -> io::Result<AgentClient<UnixStream>> {
    let stream = UnixStream::connect(path).await?;
    Ok(AgentClient::connect(stream))
}
