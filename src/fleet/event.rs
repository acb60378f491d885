//! What pollers report, and how each report changes a snapshot. Pure.

use std::sync::Arc;

use super::{Link, Millis, NodeState, Sampler, Snapshot};
use crate::{
    metrics::{Sample, Valued, health::Health},
    node::NodeId,
    ssh::{Error, SessionInfo, Ways},
};

/// A report about one node.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) node: NodeId,
    /// Of the poller that sent it: what one sent whose node was changed meanwhile counts no more.
    pub(crate) generation: u64,
    pub(crate) news: News,
}

/// What is new.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Connecting,
    Asking,
    Up(Arc<SessionInfo>),
    Down {
        error: Arc<Error>,
        failures: u32,
        retry_in_ms: u64,
    },
    Refused(Arc<Error>),
    Authenticating,
    Ways(Arc<Ways>),
    Sampler(Sampler),
    Sample(Measured),
}

/// A sample with how it was taken.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) sample: Arc<Valued>,
    pub(crate) round_trip_ms: f64,
    pub(crate) interval_ms: u64,
    /// Rates, disks, daemons and GPUs are in, as far as the node has them.
    pub(crate) complete: bool,
}

impl NodeState {
    /// Applies a report; `judge` turns a sample into a health.
    pub(crate) fn apply(&mut self, news: News, now: Millis, judge: impl FnOnce(&Sample) -> Health) {
        match news {
            News::Connecting => self.try_again(now),
            News::Authenticating => self.authenticate(now),
            News::Ways(ways) => self.ways = ways,
            News::Asking => self.turn(Link::Asking, now),
            News::Up(info) => self.turn(Link::Up(info), now),
            News::Refused(error) => self.lose(Link::Refused(error), now),
            News::Down {
                error,
                failures,
                retry_in_ms,
            } => {
                let retry_at = Millis(now.0 + retry_in_ms);
                self.lose(
                    Link::Down {
                        error,
                        failures,
                        retry_at,
                    },
                    now,
                );
            }
            News::Sampler(sampler) => self.sampler = sampler,
            News::Sample(measured) => self.measure(measured, now, judge),
        }
    }

    /// A node that is down stays down, with its reason, while it is tried again.
    fn try_again(&mut self, now: Millis) {
        match &mut self.link {
            Link::Down { retry_at, .. } => *retry_at = now,
            _ => self.turn(Link::Connecting, now),
        }
    }

    /// Only a step on the way up: a node that is down stays so until it is up.
    fn authenticate(&mut self, now: Millis) {
        if self.link == Link::Connecting {
            self.turn(Link::Authenticating, now);
        }
    }

    fn turn(&mut self, link: Link, now: Millis) {
        if self.link != link {
            self.link = link;
            self.link_since = now;
        }
    }

    fn lose(&mut self, link: Link, now: Millis) {
        let was_lost = matches!(self.link, Link::Down { .. } | Link::Refused(_));
        let since = if was_lost { self.link_since } else { now };
        self.link = link;
        self.link_since = since;
        self.sampler = Sampler::Off;
        self.round_trip_ms = None;
        self.complete = false;
    }

    fn measure(&mut self, measured: Measured, now: Millis, judge: impl FnOnce(&Sample) -> Health) {
        self.health = judge(&measured.sample);
        self.history.push(now.0, &measured.sample);
        self.round_trip_ms = Some(measured.round_trip_ms);
        self.interval_ms = measured.interval_ms;
        self.complete = measured.complete;
        self.sample = Some(measured.sample);
        self.sample_at = now;
    }
}

impl Snapshot {
    /// The state of a node.
    pub fn node(&self, id: &str) -> Option<&Arc<NodeState>> {
        self.nodes.iter().find(|n| n.node.id.as_str() == id)
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
