//! The daemons of nodes: asked after, started, stopped, restarted and rolled.

pub mod answer;
mod manner;
pub mod report;
pub mod roll;
pub mod script;
mod shell;

pub use manner::Manner;
pub use report::{Report, Verdict};
pub use script::{readable, script};

/// What is to be done with a daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing but a look.
    Status,
    /// Have it run.
    Start,
    /// Have it not run.
    Stop,
    /// Have it run anew.
    Restart,
}

impl Action {
    /// The word for it, as it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
        }
    }

    /// It may change something.
    pub fn is_mutating(self) -> bool {
        self != Self::Status
    }
}
