//! An open connection with what is counted on it: channels now, channels so far, and how many the server allows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use super::{Channel, Error, SessionInfo, link::Link};

/// sshd's own default (`MaxSessions`); a server that allows fewer says so by refusing.
const USUAL_LIMIT: usize = 10;

/// A connection that the pool owns and sessions use.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) link: Link,
    pub(super) info: Arc<SessionInfo>,
    pub(super) since: Instant,
    count: Arc<Count>,
}

/// Channels of one connection.
#[derive(Debug)]
struct Count {
    open: AtomicUsize,
    limit: AtomicUsize,
    total: AtomicUsize,
}

/// A channel's place on its connection; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Count>);

impl Connection {
    pub(super) fn new(link: Link, info: SessionInfo) -> Self {
        Self {
            link,
            info: Arc::new(info),
            since: Instant::now(),
            count: Arc::new(Count {
                open: AtomicUsize::new(0),
                limit: AtomicUsize::new(USUAL_LIMIT),
                total: AtomicUsize::new(0),
            }),
        }
    }

    /// Takes a place for a channel, where there is one.
    pub(super) fn reserve(&self) -> Option<Place> {
        let limit = self.count.limit.load(Ordering::Relaxed);
        let more = |open| (open < limit).then_some(open + 1);
        let (set, seen) = (Ordering::AcqRel, Ordering::Acquire);
        self.count.open.fetch_update(set, seen, more).ok()?;
        self.count.total.fetch_add(1, Ordering::Relaxed);
        Some(Place(Arc::clone(&self.count)))
    }

    /// Starts a command in a place of this connection.
    pub(super) async fn exec(&self, command: &str, place: Place) -> Result<Channel, Error> {
        self.link.exec(command, place).await
    }

    /// The server refused a channel beside the others that are open: so many it allows. False when there was no other,
    /// as then another connection would be refused one too.
    pub(super) fn learn(&self) -> bool {
        let open = self.open();
        if open > 0 {
            self.count.limit.fetch_min(open, Ordering::AcqRel);
        }
        open > 0
    }

    /// Channels open now.
    pub(super) fn open(&self) -> usize {
        self.count.open.load(Ordering::Acquire)
    }

    /// Channels at once, as far as is known.
    pub(super) fn limit(&self) -> usize {
        self.count.limit.load(Ordering::Relaxed)
    }

    /// Channels so far.
    pub(super) fn total(&self) -> usize {
        self.count.total.load(Ordering::Relaxed)
    }

    /// True when it has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.link.is_closed()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}
