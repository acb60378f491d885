//! The task that owns the connections.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{MissedTickBehavior, interval},
};

use super::{
    Key, Limits, OTHER_FILES, Request, Requests, Row, Waiter, Wanted, entry::Entry, gates::Gates,
};
use crate::{
    node::Transport,
    ssh::{Error, Step, connection::Connection, connector::Shared, dial},
};

/// How often attempts that nobody waits for and connections that nobody uses are looked for.
const SWEEP: Duration = Duration::from_millis(250);

/// The limit of open files is told in steps of this.
const ROUND: usize = 256;

/// The owner.
struct Owner {
    shared: Weak<Shared>,
    limits: Limits,
    entries: HashMap<Key, Entry>,
    attempts: JoinSet<Result<Connection, Error>>,
    keys: HashMap<Id, Key>,
    /// Connections that say goodbye.
    leaving: JoinSet<()>,
    gates: Gates,
}

impl Requests {
    /// Runs until nobody can ask any more.
    pub(in crate::ssh) async fn run(self, shared: Weak<Shared>) {
        let Self(mut requests, limits) = self;
        let mut owner = Owner {
            shared,
            limits,
            entries: HashMap::new(),
            attempts: JoinSet::new(),
            keys: HashMap::new(),
            leaving: JoinSet::new(),
            gates: Gates::new(limits),
        };
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    Some(request) => owner.obey(request).await,
                    None => return,
                },
                Some(done) = owner.attempts.join_next_with_id() => owner.settle(done),
                Some(_) = owner.leaving.join_next() => {}
                _ = sweep.tick() => owner.sweep(),
            }
        }
    }
}

impl Owner {
    async fn obey(&mut self, request: Request) {
        match request {
            Request::Connection(wanted, waiter) => self.admit(wanted, waiter),
            // Whoever asked may have gone.
            Request::Gate(wanted, reply) => drop(reply.send(self.gates.of(&wanted))),
            Request::Table(reply) => drop(reply.send(self.table())),
            Request::Close(reply) => {
                self.close().await;
                let _ = reply.send(());
            }
        }
    }

    fn admit(&mut self, wanted: Wanted, waiter: Waiter) {
        let key = wanted.key();
        let entry = self.entries.entry(key.clone());
        let entry = entry.or_insert_with(|| Entry::new(&wanted));
        entry.enqueue(wanted, waiter);
        self.serve(&key);
    }

    /// Gives out what there is, and opens what is missing.
    fn serve(&mut self, key: &Key) {
        let missing = self.entries.get_mut(key).and_then(Entry::serve);
        if let Some(wanted) = missing {
            self.open(key, wanted);
        }
    }

    fn open(&mut self, key: &Key, wanted: Wanted) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        if let Err(error) = self.make_room(&wanted) {
            return self.refuse(key, &error);
        }
        let gate = self.gates.of(&wanted);
        let task = async move { dial::open(&wanted, &shared, gate).await };
        // In a box: tokio moves a whole task when it begins and when it ends.
        let task = self.attempts.spawn(Box::pin(task));
        self.keys.insert(task.id(), key.clone());
        if let Some(entry) = self.entries.get_mut(key) {
            entry.attempt = Some(task);
        }
    }

    /// Closes idle connections until there are files for one more.
    fn make_room(&mut self, wanted: &Wanted) -> Result<(), Error> {
        let more = wanted.files();
        loop {
            let used: usize = self.entries.values().map(Entry::files).sum();
            if used + more <= self.limits.files {
                return Ok(());
            }
            if !self.evict() {
                return Err(too_many(used + more, wanted.path.transport()));
            }
        }
    }

    /// Closes the connection that is idle longest; false when all are in use.
    fn evict(&mut self) -> bool {
        let now = Instant::now();
        let idle = self.entries.values_mut().filter_map(|entry| {
            let since = entry.idle_since(now)?;
            Some((since, entry))
        });
        let oldest = idle.min_by_key(|(since, _)| *since);
        let evicted = oldest.and_then(|(_, entry)| entry.take_idle());
        evicted.map(|connection| self.leave(connection)).is_some()
    }

    fn leave(&mut self, connection: Arc<Connection>) {
        self.leaving
            .spawn(async move { connection.link.close().await });
    }

    fn settle(&mut self, done: Result<(Id, Result<Connection, Error>), JoinError>) {
        let (id, result) = match done {
            Ok((id, result)) => (id, Some(result)),
            Err(error) => (error.id(), broken(&error)),
        };
        let Some(key) = self.keys.remove(&id) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        entry.attempt = None;
        match result {
            Some(Ok(connection)) => entry.add(connection),
            Some(Err(error)) => entry.refuse(&error),
            // Given up when nobody waited; somebody may since.
            None => {}
        }
        self.serve(&key);
    }

    fn refuse(&mut self, key: &Key, error: &Error) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.refuse(error);
        }
    }

    fn sweep(&mut self) {
        let (now, idle) = (Instant::now(), self.limits.idle);
        let tidied = self.entries.values_mut();
        let overdue: Vec<_> = tidied.flat_map(|entry| entry.tidy(now, idle)).collect();
        for connection in overdue {
            self.leave(connection);
        }
        self.entries.retain(|_, entry| !entry.is_empty());
        // A place may have become free for somebody who waits for a new connection.
        let missing: Vec<_> = self
            .entries
            .iter_mut()
            .filter_map(|(key, entry)| Some((key.clone(), entry.serve()?)))
            .collect();
        for (key, wanted) in missing {
            self.open(&key, wanted);
        }
        self.gates.tidy();
    }

    fn table(&self) -> Vec<Row> {
        let now = Instant::now();
        let entries = self.entries.iter();
        let mut rows: Vec<Row> = entries
            .flat_map(|(key, entry)| entry.rows(key, now))
            .collect();
        rows.sort_by(|a, b| b.age.cmp(&a.age).then_with(|| a.server.cmp(&b.server)));
        rows
    }

    async fn close(&mut self) {
        self.attempts.shutdown().await;
        self.keys.clear();
        let all: Vec<_> = self
            .entries
            .drain()
            .flat_map(|(_, entry)| entry.into_all())
            .collect();
        for connection in all {
            self.leave(connection);
        }
        while self.leaving.join_next().await.is_some() {}
    }
}

/// What to tell of an attempt without a result: nothing where it was given up.
fn broken(error: &JoinError) -> Option<Result<Connection, Error>> {
    if error.is_cancelled() {
        return None;
    }
    tracing::error!(%error, "an attempt to connect broke");
    let reason = "an internal error; the log says more";
    Some(Err(Error::new(Step::Config, Transport::Direct, reason)))
}

fn too_many(files: usize, transport: Transport) -> Error {
    let needed = (files + OTHER_FILES).next_multiple_of(ROUND);
    let reason = "all connections that the limit of open files allows are in use";
    Error::new(Step::Config, transport, reason)
        .advise(&format!("raise the limit, at least: ulimit -n {needed}"))
}
