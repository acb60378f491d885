//! Keys to actions: one table feeds the key handling, the help, the hint line and docs/keys.md.

mod remap;
mod table;

use std::{collections::HashMap, fmt::Write as _};

use crokey::KeyCombination;
use serde::{Deserialize, Serialize};

pub use remap::Remaps;
pub use table::BINDINGS;

/// What a key can mean. The view in front decides what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// Show the connections.
    Connections,
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
    /// Say yes to all host keys that wait.
    YesToAll,
    /// Send what is typed.
    Send,
    /// The answer is for every node that asks for it now.
    ForAll,
    /// Drop passwords and decrypted keys.
    Forget,
    /// Type a command.
    Palette,
    /// Type a command for nodes.
    Exec,
    /// The next match of the palette.
    Complete,
    /// The match before.
    CompleteBack,
    /// Search what was typed before.
    Search,
    /// Another line of text.
    NewLine,
    /// Take all marks away.
    Unmark,
    /// Show all runs.
    Runs,
    /// Restart a daemon.
    Restart,
    /// Stop a daemon, or start it.
    StartStop,
    /// Each different answer once.
    Gather,
    /// Answers that differ only in own names, addresses and numbers are the same, or not.
    Mask,
    /// Only nodes that failed.
    OnlyFailed,
    /// Run it again where it failed.
    Rerun,
    /// Write the output into files.
    Save,
    /// End a run, or what it does on a node.
    Cancel,
    /// Show a run no longer.
    Drop,
    /// The next place that was searched for.
    NextHit,
    /// The place before that was searched for.
    PreviousHit,
    /// Follow the logs.
    Logs,
    /// Follow the system's log.
    SystemLog,
    /// The next daemon.
    NextDaemon,
    /// The daemon before.
    PreviousDaemon,
    /// Follow the end, or hold.
    Follow,
    /// Type a pattern that lines have to pass.
    Sift,
    /// Go to a time.
    GoTo,
    /// Wrap long lines, or cut them.
    Wrap,
    /// Only lines of a least level.
    Level,
    /// Leave a node out.
    Hide,
    /// The next marked line.
    NextMark,
    /// The marked line before.
    PreviousMark,
    /// To the clipboard.
    Copy,
    /// Show the rolls.
    Rolls,
    /// No node of the roll begins.
    Pause,
    /// The roll goes on.
    Resume,
    /// The canaries are good.
    Promote,
    /// Cut the roll.
    Abort,
}

impl Action {
    /// True where nodes may be changed by it: not with `--read-only`.
    pub fn is_mutating(self) -> bool {
        matches!(
            self,
            Self::Exec
                | Self::Rerun
                | Self::Cancel
                | Self::Restart
                | Self::StartStop
                | Self::Pause
                | Self::Resume
                | Self::Promote
                | Self::Abort
        )
    }
}

/// Where keys are read: the layer in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Under every layer.
    Anywhere,
    /// All nodes.
    Fleet,
    /// One node.
    Node,
    /// The help.
    Help,
    /// The menu of columns.
    Columns,
    /// The menu of daemons.
    Daemons,
    /// The connections.
    Pool,
    /// The line where a filter is typed; all other keys are text.
    Filter,
    /// The line where a command is typed; all other keys are text.
    Palette,
    /// A question about a host key.
    Prompt,
    /// A question that is answered by typing; all other keys are text.
    Secret,
    /// All runs.
    Runs,
    /// One run.
    Run,
    /// What one node of a run has printed.
    Output,
    /// Each different answer of a run.
    Gathered,
    /// The line where a search is typed; all other keys are text.
    Search,
    /// Logs.
    Logs,
    /// All rolls.
    Rolls,
    /// One roll.
    Roll,
    /// A command is to be confirmed.
    Confirm,
    /// A command is to be confirmed by a word; all other keys are text.
    Word,
}

impl Scope {
    /// Every scope, in the order of the help.
    pub const ALL: [Self; 21] = [
        Self::Fleet,
        Self::Node,
        Self::Filter,
        Self::Palette,
        Self::Columns,
        Self::Daemons,
        Self::Pool,
        Self::Runs,
        Self::Run,
        Self::Output,
        Self::Gathered,
        Self::Rolls,
        Self::Roll,
        Self::Logs,
        Self::Search,
        Self::Confirm,
        Self::Word,
        Self::Help,
        Self::Prompt,
        Self::Secret,
        Self::Anywhere,
    ];

    /// True where the keys are no matter of taste: a yes is a yes everywhere.
    pub fn is_fixed(self) -> bool {
        matches!(self, Self::Prompt | Self::Confirm | Self::Word)
    }

    /// True where letters are text.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Filter | Self::Palette | Self::Search | Self::Secret | Self::Word
        )
    }

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::Fleet => "Fleet",
            Self::Node => "Node",
            Self::Help => "Help",
            Self::Columns => "Columns",
            Self::Daemons => "Daemons",
            Self::Pool => "Connections",
            Self::Filter => "Typing a filter",
            Self::Palette => "Typing a command",
            Self::Prompt => "A host key",
            Self::Secret => "Typing a secret",
            Self::Runs => "Runs",
            Self::Run => "A run",
            Self::Output => "A node's output",
            Self::Gathered => "Gathered answers",
            Self::Logs => "Logs",
            Self::Rolls => "Rolls",
            Self::Roll => "A roll",
            Self::Search => "Typing a search",
            Self::Confirm => "A confirmation",
            Self::Word => "A confirmation by a word",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What happens.
    pub action: Action,
    /// Where.
    pub scopes: &'static [Scope],
    /// By which keys, the first being the one to show: `g`, `G`, `ctrl-r`, `pageup`, `f1`.
    pub keys: &'static [&'static str],
    /// What it does, in one line.
    pub title: &'static str,
    /// Its place in the hint line, 1 being kept longest, and the word there.
    pub hint: Option<(u8, &'static str)>,
}

