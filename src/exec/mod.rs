//! Broadcast: one command on many nodes. Pure parts: outcomes, what is kept of output, groups of equal answers.

pub mod choose;
pub mod exit;
pub mod json;
pub mod keep;
pub mod lines;
pub mod marks;
pub mod nonce;
pub mod outcome;
pub mod plan;
pub mod schedule;
pub mod script;

pub use choose::{Template, pick};
pub use exit::{Ending, ExitPolicy};
pub use keep::Keep;
pub use outcome::{Capture, Leftover, NodeResult, Outcome, Stream};
