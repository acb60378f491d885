//! One order from its first stream to its end: the engine, the merge, and what is shown meanwhile.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Followed,
    root::{Next, Root},
};
use crate::{
    fleet::{clock::Clock, shown::Shown},
    logs::{self, Event, Flow},
    ssh::Connector,
};

/// Happenings that may wait; nodes wait behind them.
const EVENTS: usize = 64;

/// Lines that go out before anything else is looked at.
const MOST: usize = 8_192;

/// What is shown is at least this far apart.
pub(super) const SHOW_EVERY: Duration = Duration::from_millis(100);

/// All that following needs.
pub(super) struct Task {
    pub(super) followed: Followed,
    pub(super) connector: Connector,
    pub(super) clock: Clock,
    pub(super) root: Option<Root>,
    pub(super) cancel: CancellationToken,
    pub(super) shown: Shown<Followed>,
}

impl Task {
    /// Follows to the end. The engine's tasks end with this one.
    pub(super) async fn run(mut self) {
        let (to, mut events) = mpsc::channel(EVENTS);
        let order = Arc::clone(&self.followed.order);
        let mut flow = Flow::new(&order);
        let sudo = self.root.as_ref().map(Root::nodes);
        let (connector, cancel) = (self.connector.clone(), self.cancel.clone());
        let following = logs::follow_as_root(order, connector, cancel, to, sudo);
        let mut following = pin!(following);
        let mut is_over = false;
        let mut batch = Vec::with_capacity(EVENTS);
        loop {
            let wait = self.wait(&flow);
            tokio::select! {
                biased;
                // Pending mostly: its own tasks do the work.
                () = &mut following, if !is_over => is_over = true,
                () = self.shown.due() => {
                    self.show(&flow);
                    continue;
                }
                next = next(&mut self.root) => self.attend(next).await,
                count = events.recv_many(&mut batch, EVENTS) => {
                    if count == 0 {
                        break;
                    }
                    batch.drain(..).for_each(|event| self.take(event, &mut flow));
                }
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            }
            flow.keep(self.clock.now().0, MOST);
            self.shown.soon();
        }
        while flow.keep(u64::MAX, MOST) > 0 {}
        self.followed.is_over = true;
        self.show(&flow);
    }

    /// Nothing is read any more once there is no password: each node would ask for ever.
    async fn attend(&mut self, next: Next) {
        match (next, &mut self.root) {
            (Next::Question(text), Some(root)) => root.ask(&text).await,
            (Next::Refused(why), _) => {
                self.followed.said = Some(why);
                self.root = None;
                self.cancel.cancel();
            }
            _ => {}
        }
    }

    fn take(&mut self, event: Event, flow: &mut Flow) {
        if let Event::Said(text) = &event {
            self.followed.said = Some(text.clone());
        }
        flow.apply(event, self.clock.now().0);
    }

    /// Until lines go out that wait now.
    fn wait(&self, flow: &Flow) -> Option<Duration> {
        let at = flow.next_at()?;
        Some(Duration::from_millis(
            at.saturating_sub(self.clock.now().0).max(1),
        ))
    }

    fn show(&mut self, flow: &Flow) {
        self.followed.state = flow.state().clone();
        self.shown.show(Arc::new(self.followed.clone()));
    }
}

async fn next(root: &mut Option<Root>) -> Next {
    match root {
        Some(root) => root.next().await,
        None => std::future::pending().await,
    }
}
