//! How many handshakes run at once: in all, to one server, through one bastion. A thousand nodes neither stampede nor trickle.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Limits, Wanted};
use crate::ssh::target::Path;

/// All gates.
pub(super) struct Gates {
    all: Arc<Semaphore>,
    per_server: usize,
    servers: HashMap<String, Arc<Semaphore>>,
}

/// The gates on the way to one server.
pub(in crate::ssh) struct Gate {
    all: Arc<Semaphore>,
    server: Arc<Semaphore>,
}

/// A handshake's place. What it holds of the limit for all can be given back early.
#[derive(Debug, Default)]
pub(in crate::ssh) struct Place {
    all: Option<OwnedSemaphorePermit>,
    _server: Option<OwnedSemaphorePermit>,
}

impl Gates {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.handshakes)),
            per_server: limits.per_server,
            servers: HashMap::new(),
        }
    }

    /// The gates for what is wanted: its server's, or where it is reached through a bastion, that one's.
    pub(super) fn of(&mut self, wanted: &Wanted) -> Gate {
        let target = &wanted.target;
        let name = match &wanted.path {
            Path::Jump(hops) => {
                let last = hops.last().map(|hop| hop.id.as_str());
                format!("through {}", last.unwrap_or_default())
            }
            _ => format!("{}:{}", target.host, target.port),
        };
        let fresh = || Arc::new(Semaphore::new(self.per_server));
        let server = self.servers.entry(name).or_insert_with(fresh);
        Gate {
            all: Arc::clone(&self.all),
            server: Arc::clone(server),
        }
    }

    /// Forgets the gates that nobody stands at.
    pub(super) fn tidy(&mut self) {
        self.servers.retain(|_, gate| Arc::strong_count(gate) > 1);
    }
}

impl Gate {
    /// Waits for a place; the server's first, so that one with many waiters holds nobody else up.
    pub(in crate::ssh) async fn enter(self) -> Place {
        // The gates are never closed.
        let server = self.server.acquire_owned().await.ok();
        Place {
            all: self.all.acquire_owned().await.ok(),
            _server: server,
        }
    }
}

impl Place {
    /// From now on the handshake waits for somebody else, and makes room for others.
    pub(in crate::ssh) fn step_aside(&mut self) {
        self.all = None;
    }
}
