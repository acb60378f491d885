//! The thread that writes frames: one at a time, so that a slow terminal holds up nobody but itself.

use std::{
    io::{self, ErrorKind, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use tokio::sync::mpsc;

/// How long the last frame may take when leaving.
const PATIENCE: Duration = Duration::from_millis(500);

/// Hands frames to a writer. There is one slot: the next frame is made when the writer is done with the last one, as it is
/// relative to what was written. So frames are skipped, never queued.
#[derive(Debug)]
pub struct Output {
    frames: SyncSender<Vec<u8>>,
    written: mpsc::Receiver<io::Result<Vec<u8>>>,
    spare: Option<Vec<u8>>,
}

impl Output {
    /// Starts the thread; it ends with this value.
    pub fn start(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (frames, to_write) = sync_channel(1);
        let (done, written) = mpsc::channel(1);
        thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || write_frames(sink, &to_write, &done))?;
        Ok(Self {
            frames,
            written,
            spare: Some(Vec::new()),
        })
    }

    /// True while a frame is on its way.
    pub fn is_busy(&self) -> bool {
        self.spare.is_none()
    }

    /// The buffer for the next frame; `None` while one is on its way.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        self.spare.take()
    }

    /// Writes what [`Output::take`] gave; nothing, when it is empty.
    pub fn put(&mut self, frame: Vec<u8>) -> io::Result<()> {
        if frame.is_empty() {
            self.spare = Some(frame);
            return Ok(());
        }
        self.frames.send(frame).map_err(|_| gone())
    }

    /// Waits until the frame on its way is written; for ever when there is none. Cancel-safe.
    pub async fn done(&mut self) -> io::Result<()> {
        if !self.is_busy() {
            return std::future::pending().await;
        }
        let buffer = self.written.recv().await.ok_or_else(gone)??;
        self.spare = Some(buffer);
        Ok(())
    }

    /// Gives the frame on its way a last chance.
    pub async fn finish(mut self) {
        if self.is_busy() {
            // The screen is about to be given back: neither an error nor a stuck terminal changes what follows.
            let _ended = tokio::time::timeout(PATIENCE, self.done()).await;
        }
    }
}

fn gone() -> io::Error {
    io::Error::new(
        ErrorKind::BrokenPipe,
        "the terminal can't be written to any more",
    )
}

fn write_frames(
    mut sink: impl Write,
    frames: &Receiver<Vec<u8>>,
    done: &mpsc::Sender<io::Result<Vec<u8>>>,
) {
    while let Ok(frame) = frames.recv() {
        let written = sink.write_all(&frame).and_then(|()| sink.flush());
        let failed = written.is_err();
        if done.blocking_send(written.map(|()| frame)).is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Slow(Receiver<()>, std::sync::mpsc::Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn one_frame_is_on_its_way_and_it_is_one_write() {
        let (go, wait) = std::sync::mpsc::channel();
        let (record, writes) = std::sync::mpsc::channel();
        let mut output = Output::start(Slow(wait, record)).unwrap();
        let mut frame = output.take().unwrap();
        frame.extend_from_slice(b"one\r\ntwo");
        output.put(frame).unwrap();
        assert!(output.is_busy() && output.take().is_none());
        go.send(()).unwrap();
        output.done().await.unwrap();
        assert!(!output.is_busy());
        assert_eq!(writes.try_iter().collect::<Vec<_>>(), [b"one\r\ntwo"]);
    }

    #[tokio::test]
    async fn an_empty_frame_writes_nothing() {
        let mut output = Output::start(Vec::new()).unwrap();
        let frame = output.take().unwrap();
        output.put(frame).unwrap();
        assert!(!output.is_busy());
    }

    #[tokio::test]
    async fn a_lost_terminal_is_an_error() {
        let (go, wait) = std::sync::mpsc::channel();
        let (record, _) = std::sync::mpsc::channel();
        drop(go);
        let mut output = Output::start(Slow(wait, record)).unwrap();
        let mut frame = output.take().unwrap();
        frame.push(b'x');
        output.put(frame).unwrap();
        assert!(output.done().await.is_err());
    }
}
