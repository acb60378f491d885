//! The connections to one server by one way, and who waits for one.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::AbortHandle;

use super::{Key, Lane, Row, Waiter, Wanted};
use crate::ssh::{
    Error,
    connection::{Allowance, Connection},
};

/// What there is for one key.
pub(super) struct Entry {
    connections: Vec<Kept>,
    allowance: Arc<Allowance>,
    /// The connection being opened.
    pub(super) attempt: Option<AbortHandle>,
    waiting: VecDeque<(Wanted, Waiter)>,
    /// Open files of each connection.
    files: usize,
}

struct Kept {
    connection: Arc<Connection>,
    /// Nobody uses it since.
    idle: Option<Instant>,
}

impl Kept {
    fn is_used(&self) -> bool {
        Arc::strong_count(&self.connection) > 1 || self.connection.open() > 0
    }

    /// Gives it to the waiter where it serves; else the waiter comes back.
    fn give(&mut self, waiter: Waiter) -> Option<Waiter> {
        if self.connection.is_closed() {
            return Some(waiter);
        }
        // Whoever asked may have gone; then the connection is idle.
        match waiter {
            Waiter::Session(reply) => drop(reply.send(Ok(Arc::clone(&self.connection)))),
            Waiter::Channel(reply) => match self.connection.seat() {
                Some(seat) => drop(reply.send(Ok(seat))),
                None => return Some(Waiter::Channel(reply)),
            },
        }
        self.idle = None;
        None
    }
}

impl Entry {
    /// Nothing yet for what is wanted.
    pub(super) fn new(wanted: &Wanted) -> Self {
        Self {
            connections: Vec::new(),
            allowance: Arc::new(match wanted.lane {
                Lane::Control => Allowance::usual(),
                Lane::Bulk => Allowance::single(),
            }),
            attempt: None,
            waiting: VecDeque::new(),
            files: wanted.files(),
        }
    }

    /// Somebody wants a connection.
    pub(super) fn enqueue(&mut self, wanted: Wanted, waiter: Waiter) {
        self.waiting.push_back((wanted, waiter));
    }

    /// Gives everybody who waits what there is; what the first of the others wants, if it is not on its way.
    pub(super) fn serve(&mut self) -> Option<Wanted> {
        let waiting = std::mem::take(&mut self.waiting);
        for (wanted, waiter) in waiting {
            if let Some(waiter) = self.place(waiter) {
                self.waiting.push_back((wanted, waiter));
            }
        }
        let (wanted, _) = self.waiting.front()?;
        self.attempt.is_none().then(|| wanted.clone())
    }

    fn place(&mut self, waiter: Waiter) -> Option<Waiter> {
        let roomy = |kept: &&mut Kept| kept.connection.has_room() && !kept.connection.is_closed();
        let mut waiter = match self.connections.iter_mut().find(roomy) {
            Some(kept) => kept.give(waiter)?,
            None => waiter,
        };
        for kept in &mut self.connections {
            waiter = kept.give(waiter)?;
        }
        Some(waiter)
    }

    /// Tells everybody who waits of a failure.
    pub(super) fn refuse(&mut self, error: &Error) {
        for (_, waiter) in self.waiting.drain(..) {
            waiter.refuse(error.clone());
        }
    }

    /// Takes in a new connection.
    pub(super) fn add(&mut self, connection: Connection) {
        self.connections.push(Kept {
            connection: Arc::new(connection.allowed(Arc::clone(&self.allowance))),
            idle: None,
        });
    }

    /// Forgets what has ended, gives up an attempt that nobody waits for; the connections that were idle too long.
    pub(super) fn tidy(&mut self, now: Instant, limit: Duration) -> Vec<Arc<Connection>> {
        self.waiting.retain(|(_, waiter)| !waiter.is_gone());
        if self.waiting.is_empty()
            && let Some(attempt) = &self.attempt
        {
            attempt.abort();
        }
        self.connections.retain(|kept| !kept.connection.is_closed());
        self.note_idle(now);
        let overdue = |since: Instant| now.duration_since(since) >= limit;
        let leaving = |kept: &mut Kept| kept.idle.is_some_and(overdue);
        let leaving = self.connections.extract_if(.., leaving);
        leaving.map(|kept| kept.connection).collect()
    }

    fn note_idle(&mut self, now: Instant) {
        for kept in &mut self.connections {
            kept.idle = if kept.is_used() {
                None
            } else {
                kept.idle.or(Some(now))
            };
        }
    }

    /// Since when its longest idle connection is so.
    pub(super) fn idle_since(&mut self, now: Instant) -> Option<Instant> {
        self.note_idle(now);
        self.connections.iter().filter_map(|kept| kept.idle).min()
    }

    /// Takes out the connection that is idle longest.
    pub(super) fn take_idle(&mut self) -> Option<Arc<Connection>> {
        let idle = |at: &usize| self.connections.get(*at).and_then(|kept| kept.idle);
        let found = (0..self.connections.len()).filter(|at| idle(at).is_some());
        let oldest = found.min_by_key(idle)?;
        Some(self.connections.swap_remove(oldest).connection)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.attempt.is_none() && self.waiting.is_empty()
    }

    /// Open files of the connections that are open or being opened.
    pub(super) fn files(&self) -> usize {
        (self.connections.len() + usize::from(self.attempt.is_some())) * self.files
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
                idle: kept.idle.map(|since| now.duration_since(since)),
            }
        })
    }

    pub(super) fn into_all(self) -> impl Iterator<Item = Arc<Connection>> {
        self.connections.into_iter().map(|kept| kept.connection)
    }
}
