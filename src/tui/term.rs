//! The local terminal: taken, and given back as it was, whatever happens.

use std::{
    fs::File,
    io::{self, ErrorKind, IsTerminal, Write},
    os::fd::AsFd,
    panic,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::layout::Size;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Signal as Number, kill_current_process_group},
};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use super::input;

/// Alternate screen, no cursor, pastes marked as such.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h";
/// Clears before it leaves the alternate screen: tmux 3.3a leaves rows of it on the shell's screen otherwise, once resized.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[?2004l\x1b[m\x1b[?25h\x1b[2J\x1b[H\x1b[?1049l";
/// A stuck terminal must not keep the process from ending.
const PATIENCE: Duration = Duration::from_millis(500);

/// True while the terminal is ours. Raw mode belongs to the process, and a panic anywhere has to undo it.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal of this process, taken until dropped.
#[derive(Debug)]
pub struct Terminal(());

impl Terminal {
    /// Takes it: raw mode, alternate screen, cursor hidden, bracketed paste. An error when stdin or stdout is no terminal.
    pub fn take() -> io::Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            let why = "the dashboard needs a terminal; `sshoal status` works without one";
            return Err(io::Error::new(ErrorKind::NotConnected, why));
        }
        let taken = Self(());
        take()?;
        Ok(taken)
    }

    /// Its size, within believable bounds.
    pub fn size(&self) -> io::Result<Size> {
        let (columns, rows) = crossterm::terminal::size()?;
        Ok(input::clamp(columns, rows))
    }

    /// Takes it anew: after a stop it may have been in other hands.
    pub fn retake(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        take()
    }

    /// True when a panic gave it back.
    pub fn is_lost(&self) -> bool {
        !TAKEN.load(Ordering::SeqCst)
    }

    /// True when nobody is at the other end any more. SIGHUP may go elsewhere: the kernel sends it to the session's leader.
    pub fn is_gone(&self) -> bool {
        let stdin = io::stdin();
        let mut asked = [PollFd::new(&stdin, PollFlags::empty())];
        let polled = poll(&mut asked, Some(&Timespec::default()));
        polled.is_ok() && asked.iter().any(|fd| fd.revents().contains(PollFlags::HUP))
    }

    /// Stops the job, as Ctrl-Z does in a shell, and takes the terminal again when it goes on.
    pub async fn suspend(&mut self, signals: &mut Signals) -> io::Result<()> {
        give_back();
        kill_current_process_group(Number::TSTP)?;
        // Nothing stops a job that no shell could continue (an orphaned process group): go on then.
        let _continued = tokio::time::timeout(PATIENCE, signals.resume.recv()).await;
        take()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// From now on a panic gives the terminal back before it is reported. Call it after the reporter is installed.
pub fn restore_on_panic() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        give_back();
        report(info);
    }));
}

/// Standard output, unbuffered: one frame is one write.
pub fn writer() -> io::Result<impl Write + Send + 'static> {
    Ok(Patient(File::from(
        io::stdout().as_fd().try_clone_to_owned()?,
    )))
}

/// What the outside may tell this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End.
    Terminate,
    /// The terminal is gone.
    HangUp,
    /// It was stopped, and goes on.
    Resume,
}

/// Signals as they come.
#[derive(Debug)]
pub struct Signals {
    terminate: Stream,
    interrupt: Stream,
    hang_up: Stream,
    resume: Stream,
}

impl Signals {
    /// Takes SIGTERM, SIGINT, SIGHUP and SIGCONT over, for the rest of this process.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            resume: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
        })
    }

    /// The next one. Cancel-safe.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.hang_up.recv() => Signal::HangUp,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Terminate,
            _ = self.resume.recv() => Signal::Resume,
        }
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    writer()?.write_all(ENTER)
}

/// Idempotent, from any thread.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let (done, written) = mpsc::sync_channel(1);
    let helper = thread::Builder::new().spawn(move || {
        let result = writer().and_then(|mut out| out.write_all(LEAVE));
        done.send(result)
    });
    if helper.is_ok() {
        // Whether it worked or not: there is nobody left to tell, and raw mode has to end all the same.
        let _late = written.recv_timeout(PATIENCE);
    }
    let _hung_up = disable_raw_mode();
}

/// Waits where another program made the shared descriptor non-blocking.
struct Patient(File);

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    thread::sleep(Duration::from_millis(2));
                }
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
