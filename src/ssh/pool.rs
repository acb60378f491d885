//! The one owner of all connections: a request for a server gets the connection that is open, waits for the one being opened, or opens it.

mod entry;
mod gates;
mod owner;

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};

use super::{
    Error, Step,
    connection::{Connection, Seat},
    target::{Path, Target, Terms},
    trail::Trail,
};
use crate::node::Transport;
pub(super) use gates::{Gate, Place};

/// Requests that may wait; whoever sends more waits.
const REQUESTS: usize = 256;

/// What a connection carries: bulk goes over connections of its own, one channel each, so that its reader can set the
/// pace and nothing waits behind it.
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
    /// By which keys it is entered, and by which names and files its own key is judged: what one node may use is not for another
    /// that would be refused.
    pub(super) terms: Terms,
    pub(super) lane: Lane,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) target: Arc<Target>,
    pub(super) path: Path,
    pub(super) lane: Lane,
    /// Where the steps of an attempt are told.
    pub(super) trail: Trail,
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
    /// Nobody uses it for so long.
    pub idle: Option<Duration>,
}

/// The pool's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// An unused connection is closed after so long.
    pub idle: Duration,
    /// Open files for all connections: one each, three where a command carries it.
    pub files: usize,
    /// Handshakes at once, to all servers.
    pub handshakes: usize,
    /// Handshakes at once, to one server or through one bastion.
    pub per_server: usize,
}

/// Open files that are left to everything else, where there are enough: terminal, logs, agents, key files, name look-ups.
const OTHER_FILES: usize = 64;

/// Without these nothing works.
const LEAST_OTHER_FILES: usize = 32;

impl Limits {
    /// What a process that may open so many files can afford.
    #[must_use]
    pub fn within(self, open_files: usize) -> Self {
        let others = (open_files / 4).clamp(LEAST_OTHER_FILES, OTHER_FILES);
        Self {
            files: open_files.saturating_sub(others).max(1),
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(5),
            files: 4096,
            handshakes: 64,
            // sshd drops by chance from the eleventh login under way (MaxStartups 10:30:100), and of those before it some are others'.
            per_server: 6,
        }
    }
}

/// A request to the owner.
enum Request {
    Connection(Wanted, Waiter),
    /// The gates on the way to a server.
    Gate(Wanted, oneshot::Sender<Gate>),
    Table(oneshot::Sender<Vec<Row>>),
    Close(oneshot::Sender<()>),
}

/// Whoever waits for a connection.
enum Waiter {
    /// Any that is open, even one without room.
    Session(oneshot::Sender<Result<Arc<Connection>, Error>>),
    /// One with a place for a channel.
    Channel(oneshot::Sender<Result<Seat, Error>>),
}

/// Asks the owner.
#[derive(Clone, Debug)]
pub(super) struct Pool(mpsc::Sender<Request>);

/// The owner's end, before it runs.
pub(super) struct Requests(mpsc::Receiver<Request>, Limits);

impl Pool {
    /// A pool and the task that owns its connections, to be run by the caller.
    pub(super) fn new(limits: Limits) -> (Self, Requests) {
        let (sender, requests) = mpsc::channel(REQUESTS);
        (Self(sender), Requests(requests, limits))
    }

    /// A connection. Dropped before its end, the call leaves nothing behind.
    pub(super) async fn connection(&self, wanted: Wanted) -> Result<Arc<Connection>, Error> {
        self.ask(wanted, Waiter::Session).await
    }

    /// A place for a channel on a connection. Dropped before its end, the call leaves nothing behind.
    pub(super) async fn seat(&self, wanted: Wanted) -> Result<Seat, Error> {
        self.ask(wanted, Waiter::Channel).await
    }

    async fn ask<T>(
        &self,
        wanted: Wanted,
        waiter: fn(oneshot::Sender<Result<T, Error>>) -> Waiter,
    ) -> Result<T, Error> {
        let transport = wanted.path.transport();
        let (reply, answer) = oneshot::channel();
        let request = Request::Connection(wanted, waiter(reply));
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

    /// Takes leave of all servers at once.
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

impl Waiter {
    /// True when nobody waits any more.
    fn is_gone(&self) -> bool {
        match self {
            Self::Session(reply) => reply.is_closed(),
            Self::Channel(reply) => reply.is_closed(),
        }
    }

    /// Tells of a failure. Whoever asked may have gone.
    fn refuse(self, error: Error) {
        match self {
            Self::Session(reply) => drop(reply.send(Err(error))),
            Self::Channel(reply) => drop(reply.send(Err(error))),
        }
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
            path: self.way(),
            terms: target.terms(),
            lane: self.lane,
        }
    }

    /// By which way, as one server is told from another. Where a command is given the node's own name, the same address is
    /// another machine for each node.
    fn way(&self) -> String {
        match self.target.told_by_name(&self.path) {
            Some(node) => format!("{} for {node}", self.path),
            None => self.path.to_string(),
        }
    }

    /// Open files that a connection takes: a socket, or the pipes of a command and the process itself; a bastion's are its own.
    fn files(&self) -> usize {
        match &self.path {
            Path::Jump(_) => 0,
            Path::ProxyCommand(_) | Path::Cloudflare(_) => 3,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        node::{Node, Route},
        ssh::{Config, config::Resolved},
    };

    fn key(name: &str, command: &str) -> Key {
        let node = Node {
            address: "localhost".to_owned(),
            transports: vec![Transport::ProxyCommand],
            route: Route {
                proxy_command: Some(command.to_owned()),
                ..Route::default()
            },
            ..Node::blank(name)
        };
        let config = Config::apart(Vec::new(), "ops");
        let target = Target::settle(&node, &Resolved::default(), &config);
        let wanted = Wanted {
            path: target.paths[0].clone(),
            target: Arc::new(target),
            lane: Lane::Control,
            trail: Trail::default(),
        };
        wanted.key()
    }

    #[test]
    fn a_command_that_is_given_the_nodes_name_leads_each_to_a_server_of_its_own() {
        for command in ["pod-shell %n", "nc %h-%k %p"] {
            assert_ne!(key("one", command), key("two", command), "{command}");
            assert_eq!(key("one", command), key("one", command), "{command}");
        }
        assert_eq!(key("one", "nc %h %p"), key("two", "nc %h %p"));
    }
}
