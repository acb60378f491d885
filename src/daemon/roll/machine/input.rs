//! What a roll is told, and what it wants done. Pure.

/// What a roll is told. Nodes are named by their places in the selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// What came of the steps before the gate.
    Worked(usize, Work),
    /// What the gate says.
    Gated(usize, Gate),
    /// What is run where a node has failed has ended, however it did.
    Mended(usize),
    /// Whether something of an earlier process still runs there.
    Checked(usize, Check),
    /// Which of the nodes that were asked after are up.
    Looked(Vec<(usize, bool)>),
    /// No node begins until `Resume`.
    Pause,
    /// Ends a pause, an interruption too.
    Resume,
    /// The canaries are good.
    Promote,
    /// What is in flight goes on to its end; then the roll is left, to be resumed.
    Interrupt,
    /// What is in flight is cut.
    Abort,
    /// Something of ours is broken: no node begins any more.
    Break,
}

/// What came of the steps before the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// All of them did well.
    Ok,
    /// One did not.
    Failed,
    /// The node was not reached, or lost.
    Unreached,
    /// Ended because the roll was aborted.
    Cut,
}

/// What a gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Well.
    Green,
    /// Not well, or not yet.
    Red,
    /// It could not be asked.
    Unreached,
}

/// Whether something of an earlier process still runs on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing does.
    Clear,
    /// Something does.
    Busy,
    /// It could not be asked.
    Unreached,
}

/// What is to be done. Each is answered by its input, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Begin this node: by `Worked`.
    Begin(usize),
    /// Ask its gate: by `Gated`.
    Gate(usize),
    /// Run what is to be run where a node has failed: by `Mended`.
    Mend(usize),
    /// See whether something of an earlier process still runs there: by `Checked`.
    Check(usize),
    /// See which of these are up: by `Looked`.
    Look(Vec<usize>),
}
