//! Broadcast: one command on many nodes. Pure parts: outcomes, what is kept of output, groups of equal answers.

pub mod choose;
pub mod exit;
pub mod gather;
pub mod keep;
pub mod mask;
pub mod outcome;
pub mod report;
mod size;

pub use choose::{Template, pick};
pub use exit::{Ending, ExitPolicy};
pub use gather::{Gather, Group};
pub use keep::Keep;
pub use mask::Mask;
pub use outcome::{Capture, Leftover, NodeResult, Outcome, Stream};
