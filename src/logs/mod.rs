//! Logs of many nodes as one stream in the order of time.

mod event;
pub mod line;
mod order;
pub mod source;
pub mod state;

pub use event::{Credit, End, Event, Phase};
pub use line::{Level, Line, StreamId};
pub use order::{MOST_STREAMS, Order, Since, Tail, Target};
pub use source::Source;
