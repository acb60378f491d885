//! Where a run prints: threads that may be blocked by a reader, so that neither Ctrl-C nor the run's own loop ever is.

use std::{
    collections::VecDeque,
    io::{self, Write},
    mem,
};

use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::files::{self, Files, Part};
use crate::cli::Console;

/// Pieces that wait for a reader. What waits beyond them waits at the nodes.
const PIECES: usize = 64;

/// Erases the line that the cursor is on.
const ERASE: &[u8] = b"\r\x1b[K";

/// Something to print.
#[derive(Debug)]
pub(in crate::cli) enum Piece {
    /// Results.
    Out(Bytes),
    /// Troubles and remarks, and what nodes print on standard error.
    Err(Bytes),
    /// The line that says how far the run is; an empty one takes it away.
    Status(String),
    /// Answers once everything before it is printed.
    Settle(oneshot::Sender<()>),
    /// Output for a file.
    File(Part),
}

/// Why nothing can be written any more.
#[derive(Debug)]
pub(in crate::cli) enum Trouble {
    /// Nobody reads it: `| head`.
    NoReader,
    /// Said with what and why.
    Broken(String),
}

/// The threads that print, and what waits for them.
pub(in crate::cli) struct Screen {
    out: mpsc::Sender<Piece>,
    err: mpsc::Sender<Piece>,
    files: Option<mpsc::Sender<Piece>>,
    backlog: VecDeque<Piece>,
    threads: JoinSet<Result<(), Trouble>>,
}

impl Screen {
    /// Takes the streams of the console. Must be called within the runtime.
    pub(in crate::cli) fn start(console: &mut Console, files: Option<Files>) -> Self {
        let out = mem::replace(&mut console.out, Box::new(io::sink()));
        let err = mem::replace(&mut console.err, Box::new(io::sink()));
        let mut threads = JoinSet::new();
        let (out_to, pieces) = mpsc::channel(PIECES);
        let err_to = if console.is_terminal && console.err_target.is_terminal {
            // One screen: what is printed keeps its order, and the status line its place.
            threads.spawn_blocking(|| Printer::new(out, err).run(pieces));
            out_to.clone()
        } else {
            let (err_to, troubles) = mpsc::channel(PIECES);
            threads.spawn_blocking(|| Printer::new(out, Box::new(io::sink())).run(pieces));
            threads.spawn_blocking(|| Printer::new(Box::new(io::sink()), err).run(troubles));
            err_to
        };
        let files = files.map(|files| {
            let (to, parts) = mpsc::channel(PIECES);
            threads.spawn_blocking(|| files::write(files, parts));
            to
        });
        Self {
            out: out_to,
            err: err_to,
            files,
            backlog: VecDeque::new(),
            threads,
        }
    }

    /// Prints in the order of the calls, as far as one stream goes.
    pub(in crate::cli) fn put(&mut self, piece: Piece) {
        let Some(to) = self.way(&piece) else { return };
        let is_before = |other| self.way(other).is_some_and(|way| way.same_channel(&to));
        if self.backlog.iter().any(is_before) {
            self.backlog.push_back(piece);
            return;
        }
        // One that is closed was told of as a trouble.
        if let Err(mpsc::error::TrySendError::Full(piece)) = to.try_send(piece) {
            self.backlog.push_back(piece);
        }
    }

    /// A line for the person, now or never.
    pub(in crate::cli) fn say(&mut self, text: &str) {
        self.put(Piece::Err(format!("sshoal: {text}\n").into()));
    }

    /// The status line, where there is room for it.
    pub(in crate::cli) fn status(&mut self, text: String) {
        // The next one comes soon.
        let _ = self.err.try_send(Piece::Status(text));
    }

    /// True while more may be printed without keeping it here.
    pub(in crate::cli) fn has_room(&self) -> bool {
        self.backlog.is_empty()
    }

    /// Hands on what waits, a piece a call; or tells of a trouble. Never resolves where there is nothing to do. Cancel-safe.
    pub(in crate::cli) async fn work(&mut self) -> Option<Trouble> {
        let way = self.backlog.front().and_then(|piece| self.way(piece));
        let is_waiting = !self.backlog.is_empty();
        let room = async {
            match &way {
                Some(to) => to.reserve().await.ok(),
                None => None,
            }
        };
        tokio::select! {
            biased;
            Some(done) = self.threads.join_next() => done.ok().and_then(Result::err),
            permit = room, if is_waiting => {
                if let (Some(piece), Some(permit)) = (self.backlog.pop_front(), permit) {
                    permit.send(piece);
                }
                None
            }
            else => std::future::pending().await,
        }
    }

    /// Everything until now is printed when this resolves.
    pub(in crate::cli) async fn settle(&mut self) {
        let (to, settled) = oneshot::channel();
        self.put(Piece::Settle(to));
        while !self.backlog.is_empty() {
            self.work().await;
        }
        // A printer that is gone has nothing left to print.
        let _ = settled.await;
    }

    /// Prints what waits and ends; what couldn't be written.
    pub(in crate::cli) async fn close(mut self) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        while !self.backlog.is_empty() {
            troubles.extend(self.work().await);
        }
        let mut threads = mem::take(&mut self.threads);
        drop(self);
        while let Some(done) = threads.join_next().await {
            troubles.extend(done.ok().and_then(Result::err));
        }
        troubles
    }

    fn way(&self, piece: &Piece) -> Option<mpsc::Sender<Piece>> {
        match piece {
            Piece::Out(_) => Some(self.out.clone()),
            Piece::Err(_) | Piece::Status(_) | Piece::Settle(_) => Some(self.err.clone()),
            Piece::File(_) => self.files.clone(),
        }
    }
}

/// Writes on its own thread.
struct Printer {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    has_status: bool,
}

impl Printer {
    fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self {
            out,
            err,
            has_status: false,
        }
    }

    fn run(mut self, mut pieces: mpsc::Receiver<Piece>) -> Result<(), Trouble> {
        while let Some(piece) = pieces.blocking_recv() {
            self.take(piece).map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Trouble::NoReader,
                _ => Trouble::Broken(format!("cannot write the output: {error}")),
            })?;
        }
        self.erase();
        Ok(())
    }

    fn take(&mut self, piece: Piece) -> io::Result<()> {
        match piece {
            Piece::Out(bytes) => {
                self.erase();
                self.out.write_all(&bytes)?;
                self.out.flush()?;
            }
            Piece::Err(bytes) => {
                self.erase();
                self.tell(&bytes);
            }
            Piece::Status(text) => {
                self.erase();
                self.has_status = !text.is_empty();
                self.tell(text.as_bytes());
            }
            Piece::Settle(settled) => {
                self.erase();
                // Whoever waited may have gone.
                let _ = settled.send(());
            }
            Piece::File(_) => {}
        }
        Ok(())
    }

    fn erase(&mut self) {
        if mem::take(&mut self.has_status) {
            self.tell(ERASE);
        }
    }

    /// There is nobody to tell that nobody can be told.
    fn tell(&mut self, bytes: &[u8]) {
        let _ = self.err.write_all(bytes).and_then(|()| self.err.flush());
    }
}
