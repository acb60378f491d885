//! A TCP connection that a bastion makes for us, as a stream.
//!
//! russh stops a whole connection while one of its channels is not read. The inner connection does not read while one of
//! *its* channels is stuck, so each tunnel has a pump that always reads and a queue with room for all that the far server
//! may send before it is given more window: nobody else behind the bastion waits for it.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use russh::{ChannelMsg, ChannelOpenFailure, ChannelReadHalf, client::Handle};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

use crate::ssh::{connection::Connection, events::Events, link::Life};

/// Windows of the far server's channels that the queue has room for: sshd allows 10 channels, and each packet has a head.
const WINDOWS: usize = 16;

/// Messages that wait, besides the limit of bytes.
const MESSAGES: usize = 1 << 16;

/// A server that sends more than it was allowed to is waited for so long, then its tunnel is cut.
const STALL_TIMEOUT: Duration = Duration::from_secs(5);

/// For the message that closes the channel to be taken.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// For the bastion's words to come after its refusal.
const WORDS_TIMEOUT: Duration = Duration::from_millis(100);

/// An open tunnel. Dropping it closes the channel.
pub(crate) struct Tunnel {
    queue: mpsc::Receiver<Queued>,
    current: Bytes,
    writer: Pin<Box<dyn AsyncWrite + Send>>,
    /// A writer that waits for window is never woken when the connection dies.
    over: Pin<Box<WaitForCancellationFutureOwned>>,
    lost: Arc<OnceLock<String>>,
    _gone: DropGuard,
    /// The bastion stays open as long as the tunnel does.
    _bastion: Arc<Connection>,
}

/// Why the bastion opened no tunnel.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It said no, with these words where it had any.
    Said(ChannelOpenFailure, Vec<String>),
    /// Its own connection ended first, for this reason.
    Lost(String),
}

struct Queued {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

/// The task behind a tunnel, before it runs.
pub(crate) struct Pump {
    queue: mpsc::Sender<Queued>,
    room: Arc<Semaphore>,
    opened: oneshot::Sender<Result<Pin<Box<dyn AsyncWrite + Send>>, Refusal>>,
    bastion: String,
    lost: Arc<OnceLock<String>>,
    gone: CancellationToken,
    over: DropGuard,
}

/// Has the bastion of that name connect to `to`, a host that it resolves itself. Dropped before its end, the call leaves
/// nothing but a task that closes what the bastion may still open.
pub(crate) async fn open(
    bastion: &Arc<Connection>,
    name: &str,
    to: (&str, u16),
    window: u32,
) -> Result<Tunnel, Refusal> {
    let (queue, queued) = mpsc::channel(MESSAGES);
    let (opened, opening) = oneshot::channel();
    let (gone, over) = (CancellationToken::new(), CancellationToken::new());
    let lost = Arc::new(OnceLock::new());
    let pump = Pump {
        queue,
        room: Arc::new(Semaphore::new(window as usize * WINDOWS)),
        opened,
        bastion: name.to_owned(),
        lost: Arc::clone(&lost),
        gone: gone.clone(),
        over: over.clone().drop_guard(),
    };
    let guard = gone.drop_guard();
    bastion.link.tunnel(pump, to.0.to_owned(), to.1);
    let writer = opening
        .await
        .unwrap_or_else(|_| Err(Refusal::Lost("closed".to_owned())))?;
    Ok(Tunnel {
        queue: queued,
        current: Bytes::new(),
        writer,
        over: Box::pin(over.cancelled_owned()),
        lost,
        _gone: guard,
        _bastion: Arc::clone(bastion),
    })
}

impl Pump {
    /// Runs until the tunnel is dropped or the far end is gone. It waits for the channel to open even when nobody wants
    /// it any more: otherwise the bastion would keep it open for nothing.
    pub(crate) async fn run(
        self,
        handle: Arc<Handle<Events>>,
        life: Life,
        host: String,
        port: u16,
    ) {
        let mark = life.refusals();
        // The origin that `ssh -W` names too.
        let opening = handle.channel_open_direct_tcpip(host, port.into(), "127.0.0.1", 65535);
        let channel = match opening.await {
            Ok(channel) => channel,
            Err(error) => {
                let refusal = refusal(error, &life, mark).await;
                // Whoever asked may have gone.
                let _ = self.opened.send(Err(refusal));
                return;
            }
        };
        let (mut reader, writer) = channel.split();
        let stream = Box::pin(writer.make_writer());
        let feed = Feed {
            queue: self.queue,
            room: self.room,
            gone: self.gone,
        };
        if self.opened.send(Ok(stream)).is_ok() {
            let end = feed.drain(&mut reader).await;
            if let Some(why) = end.told(&life).await {
                // Set once: there is one pump.
                let _ = self.lost.set(format!("bastion {}: {why}", self.bastion));
            }
        }
        // The reading half goes first: a connection that waits for it would not take the message below.
        drop(reader);
        drop(feed);
        drop(self.over);
        // A connection that is gone has closed its channels.
        let _ = timeout(CLOSE_TIMEOUT, writer.close()).await;
    }
}

/// Where a pump puts what it reads.
struct Feed {
    queue: mpsc::Sender<Queued>,
    room: Arc<Semaphore>,
    gone: CancellationToken,
}

/// Why a pump stopped.
#[derive(Clone, Copy)]
enum Stop {
    /// The tunnel was dropped, or the far end hung up.
    Closed,
    /// The bastion's connection ended.
    Lost,
    /// The far server sent more than it may.
    Flooded,
}

impl Feed {
    async fn drain(&self, reader: &mut ChannelReadHalf) -> Stop {
        loop {
            let message = tokio::select! {
                biased;
                () = self.gone.cancelled() => return Stop::Closed,
                message = reader.wait() => message,
            };
            match message {
                // Nothing read would be the end of a stream.
                Some(ChannelMsg::Data { data }) if data.is_empty() => {}
                Some(ChannelMsg::Data { data }) => {
                    match timeout(STALL_TIMEOUT, self.put(data)).await {
                        Ok(true) => {}
                        Ok(false) => return Stop::Closed,
                        Err(_) => return Stop::Flooded,
                    }
                }
                Some(ChannelMsg::Eof | ChannelMsg::Close) => return Stop::Closed,
                Some(_) => {}
                None => return Stop::Lost,
            }
        }
    }

