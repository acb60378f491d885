//! The table of keys. A row is an action, where it holds, its keys, what it does, and its hint.

use super::{
    Action, Binding,
    Scope::{
        self, Anywhere, Columns, Confirm, Daemons, Filter, Fleet, Gathered, Help, Node, Output,
        Palette, Pool, Prompt, Run, Runs, Search, Secret, Word,
    },
};

/// Scopes in which letters are keys, not text or answers.
const VIEWS: &[Scope] = &[
    Fleet, Node, Help, Columns, Daemons, Pool, Runs, Run, Output, Gathered,
];

/// Those of them in which `g` is the way to the top.
const TOPS: &[Scope] = &[Fleet, Node, Help, Columns, Daemons, Pool, Runs, Output];

/// Every key of the dashboard.
#[rustfmt::skip] // one row a line: it is read as a table
pub const BINDINGS: &[Binding] = &[
    row(Action::Help, &[Fleet, Node, Columns, Pool, Runs, Run, Output, Gathered], &["?", "f1"], "the keys, the signs, the filter language").hint(1, "help"),
    row(Action::Open, &[Fleet], &["enter"], "open the node under the cursor").hint(2, "open"),
    row(Action::Palette, &[Fleet, Node], &[":"], "every command, by its name").hint(3, "command"),
    row(Action::Palette, &[Help, Columns, Pool, Runs, Run, Output, Gathered], &[":"], "every command, by its name").hint(20, "command"),
    row(Action::Filter, &[Fleet], &["/", "f4"], "filter the nodes").hint(5, "filter"),
    row(Action::Exec, &[Fleet, Node], &["!"], "run a command: on the marked nodes, else here").hint(8, "run"),
    row(Action::Mark, &[Fleet], &["space"], "mark the node, or unmark it").hint(7, "mark"),
    row(Action::MarkAll, &[Fleet], &["*", "ctrl-a"], "mark all shown nodes, or none"),
    row(Action::Unmark, &[Fleet], &["u"], "take all marks away"),
    row(Action::Denser, &[Fleet], &["z"], "more nodes at once: tiles, table, heatmap").hint(6, "denser"),
    row(Action::Roomier, &[Fleet], &["Z"], "fewer nodes at once: heatmap, table, tiles"),
    row(Action::Sort, &[Fleet], &["o", "f6"], "order: worst first, by name, by a column").hint(9, "order"),
    row(Action::SortPrevious, &[Fleet], &["<"], "order by the column to the left"),
    row(Action::SortNext, &[Fleet], &[">"], "order by the column to the right"),
    row(Action::Invert, &[Fleet], &["I"], "turn the order round"),
    row(Action::NextFault, &[Fleet, Node], &["n"], "the next node in trouble").hint(10, "next fault"),
    row(Action::PreviousFault, &[Fleet, Node], &["N"], "the node in trouble before"),
    row(Action::OnlyFaults, &[Fleet], &["f"], "only nodes in trouble, or all").hint(11, "only faults"),
    row(Action::Columns, &[Fleet], &["C"], "choose the columns of the table").hint(13, "columns"),
    row(Action::Signal, &[Fleet], &["m"], "the signal that colours the heatmap").hint(12, "signal"),
    row(Action::Connections, &[Fleet, Node], &["P"], "the connections that are kept"),
    row(Action::Runs, &[Fleet, Node], &["r"], "the runs: commands on many nodes"),
    row(Action::Restart, &[Fleet, Node], &["R"], "restart a daemon: on the marked nodes, else here"),
    row(Action::StartStop, &[Fleet, Node], &["S"], "stop a daemon, or start it: on the marked nodes, else here"),
    row(Action::Open, &[Daemons], &["enter"], "this one").hint(1, "this one"),
    row(Action::Back, &[Daemons], &["esc"], "leave it").hint(2, "leave it"),
    row(Action::Open, &[Runs], &["enter"], "open the run").hint(3, "open"),
    row(Action::Open, &[Run], &["enter"], "what the node has printed").hint(3, "output"),
    row(Action::Gather, &[Run], &["g"], "each different answer once, as diffs").hint(7, "gather"),
    row(Action::Mask, &[Gathered], &["m"], "own names, addresses, numbers: alike, or not").hint(3, "mask"),
    row(Action::OnlyFailed, &[Run], &["f"], "only nodes that failed, or all").hint(6, "failed"),
    row(Action::Sort, &[Run], &["s"], "order: by state, by name").hint(9, "order"),
    row(Action::Rerun, &[Run, Gathered], &["r"], "run it again on the nodes that failed").hint(10, "again on failed"),
    row(Action::Save, &[Runs, Run, Output, Gathered], &["w"], "write the output into files").hint(8, "write files"),
    row(Action::Cancel, &[Runs, Run], &["x"], "cancel what has not begun, then all").hint(5, "cancel"),
    row(Action::Cancel, &[Output], &["x"], "cancel it on this node alone").hint(5, "cancel here"),
    row(Action::Drop, &[Runs], &["delete", "d"], "show a run no longer that is over").hint(6, "drop"),
    row(Action::Filter, &[Output], &["/"], "search").hint(3, "search"),
    row(Action::NextHit, &[Output], &["n"], "the next place that was searched for").hint(6, "next"),
    row(Action::PreviousHit, &[Output], &["N"], "the place before that was searched for"),
    row(Action::Left, &[Output], &["left", "h"], "the node before").hint(9, "before"),
    row(Action::Right, &[Output], &["right", "l"], "the next node").hint(10, "next node"),
    row(Action::Back, &[Runs], &["esc", "r"], "close").hint(2, "close"),
    row(Action::Back, &[Run], &["esc"], "close; the run goes on").hint(2, "close"),
    row(Action::Back, &[Output], &["esc", "backspace"], "back to the run").hint(2, "back"),
    row(Action::Back, &[Gathered], &["esc", "g"], "back to the run").hint(2, "back"),
    row(Action::Open, &[Search], &["enter"], "keep the search").hint(1, "keep"),
    row(Action::Back, &[Search], &["esc"], "drop the search").hint(2, "drop"),
    row(Action::Yes, &[Confirm], &["y"], "do it").hint(1, "do it"),
    row(Action::No, &[Confirm], &["n", "esc"], "leave it").hint(2, "leave it"),
    row(Action::Send, &[Word], &["enter"], "do it, once the word is typed").hint(1, "do it"),
    row(Action::No, &[Word], &["esc"], "leave it").hint(2, "leave it"),
    row(Action::Up, &[Confirm, Word], &["up"], "up"),
    row(Action::Down, &[Confirm, Word], &["down"], "down"),
    row(Action::PageUp, &[Confirm, Word], &["pageup"], "a screenful up"),
    row(Action::PageDown, &[Confirm, Word], &["pagedown"], "a screenful down"),
    row(Action::Up, VIEWS, &["up", "k"], "up"),
    row(Action::Down, VIEWS, &["down", "j"], "down"),
    row(Action::Left, &[Fleet], &["left", "h"], "left"),
    row(Action::Right, &[Fleet], &["right", "l"], "right"),
    row(Action::Left, &[Node], &["left", "h"], "the node before, in the fleet's order").hint(7, "before"),
    row(Action::Right, &[Node], &["right", "l"], "the next node, in the fleet's order").hint(6, "next"),
    row(Action::Left, &[Columns], &["left", "h"], "move the column to the left").hint(6, "move left"),
    row(Action::Right, &[Columns], &["right", "l"], "move the column to the right").hint(7, "move right"),
    row(Action::PageUp, VIEWS, &["pageup", "ctrl-u"], "a screenful up"),
    row(Action::PageDown, VIEWS, &["pagedown", "ctrl-d"], "a screenful down"),
    row(Action::First, TOPS, &["g", "home"], "to the top"),
    row(Action::First, &[Run, Gathered], &["home"], "to the top"),
    row(Action::Last, VIEWS, &["G", "end"], "to the bottom"),
    row(Action::Retry, &[Fleet, Node], &["ctrl-r"], "connect now: the marked nodes, else this one").hint(14, "retry"),
    row(Action::Back, &[Fleet], &["esc"], "drop the filter, then the marks"),
    row(Action::Back, &[Node], &["esc", "backspace"], "back to the fleet").hint(2, "back"),
    row(Action::Mark, &[Columns], &["space", "enter"], "show the column, or hide it").hint(3, "show or hide"),
    row(Action::Back, &[Columns], &["esc", "C"], "close").hint(2, "close"),
    row(Action::Back, &[Help], &["esc", "?", "f1"], "close").hint(2, "close"),
    row(Action::Back, &[Pool], &["esc", "P"], "close").hint(2, "close"),
    row(Action::Open, &[Filter], &["enter"], "keep the filter").hint(1, "keep"),
    row(Action::Back, &[Filter], &["esc"], "drop the filter").hint(2, "drop"),
    row(Action::Up, &[Filter], &["up"], "the cursor up, while typing"),
    row(Action::Down, &[Filter], &["down"], "the cursor down, while typing"),
    row(Action::Open, &[Palette], &["enter"], "run the line").hint(1, "run"),
    row(Action::Back, &[Palette], &["esc"], "close; while searching, back to the line").hint(2, "close"),
    row(Action::Complete, &[Palette], &["tab"], "put in the next match").hint(3, "complete"),
    row(Action::CompleteBack, &[Palette], &["backtab"], "put in the match before"),
    row(Action::Up, &[Palette], &["up", "ctrl-p"], "the line before, of those that begin so").hint(4, "history"),
    row(Action::Down, &[Palette], &["down", "ctrl-n"], "the line after"),
    row(Action::Search, &[Palette], &["ctrl-r"], "search the history").hint(5, "search"),
    row(Action::NewLine, &[Palette], &["alt-enter", "ctrl-j"], "another line, for scripts").hint(6, "new line"),
    row(Action::Yes, &[Prompt], &["y"], "accept this key, and remember it").hint(1, "accept"),
    row(Action::No, &[Prompt], &["n", "esc"], "refuse it").hint(2, "refuse"),
    row(Action::YesToAll, &[Prompt], &["A"], "accept all keys that wait").hint(3, "accept all"),
    row(Action::Send, &[Secret], &["enter"], "the next line, then send").hint(1, "send"),
    row(Action::No, &[Secret], &["esc"], "decline").hint(2, "decline"),
    row(Action::Up, &[Secret], &["up"], "the line before"),
    row(Action::ForAll, &[Secret], &["tab"], "this password for all who ask for it now"),
    row(Action::Forget, &[Fleet, Node], &["X"], "forget typed passwords and unlocked keys"),
    row(Action::Theme, VIEWS, &["T"], "the next theme"),
    row(Action::Quit, VIEWS, &["q"], "leave").hint(4, "quit"),
    row(Action::Quit, &[Anywhere], &["ctrl-c"], "leave, also while typing"),
    row(Action::Redraw, &[Anywhere], &["ctrl-l"], "draw everything anew"),
    row(Action::Suspend, &[Anywhere], &["ctrl-z"], "stop for the shell; fg comes back"),
];

const fn row(
    action: Action,
    scopes: &'static [Scope],
    keys: &'static [&'static str],
    title: &'static str,
) -> Binding {
    Binding {
        action,
        scopes,
        keys,
        title,
        hint: None,
    }
}

impl Binding {
    const fn hint(self, place: u8, word: &'static str) -> Self {
        Self {
            hint: Some((place, word)),
            ..self
        }
    }
}
