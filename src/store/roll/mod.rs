//! The journals of rolls: what was ordered and how far it got, as JSON lines of one file per roll that are only ever
//! appended, so that another process can go on where one was killed.
//!
//! Beside the journal lies a file that other processes write orders into: `pause`, `resume`, `promote`, `abort`. Whoever
//! drives the roll holds a lock on the journal. All functions block (a write, a sync): an async caller runs them in
//! `spawn_blocking`.

mod control;
mod error;
mod folder;
mod journal;
mod record;
mod steer;

#[cfg(test)]
mod tests;

pub use control::{Control, Order};
pub use error::Error;
pub use folder::{Folder, Stored};
pub use journal::Journal;
pub use record::{Batch, End, Files, Header, Line, Note, Place, Record};
pub use steer::Steered;