    /// False when nobody reads any more.
    async fn put(&self, bytes: Bytes) -> bool {
        let room = Arc::clone(&self.room).acquire_many_owned(bytes.len() as u32);
        tokio::select! {
            biased;
            () = self.gone.cancelled() => false,
            Ok(room) = room => self.queue.send(Queued { bytes, _room: room }).await.is_ok(),
            else => false,
        }
    }
}

impl Stop {
    async fn told(self, life: &Life) -> Option<String> {
        match self {
            Self::Closed => None,
            Self::Lost => Some(life.ended().await.to_string()),
            Self::Flooded => Some("the server sends more than it was allowed to".to_owned()),
        }
    }
}

async fn refusal(error: russh::Error, life: &Life, mark: usize) -> Refusal {
    match error {
        russh::Error::ChannelOpenFailure(failure) => {
            let words = timeout(WORDS_TIMEOUT, life.refused_since(mark)).await;
            Refusal::Said(failure, words.unwrap_or_default())
        }
        _ => Refusal::Lost(life.ended().await.to_string()),
    }
}

/// A writer that fails doesn't know why. The pump does, and its end wakes whoever writes.
fn told_by_the_pump<T>(written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
    match written {
        Poll::Ready(Err(_)) => Poll::Pending,
        other => other,
    }
}

impl Tunnel {
    fn closed(&self) -> io::Error {
        let why = self
            .lost
            .get()
            .map_or("the tunnel is closed", String::as_str);
        io::Error::new(io::ErrorKind::BrokenPipe, why)
    }

    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        self.over.as_mut().poll(context).is_ready()
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.current.is_empty() {
            match ready!(self.queue.poll_recv(context)) {
                Some(queued) => self.current = queued.bytes,
                None => {
                    return Poll::Ready(
                        self.lost
                            .get()
                            .map_or(Ok(()), |why| Err(io::Error::other(why.clone()))),
                    );
                }
            }
        }
        let length = self.current.len().min(buffer.remaining());
        buffer.put_slice(&self.current.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_over(context) {
            return Poll::Ready(Err(self.closed()));
        }
        told_by_the_pump(self.writer.as_mut().poll_write(context, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_over(context) {
            return Poll::Ready(Err(self.closed()));
        }
        told_by_the_pump(self.writer.as_mut().poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_over(context) {
            return Poll::Ready(Ok(()));
        }
        self.writer.as_mut().poll_shutdown(context)
    }
}