/// The keys in force.
#[derive(Clone, Debug)]
pub struct KeyMap {
    actions: HashMap<(Scope, KeyCombination), Action>,
    /// Rows of the table by scope, with the keys that count there.
    rows: Vec<(Scope, &'static Binding, Vec<String>)>,
}

impl Default for KeyMap {
    fn default() -> Self {
        let rows = Scope::ALL.into_iter().flat_map(|scope| {
            let own = |key: &&str| (*key).to_owned();
            bindings(scope).map(move |row| (scope, row, row.keys.iter().map(own).collect()))
        });
        Self::of(rows.collect())
    }
}

impl KeyMap {
    fn of(rows: Vec<(Scope, &'static Binding, Vec<String>)>) -> Self {
        let pairs = rows.iter().flat_map(|(scope, row, keys)| {
            let keys = keys.iter().flat_map(|key| spellings(key));
            keys.map(move |key| ((*scope, key), row.action))
        });
        Self {
            actions: pairs.collect(),
            rows,
        }
    }

    /// The keys without those that may change nodes; such a key still has its meaning, so that it can be refused.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.rows.retain(|(_, row, _)| !row.action.is_mutating());
        self
    }

    /// What a key means in a scope.
    pub fn action(&self, scope: Scope, key: KeyCombination) -> Option<Action> {
        let here = self.actions.get(&(scope, key));
        here.or_else(|| self.actions.get(&(Scope::Anywhere, key)))
            .copied()
    }

    /// The rows of a scope with their keys, in the order of the table.
    pub fn rows(&self, scope: Scope) -> impl Iterator<Item = (&'static Binding, &[String])> {
        let here = self.rows.iter().filter(move |(of, ..)| *of == scope);
        here.map(|(_, row, keys)| (*row, keys.as_slice()))
    }

    /// The first key of an action, where it has one.
    pub fn key(&self, scope: Scope, action: Action) -> Option<&str> {
        let mut rows = self.rows(scope);
        let (_, keys) = rows.find(|(row, _)| row.action == action)?;
        keys.first().map(String::as_str)
    }

    /// The hints of a scope but for those of `idle` actions, in the order of the table: place, key, word.
    pub fn hints(
        &self,
        scope: Scope,
        idle: &[Action],
    ) -> impl Iterator<Item = (u8, &str, &'static str)> {
        let rows = self.rows(scope);
        let rows = rows.filter(|(row, _)| !idle.contains(&row.action));
        rows.filter_map(|(row, keys)| {
            let (place, word) = row.hint?;
            Some((place, keys.first()?.as_str(), word))
        })
    }
}

/// The rows of a scope, in the order of the table.
fn bindings(scope: Scope) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |b| b.scopes.contains(&scope))
}

/// A key as terminals may report it: some add Shift to a sign that needs it, some don't.
fn spellings(key: &str) -> Vec<KeyCombination> {
    let mut chars = key.chars();
    let single = chars.next().filter(|_| chars.next().is_none());
    let texts = match single {
        Some(c) if c.is_ascii_uppercase() => vec![format!("shift-{key}")],
        Some(c) if c.is_ascii_punctuation() => vec![key.to_owned(), format!("shift-{key}")],
        _ => vec![key.to_owned()],
    };
    texts.iter().filter_map(|t| crokey::parse(t).ok()).collect()
}

/// docs/keys.md, whole.
pub fn document() -> String {
    let mut out = String::from(HEAD);
    for scope in Scope::ALL {
        let name = if scope.is_fixed() {
            String::new()
        } else {
            format!("`{}:`", remap::word(&scope))
        };
        let title = scope.title();
        let _ = write!(
            out,
            "\n## {title}\n\n| keys | what | {name} |\n|---|---|---|\n"
        );
        for row in bindings(scope) {
            let keys: Vec<String> = row.keys.iter().map(|k| format!("`{k}`")).collect();
            let action = if scope.is_fixed() {
                String::new()
            } else {
                format!("`{}`", remap::word(&row.action))
            };
            let _ = writeln!(out, "| {} | {} | {action} |", keys.join(" "), row.title);
        }
    }
    out
}

const HEAD: &str = "\
# Keys

Made from `src/config/keymap/table.rs`; a test fails when it is stale.

Keys of your own stand in `~/.config/sshoal/config.yaml`, by the words of the last column; help and hints follow:

```yaml
keys:
  fleet: {filter: ctrl-f, only-faults: [x, F]}
  anywhere: {quit: [ctrl-q, ctrl-c]}
```

They take the place of the usual keys of that action there. A key that means two things is an error, and so is a letter
where letters are text. The keys of a question stay what they are.
";

#[cfg(test)]
mod tests;
