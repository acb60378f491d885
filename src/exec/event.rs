//! What a run tells while it goes on.

use std::sync::Arc;

use bytes::Bytes;

use super::{NodeResult, Stream};
use crate::node::text::SafeText;

/// One happening; nodes are named by their place in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This node is being connected to.
    Connecting(usize),
    /// An attempt failed, and another one follows.
    Retrying(usize, SafeText),
    /// The command is sent.
    Began(usize),
    /// The command has printed something.
    Output(usize, Stream, Bytes),
    /// sudo asks for the password; told once in a run, answered by [`Control::give_password`].
    ///
    /// [`Control::give_password`]: super::Control::give_password
    Password(SafeText),
    /// The command is told to end.
    Ending(usize),
    /// This node is done.
    Ended(usize, Arc<NodeResult>),
    /// No node begins any more, for this reason.
    Stopped(SafeText),
}
