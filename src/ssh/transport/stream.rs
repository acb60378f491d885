//! The stream under an SSH connection: it can be cut from outside, and it keeps what the server said before the protocol began.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// What is kept of the text before `SSH-`: one line of RFC 4253 (4.2), enough for "Not allowed at this time".
const HEAD_BYTES: usize = 255;

/// Any two-way byte stream.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What the server said first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Text before the identification line.
    before: Vec<u8>,
    /// The line being read.
    line: Vec<u8>,
    /// The identification line, once it is complete.
    ident: Option<String>,
}

impl Head {
    /// `SSH-2.0-...`
    pub(crate) fn ident(&self) -> Option<&str> {
        self.ident.as_deref()
    }

    /// What came instead of an identification.
    pub(crate) fn text(&self) -> String {
        let mut bytes = self.before.clone();
        bytes.extend_from_slice(&self.line);
        let text = String::from_utf8_lossy(&bytes);
        text.trim().chars().take(HEAD_BYTES).collect()
    }

    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.ident.is_some() {
                return;
            }
            match byte {
                b'\n' => self.end_line(),
                _ if self.line.len() < HEAD_BYTES => self.line.push(*byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        if self.line.starts_with(b"SSH-") {
            let text = String::from_utf8_lossy(&self.line);
            self.ident = Some(text.trim_end().to_owned());
            return;
        }
        let room = HEAD_BYTES.saturating_sub(self.before.len());
        self.before
            .extend(self.line.drain(..).chain([b'\n']).take(room));
        self.line.clear();
    }
}

/// A stream with a tap on its beginning and a cut-off.
pub(crate) struct Tap {
    inner: Box<dyn Stream>,
    /// russh watches nothing but its stream during key exchange: an attempt that is given up would keep its task and
    /// socket for ever. So the stream itself must end.
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// `None` after the identification line.
    head: Option<watch::Sender<Head>>,
    heard: Heard,
}

/// Counts the reads in which something came: whether a server has said anything since.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<AtomicU64>);

impl Heard {
    /// So often until now.
    pub(crate) fn times(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tap {
    /// Wraps `inner`; `stop` ends it.
    pub(crate) fn new(
        inner: Box<dyn Stream>,
        stop: &CancellationToken,
    ) -> (Self, watch::Receiver<Head>) {
        let (head, seen) = watch::channel(Head::default());
        let cut = Box::pin(stop.clone().cancelled_owned());
        let head = Some(head);
        let tap = Self {
            inner,
            cut,
            head,
            heard: Heard::default(),
        };
        (tap, seen)
    }

    /// Counts for as long as this lives.
    pub(crate) fn heard(&self) -> Heard {
        self.heard.clone()
    }

    fn is_cut(&mut self, context: &mut Context<'_>) -> bool {
        self.cut.as_mut().poll(context).is_ready()
    }

    fn listen(&mut self, bytes: &[u8]) {
        let Some(head) = &self.head else { return };
        head.send_modify(|head| head.push(bytes));
        if head.borrow().ident.is_some() {
            self.head = None;
        }
    }
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "given up")
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_cut(context) {
            return Poll::Ready(Err(cut_off()));
        }
        let start = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        let fresh = buffer.filled().get(start..).unwrap_or_default();
        // Nothing new is nothing to tell: whoever waits for the head may be who reads, and would wake itself for ever.
        if !fresh.is_empty() {
            self.heard.0.fetch_add(1, Ordering::Relaxed);
            self.listen(fresh);
        }
        polled
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_cut(context) {
            return Poll::Ready(Err(cut_off()));
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_cut(context) {
            return Poll::Ready(Err(cut_off()));
        }
        Pin::new(&mut self.inner).poll_flush(context)
    }

    /// Never fails: russh would report the failure of this last step instead of what ended the connection.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_cut(context) {
            return Poll::Ready(Ok(()));
        }
        let polled = Pin::new(&mut self.inner).poll_shutdown(context);
        polled.map(|_| Ok(()))
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
