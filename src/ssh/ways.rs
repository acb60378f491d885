//! How a node's transports have done: the memory that decides which are tried, and that screens show. Pure.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Breaker, Error};
use crate::node::Transport;

/// One attempt by one transport, over.
#[derive(Clone, Debug)]
pub struct Tried {
    /// By which way.
    pub transport: Transport,
    /// From dialling to logged in, or why not.
    pub outcome: Result<Duration, Error>,
}

/// What is known of one transport of a node. Times are milliseconds of the caller's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Which.
    pub transport: Transport,
    /// Whether it is tried.
    pub breaker: Breaker,
    /// Attempts that succeeded.
    pub successes: u32,
    /// Attempts that failed.
    pub failures: u32,
    /// Successes since the last failure.
    pub in_a_row: u32,
    /// When it last succeeded.
    pub last_success_ms: Option<u64>,
    /// When it last failed.
    pub last_failure_ms: Option<u64>,
    /// Why.
    pub error: Option<Arc<Error>>,
    /// From dialling to logged in, the last time.
    pub setup: Option<Duration>,
}

/// All that were tried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ways(BTreeMap<Transport, Way>);

impl Way {
    fn new(transport: Transport) -> Self {
        Self {
            transport,
            breaker: Breaker::default(),
            successes: 0,
            failures: 0,
            in_a_row: 0,
            last_success_ms: None,
            last_failure_ms: None,
            error: None,
            setup: None,
        }
    }

    /// Share of attempts that succeeded, 0 to 1.
    pub fn success_rate(&self) -> f64 {
        f64::from(self.successes) / f64::from((self.successes + self.failures).max(1))
    }
}

impl Ways {
    /// All that are known.
    pub fn iter(&self) -> impl Iterator<Item = &Way> {
        self.0.values()
    }

    /// What is known of one.
    pub fn way(&self, transport: Transport) -> Option<&Way> {
        self.0.get(&transport)
    }

    /// True when this one may be tried; of one that never was, nothing speaks against it.
    pub fn allows(&self, transport: Transport, now_ms: u64) -> bool {
        self.way(transport)
            .is_none_or(|way| way.breaker.allows(now_ms))
    }

    /// When the first of `transports` may be tried again.
    pub fn retry_at_ms(&self, transports: &[Transport]) -> Option<u64> {
        let known = transports.iter().filter_map(|t| self.way(*t));
        known.map(|way| way.breaker.retry_at_ms()).min()
    }

    /// Takes in an attempt.
    pub fn note(&mut self, tried: Tried, now_ms: u64, node: &str) {
        let fresh = || Way::new(tried.transport);
        let way = self.0.entry(tried.transport).or_insert_with(fresh);
        match tried.outcome {
            Ok(setup) => {
                way.breaker.succeeded();
                way.successes += 1;
                way.in_a_row += 1;
                way.last_success_ms = Some(now_ms);
                way.setup = Some(setup);
            }
            Err(error) => {
                way.breaker.failed(now_ms, node);
                way.failures += 1;
                way.in_a_row = 0;
                way.last_failure_ms = Some(now_ms);
                way.error = Some(Arc::new(error));
            }
        }
    }

    /// Somebody wants an attempt now.
    pub fn hurry(&mut self) {
        for way in self.0.values_mut() {
            way.breaker.hurry();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::Step;

    fn failed(transport: Transport) -> Tried {
        let error = Error::new(Step::Connect, transport, "no route");
        Tried {
            transport,
            outcome: Err(error),
        }
    }

    #[test]
    fn each_way_is_remembered_apart() {
        use Transport::{Direct, Tailscale};
        let mut ways = Ways::default();
        assert!(ways.allows(Tailscale, 0));
        for at in [0, 10_000, 20_000] {
            ways.note(failed(Tailscale), at, "n");
        }
        let setup = Duration::from_millis(80);
        let tried = Tried {
            transport: Direct,
            outcome: Ok(setup),
        };
        ways.note(tried, 20_000, "n");
        assert!(!ways.allows(Tailscale, 20_500) && ways.allows(Direct, 20_500));
        let broken = ways.way(Tailscale).unwrap();
        assert!(broken.breaker.is_open());
        assert!((broken.success_rate(), broken.failures) == (0.0, 3));
        assert_eq!(ways.way(Direct).unwrap().setup, Some(setup));
        let at = ways.retry_at_ms(&[Tailscale]).unwrap();
        assert!((21_600..=22_400).contains(&at), "{at}");
        ways.hurry();
        assert!(ways.allows(Tailscale, 0));
        assert!(ways.way(Tailscale).unwrap().breaker.is_open());
    }
}
