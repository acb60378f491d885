//! One task per node: connects, samples, reports, moves to a better way, and starts again after a while when it failed.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    clock::Clock,
    event::{News, Report},
    sampling::Sampling,
};
use crate::{
    node::{Node, Transport},
    ssh::{self, Breaker, Connector, Error, Session, Watch, Ways},
};

/// A session that lasts less says that the node is not well: the next one is waited for as after a failure.
const SHORT_LIFE: Duration = Duration::from_secs(30);

/// Before the first look for a better way, and where nothing speaks for a later one.
const LOOK_AROUND: Duration = Duration::from_secs(10);

/// Between two looks at the files that a refusal was judged by.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Between two nodes that are roused: one network is back for all of them, and one bastion may stand before them.
const ROUSE_APART_MS: u64 = 20;
/// However many they are, the last is tried by then.
const ROUSE_WITHIN_MS: u64 = 5_000;

/// What the fleet wants of a poller now; the newest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// Time between samples.
    pub(super) interval_ms: u64,
    /// Per-core use is looked at.
    pub(super) per_core: bool,
    /// Grows when somebody wants an attempt now.
    pub(super) retries: u32,
    /// When a node that was lost with this one came back.
    pub(super) roused: Roused,
}

/// A call to all nodes that were lost together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roused {
    /// Grows with each call.
    pub(super) times: u32,
    /// Over so long their attempts are spread.
    pub(super) over_ms: u64,
}

impl Roused {
    /// The next call, to so many nodes.
    pub(super) fn again(self, nodes: usize) -> Self {
        Self {
            times: self.times.wrapping_add(1),
            over_ms: (nodes as u64 * ROUSE_APART_MS).min(ROUSE_WITHIN_MS),
        }
    }
}

/// All that a poller needs.
pub(super) struct Poller {
    pub(super) node: Arc<Node>,
    /// Tells its reports from those of an earlier poller of the same name.
    pub(super) generation: u64,
    pub(super) connector: Connector,
    pub(super) reports: mpsc::Sender<Report>,
    pub(super) wish: watch::Receiver<Wish>,
    pub(super) clock: Clock,
    pub(super) cancel: CancellationToken,
}

/// What a poller remembers between its sessions.
#[derive(Default)]
struct Memory {
    ways: Ways,
    /// Of sessions that were lost as soon as they were there.
    short_lives: Breaker,
    /// Attempts in a row that came to nothing.
    failures: u32,
    /// The node's transports, best first.
    plan: Vec<Transport>,
    /// The wish for an attempt that was followed last.
    retries: u32,
    /// The call that was followed last.
    roused: u32,
}

/// How a session ended.
enum Ended {
    Lost(Error),
    /// There is one by a better way now.
    Better(Session),
}

impl Poller {
    /// Runs until cancelled.
    pub(super) async fn run(mut self) {
        let cancel = self.cancel.clone();
        let connected = Box::pin(self.keep_connected());
        cancel.run_until_cancelled(connected).await;
    }

    async fn keep_connected(&mut self) {
        let mut memory = Memory {
            retries: self.wish.borrow().retries,
            roused: self.wish.borrow().roused.times,
            ..Memory::default()
        };
        let mut session = None;
        loop {
            let open = match session.take() {
                Some(better) => Ok(better),
                None => self.connect(&mut memory).await,
            };
            match open {
                Err(error) => self.wait_after(error, &mut memory).await,
                Ok(open) => match self.hold(open, &mut memory).await {
                    Ended::Better(better) => session = Some(better),
                    Ended::Lost(error) => self.wait_after(error, &mut memory).await,
                },
            }
        }
    }

    async fn connect(&mut self, memory: &mut Memory) -> Result<Session, Error> {
        self.report(News::Connecting).await;
        let (ways, now) = (&memory.ways, self.clock.now().0);
        let allows = |transport| ways.allows(transport, now);
        // On the heap, so that a connected node does not carry its handshake's state along.
        let attempt = Box::pin(self.connector.attempt(&self.node, allows)).await;
        memory.plan.clone_from(&attempt.plan);
        self.note(&mut memory.ways, attempt.tried).await;
        attempt.result
    }

    async fn note(&self, ways: &mut Ways, tried: Vec<ssh::Tried>) {
        let now = self.clock.now().0;
        for tried in tried {
            ways.note(tried, now, self.node.id.as_str());
        }
        self.report(News::Ways(Arc::new(ways.clone()))).await;
    }

    /// Until the session is lost or there is a better one.
    async fn hold(&mut self, session: Session, memory: &mut Memory) -> Ended {
        memory.failures = 0;
        let started = Instant::now();
        self.report(News::Up(session.info().clone())).await;
        let better = better(&memory.plan, session.info().transport);
        let seeker = self.seeker();
        let sampling = Sampling::new(self, &session).run();
        let ended = tokio::select! {
            biased;
            error = sampling => Ended::Lost(error),
            found = seeker.find(better, &mut memory.ways) => Ended::Better(found),
        };
        session.close().await;
        if matches!(ended, Ended::Lost(_)) && started.elapsed() < SHORT_LIFE {
            let now = self.clock.now().0;
            memory.short_lives.failed(now, self.node.id.as_str());
        } else {
            memory.short_lives.succeeded();
        }
        ended
    }

