//! Logs of many nodes as one stream in the order of time.

pub mod buffer;
pub mod filter;
pub mod level;
pub mod line;
pub mod maker;
pub mod merge;
mod pairs;
pub mod stamp;

pub use buffer::Buffer;
pub use filter::Filter;
pub use line::{Level, Line, StreamId};
pub use maker::Maker;
pub use merge::Merge;
