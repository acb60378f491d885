//! Keys to actions: one table feeds the key handling, the help, the hint line and docs/keys.md.

/// What a key can mean. The view in front decides what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Cursor.
    Up,
    /// Cursor.
    Down,
    /// Cursor.
    Left,
    /// Cursor.
    Right,
    /// A screenful up.
    PageUp,
    /// A screenful down.
    PageDown,
    /// The first node.
    First,
    /// The last node.
    Last,
    /// Go into what is under the cursor.
    Open,
    /// Go back, clear the filter.
    Back,
    /// Mark or unmark the node under the cursor.
    Mark,
    /// Mark all shown nodes, or none.
    MarkAll,
    /// Type a filter.
    Filter,
    /// More nodes at once: tiles, table, heatmap.
    Denser,
    /// Fewer nodes at once.
    Roomier,
    /// Worst first, or by name, or by a column.
    Sort,
    /// Sort by the next column.
    SortNext,
    /// Sort by the column before.
    SortPrevious,
    /// Turn the order round.
    Invert,
    /// The next node in trouble.
    NextFault,
    /// The node in trouble before.
    PreviousFault,
    /// Only nodes in trouble.
    OnlyFaults,
    /// Choose the columns of the table.
    Columns,
    /// The signal that colours the heatmap.
    Signal,
    /// Try a node that is down now.
    Retry,
    /// The next theme.
    Theme,
    /// Show the keys.
    Help,
    /// Draw everything anew.
    Redraw,
    /// Stop the process for the shell.
    Suspend,
    /// Leave.
    Quit,
    /// Say yes to a question.
    Yes,
    /// Say no to a question.
    No,
    /// Say yes to all questions that wait.
    YesToAll,
}
