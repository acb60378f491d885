//! What a line will do, said while it is typed: the exact command, on how many nodes and which, and what to mind.

use std::{fmt::Write as _, sync::Arc};

use crate::{
    command::{exec::Exec, registry::Entry},
    exec::{
        guard::{Ask, Danger, Verdict, judge},
        plan::{Batches, Strategy},
    },
    node::{Node, set::NodeSet},
    ui::theme::Role,
};

/// A piece of a line.
pub type Piece = (String, Role);

/// Lines under what is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// From above; what has no room at the right is cut.
    pub lines: Vec<Vec<Piece>>,
}

/// Nodes, and how they were chosen.
#[derive(Clone, Debug)]
pub struct Selection {
    /// In order.
    pub nodes: Vec<Arc<Node>>,
    /// `marked`, `under the cursor`, or as typed.
    pub how: String,
}

impl Preview {
    /// One quiet line.
    pub fn note(text: &str) -> Self {
        Self {
            lines: vec![vec![(text.to_owned(), Role::Muted)]],
        }
    }

    /// What a command takes, and what it is for.
    pub fn about(entry: &Entry) -> Self {
        let usage = (format!("{}  ", entry.usage()), Role::Strong);
        Self {
            lines: vec![vec![usage, (entry.help().to_owned(), Role::Muted)]],
        }
    }

    /// What is wrong with what is typed so far.
    pub fn wrong(text: &str) -> Self {
        Self {
            lines: vec![vec![(text.to_owned(), Role::Warn)]],
        }
    }

    /// What a command is about to be done to: `marks 3 nodes: gpu[01-03]`.
    pub fn nodes(verb: &str, nodes: &[Arc<Node>]) -> Self {
        let text = format!("{verb} {}: ", count(nodes.len()));
        let names = (folded(nodes), Role::Text);
        Self {
            lines: vec![vec![(text, Role::Muted), names]],
        }
    }

    /// What `exec` will run, and where.
    pub fn run(exec: &Exec, selection: &Selection) -> Self {
        let command = exec.command.join(" ");
        let nodes = &selection.nodes;
        let verdict = judge(&command, nodes);
        let mut lines = vec![
            vec![
                ("on ".to_owned(), Role::Muted),
                (count(nodes.len()), Role::Strong),
                (format!(" ({}): ", selection.how), Role::Muted),
                (folded(nodes), Role::Text),
            ],
            shown(&command, exec),
        ];
        if !verdict.protected.is_empty() {
            let names = NodeSet::from_names(verdict.protected.iter().map(|id| id.as_str()));
            let text = format!("protected: {}", names.fold());
            lines.push(vec![(text, Role::Warn)]);
        }
        lines.extend(dangers(&verdict));
        Self { lines }
    }
}

/// The command as it will be sent, on one line, with what else holds for it.
fn shown(command: &str, exec: &Exec) -> Vec<Piece> {
    let mut lines = command.lines();
    let first = lines.next().unwrap_or_default();
    let further = lines.count();
    let mut pieces = vec![("$ ".to_owned(), Role::Key), (visible(first), Role::Strong)];
    if further > 0 {
        let word = if further == 1 { "line" } else { "lines" };
        pieces.push((format!("  and {further} {word} more"), Role::Muted));
    }
    let manner = manner(exec);
    if !manner.is_empty() {
        pieces.push((format!("  ({manner})"), Role::Muted));
    }
    pieces
}

/// What differs from how commands are usually run.
fn manner(exec: &Exec) -> String {
    let manner = &exec.manner;
    let mut all: Vec<String> = Vec::new();
    all.extend(manner.sudo.then(|| "sudo".to_owned()));
    all.extend(manner.user.as_ref().map(|user| format!("as {user}")));
    all.extend(manner.cwd.as_ref().map(|folder| format!("in {folder}")));
    all.extend(
        manner
            .variables
            .iter()
            .map(|(name, _)| format!("with {name}")),
    );
    all.extend(manner.pty.then(|| "on a terminal".to_owned()));
    all.extend(manner.serial.map(|batches| match batches {
        Batches::Nodes(nodes) => format!("{nodes} at a time"),
        Batches::Percent(percent) => format!("{percent} % at a time"),
        Batches::One => "all at once".to_owned(),
    }));
    if let Strategy::AbortAfter(failures) = manner.strategy {
        all.push(format!("until {failures} fail"));
    }
    all.extend(manner.timeout.map(|time| match time.as_secs() {
        0 if time.is_zero() => "without end".to_owned(),
        _ => format!("at most {time:?}"),
    }));
    all.join(", ")
}

fn dangers(verdict: &Verdict) -> Vec<Vec<Piece>> {
    let mut text = String::new();
    let mut told = verdict.dangers.iter();
    let say = |text: &mut String, danger: &Danger| {
        let _ = write!(text, "`{}` {}", danger.what, danger.reason);
    };
    if let Some(danger) = told.next() {
        say(&mut text, danger);
    }
    let more = told.count();
    if more > 0 {
        let _ = write!(text, ", and {more} more");
    }
    let mut lines = Vec::new();
    if !text.is_empty() {
        lines.push(vec![(format!("dangerous: {text}"), Role::Critical)]);
    }
    match &verdict.asks {
        Ask::Nothing => {}
        Ask::YesNo => lines.push(vec![("asks before it runs".to_owned(), Role::Muted)]),
        Ask::TypedWord(word) => {
            let text = format!("asks for the word {word} before it runs");
            lines.push(vec![(text, Role::Muted)]);
        }
    }
    lines
}

/// A line with what a terminal would obey or hide spelled out.
fn visible(line: &str) -> String {
    let plain =
        |c: char| !c.is_control() && crate::ui::format::width(c.encode_utf8(&mut [0; 4])) > 0;
    let shown = line.chars().map(|c| match c {
        '\t' => " ".to_owned(),
        c if plain(c) => c.to_string(),
        c => format!("\\u{{{:x}}}", c as u32),
    });
    shown.collect()
}

/// `1 node`, `12 nodes`.
pub fn count(nodes: usize) -> String {
    match nodes {
        1 => "1 node".to_owned(),
        _ => format!("{nodes} nodes"),
    }
}

fn folded(nodes: &[Arc<Node>]) -> String {
    NodeSet::from_names(nodes.iter().map(|node| node.id.as_str())).fold()
}
