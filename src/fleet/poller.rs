//! One task per node: connects, samples, reports, and starts again after a while when it failed.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{
    backoff,
    clock::Clock,
    event::{News, Report},
    sampling::Sampling,
};
use crate::{
    node::Node,
    ssh::{Connector, Error, Session},
};

/// What the fleet wants of a poller now; the newest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Time between samples.
    pub(super) interval_ms: u64,
    /// Per-core use is looked at.
    pub(super) per_core: bool,
    /// Grows when somebody wants an attempt now.
    pub(super) retries: u32,
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

impl Poller {
    /// Runs until cancelled.
    pub(super) async fn run(mut self) {
        let cancel = self.cancel.clone();
        cancel.run_until_cancelled(self.keep_connected()).await;
    }

    async fn keep_connected(&mut self) {
        let mut failures = 0;
        loop {
            let (error, was_up) = self.attempt().await;
            failures = if was_up { 1 } else { failures + 1 };
            self.wait_after(error, failures).await;
        }
    }

    /// One connection from dialling to its end; says why it ended and whether it had been up.
    async fn attempt(&mut self) -> (Error, bool) {
        let session = match self.connect().await {
            Ok(session) => session,
            Err(error) => return (error, false),
        };
        self.report(News::Up(session.info().clone())).await;
        let error = Sampling::new(self, &session).run().await;
        session.close().await;
        (error, true)
    }

    async fn connect(&mut self) -> Result<Session, Error> {
        self.report(News::Connecting).await;
        // On the heap, so that a connected node does not carry its handshake's state along.
        Box::pin(self.connector.connect(&self.node)).await
    }

    async fn wait_after(&mut self, error: Error, failures: u32) {
        tracing::info!(node = %self.node.id, %error, failures, "not connected");
        let retries = self.wish.borrow_and_update().retries;
        if error.permanent {
            self.report(News::Refused(Arc::new(error))).await;
            self.retry_wanted(retries).await;
            return;
        }
        let retry_in_ms = backoff::delay_ms(failures, self.node.id.as_str());
        self.report(News::Down {
            error: Arc::new(error),
            failures,
            retry_in_ms,
        })
        .await;
        tokio::select! {
            biased;
            () = self.retry_wanted(retries) => {}
            () = sleep(Duration::from_millis(retry_in_ms)) => {}
        }
    }

    async fn retry_wanted(&mut self, before: u32) {
        if self
            .wish
            .wait_for(|wish| wish.retries != before)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
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
