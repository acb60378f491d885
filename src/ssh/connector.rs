//! Opens sessions: tries a node's transports in its order and tells the most telling failure.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, mpsc};

use super::{
    Asked, Config, Error, Session, SessionInfo, Step,
    client::{self, Account},
    session::Kind,
    transport::{self, direct, local::Shell},
};
use crate::node::{Node, Transport, text::SafeText};

/// Name look-ups under way at once: each holds a thread until the system's resolver gives up.
const LOOKUPS: usize = 32;

/// Opens sessions to nodes. Cheap to clone; clones share their limits and counters.
#[derive(Clone, Debug)]
pub struct Connector(Arc<Shared>);

/// What all attempts of one connector share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) asker: Option<mpsc::Sender<Asked>>,
    pub(super) overruns: AtomicU64,
    lookups: Semaphore,
}

impl Connector {
    /// A connector that puts its questions to `asker`; without one nobody can answer.
    pub fn new(config: Config, asker: Option<mpsc::Sender<Asked>>) -> Self {
        Self(Arc::new(Shared {
            config,
            asker,
            overruns: AtomicU64::new(0),
            lookups: Semaphore::new(LOOKUPS),
        }))
    }

    /// Opens a session by the first of the node's transports that works. Dropped before its end, the call leaves nothing behind.
    pub async fn connect(&self, node: &Node) -> Result<Session, Error> {
        let mut failures: Vec<Error> = Vec::new();
        for transport in transport::plan(node) {
            match self.open(node, transport).await {
                Ok(session) => return Ok(session),
                // A server that refuses this host key or login is the node's own answer: no second way around it.
                Err(error) if matches!(error.step, Step::HostKey | Step::Auth) => {
                    return Err(error);
                }
                Err(error) => failures.push(error),
            }
        }
        Err(most_telling(&failures, node))
    }

    /// Channels that were closed because nobody read their output.
    pub fn overruns(&self) -> u64 {
        self.0.overruns.load(Ordering::Relaxed)
    }

    async fn open(&self, node: &Node, transport: Transport) -> Result<Session, Error> {
        let started = Instant::now();
        match transport {
            Transport::Local => Ok(self.local(node, started.elapsed())),
            Transport::Direct => self.direct(node, started).await,
            Transport::Jump
            | Transport::ProxyCommand
            | Transport::Tailscale
            | Transport::Cloudflare => Err(unsupported(transport)),
        }
    }

    fn local(&self, node: &Node, setup: Duration) -> Session {
        let info = SessionInfo {
            transport: Transport::Local,
            peer: String::new(),
            ident: SafeText::default(),
            user: self.user(node).to_owned(),
            auth: "this machine".into(),
            setup,
        };
        Session::new(info, Kind::Local(Shell::new()))
    }

    async fn direct(&self, node: &Node, started: Instant) -> Result<Session, Error> {
        let way = direct::dial(node, &self.0.lookups).await?;
        let account = Account {
            node,
            user: self.user(node),
            transport: Transport::Direct,
        };
        let peer = way.peer.clone();
        let opened = client::open(way, &account, &self.0).await?;
        let info = SessionInfo {
            transport: account.transport,
            peer,
            ident: opened.ident.as_str().into(),
            user: account.user.to_owned(),
            auth: opened.auth,
            setup: started.elapsed(),
        };
        Ok(Session::new(info, Kind::Ssh(opened.link)))
    }

    fn user<'a>(&'a self, node: &'a Node) -> &'a str {
        node.user.as_deref().unwrap_or(&self.0.config.user)
    }
}

fn unsupported(transport: Transport) -> Error {
    let reason = format!(
        "{} is not supported by this version yet",
        transport.as_str()
    );
    Error::new(Step::Config, transport, &reason).for_good()
}

/// The failure that got furthest; it names the others.
fn most_telling(failures: &[Error], node: &Node) -> Error {
    // Of equals, the first: it is the way that the node prefers.
    let chosen = (0..failures.len())
        .rev()
        .max_by_key(|index| failures.get(*index).map(|error| error.step as u8));
    let Some(error) = chosen.and_then(|index| failures.get(index)) else {
        let reason = format!("{} has no transport that is configured", node.id);
        return Error::new(Step::Config, Transport::Direct, &reason).for_good();
    };
    let others = failures.iter().enumerate();
    let others = others.filter(|(index, _)| Some(*index) != chosen);
    let mut told = vec![error.reason.to_string()];
    told.extend(others.map(|(_, error)| error.to_string()));
    Error {
        reason: told.join("; ").as_str().into(),
        ..error.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{node::Route, ssh::transport::tests::node};

    fn failure(step: Step, transport: Transport) -> Error {
        Error::new(step, transport, step.as_str())
    }

    #[test]
    fn the_failure_that_got_furthest_is_told_first() {
        let node = node(&[], Route::default());
        let told = most_telling(
            &[
                failure(Step::Connect, Transport::Tailscale),
                failure(Step::Kex, Transport::Direct),
                failure(Step::Config, Transport::Jump),
            ],
            &node,
        );
        assert_eq!(told.transport, Transport::Direct);
        assert_eq!(
            told.reason.as_str(),
            "key exchange; connect (tailscale): connect; config (jump): config"
        );
        assert_eq!(most_telling(&[], &node).step, Step::Config);
    }
}
