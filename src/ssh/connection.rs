//! An open connection with what is counted on it: channels now, channels so far, and how many the server allows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    Channel, SessionInfo,
    link::{Denied, Link},
    pump::Request,
    trail::Trail,
};
use crate::node::NodeId;

/// sshd's own default (`MaxSessions`); a server that allows fewer says so by refusing.
const USUAL_LIMIT: usize = 10;

/// A connection on which closed channels may still count is not asked again before.
const PAUSE: Duration = Duration::from_secs(5);

/// The same where one that has just ended may: a round trip is enough.
const SHORT_PAUSE: Duration = Duration::from_millis(250);

/// A connection that the pool owns and sessions use.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) link: Link,
    pub(super) info: Arc<SessionInfo>,
    pub(super) since: Instant,
    count: Arc<Count>,
    origin: Option<Origin>,
}

/// For whom a connection was opened.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) node: NodeId,
    pub(super) trail: Trail,
    /// For how long a person was waited for, the bastions' questions included.
    pub(super) waited: Duration,
}

/// How many channels at once a server allows on each connection, as far as is known: all connections to it share this.
#[derive(Debug)]
pub(super) struct Allowance {
    limit: AtomicUsize,
    /// The server has refused a channel before. From then on a place is only free when the server has certainly freed
    /// it, which costs a question per channel, so that the next refusal tells how many it allows.
    scarce: AtomicBool,
}

/// Channels of one connection.
#[derive(Debug)]
struct Count {
    since: Instant,
    allowance: Arc<Allowance>,
    open: AtomicUsize,
    total: AtomicUsize,
    /// Channels so far whose places were given back.
    freed: AtomicUsize,
    /// Closed by us, and the server has not said that their commands have ended: until then they count for it.
    unsettled: AtomicUsize,
    /// Milliseconds from `since` until which no channel is asked for.
    paused: AtomicU64,
}

/// A channel's place on its connection; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    count: Arc<Count>,
    /// What had been given back when this was taken.
    freed: usize,
}

/// A connection and a place on it.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) connection: Arc<Connection>,
    place: Place,
}

impl Allowance {
    /// What sshd allows by default.
    pub(super) fn usual() -> Self {
        Self::of(USUAL_LIMIT)
    }

    /// One channel: its reader sets the pace of the whole connection.
    pub(super) fn single() -> Self {
        Self::of(1)
    }

    fn of(limit: usize) -> Self {
        Self {
            limit: AtomicUsize::new(limit),
            scarce: AtomicBool::new(false),
        }
    }
}

impl Connection {
    pub(super) fn new(link: Link, info: SessionInfo) -> Self {
        let since = Instant::now();
        Self {
            link,
            info: Arc::new(info),
            since,
            count: Arc::new(Count::new(since, Arc::new(Allowance::usual()))),
            origin: None,
        }
    }

