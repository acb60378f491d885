//! The one owner of all connections: a request for a server gets the connection that is open, waits for the one being opened, or opens it.

mod entry;
mod gates;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot},
    task::{Id, JoinSet},
    time::interval,
};

use super::{
    Error, Step,
    connection::Connection,
    connector::Shared,
    dial,
    target::{Path, Target},
};
use crate::node::Transport;
use entry::{Entry, Waiter};
pub(super) use gates::Place;
use gates::{Gate, Gates};

/// Requests that may wait; whoever sends more waits.
const REQUESTS: usize = 256;

/// How often attempts that nobody waits for and connections that nobody uses are looked for.
const SWEEP: Duration = Duration::from_millis(250);

/// What a connection carries: bulk goes over one of its own, so that nothing waits behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    Control,
    Bulk,
}

/// Connections are shared by whoever wants the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) user: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
    pub(super) lane: Lane,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) target: Arc<Target>,
    pub(super) path: Path,
    pub(super) lane: Lane,
}

/// One line of the pool's table.
#[derive(Clone, Debug)]
pub struct Row {
    /// `ops@10.0.3.7:22`
    pub server: String,
    /// By which way.
    pub transport: Transport,
    /// Carries bulk only.
    pub bulk: bool,
    /// Age.
    pub age: Duration,
    /// From dialling to logged in.
    pub setup: Duration,
    /// Channels now.
    pub channels: usize,
    /// Channels at once, as far as is known.
    pub limit: usize,
    /// Channels so far.
    pub opened: usize,
    /// Times that it was there already when somebody wanted it.
    pub reused: usize,
    /// Nobody uses it since.
    pub idle: Option<Duration>,
}

/// The pool's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// An unused connection is closed after so long.
    pub idle: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Handshakes at once, to all servers.
    pub handshakes: usize,
    /// Handshakes at once, to one server or through one bastion.
    pub per_server: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(5),
            connections: 4096,
            handshakes: 64,
            // sshd drops by chance from the eleventh login under way (MaxStartups 10:30:100), and of those before it some are others'.
            per_server: 6,
        }
    }
}

/// A request to the owner.
enum Request {
    /// A connection with room for a channel besides those in `full`.
    Connection(Wanted, oneshot::Sender<Result<Arc<Connection>, Error>>),
    /// The gates on the way to a server.
    Gate(Wanted, oneshot::Sender<Gate>),
    Table(oneshot::Sender<Vec<Row>>),
    Close(oneshot::Sender<()>),
}

/// Asks the owner.
#[derive(Clone, Debug)]
pub(super) struct Pool(mpsc::Sender<Request>);

impl Pool {
    /// A pool and the task that owns its connections, to be run by the caller.
    pub(super) fn new(limits: Limits) -> (Self, Requests) {
        let (sender, requests) = mpsc::channel(REQUESTS);
        (Self(sender), Requests(requests, limits))
    }

    /// A connection with room for a channel. Dropped before its end, the call leaves nothing behind.
    pub(super) async fn connection(&self, wanted: Wanted) -> Result<Arc<Connection>, Error> {
        let transport = wanted.path.transport();
        let (reply, answer) = oneshot::channel();
        let request = Request::Connection(wanted, reply);
        self.0.send(request).await.map_err(|_| gone(transport))?;
        answer.await.unwrap_or_else(|_| Err(gone(transport)))
    }

    /// A place for a handshake that makes no connection to keep.
    pub(super) async fn place(&self, wanted: Wanted) -> Result<Place, Error> {
        let transport = wanted.path.transport();
        let (reply, answer) = oneshot::channel();
        let request = Request::Gate(wanted, reply);
        self.0.send(request).await.map_err(|_| gone(transport))?;
        let gate = answer.await.map_err(|_| gone(transport))?;
        Ok(gate.enter().await)
    }

    /// All connections, the oldest first.
    pub(super) async fn table(&self) -> Vec<Row> {
        let (reply, answer) = oneshot::channel();
        // An owner that is gone has no connections.
        let _ = self.0.send(Request::Table(reply)).await;
        answer.await.unwrap_or_default()
    }

    /// Takes leave of all servers.
    pub(super) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        // An owner that is gone has closed everything.
        let _ = self.0.send(Request::Close(reply)).await;
        let _ = answer.await;
    }
}

fn gone(transport: Transport) -> Error {
    Error::new(Step::Config, transport, "the connections are being closed")
}

/// The owner's end, before it runs.
pub(super) struct Requests(mpsc::Receiver<Request>, Limits);

/// The owner.
struct Owner {
    shared: std::sync::Weak<Shared>,
    limits: Limits,
    entries: HashMap<Key, Entry>,
    attempts: JoinSet<Result<Connection, Error>>,
    keys: HashMap<Id, Key>,
    gates: Gates,
}

