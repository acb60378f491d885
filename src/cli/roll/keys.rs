//! Keys of a person at the terminal while a roll goes on. The terminal is given back before a question is asked on it.

use rustix::{process::getpgrp, termios::tcgetpgrp};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

use crate::cli::tty::Tty;

/// Keys that wait; a person is not faster.
const KEYS: usize = 16;

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Pause,
    Resume,
    Promote,
    Abort,
    /// Ctrl-C.
    Interrupt,
}

/// The keys of the terminal, while they are listened for.
pub(super) struct Keys {
    is_wanted: bool,
    reader: Option<Reader>,
}

struct Reader {
    keys: mpsc::Receiver<Key>,
    over: CancellationToken,
    task: JoinHandle<()>,
}

impl Keys {
    /// Listens where there is a person to press them.
    pub(super) fn new(is_wanted: bool) -> Self {
        let mut keys = Self {
            is_wanted,
            reader: None,
        };
        keys.start();
        keys
    }

    /// Listens again.
    pub(super) fn start(&mut self) {
        if !self.is_wanted || self.reader.is_some() || !is_in_front() {
            return;
        }
        let (to, keys) = mpsc::channel(KEYS);
        let over = CancellationToken::new();
        let token = over.clone();
        let task = spawn_blocking(move || read(&to, &token));
        self.reader = Some(Reader { keys, over, task });
    }

    /// Gives the terminal back; it is as it was when this resolves.
    pub(super) async fn stop(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.over.cancel();
            let _ = reader.task.await;
        }
    }

    /// The next one; never where none are listened for. Cancel-safe.
    pub(super) async fn next(&mut self) -> Key {
        if let Some(reader) = &mut self.reader
            && let Some(key) = reader.keys.recv().await
        {
            return key;
        }
        std::future::pending().await
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            reader.over.cancel();
        }
    }
}

/// In the background, a look at the terminal would stop the process.
fn is_in_front() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    let group = terminal.ok().and_then(|terminal| tcgetpgrp(terminal).ok());
    group == Some(getpgrp())
}

fn read(to: &mpsc::Sender<Key>, over: &CancellationToken) {
    let Ok(mut tty) = Tty::open() else {
        return;
    };
    while let Ok(Some(byte)) = tty.byte(over) {
        let key = match byte {
            b'p' => Key::Pause,
            b'r' => Key::Resume,
            b'P' => Key::Promote,
            b'a' => Key::Abort,
            0x03 => Key::Interrupt,
            _ => continue,
        };
        if to.blocking_send(key).is_err() {
            return;
        }
    }
}
