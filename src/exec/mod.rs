//! Broadcast: one command on many nodes. Pure parts: outcomes, what is kept of output, groups of equal answers.

pub mod guard;
pub mod json;
pub mod lines;
pub mod outcome;

pub use outcome::{Capture, Leftover, NodeResult, Outcome, Stream};