impl Requests {
    /// Runs until nobody can ask any more.
    pub(super) async fn run(self, shared: std::sync::Weak<Shared>) {
        let Self(mut requests, limits) = self;
        let mut owner = Owner {
            shared,
            limits,
            entries: HashMap::new(),
            attempts: JoinSet::new(),
            keys: HashMap::new(),
            gates: Gates::new(limits),
        };
        let mut sweep = interval(SWEEP);
        loop {
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    Some(Request::Connection(wanted, reply)) => owner.serve(wanted, reply),
                    Some(Request::Gate(wanted, reply)) => drop(reply.send(owner.gates.of(&wanted))),
                    Some(Request::Table(reply)) => drop(reply.send(owner.table())),
                    Some(Request::Close(reply)) => {
                        owner.close().await;
                        // Whoever asked may have gone.
                        let _ = reply.send(());
                    }
                    None => return,
                },
                Some(done) = owner.attempts.join_next_with_id() => owner.settle(done),
                _ = sweep.tick() => owner.sweep(),
            }
        }
    }
}

impl Owner {
    fn serve(&mut self, wanted: Wanted, reply: Waiter) {
        let key = wanted.key();
        let entry = self.entries.entry(key.clone()).or_default();
        if let Some(connection) = entry.with_room() {
            // Whoever asked may have gone; then the connection is idle.
            let _ = reply.send(Ok(connection));
            return;
        }
        entry.waiting.push(reply);
        if entry.attempt.is_none() {
            self.open(key, wanted);
        }
    }

    fn open(&mut self, key: Key, wanted: Wanted) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        if self.count() >= self.limits.connections && !self.evict() {
            let error = self.too_many(wanted.path.transport());
            self.answer(&key, &Err(error));
            return;
        }
        let gate = self.gates.of(&wanted);
        let task = self.attempts.spawn(async move {
            let place = gate.enter().await;
            dial::open(&wanted, &shared, place).await
        });
        self.keys.insert(task.id(), key.clone());
        self.entries.entry(key).or_default().attempt = Some(task);
    }

    fn settle(&mut self, done: Result<(Id, Result<Connection, Error>), tokio::task::JoinError>) {
        let (id, result) = match done {
            Ok((id, result)) => (id, Some(result)),
            Err(error) => (error.id(), None),
        };
        let Some(key) = self.keys.remove(&id) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        entry.attempt = None;
        // An attempt that was given up has nobody waiting.
        let Some(result) = result else { return };
        let result = result.map(|connection| entry.add(connection));
        self.answer(&key, &result);
    }

    fn answer(&mut self, key: &Key, result: &Result<Arc<Connection>, Error>) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        for waiter in entry.waiting.drain(..) {
            // Whoever asked may have gone.
            let _ = waiter.send(result.clone());
        }
    }

    fn sweep(&mut self) {
        let (now, idle) = (Instant::now(), self.limits.idle);
        self.entries.retain(|_, entry| {
            entry.tidy(now, idle);
            !entry.is_empty()
        });
        self.gates.tidy();
    }

    fn count(&self) -> usize {
        self.entries.values().map(Entry::count).sum()
    }

    /// Closes the connection that is idle longest; false when all are in use.
    fn evict(&mut self) -> bool {
        let oldest = self.entries.values_mut().filter_map(|entry| {
            let since = entry.idle_since()?;
            Some((since, entry))
        });
        let oldest = oldest.min_by_key(|(since, _)| *since);
        oldest.is_some_and(|(_, entry)| entry.drop_idle())
    }

    fn too_many(&self, transport: Transport) -> Error {
        let reason = format!("{} connections are the limit", self.limits.connections);
        Error::new(Step::Config, transport, &reason)
            .advise("raise the limit of open files: ulimit -n")
    }

    fn table(&self) -> Vec<Row> {
        let now = Instant::now();
        let mut rows: Vec<Row> = self
            .entries
            .iter()
            .flat_map(|(key, entry)| entry.rows(key, now))
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.age));
        rows
    }

    async fn close(&mut self) {
        self.attempts.shutdown().await;
        self.keys.clear();
        let mut leaving = JoinSet::new();
        for connection in self.entries.drain().flat_map(|(_, entry)| entry.into_all()) {
            leaving.spawn(async move { connection.link.close().await });
        }
        while leaving.join_next().await.is_some() {}
    }
}

impl Wanted {
    /// Under which connections to it are kept.
    pub(super) fn key(&self) -> Key {
        let target = &self.target;
        Key {
            user: target.user.clone(),
            host: target.host.clone(),
            port: target.port,
            path: self.path.to_string(),
            lane: self.lane,
        }
    }
}