    /// A poller of the same node for another task.
    fn seeker(&self) -> Self {
        Self {
            node: self.node.clone(),
            generation: self.generation,
            connector: self.connector.clone(),
            reports: self.reports.clone(),
            wish: self.wish.clone(),
            clock: self.clock,
            cancel: self.cancel.clone(),
        }
    }

    /// Tries the better ways now and then, as their breakers allow, until one works.
    async fn find(&self, better: &[Transport], ways: &mut Ways) -> Session {
        if better.is_empty() {
            return std::future::pending().await;
        }
        loop {
            let wait = ways
                .retry_at_ms(better)
                .map(|at| Duration::from_millis(at.saturating_sub(self.clock.now().0)));
            sleep(wait.unwrap_or_default().max(LOOK_AROUND)).await;
            let (known, now) = (ways.clone(), self.clock.now().0);
            let allows = |transport| better.contains(&transport) && known.allows(transport, now);
            let attempt = Box::pin(self.connector.attempt(&self.node, allows)).await;
            self.note(ways, attempt.tried).await;
            if let Ok(session) = attempt.result {
                return session;
            }
        }
    }

    async fn wait_after(&mut self, error: Error, memory: &mut Memory) {
        memory.failures += 1;
        let failures = memory.failures;
        tracing::info!(node = %self.node.id, %error, failures, "not connected");
        if error.permanent {
            let mut evidence = error.evidence.watch();
            self.report(News::Refused(Arc::new(error))).await;
            tokio::select! {
                biased;
                () = self.retry_wanted(memory) => {}
                () = changed(&mut evidence) => memory.ways.hurry(),
            }
            return;
        }
        let now = self.clock.now().0;
        let by_ways = memory.ways.retry_at_ms(&memory.plan).unwrap_or(now);
        let retry_at = by_ways.max(memory.short_lives.retry_at_ms());
        let retry_in_ms = retry_at.saturating_sub(now).max(self.place_in(1000));
        self.report(News::Down {
            error: Arc::new(error),
            failures,
            retry_in_ms,
        })
        .await;
        tokio::select! {
            biased;
            () = self.retry_wanted(memory) => {}
            () = sleep(Duration::from_millis(retry_in_ms)) => {}
        }
    }

    /// Resolves when somebody wants an attempt that was not made yet, or in its turn when all that were lost are called.
    async fn retry_wanted(&mut self, memory: &mut Memory) {
        let (retries, roused) = (memory.retries, memory.roused);
        let is_new = |wish: &Wish| wish.retries != retries || wish.roused.times != roused;
        let wish = self.wish.wait_for(is_new).await.map(|wish| *wish);
        let Ok(wish) = wish else {
            return std::future::pending().await;
        };
        memory.roused = wish.roused.times;
        if wish.retries == retries {
            let turn = Duration::from_millis(self.place_in(wish.roused.over_ms));
            let wanted = self.wish.wait_for(|wish| wish.retries != retries);
            // A person doesn't wait for the turn; whoever is gone ends this task.
            let _ = timeout(turn, wanted).await;
        }
        memory.retries = self.wish.borrow().retries;
        memory.ways.hurry();
    }

    /// A place in `0..span` that belongs to the node: what many do is spread evenly.
    pub(super) fn place_in(&self, span: u64) -> u64 {
        place_in(self.node.id.as_str(), span)
    }

    /// Waits when the fleet is behind: a sample is taken later rather than queued.
    pub(super) async fn report(&self, news: News) {
        let report = Report {
            node: self.node.id.clone(),
            generation: self.generation,
            news,
        };
        // A closed channel means that the fleet is gone, and this task with it.
        self.reports.send(report).await.ok();
    }
}

fn place_in(node: &str, span: u64) -> u64 {
    ssh::hash(node, 0) % span.max(1)
}

/// Resolves when something speaks for another attempt: a key was put into known_hosts, a key file was made readable.
async fn changed(evidence: &mut Watch) {
    loop {
        sleep(LOOK_AGAIN).await;
        if evidence.has_changed().await {
            return;
        }
    }
}

/// The ways that come before the one in use.
fn better(plan: &[Transport], used: Transport) -> &[Transport] {
    let place = plan.iter().position(|transport| *transport == used);
    plan.get(..place.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_are_roused_are_spread_evenly() {
        for (nodes, over_ms) in [(1, 20), (10, 200), (1_000, 5_000)] {
            let roused = Roused::default().again(nodes);
            assert_eq!((roused.times, roused.over_ms), (1, over_ms));
        }
        let over_ms = Roused::default().again(1_000).over_ms;
        let mut tenths = [0; 10];
        for node in 0..1_000 {
            let at = place_in(&format!("gpu{node:04}"), over_ms);
            tenths[(at * 10 / over_ms) as usize] += 1;
        }
        assert!(
            tenths.iter().all(|nodes| (60..=140).contains(nodes)),
            "{tenths:?}"
        );
    }
}
