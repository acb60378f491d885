//! What is known of a node's host key, what its server shows, and changing what is known: for `sshoal trust`.

use std::{io, sync::Arc};

use super::{
    Connector, Error, Place, Step,
    connector::most_telling,
    dial,
    host_key::{blocking, unreadable},
    known_hosts::{Book, Entry, Key, Known, Marker, Remembered},
    pool::{Lane, Wanted},
    target::Path,
    trail::Trail,
    transport::jump,
};
use crate::node::{Node, Route, Transport, text::SafeText};

/// A line of `known_hosts` that speaks of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// Where it stands.
    pub place: Place,
    /// What the line makes of the key.
    pub worth: Worth,
    /// `ssh-ed25519`, ...
    pub algorithm: SafeText,
    /// `SHA256:...`
    pub fingerprint: SafeText,
}

/// What a line makes of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// The host has it.
    HostKey,
    /// It signs host certificates.
    Authority,
    /// It must never be accepted.
    Revoked,
}

/// The host key that a server shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// By which way the server was reached.
    pub transport: Transport,
    /// `ssh-ed25519`, ...
    pub algorithm: SafeText,
    /// `SHA256:...`
    pub fingerprint: SafeText,
    /// What is known of it.
    pub standing: Standing,
    /// Why its certificate doesn't count; mostly empty.
    pub remark: SafeText,
    key: Key,
}

/// What is known of the key that a server shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the known one.
    Known,
    /// A certificate vouches for it, signed by the authority of this line.
    Certified(Place),
    /// Nothing is known of this host.
    New,
    /// This line holds another one.
    Changed(Place),
    /// This line forbids it.
    Revoked(Place),
}

impl Shown {
    pub(super) fn new(transport: Transport, key: &Key, standing: Standing, remark: &str) -> Self {
        Self {
            transport,
            algorithm: key.algorithm.as_str().into(),
            fingerprint: key.fingerprint().as_str().into(),
            standing,
            remark: remark.into(),
            key: key.clone(),
        }
    }
}

impl From<&Entry> for KnownKey {
    fn from(entry: &Entry) -> Self {
        let key = entry.key();
        Self {
            place: entry.place(),
            worth: match entry.marker() {
                Marker::None => Worth::HostKey,
                Marker::Authority => Worth::Authority,
                Marker::Revoked => Worth::Revoked,
            },
            algorithm: key.algorithm.as_str().into(),
            fingerprint: key.fingerprint().as_str().into(),
        }
    }
}

impl Connector {
    /// The name under which a node's keys are filed, and all lines of `known_hosts` that speak of it.
    pub async fn known_keys(&self, node: &Node) -> Result<(SafeText, Vec<KnownKey>), Error> {
        let book = self.book(node).await?;
        let label = book.host.label();
        let known = blocking(move || Known::lookup(&book.files, &book.host))
            .await
            .map_err(|error| unreadable(Transport::Direct, &error))?;
        let keys = known.entries().iter().map(KnownKey::from).collect();
        Ok((label.as_str().into(), keys))
    }

    /// The bastions on the way to a node, from here on, each with the way that leads to it in turn; the first of its
    /// transports that needs any counts.
    pub async fn bastions(&self, node: &Node) -> Result<Vec<Arc<Node>>, Error> {
        let (mut way, mut next) = (Vec::new(), Arc::new(node.clone()));
        // Who goes round in a circle is refused when it is dialled.
        while way.len() < jump::DEPTH {
            let target = self.shared().target(&next).await?;
            let Some(hops) = target.paths.iter().find_map(Path::hops) else {
                break;
            };
            // From the last back to the first, which alone goes by its own route.
            way.extend(hops.iter().enumerate().skip(1).rev().map(behind(hops)));
            let Some(first) = hops.first() else { break };
            way.push(Arc::clone(first));
            next = Arc::clone(first);
        }
        way.reverse();
        Ok(way)
    }

    /// The host key that a node's server shows, by the first of its transports that gets so far; `None` where no SSH
    /// leads there. Nobody is asked, nothing is written and nobody logs in.
    pub async fn host_key(&self, node: &Node) -> Result<Option<Shown>, Error> {
        let target = Arc::new(self.shared().target(node).await?);
        let mut failures = Vec::new();
        for path in &target.paths {
            if *path == Path::Local {
                return Ok(None);
            }
            let wanted = Wanted {
                trail: Trail::default(),
                target: Arc::clone(&target),
                path: path.clone(),
                lane: Lane::Control,
            };
            match dial::look(&wanted, self.shared()).await {
                Ok(shown) => return Ok(Some(shown)),
                Err(error) => failures.push(error.about(&node.id)),
            }
        }
        Err(most_telling(&failures, &node.id))
    }

    /// Writes the key of a new host down; false where it was there already.
    pub async fn remember(&self, node: &Node, shown: &Shown) -> Result<bool, Error> {
        let (book, key) = (self.book(node).await?, shown.key.clone());
        match blocking(move || book.remember(&key)).await {
            Ok(Remembered::Added) => Ok(true),
            Ok(Remembered::Already) => Ok(false),
            Ok(Remembered::Conflict) => {
                let reason = "known_hosts holds another key for this host by now";
                Err(Error::new(Step::HostKey, shown.transport, reason).for_good())
            }
            Err(error) => Err(unwritable(shown.transport, &error)),
        }
    }

    /// Takes out all that is known of the host and writes this key down instead. Gives the lines that went.
    pub async fn replace(&self, node: &Node, shown: &Shown) -> Result<Vec<Place>, Error> {
        let (book, key) = (self.book(node).await?, shown.key.clone());
        blocking(move || book.replace(&key))
            .await
            .map_err(|error| unwritable(shown.transport, &error))
    }

    /// Takes out all that is known of the host, but for authorities and revoked keys. Gives the lines that went.
    pub async fn forget(&self, node: &Node) -> Result<Vec<Place>, Error> {
        let book = self.book(node).await?;
        blocking(move || book.forget())
            .await
            .map_err(|error| unwritable(Transport::Direct, &error))
    }

    async fn book(&self, node: &Node) -> Result<Book, Error> {
        Ok(self.shared().target(node).await?.book())
    }
}

/// A bastion with those before it on its way.
fn behind(hops: &[Arc<Node>]) -> impl Fn((usize, &Arc<Node>)) -> Arc<Node> {
    |(at, hop)| {
        let route = Route {
            jump: hops.iter().take(at).cloned().collect(),
            ..Route::default()
        };
        Arc::new(Node {
            route,
            transports: vec![Transport::Jump],
            ..hop.as_ref().clone()
        })
    }
}

fn unwritable(transport: Transport, error: &io::Error) -> Error {
    let reason = format!("can't write known hosts: {error}");
    Error::new(Step::HostKey, transport, &reason).for_good()
}
