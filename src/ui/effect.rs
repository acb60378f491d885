//! Everything the screen can ask for, as data.

use std::sync::Arc;

use crate::{
    daemon::roll::Wish,
    exec::{Cancel, RunNumber, RunOrder},
    fleet::Inquiry,
    logs::Order,
    node::NodeId,
    ssh::{Answer, PromptId},
    store::{audit::RunId, roll::Note},
};

/// One wish; `tui::driver` carries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Stop the process, as Ctrl-Z does.
    Suspend,
    /// Clear the terminal and draw everything.
    Redraw,
    /// Answer a question.
    Answer(PromptId, Answer),
    /// Drop all passwords and decrypted keys.
    Forget,
    /// Sample this node at 1 s and with the expensive parts (per-core use); `None` when no node is open.
    Focus(Option<NodeId>),
    /// Tell of the connections that are kept, or no longer.
    Connections(bool),
    /// Connect to these now, whatever their back-off.
    Retry(Vec<NodeId>),
    /// Run a command.
    Run(Arc<RunOrder>),
    /// End a run, or a part of it.
    CancelRun(RunNumber, Cancel),
    /// Show a run no longer that is over.
    ForgetRun(RunNumber),
    /// Write a run's output into files.
    SaveRun(RunNumber),
    /// Follow logs.
    Follow(Arc<Order>),
    /// Follow these no longer.
    Unfollow(Arc<Order>),
    /// Write these lines of followed logs into a file.
    SaveLines(Arc<Order>, Arc<Vec<u64>>),
    /// Roll a daemon.
    Roll(Arc<Wish>),
    /// Order something of a roll.
    SteerRoll(RunId, Note),
    /// Show a roll no longer that is over.
    ForgetRoll(RunId),
    /// Put this text on the clipboard of the person's terminal.
    Copy(String),
    /// Look into something; the answer comes with the snapshots.
    Inquire(Arc<Inquiry>),
}
