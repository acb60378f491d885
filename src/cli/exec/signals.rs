//! The signals that end a run, listened for once and from its very beginning.

use std::{fs, io};

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::cli::exit;

/// One that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The terminal is gone.
    HangUp,
}

impl Signal {
    /// What a command that it ends exits with.
    pub(in crate::cli) fn code(self) -> u8 {
        match self {
            Self::Interrupt => exit::INTERRUPTED,
            Self::Terminate => exit::TERMINATED,
            Self::HangUp => exit::HUNG_UP,
        }
    }
}

/// The listener. A signal that whoever started the process had ignored (`nohup`, `&` in a script) stays ignored.
pub(in crate::cli) struct Signals {
    interrupt: Option<Stream>,
    terminate: Option<Stream>,
    hang_up: Option<Stream>,
}

impl Signals {
    /// From here on no signal of these ends the process by itself. Must be called within the runtime.
    pub(in crate::cli) fn listen() -> io::Result<Self> {
        let ignored = fs::read_to_string("/proc/self/status").map_or(0, |text| ignored(&text));
        let listen = |kind: SignalKind| {
            let bit = 1_u64 << (kind.as_raw_value() - 1);
            (ignored & bit == 0).then(|| signal(kind)).transpose()
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// The next one. Cancel-safe.
    pub(in crate::cli) async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            () = came(&mut self.terminate) => Signal::Terminate,
            () = came(&mut self.hang_up) => Signal::HangUp,
            () = came(&mut self.interrupt) => Signal::Interrupt,
        }
    }
}

async fn came(stream: &mut Option<Stream>) {
    match stream {
        Some(stream) => drop(stream.recv().await),
        None => std::future::pending().await,
    }
}

/// The mask of ignored signals in a process's status, proc(5); none where the system shows no such thing.
fn ignored(status: &str) -> u64 {
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_seen() {
        assert_eq!(ignored("Name:\tx\nSigIgn:\t0000000000001001\n"), 0x1001);
        assert_eq!(ignored(""), 0);
    }
}
