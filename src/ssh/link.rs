//! An open SSH connection: commands are started on it, and it tells when and why it ended.

use std::{sync::Arc, time::Duration};

use russh::{
    ChannelWriteHalf, Disconnect,
    client::{Handle, Msg},
};
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{
    Channel, Error, Step,
    channel::{self, Input},
    connection::Place,
    connector::Shared,
    events::{Events, Told, describe},
    pool::{Lane, Wanted},
    pump::{Pump, Request, Start},
    transport::{stream::Heard, tunnel},
};
use crate::node::{Transport, text::SafeText};

/// From asking for a channel to a started command.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// For taking leave; after that the connection is cut.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// An open connection.
pub(super) struct Link {
    handle: Arc<Handle<Events>>,
    life: Life,
    tasks: TaskTracker,
    shared: Arc<Shared>,
    transport: Transport,
    lane: Lane,
    _guard: DropGuard,
}

/// When and why a connection ended.
#[derive(Clone, Debug)]
pub(super) struct Life {
    stop: CancellationToken,
    told: watch::Receiver<Told>,
    heard: Heard,
}

/// Why a command was not started.
#[derive(Debug)]
pub(super) enum Denied {
    /// The server gives this connection no further channel.
    NoChannel(Error),
    /// The connection ended before the command was sent: it can't have run.
    Unsent(Error),
    /// Anything else: it may have run.
    Failed(Error),
}

/// The input of a command.
#[derive(Debug)]
pub(super) struct Writer(Arc<ChannelWriteHalf<Msg>>);

impl Link {
    /// Takes over a connection that is logged in; `guard` cuts it when this is dropped.
    pub(super) fn new(
        handle: Handle<Events>,
        life: Life,
        guard: DropGuard,
        shared: Arc<Shared>,
        wanted: &Wanted,
    ) -> Self {
        Self {
            handle: Arc::new(handle),
            life,
            tasks: TaskTracker::new(),
            shared,
            transport: wanted.path.transport(),
            lane: wanted.lane,
            _guard: guard,
        }
    }

    /// Starts a command.
    pub(super) async fn exec(&self, request: Request, place: Place) -> Result<Channel, Denied> {
        let (channel, feed) = channel::pair(self.transport);
        let (started, start) = oneshot::channel();
        let pump = Pump {
            feed,
            place: Some(place),
            lane: self.lane,
            is_lossy: request.is_lossy,
            started: Some(started),
            shared: Arc::clone(&self.shared),
            transport: self.transport,
        };
        let handle = Arc::clone(&self.handle);
        self.tasks.spawn(Box::pin(pump.run(handle, request)));
        match timeout(START_TIMEOUT, start).await {
            Ok(Ok(Start::Running(writer))) => Ok(channel.attach(Input::Ssh(writer))),
            Ok(Ok(Start::NoChannel(error))) => Err(Denied::NoChannel(error)),
            Ok(Ok(Start::Refused(error))) => Err(Denied::Failed(error)),
            Ok(Ok(Start::Unsent)) => Err(Denied::Unsent(self.lost().await)),
            Ok(Err(_)) => Err(Denied::Failed(self.lost().await)),
            Err(_) => {
                let limit = START_TIMEOUT.as_secs();
                let reason = format!("the server did not start the command within {limit} s");
                let error = Error::new(Step::Exec, self.transport, &reason);
                Err(Denied::Failed(error))
            }
        }
    }

    /// Starts the task behind a tunnel to `host:port`.
    pub(super) fn tunnel(&self, pump: tunnel::Pump, host: String, port: u16) {
        let (handle, life) = (Arc::clone(&self.handle), self.life.clone());
        self.tasks.spawn(pump.run(handle, life, host, port));
    }

    /// What to tell of a command that was on its way when the connection ended.
    async fn lost(&self) -> Error {
        let reason = timeout(CLOSE_TIMEOUT, self.ended()).await;
        let reason = reason.unwrap_or_else(|_| "the connection is gone".into());
        Error::new(Step::Session, self.transport, reason.as_str())
    }

    /// Resolves when the connection is gone, with the reason.
    pub(super) async fn ended(&self) -> SafeText {
        self.life.ended().await
    }

    /// True when the connection is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.handle.is_closed() || self.life.stop.is_cancelled()
    }

    /// Says goodbye, then cuts the connection if that takes too long.
    pub(super) async fn close(&self) {
        let goodbye = async {
            let bye = self.handle.disconnect(Disconnect::ByApplication, "", "");
            if bye.await.is_ok() {
                self.life.ended().await;
            }
        };
        if timeout(CLOSE_TIMEOUT, goodbye).await.is_err() {
            tracing::debug!("connection cut at close");
        }
        self.life.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NoChannel(error) | Denied::Unsent(error) | Denied::Failed(error) => error,
        }
    }
}

impl Life {
    /// `stop` tells of an end by our own will, `told` of any other.
    pub(super) fn new(stop: CancellationToken, told: watch::Receiver<Told>, heard: Heard) -> Self {
        Self { stop, told, heard }
    }

    /// How often anything came from the server until now, and how often it was a greeting to be shown at the login.
    pub(super) fn heard(&self) -> (u64, u64) {
        (self.heard.times(), self.told.borrow().banners)
    }

    /// Resolves when the connection is gone, with the reason.
    pub(super) async fn ended(&self) -> SafeText {
        let mut told = self.told.clone();
        let reason = told.wait_for(|told| told.ended.is_some()).await;
        if self.stop.is_cancelled() {
            return "closed".into();
        }
        reason
            .ok()
            .and_then(|told| told.ended.clone())
            .unwrap_or_else(|| "connection lost".into())
    }

    /// Channels that the server has refused so far.
    pub(super) fn refusals(&self) -> usize {
        self.told.borrow().refusals
    }

    /// What the server said when it refused channels since there were `mark` refusals, each only once. Which channel it
    /// meant russh doesn't tell.
    pub(super) async fn refused_since(&self, mark: usize) -> Vec<String> {
        let mut told = self.told.clone();
        let told = told.wait_for(|told| told.refusals > mark).await;
        told.map(|told| told.words_since(mark)).unwrap_or_default()
    }
}

impl Writer {
    pub(super) fn new(half: Arc<ChannelWriteHalf<Msg>>) -> Self {
        Self(half)
    }

    /// Waits for the command's window.
    pub(super) async fn send(&self, piece: &[u8]) -> Result<(), String> {
        let bytes = bytes::Bytes::copy_from_slice(piece);
        self.0
            .data_bytes(bytes)
            .await
            .map_err(|error| describe(&error))
    }

    /// End of input.
    pub(super) async fn end(&self) -> Result<(), russh::Error> {
        self.0.eof().await
    }
}
