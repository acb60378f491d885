//! The ways to reach a server: each gives a byte stream.

pub(super) mod direct;
pub(super) mod jump;
pub(super) mod local;
pub(super) mod stream;
pub(super) mod tunnel;

use stream::Stream;

/// An open way to an SSH server.
pub(super) struct Way {
    pub(super) stream: Box<dyn Stream>,
    /// The other end, as `203.0.113.9:22`.
    pub(super) peer: String,
}
