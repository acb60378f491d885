//! How many handshakes run at once: in all, to one server, through one bastion. A thousand nodes neither stampede nor trickle.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use super::{Limits, Wanted};
use crate::ssh::target::Path;

/// Whoever had to wait starts up to so many milliseconds later, so that those who came together part.
const JITTER_MS: u64 = 10;

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
        let is_free = self.server.available_permits() > 0 && self.all.available_permits() > 0;
        // The gates are never closed.
        let server = self.server.acquire_owned().await.ok();
        let all = self.all.acquire_owned().await.ok();
        if !is_free {
            let random = RandomState::new().hash_one(());
            sleep(Duration::from_millis(random % (JITTER_MS + 1))).await;
        }
        Place {
            all,
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
