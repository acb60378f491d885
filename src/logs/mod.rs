//! Logs of many nodes as one stream in the order of time.

pub mod line;

pub use line::{Level, Line, StreamId};
