//! The daemons of nodes: asked after, started, stopped, restarted and rolled.

pub mod roll;

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
