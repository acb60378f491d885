//! What became of a command on a node, and what is kept of its output. Pure.

use std::time::Duration;

use bytes::Bytes;

use crate::node::{NodeId, Transport, text::SafeText};

/// How a command ended on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Ok,
    /// Another exit code.
    Exit(u32),
    /// Killed by this signal, its name without SIG.
    Signal(String),
    /// Its time was over, and it was ended.
    Timeout,
    /// Ended because somebody wanted it to.
    Cancelled,
    /// The connection went away while it ran: it may run on.
    Lost(SafeText),
    /// The server told nothing of its end.
    Unknown(SafeText),
    /// It never began: no connection, no channel, or the node refused.
    Refused(SafeText),
    /// It was never sent: cancelled, or the run was stopped before its turn.
    Skipped(SafeText),
}

/// What an outcome says of the command: every report and view has its colour by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// It did what it was for.
    Good,
    /// It ran to its own end, and failed.
    Bad,
    /// Not reached, lost, or ended from here: nobody knows how it would have gone.
    Unsure,
    /// It was never sent.
    Unsent,
}

impl Outcome {
    /// What it says of the command.
    pub fn grade(&self) -> Grade {
        match self {
            Self::Ok => Grade::Good,
            Self::Exit(_) | Self::Signal(_) => Grade::Bad,
            Self::Skipped(_) => Grade::Unsent,
            _ => Grade::Unsure,
        }
    }

    /// The word for it in reports and JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Exit(_) => "exit",
            Self::Signal(_) => "signal",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Lost(_) => "lost",
            Self::Unknown(_) => "unknown",
            Self::Refused(_) => "refused",
            Self::Skipped(_) => "skipped",
        }
    }

    /// True for exit code 0.
    pub fn is_ok(&self) -> bool {
        *self == Self::Ok
    }

    /// True where the node was not reached, or lost: it says nothing of the command.
    pub fn is_unreached(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Unknown(_) | Self::Refused(_))
    }

    /// Why, where there is more to say than the word.
    pub fn reason(&self) -> &str {
        match self {
            Self::Lost(why) | Self::Unknown(why) | Self::Refused(why) | Self::Skipped(why) => {
                why.as_str()
            }
            _ => "",
        }
    }
}

/// Which of a command's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// The word for it in JSON and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// What is kept of one output: all of it, or its beginning and its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// The beginning; everything where nothing was cut.
    pub head: Bytes,
    /// The end, where something was cut in between.
    pub tail: Bytes,
    /// Bytes in all.
    pub total: u64,
    /// Of all bytes, also those that were cut: equal outputs have equal ones.
    pub digest: [u8; 32],
}

impl Capture {
    /// Bytes that were left out between head and tail.
    pub fn cut(&self) -> u64 {
        self.total - (self.head.len() + self.tail.len()) as u64
    }
}

/// A process that a cancelled command has left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Its process id on the node.
    pub pid: u32,
    /// Its name, as far as it is known.
    pub name: SafeText,
}

/// What a run knows of one node at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeResult {
    /// The node.
    pub node: NodeId,
    /// How it ended.
    pub outcome: Outcome,
    /// Standard output.
    pub stdout: Capture,
    /// Standard error.
    pub stderr: Capture,
    /// From the start of the command to its end; zero where it never began.
    pub duration: Duration,
    /// How often it was tried.
    pub attempts: u32,
    /// The way in use; none where no connection came about.
    pub transport: Option<Transport>,
    /// Of a command that was ended: what still runs; none where that could not be seen.
    pub left: Option<Vec<Leftover>>,
}

impl NodeResult {
    /// Of a node where no command ran.
    pub fn without_run(node: &NodeId, outcome: Outcome, attempts: u32) -> Self {
        Self {
            node: node.clone(),
            outcome,
            stdout: Capture::default(),
            stderr: Capture::default(),
            duration: Duration::ZERO,
            attempts,
            transport: None,
            left: None,
        }
    }
}
