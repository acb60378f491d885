//! A daemon is rolled: restarted on many nodes, one batch after the other, so that enough of them stay up.

mod event;
mod machine;
mod options;
mod order;
mod past;
mod plan;
mod run;
mod say;
mod state;
mod tally;
mod task;
mod wish;
mod word;

pub use event::Event;
pub use machine::{Check, End, Gate, Input, Machine, Phase, Reason, Standing, Task, Work};
pub use options::{Options, Order as Sequence, Share};
pub use order::{GateBy, Order, Step, Steps, Text};
pub use past::{Past, Trace};
pub use plan::{Batch, batches};
pub use say::said;
pub use state::{At, Seen, State};
pub use tally::Tally;
pub use task::{Finished, Start, drive};
pub use wish::{VERSION, Wish};
