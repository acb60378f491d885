//! The terminal of this process, for one question: read key by key without echo, and given back however it ends.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Bytes of one line. They are set aside at once: a text that grows leaves copies of itself in memory.
const MAX_BYTES: usize = 1024;

/// How soon a question that is over lets go of the terminal.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// The terminal. Dropped, it is as it was before.
pub(super) struct Tty {
    file: File,
    before: Termios,
}

/// What was typed.
pub(super) enum Read {
    Line(Zeroizing<String>),
    /// Ctrl-D, or the question is over.
    Declined,
    /// Ctrl-C.
    Interrupted,
}

impl Tty {
    /// Takes the terminal: no echo, no signals from keys, each key at once.
    pub(super) fn open() -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&file)?;
        let mut during = before.clone();
        during
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        // What was typed before the question was meant for something else.
        tcsetattr(&file, OptionalActions::Flush, &during)?;
        Ok(Self { file, before })
    }

    /// Asks for one line; it is shown while it is typed only with `echo`.
    pub(super) fn ask(&mut self, text: &str, echo: bool, over: &CancellationToken) -> Read {
        let read = self
            .write(text)
            .and_then(|()| self.line(echo, over))
            .unwrap_or(Read::Declined);
        // A terminal that is gone can't be written to, and nobody misses it.
        let _ = self.write("\n");
        read
    }

    fn line(&mut self, echo: bool, over: &CancellationToken) -> io::Result<Read> {
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
        loop {
            let Some(byte) = self.byte(over)? else {
                return Ok(Read::Declined);
            };
            match byte {
                b'\r' | b'\n' => {
                    let text = std::str::from_utf8(&line).unwrap_or_default();
                    return Ok(Read::Line(Zeroizing::new(text.to_owned())));
                }
                0x03 => return Ok(Read::Interrupted),
                0x04 if line.is_empty() => return Ok(Read::Declined),
                0x08 | 0x7f => self.erase(&mut line, echo)?,
                0x15 => {
                    while !line.is_empty() {
                        self.erase(&mut line, echo)?;
                    }
                }
                byte if byte >= b' ' && line.len() < MAX_BYTES => {
                    line.push(byte);
                    if echo {
                        self.file.write_all(&[byte])?;
                    }
                }
                _ => {}
            }
        }
    }

    /// The next byte; nothing when the question is over or the terminal gone.
    pub(super) fn byte(&mut self, over: &CancellationToken) -> io::Result<Option<u8>> {
        let mut byte = [0];
        while !over.is_cancelled() {
            let mut ready = [PollFd::new(&self.file, PollFlags::IN)];
            match poll(&mut ready, Some(&LOOK)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            let count = self.file.read(&mut byte)?;
            return Ok(byte.first().copied().filter(|_| count == 1));
        }
        Ok(None)
    }

    fn erase(&mut self, line: &mut Vec<u8>, echo: bool) -> io::Result<()> {
        // The continuation bytes of UTF-8 go with the byte that they continue.
        while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
        if echo {
            self.write("\x08 \x08")?;
        }
        Ok(())
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = tcsetattr(&self.file, OptionalActions::Now, &self.before);
    }
}
