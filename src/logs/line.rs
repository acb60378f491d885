//! One line of a log, and what is known of it.

use bytes::Bytes;

/// Names a stream: one log of one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// How much a line matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Finer than debug.
    Trace,
    /// For whoever mends the program.
    Debug,
    /// All is well.
    Info,
    /// Something to look at.
    Warning,
    /// Something failed.
    Error,
    /// Somebody has to act.
    Critical,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub stream: StreamId,
    /// When it was written by the clock of this machine, in microseconds since 1970. A line without a time has that of the
    /// line before it; none where no line before it has one.
    pub at_us: Option<i64>,
    /// The time stands in the line itself.
    pub is_stamped: bool,
    /// What it says of itself; a line without a time has that of the line before it.
    pub level: Option<Level>,
    /// It came after later ones were shown.
    pub is_late: bool,
    /// Not of the log: it says that what came between is unknown.
    pub is_gap: bool,
    /// As sent, without its newline.
    pub text: Bytes,
}
