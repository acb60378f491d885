//! Logs of many nodes as one stream in the order of time.

mod ask;
pub mod buffer;
pub mod collect;
mod course;
mod event;
pub mod filter;
mod follow;
mod hear;
pub mod level;
pub mod line;
pub mod maker;
pub mod merge;
mod order;
mod pairs;
mod reading;
mod search;
pub mod source;
mod spots;
pub mod stamp;
pub mod state;
mod stream;
mod sudo;

pub use buffer::Buffer;
pub use event::{Credit, End, Event, Phase};
pub use filter::Filter;
pub use follow::{follow, follow_as_root};
pub use line::{Level, Line, StreamId};
pub use maker::Maker;
pub use merge::Merge;
pub use order::{MOST_STREAMS, Order, Since, Tail, Target};
pub use source::Source;
pub use state::{Flow, State};
pub use sudo::Sudo;
