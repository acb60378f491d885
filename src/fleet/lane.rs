//! One channel of a node's sampling, with its timers: when to open it, when to ask, how long to wait.

use std::time::Duration;

use tokio::time::Instant;

use crate::ssh::{Channel, Error, Output, Session};

/// A channel that may be shut, due to be opened, or open.
#[derive(Default)]
pub(super) struct Lane {
    channel: Option<Channel>,
    open_at: Option<Instant>,
    ask_at: Option<Instant>,
    silent_at: Option<Instant>,
}

impl Lane {
    /// Not used.
    pub(super) fn shut() -> Self {
        Self::default()
    }

    /// To be opened then.
    pub(super) fn open_at(at: Instant) -> Self {
        Self {
            open_at: Some(at),
            ..Self::default()
        }
    }

    pub(super) fn is_shut(&self) -> bool {
        self.channel.is_none() && self.open_at.is_none()
    }

    /// No channel, though one may be due later.
    pub(super) fn is_idle(&self) -> bool {
        self.channel.is_none()
    }

    pub(super) fn must_open(&self, now: Instant) -> bool {
        self.channel.is_none() && self.open_at.is_some_and(|at| at <= now)
    }

    pub(super) fn must_ask(&self, now: Instant) -> bool {
        self.channel.is_some()
            && self.silent_at.is_none()
            && self.ask_at.is_some_and(|at| at <= now)
    }

    /// True when an answer is overdue.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        self.channel.is_some() && self.silent_at.is_some_and(|at| at <= now)
    }

    pub(super) fn ask_at(&mut self, at: Instant) {
        self.ask_at = Some(at);
    }

    pub(super) fn expect_within(&mut self, patience: Duration) {
        self.silent_at = Some(Instant::now() + patience);
    }

    /// Whoever is waited for says something.
    pub(super) fn hear(&mut self, patience: Duration) {
        if self.silent_at.is_some() {
            self.expect_within(patience);
        }
    }

    pub(super) fn expect_nothing(&mut self) {
        self.silent_at = None;
    }

    /// The next instant at which one of the questions above changes its answer.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.channel.is_none() {
            return self.open_at;
        }
        match (self.silent_at, self.ask_at) {
            (Some(silent), _) => Some(silent),
            (None, ask) => ask,
        }
    }

    /// Starts `command` and writes `input` to it. A command that ends before it has read all says why by its output and its end.
    pub(super) async fn open(
        &mut self,
        session: &Session,
        command: &str,
        input: &str,
    ) -> Result<(), Error> {
        self.open_at = None;
        self.channel = Some(session.exec(command).await?);
        self.write(input.as_bytes()).await;
        Ok(())
    }

    /// Writes; a failure shows as the end of the channel.
    pub(super) async fn write(&mut self, bytes: &[u8]) {
        let Some(channel) = &mut self.channel else {
            return;
        };
        if let Err(error) = channel.write(bytes).await {
            tracing::debug!(%error, "write to a sampler channel");
        }
    }

    /// What the channel yields; never, while it is shut.
    pub(super) async fn next(&mut self) -> Output {
        match &mut self.channel {
            Some(channel) => channel.next().await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        inventory::{self, Located},
        ssh::{Config, Connector, End},
    };

    #[tokio::test]
    async fn a_command_that_reads_nothing_tells_how_it_ended() {
        let inventory = inventory::load(&Located::ThisMachine).unwrap();
        let connector = Connector::new(Config::apart(Vec::new(), "nobody"), None);
        let session = connector.connect(&inventory.nodes[0]).await.unwrap();
        let mut lane = Lane::default();
        let more_than_a_pipe_holds = "#".repeat(1 << 20);
        lane.open(&session, "exec true", &more_than_a_pipe_holds)
            .await
            .unwrap();
        assert_eq!(lane.next().await, Output::End(End::Exit(0)));
        session.close().await;
    }
}
