//! The connections to one server by one way, and who waits for one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, task::AbortHandle};

use super::{Key, Lane, Row};
use crate::ssh::{Error, connection::Connection};

/// Whoever waits for a connection.
pub(super) type Waiter = oneshot::Sender<Result<Arc<Connection>, Error>>;

/// What there is for one key.
#[derive(Default)]
pub(super) struct Entry {
    connections: Vec<Kept>,
    /// The connection being opened.
    pub(super) attempt: Option<AbortHandle>,
    pub(super) waiting: Vec<Waiter>,
}

struct Kept {
    connection: Arc<Connection>,
    reused: usize,
    /// Nobody uses it since.
    idle: Option<Instant>,
}

impl Kept {
    fn is_used(&self) -> bool {
        Arc::strong_count(&self.connection) > 1 || self.connection.open() > 0
    }
}

impl Entry {
    /// A connection that is open and has room.
    pub(super) fn with_room(&mut self) -> Option<Arc<Connection>> {
        let usable = |kept: &&mut Kept| {
            let connection = &kept.connection;
            !connection.is_closed() && connection.open() < connection.limit()
        };
        let kept = self.connections.iter_mut().find(usable)?;
        kept.reused += 1;
        kept.idle = None;
        Some(Arc::clone(&kept.connection))
    }

    /// Takes in a new one.
    pub(super) fn add(&mut self, connection: Connection) -> Arc<Connection> {
        let connection = Arc::new(connection);
        self.connections.push(Kept {
            connection: Arc::clone(&connection),
            reused: self.waiting.len().saturating_sub(1),
            idle: None,
        });
        connection
    }

    /// Forgets what has ended, closes what was idle too long, gives up an attempt that nobody waits for.
    pub(super) fn tidy(&mut self, now: Instant, limit: Duration) {
        self.waiting.retain(|waiter| !waiter.is_closed());
        if self.waiting.is_empty()
            && let Some(attempt) = &self.attempt
        {
            attempt.abort();
        }
        for kept in &mut self.connections {
            kept.idle = match kept.idle {
                _ if kept.is_used() => None,
                None => Some(now),
                since => since,
            };
        }
        let overdue = |since: Instant| now.duration_since(since) >= limit;
        self.connections
            .retain(|kept| !kept.connection.is_closed() && !kept.idle.is_some_and(overdue));
    }

    /// Since when its longest idle connection is so.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.connections.iter().filter_map(|kept| kept.idle).min()
    }

    /// Closes the connection that is idle longest; false when none is.
    pub(super) fn drop_idle(&mut self) -> bool {
        let Some(oldest) = self.idle_since() else {
            return false;
        };
        self.connections.retain(|kept| kept.idle != Some(oldest));
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.attempt.is_none() && self.waiting.is_empty()
    }

    /// Connections that are open or being opened.
    pub(super) fn count(&self) -> usize {
        self.connections.len() + usize::from(self.attempt.is_some())
    }

    pub(super) fn rows(&self, key: &Key, now: Instant) -> impl Iterator<Item = Row> {
        self.connections.iter().map(move |kept| {
            let connection = &kept.connection;
            Row {
                server: format!("{}@{}:{}", key.user, key.host, key.port),
                transport: connection.info.transport,
                bulk: key.lane == Lane::Bulk,
                age: now.duration_since(connection.since),
                setup: connection.info.setup,
                channels: connection.open(),
                limit: connection.limit(),
                opened: connection.total(),
                reused: kept.reused,
                idle: kept.idle.map(|since| now.duration_since(since)),
            }
        })
    }

    pub(super) fn into_all(self) -> impl Iterator<Item = Arc<Connection>> {
        self.connections.into_iter().map(|kept| kept.connection)
    }
}
