//! A running command as its reader sees it: output in order, then how it ended; and the bounded queue between it and the pump that feeds it.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::AsyncWriteExt,
    process::ChildStdin,
    sync::{
        OwnedSemaphorePermit, Semaphore,
        mpsc::{self, error::TrySendError},
    },
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{End, Error, Output, Step, link::Writer};
use crate::node::Transport;

/// Bytes that wait for a reader: a node that prints without end costs this much memory and no more.
const QUEUE_BYTES: usize = 8 << 20;

/// What a piece counts for at least, so that many small ones are bounded too.
const PIECE_BYTES: usize = 128;

/// Pieces that wait for a reader: never met, since the bytes are used up first.
const QUEUE_PIECES: usize = QUEUE_BYTES / PIECE_BYTES;

/// Input is sent in pieces of one SSH packet, each with its own deadline.
const PIECE: usize = 32 << 10;

/// For one piece of input to be taken: longer means that the command doesn't read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// A command on a node. Dropping it closes the channel; a local command is killed.
///
/// The output waits in a queue of 8 MiB. Where the channel has a connection to itself ([`Connector::connect_bulk`]) or
/// is of this machine, a full queue slows the command down. Elsewhere it shares the connection with others, who must
/// not wait: a reader so far behind loses the channel (`End::Lost`, counted by [`Connector::overruns`]), or where that was
/// asked for, output ([`Channel::dropped`]).
///
/// [`Connector::connect_bulk`]: super::Connector::connect_bulk
/// [`Connector::overruns`]: super::Connector::overruns
#[derive(Debug)]
pub struct Channel {
    queue: mpsc::Receiver<Queued>,
    fate: Arc<Fate>,
    stdin: Stdin,
    transport: Transport,
    _gone: DropGuard,
}

/// The standard input of a command, apart from its output so that both can go on at once. Dropping it closes a local
/// command's input; over SSH it takes [`Stdin::end`], or the end of the channel.
#[derive(Debug)]
pub struct Stdin {
    input: Input,
    fate: Arc<Fate>,
    transport: Transport,
}

/// Where input goes.
#[derive(Debug)]
pub(super) enum Input {
    Ssh(Writer),
    Local(ChildStdin),
    Closed,
}

/// The feeding end of a channel's queue.
#[derive(Debug)]
pub(super) struct Feed {
    queue: mpsc::Sender<Queued>,
    room: Arc<Semaphore>,
    fate: Arc<Fate>,
    /// Set when the reader has dropped the channel.
    pub(super) gone: CancellationToken,
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Taken,
    /// The reader is too far behind.
    Full,
    /// Nobody reads any more.
    Gone,
}

#[derive(Debug)]
struct Queued {
    output: Output,
    _room: OwnedSemaphorePermit,
}

#[derive(Debug, Default)]
struct Fate {
    /// Bytes of each output that were thrown away.
    dropped: [AtomicU64; 2],
    end: OnceLock<End>,
    over: CancellationToken,
}

/// The two ends of a new channel; its input is closed until [`Channel::attach`].
pub(super) fn pair(transport: Transport) -> (Channel, Feed) {
    let (sender, receiver) = mpsc::channel(QUEUE_PIECES);
    let fate = Arc::new(Fate::default());
    let gone = CancellationToken::new();
    let feed = Feed {
        queue: sender,
        room: Arc::new(Semaphore::new(QUEUE_BYTES)),
        fate: Arc::clone(&fate),
        gone: gone.clone(),
    };
    let channel = Channel {
        queue: receiver,
        stdin: Stdin {
            input: Input::Closed,
            fate: Arc::clone(&fate),
            transport,
        },
        fate,
        transport,
        _gone: gone.drop_guard(),
    };
    (channel, feed)
}

impl Channel {
    pub(super) fn attach(mut self, input: Input) -> Self {
        self.stdin.input = input;
        self
    }

    /// The next piece of output. `End` comes last and is repeated. Cancel-safe.
    pub async fn next(&mut self) -> Output {
        match self.queue.recv().await {
            Some(queued) => queued.output,
            None => Output::End(self.fate.end.get().cloned().unwrap_or(End::Lost)),
        }
    }

    /// Bytes of standard output and of standard error that were thrown away, as nobody read them in time. Only of a command
    /// that was started so.
    pub fn dropped(&self) -> [u64; 2] {
        let [out, err] = &self.fate.dropped;
        [out, err].map(|count| count.load(Ordering::Acquire))
    }

