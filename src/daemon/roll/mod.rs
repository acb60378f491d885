//! A daemon is rolled: restarted on many nodes, one batch after the other, so that enough of them stay up.

mod machine;
mod options;
mod past;
mod plan;
mod tally;

pub use machine::{Check, End, Gate, Input, Machine, Phase, Reason, Standing, Task, Work};
pub use options::{Options, Order, Share};
pub use past::{Past, Trace};
pub use plan::{Batch, batches};
pub use tally::Tally;
