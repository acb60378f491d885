//! Reads ahead of russh, which asks for the length of a packet and then for the packet: two system calls for each.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::stream::Stream;

/// A handshake's packet, or a frame's.
const LEAST: usize = 4 << 10;

/// A stream that is read in larger pieces than it is asked for.
pub(crate) struct Ahead {
    inner: Box<dyn Stream>,
    /// Read, and not asked for yet.
    bytes: BytesMut,
    /// What the next read has room for: twice as much after a read that filled it, since memory that is never needed is
    /// never touched.
    room: usize,
    most: usize,
}

impl Ahead {
    /// At most so many bytes ahead.
    pub(crate) fn new(inner: Box<dyn Stream>, most: usize) -> Self {
        Self {
            inner,
            bytes: BytesMut::new(),
            room: LEAST.min(most),
            most,
        }
    }

    fn fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.bytes.clear();
        self.bytes.reserve(self.room);
        let count = ready!(pin!(self.inner.read_buf(&mut self.bytes)).poll(context))?;
        if count >= self.room {
            self.room = (2 * self.room).min(self.most);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Ahead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.bytes.is_empty() {
            ready!(self.fill(context))?;
        }
        let count = buffer.remaining().min(self.bytes.len());
        buffer.put_slice(self.bytes.get(..count).unwrap_or_default());
        self.bytes.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Ahead {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn every_byte_comes_in_order_and_the_room_grows_with_need_only() {
        let (mut far, near) = duplex(1 << 20);
        let mut ahead = Ahead::new(Box::new(near), 16 << 10);
        let sent: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
        far.write_all(&sent[..100]).await.unwrap();
        let mut head = [0; 4];
        ahead.read_exact(&mut head).await.unwrap();
        assert_eq!(
            (head, ahead.room, ahead.bytes.len()),
            ([0, 1, 2, 3], LEAST, 96)
        );
        far.write_all(&sent[100..]).await.unwrap();
        drop(far);
        let mut rest = Vec::new();
        ahead.read_to_end(&mut rest).await.unwrap();
        assert!(rest == sent[4..]);
        assert_eq!(ahead.room, 16 << 10);
        assert!(
            ahead.bytes.capacity() <= 64 << 10,
            "{}",
            ahead.bytes.capacity()
        );
    }
}
