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
mod order;
pub mod outcome;
mod output;
pub mod plan;
pub mod record;
pub mod report;
mod run;
pub mod schedule;
pub mod script;
pub mod size;
pub mod state;

pub use choose::{Template, pick};
pub use control::Control;
pub use event::Event;
pub use exit::{Ending, ExitPolicy};
pub use gather::{Gather, Group};
pub use keep::Keep;
pub use mask::Mask;
pub use order::{Cancel, RunNumber, RunOrder};
pub use outcome::{Capture, Leftover, NodeResult, Outcome, Stream};
pub use output::Output;
pub use run::{Finished, run};
pub use state::{NodeRun, Phase, RunState};
