//! Broadcast: one command on many nodes. Pure parts: outcomes, what is kept of output, groups of equal answers.

pub mod choose;
mod control;
mod event;
pub mod exit;
pub mod json;
pub mod keep;
pub mod lines;
pub mod marks;
pub mod nonce;
mod one;
pub mod outcome;
pub mod plan;
mod run;
pub mod schedule;
pub mod script;

pub use choose::{Template, pick};
pub use control::Control;
pub use event::Event;
pub use exit::{Ending, ExitPolicy};
pub use keep::Keep;
pub use outcome::{Capture, Leftover, NodeResult, Outcome, Stream};
pub use run::{Finished, run};
