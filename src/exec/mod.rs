//! Broadcast: one command on many nodes. Pure parts: outcomes, what is kept of output, groups of equal answers.

pub mod choose;
mod control;
mod event;
pub mod exit;
pub mod gather;
pub mod guard;
pub mod json;
pub mod keep;
pub mod lines;
pub mod marks;
pub mod mask;
pub mod nonce;
mod one;
pub mod outcome;
pub mod plan;
pub mod report;
mod run;
pub mod schedule;
pub mod script;
mod size;

pub use choose::{Template, pick};
pub use control::Control;
pub use event::Event;
pub use exit::{Ending, ExitPolicy};
pub use gather::{Gather, Group};
pub use keep::Keep;
pub use mask::Mask;
pub use outcome::{Capture, Leftover, NodeResult, Outcome, Stream};
pub use run::{Finished, run};