    /// The same, knowing for whom it was opened.
    pub(super) fn of(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// For how long a person was waited for until it was open.
    pub(super) fn waited(&self) -> Duration {
        let origin = self.origin.as_ref();
        origin.map_or(Duration::ZERO, |origin| origin.waited)
    }

    /// True when it was opened on this trail.
    pub(super) fn is_of(&self, trail: &Trail) -> bool {
        let origin = self.origin.as_ref();
        origin.is_some_and(|origin| origin.trail.is(trail))
    }

    /// For `node`, who shares what another has opened.
    pub(super) fn shared_by(&self, node: &NodeId) -> String {
        let info = &self.info;
        let others = self.origin.iter().map(|origin| &origin.node);
        let other = others.filter(|other| *other != node);
        let opener = other.map(|other| format!(", opened for {other}"));
        let opener: String = opener.collect();
        let (peer, ident, auth) = (&info.peer, &info.ident, &info.auth);
        format!("shares the connection to {peer}{opener}; {ident}; logged in by {auth}")
    }

    /// The same under what is known of the server; before its first channel.
    pub(super) fn allowed(mut self, allowance: Arc<Allowance>) -> Self {
        self.count = Arc::new(Count::new(self.since, allowance));
        self
    }

    /// Takes a place for a channel, where there is one.
    pub(super) fn seat(self: &Arc<Self>) -> Option<Seat> {
        let place = Count::reserve(&self.count)?;
        let connection = Arc::clone(self);
        Some(Seat { connection, place })
    }

    /// True when a channel would find a place.
    pub(super) fn has_room(&self) -> bool {
        !self.count.is_paused() && self.open() < self.limit()
    }

    /// Channels open now.
    pub(super) fn open(&self) -> usize {
        self.count.open.load(Ordering::Acquire)
    }

    /// Channels at once, as far as is known.
    pub(super) fn limit(&self) -> usize {
        self.count.limit()
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

impl Seat {
    /// Starts a command.
    pub(super) async fn exec(self, request: Request) -> Result<Channel, Denied> {
        self.connection.link.exec(request, self.place).await
    }
}

impl Count {
    fn new(since: Instant, allowance: Arc<Allowance>) -> Self {
        Self {
            since,
            allowance,
            open: AtomicUsize::new(0),
            total: AtomicUsize::new(0),
            freed: AtomicUsize::new(0),
            unsettled: AtomicUsize::new(0),
            paused: AtomicU64::new(0),
        }
    }

    fn limit(&self) -> usize {
        self.allowance.limit.load(Ordering::Relaxed)
    }

    fn age_ms(&self) -> u64 {
        self.since.elapsed().as_millis() as u64
    }

    fn is_paused(&self) -> bool {
        let until = self.paused.load(Ordering::Relaxed);
        until > 0 && self.age_ms() < until
    }

    fn pause(&self, time: Duration) {
        let until = self.age_ms() + time.as_millis() as u64;
        self.paused.fetch_max(until, Ordering::Relaxed);
    }

    fn reserve(self: &Arc<Self>) -> Option<Place> {
        if self.is_paused() {
            return None;
        }
        let limit = self.limit();
        let more = |open| (open < limit).then_some(open + 1);
        let (set, seen) = (Ordering::AcqRel, Ordering::Acquire);
        self.open.fetch_update(set, seen, more).ok()?;
        self.total.fetch_add(1, Ordering::Relaxed);
        Some(Place {
            count: Arc::clone(self),
            freed: self.freed.load(Ordering::Acquire),
        })
    }
}

impl Place {
    /// Gives it back: the server has freed it.
    pub(super) fn free(self) {
        // First, so that a refusal counts this either as open or as freed.
        self.count.freed.fetch_add(1, Ordering::AcqRel);
    }

    /// Gives it back although the command may go on at the server.
    pub(super) fn abandon(self) {
        self.count.unsettled.fetch_add(1, Ordering::AcqRel);
    }

    /// True where the server must have freed the place before it is given back.
    pub(super) fn is_scarce(&self) -> bool {
        self.count.allowance.scarce.load(Ordering::Acquire)
    }

    /// The server refused the channel: as many as were open beside it is what it allows, unless some of those that have
    /// ended are still there. Refused without any other, it would be so on every connection: nothing is learnt.
    pub(super) fn refused(self) {
        let (count, freed) = (Arc::clone(&self.count), self.freed);
        drop(self);
        let open = count.open.load(Ordering::Acquire);
        // What was given back since the server was asked may have been there when it refused.
        let others = open + count.freed.load(Ordering::Acquire) - freed;
        let was_scarce = count.allowance.scarce.swap(true, Ordering::AcqRel);
        if count.unsettled.load(Ordering::Acquire) > 0 {
            count.pause(PAUSE);
        } else if !was_scarce {
            count.pause(SHORT_PAUSE);
        } else if others > 0 && !count.is_paused() {
            count.allowance.limit.fetch_min(others, Ordering::AcqRel);
        }
        count.total.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.count.open.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
