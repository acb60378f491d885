//! What was unlocked or typed once, for all logins of this process: one owner for each kind, in memory only.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    path::PathBuf,
    sync::Arc,
};

use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt},
    stream::FuturesUnordered,
};
use tokio::sync::{mpsc, oneshot};

use super::{auth::ReadyKey, secret::Secret, target::Target};
use crate::node::NodeId;

/// Requests that may wait; whoever asks more waits.
const REQUESTS: usize = 64;

/// Everything that is kept.
#[derive(Clone, Debug)]
pub(super) struct Keyring {
    /// Decrypted keys by their files.
    pub(super) keys: Ring<PathBuf, Arc<ReadyKey>>,
    /// Passwords that a server has accepted.
    pub(super) passwords: Ring<Account, Secret>,
}

/// Whose password.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account {
    pub(super) user: String,
    pub(super) host: String,
    pub(super) port: u16,
    /// Where the address is another machine for each node.
    pub(super) node: Option<NodeId>,
}

impl Account {
    /// The one that a target is entered by.
    pub(super) fn of(target: &Target) -> Self {
        let mut names = target
            .paths
            .iter()
            .filter_map(|path| target.told_by_name(path));
        Self {
            user: target.user.clone(),
            host: target.host.clone(),
            port: target.port,
            node: names.next().cloned(),
        }
    }
}

/// One kind of thing that is found out at most once at a time: whoever comes later waits for the first.
#[derive(Debug)]
pub(super) struct Ring<K, V>(mpsc::Sender<Request<K, V>>);

impl<K, V> Clone for Ring<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What there is for whoever wants a thing.
#[derive(Debug)]
pub(super) enum Found<V> {
    /// Here it is.
    Known(V),
    /// Nobody knows it, and nobody else finds it out meanwhile.
    Turn(Turn<V>),
    /// A person declined to tell while this one waited.
    Declined,
}

/// The right to find a thing out. Dropped without a word, the next one in line gets it.
#[derive(Debug)]
pub(super) struct Turn<V>(oneshot::Sender<Outcome<V>>);

#[derive(Debug)]
enum Outcome<V> {
    Kept(V),
    Declined,
}

#[derive(Debug)]
enum Request<K, V> {
    Find(K, oneshot::Sender<Found<V>>),
    Spoilt(K, V),
    Forget(oneshot::Sender<()>),
}

/// The owner of one kind, to be run by whoever made the keyring.
pub(super) type Owner = BoxFuture<'static, ()>;

impl Keyring {
    /// An empty keyring, and the owners of what it will hold.
    pub(super) fn new() -> (Self, [Owner; 2]) {
        let (key_to, keys) = mpsc::channel(REQUESTS);
        let (password_to, passwords) = mpsc::channel(REQUESTS);
        let keyring = Self {
            keys: Ring(key_to),
            passwords: Ring(password_to),
        };
        (keyring, [run(keys).boxed(), run(passwords).boxed()])
    }

    /// Drops all of it. Logins under way may still hold a copy for a moment.
    pub(super) async fn forget(&self) {
        self.keys.forget().await;
        self.passwords.forget().await;
    }
}

impl<V> Turn<V> {
    /// It is found out: for everybody who waits, and whoever comes later.
    pub(super) fn keep(self, value: V) {
        // An owner that is gone keeps nothing.
        let _ = self.0.send(Outcome::Kept(value));
    }

    /// A person declined: nobody who waits now asks again.
    pub(super) fn decline(self) {
        let _ = self.0.send(Outcome::Declined);
    }
}

impl<K, V> Ring<K, V> {
    /// Finds a thing, or waits for the turn to find it out.
    pub(super) async fn find(&self, name: K) -> Found<V> {
        let (reply, found) = oneshot::channel();
        // An owner that is gone means that everything is being closed.
        let _ = self.0.send(Request::Find(name, reply)).await;
        found.await.unwrap_or(Found::Declined)
    }

    /// This value is of no use any more; a newer one stays.
    pub(super) async fn spoilt(&self, name: K, value: V) {
        // An owner that is gone keeps nothing.
        let _ = self.0.send(Request::Spoilt(name, value)).await;
    }

    async fn forget(&self) {
        let (reply, done) = oneshot::channel();
        // An owner that is gone keeps nothing.
        let _ = self.0.send(Request::Forget(reply)).await;
        let _ = done.await;
    }
}

/// What is known of one thing, and who waits for it.
struct Slot<V> {
    value: Option<V>,
    is_taken: bool,
    waiting: VecDeque<oneshot::Sender<Found<V>>>,
}

type Turns<K, V> = FuturesUnordered<BoxFuture<'static, (K, Option<Outcome<V>>)>>;

/// Owns the values of one kind until nobody can ask any more.
async fn run<K, V>(mut requests: mpsc::Receiver<Request<K, V>>)
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + PartialEq + Send + 'static,
{
    let mut slots: HashMap<K, Slot<V>> = HashMap::new();
    let mut turns: Turns<K, V> = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            Some((name, outcome)) = turns.next() => {
                let Some(slot) = slots.get_mut(&name) else { continue };
                slot.settle(outcome);
                slot.serve(&name, &turns);
            }
            request = requests.recv() => match request {
                Some(Request::Find(name, reply)) => {
                    let slot = slots.entry(name.clone()).or_insert_with(Slot::empty);
                    slot.waiting.push_back(reply);
                    slot.serve(&name, &turns);
                }
                Some(Request::Spoilt(name, value)) => {
                    if let Some(slot) = slots.get_mut(&name) {
                        slot.value.take_if(|kept| *kept == value);
                    }
                }
                Some(Request::Forget(reply)) => {
                    for slot in slots.values_mut() {
                        slot.value = None;
                    }
                    // Whoever asked may have gone.
                    let _ = reply.send(());
                }
                None => return,
            },
        }
    }
}

impl<V: Clone + Send + 'static> Slot<V> {
    fn empty() -> Self {
        Self {
            value: None,
            is_taken: false,
            waiting: VecDeque::new(),
        }
    }

    fn settle(&mut self, outcome: Option<Outcome<V>>) {
        self.is_taken = false;
        match outcome {
            Some(Outcome::Kept(value)) => self.value = Some(value),
            Some(Outcome::Declined) => {
                for waiter in self.waiting.drain(..) {
                    // Whoever waited may have gone.
                    let _ = waiter.send(Found::Declined);
                }
            }
            None => {}
        }
    }

    /// Gives those who wait the value, or the first of them the turn.
    fn serve<K: Clone + Send + 'static>(&mut self, name: &K, turns: &Turns<K, V>) {
        while !self.is_taken
            && let Some(waiter) = self.waiting.pop_front()
        {
            if let Some(value) = &self.value {
                // Whoever waited may have gone.
                let _ = waiter.send(Found::Known(value.clone()));
                continue;
            }
            let (settle, settled) = oneshot::channel();
            if waiter.send(Found::Turn(Turn(settle))).is_ok() {
                let name = name.clone();
                turns.push(async move { (name, settled.await.ok()) }.boxed());
                self.is_taken = true;
            }
        }
    }
}

#[cfg(test)]
#[path = "keyring_tests.rs"]
mod tests;
