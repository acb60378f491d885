//! The audit log: who ran what where and how it went, as JSON lines that are only ever appended, each chained to the one before.
//!
//! All functions block (a lock, a write, a sync): an async caller runs them in `spawn_blocking`. Several processes may
//! write at once, each through an [`Audit`] of its own: the lock is taken per batch and the head read anew.
//!
//! A line is `BODY,"hash":"HEX"}`, where BODY is a JSON object without its last brace that begins with `seq` and `prev`,
//! and HEX is the SHA-256 of `prev` (its 64 digits) and BODY. `seq` counts on through all files; `prev` is the hash of
//! the record before, in the file before for a file's first one, and 64 zeros for the very first. So the chain shows
//! edits and holes. It doesn't show that the tail was cut off, nor a rewrite of everything by the files' owner: for
//! that, the head has to be kept elsewhere.

mod chain;
mod error;
mod folder;
mod reader;
mod record;
mod redact;
mod run_id;
mod tail;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

pub use chain::{Hash, Head};
pub use error::Error;
pub use reader::{CommandLine, Filter, Reader, Stored, Summary};
pub use record::{
    Counts, Event, Gap, HostKey, HostKeyChange, Intent, IntentRecord, Open, Record, RollOrder,
    RunEnd, RunResult,
};
pub use redact::{MARK, redact};
pub use run_id::{BadRunId, RunId};
pub use verify::{Fault, Verdict, Whole};
pub use writer::Audit;
