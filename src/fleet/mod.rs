//! The owner of all node state: one actor, one poller per node, snapshots for whoever looks.

pub mod state;

pub use state::{Counts, Link, Millis, NodeState, Sampler, Snapshot, Status};