    /// The command's standard input, once; then [`Channel::write`] finds it closed.
    pub fn take_input(&mut self) -> Stdin {
        let closed = Stdin {
            input: Input::Closed,
            fate: Arc::clone(&self.fate),
            transport: self.transport,
        };
        std::mem::replace(&mut self.stdin, closed)
    }

    /// Sends to the command's standard input. Not cancel-safe: a dropped call may have sent a part.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stdin.write(bytes, WRITE_TIMEOUT).await
    }

    /// Closes the command's standard input; its output goes on.
    pub async fn end_input(&mut self) {
        self.stdin.end().await;
    }
}

impl Stdin {
    /// Sends to the command, which takes each piece within `patience`. Not cancel-safe: a dropped call may have sent a part.
    pub async fn write(&mut self, bytes: &[u8], patience: Duration) -> Result<(), Error> {
        for piece in bytes.chunks(PIECE) {
            let over = self.fate.over.clone();
            let sent = tokio::select! {
                biased;
                // A writer that waits for the peer's window is never woken when the connection dies.
                () = over.cancelled() => return Err(self.failed("the command has ended")),
                sent = timeout(patience, self.input.send(piece)) => sent,
            };
            match sent {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => return Err(self.failed(&reason)),
                Err(_) => return Err(self.failed("the command takes no input")),
            }
        }
        Ok(())
    }

    /// Closes it.
    pub async fn end(&mut self) {
        let input = std::mem::replace(&mut self.input, Input::Closed);
        if let Input::Ssh(writer) = input {
            let over = self.fate.over.clone();
            tokio::select! {
                biased;
                () = over.cancelled() => {}
                // A lost end-of-file is a lost connection, which the reader is told of.
                _ = timeout(WRITE_TIMEOUT, writer.end()) => {}
            }
        }
    }

    fn failed(&self, reason: &str) -> Error {
        Error::new(Step::Session, self.transport, reason)
    }
}

impl Input {
    async fn send(&mut self, piece: &[u8]) -> Result<(), String> {
        match self {
            Self::Ssh(writer) => writer.send(piece).await,
            Self::Local(stdin) => stdin.write_all(piece).await.map_err(|e| e.to_string()),
            Self::Closed => Err("the input is closed".to_owned()),
        }
    }
}

impl Feed {
    /// Queues a piece; waits while the queue is full. False when nobody reads any more.
    pub(super) async fn put(&self, output: Output) -> bool {
        let room = Arc::clone(&self.room).acquire_many_owned(weight(&output));
        tokio::select! {
            biased;
            () = self.gone.cancelled() => false,
            Ok(room) = room => {
                self.queue.send(Queued { output, _room: room }).await.is_ok()
            }
            else => false,
        }
    }

    /// Queues a piece if there is room for it now.
    pub(super) fn offer(&self, output: Output) -> Offer {
        if self.gone.is_cancelled() {
            return Offer::Gone;
        }
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(weight(&output)) else {
            return Offer::Full;
        };
        let queued = Queued {
            output,
            _room: room,
        };
        match self.queue.try_send(queued) {
            Ok(()) => Offer::Taken,
            Err(TrySendError::Full(_)) => Offer::Full,
            Err(TrySendError::Closed(_)) => Offer::Gone,
        }
    }

    /// Counts output that is thrown away.
    pub(super) fn drop_output(&self, output: &Output) {
        let [out, err] = &self.fate.dropped;
        match output {
            Output::Stdout(bytes) => out.fetch_add(bytes.len() as u64, Ordering::AcqRel),
            Output::Stderr(bytes) => err.fetch_add(bytes.len() as u64, Ordering::AcqRel),
            Output::End(_) => 0,
        };
    }

    /// Says how it ended. Without it, a dropped feed means that the connection was lost.
    pub(super) fn end(self, end: End) {
        // The feed is consumed, so this is the only time that it is set.
        let _ = self.fate.end.set(end);
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.fate.over.cancel();
    }
}

/// What it takes of the queue's bytes.
fn weight(output: &Output) -> u32 {
    match output {
        Output::Stdout(bytes) | Output::Stderr(bytes) => {
            bytes.len().clamp(PIECE_BYTES, QUEUE_BYTES) as u32
        }
        Output::End(_) => 0,
    }
}

/// Bytes as output, or nothing for none.
pub(super) fn piece(bytes: Bytes, wrap: fn(Bytes) -> Output) -> Option<Output> {
    (!bytes.is_empty()).then(|| wrap(bytes))
}

#[cfg(test)]
#[path = "channel_tests.rs"]
mod tests;
