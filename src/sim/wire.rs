//! A TCP stream that can be cut from outside, at once or after what is on its way has been written.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How a connection is ended from outside.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    /// Ends it now.
    pub(super) cut: CancellationToken,
    /// Ends it after the next flush.
    pub(super) last_words: CancellationToken,
}

impl Ends {
    /// Ends that are reached with `parent` at the latest.
    pub(super) fn under(parent: &CancellationToken) -> Self {
        Self {
            cut: parent.child_token(),
            last_words: CancellationToken::new(),
        }
    }
}

/// The stream; each operation fails once it is cut.
pub(super) struct Wire {
    stream: TcpStream,
    ends: Ends,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, ends: Ends) -> Self {
        let cut = Box::pin(ends.cut.clone().cancelled_owned());
        Self { stream, ends, cut }
    }

    /// Fails when the stream is cut, and wakes the caller when it will be.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        if self.ends.last_words.is_cancelled() {
            self.ends.cut.cancel();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
