//! The text of a confirmation, the same on the command line and in the dashboard.

use std::{fmt::Write, sync::Arc};

use super::{Ask, Verdict};
use crate::node::{Node, set::NodeSet, text::SafeText};

/// What a confirmation says, line by line: the exact command, where it will run, why that is asked, and what to answer.
pub fn confirmation(command: &str, nodes: &[Arc<Node>], verdict: &Verdict) -> Vec<String> {
    let names = NodeSet::from_names(nodes.iter().map(|node| node.id.as_str()));
    let mut lines = vec![format!("Run on {}: {names}", count(nodes.len()))];
    lines.extend(command.lines().map(|line| format!("  {}", visible(line))));
    if !verdict.protected.is_empty() {
        let names = NodeSet::from_names(verdict.protected.iter().map(|id| id.as_str()));
        lines.push(format!(
            "Protected: {}: {names}",
            count(verdict.protected.len())
        ));
    }
    for danger in &verdict.dangers {
        lines.push(format!("Dangerous: `{}` {}", danger.what, danger.reason));
    }
    if verdict.asks != Ask::Nothing {
        let sentence = "This is a seat belt, not a sandbox: it knows common mistakes, and a command can do more than it shows.";
        lines.push(sentence.to_owned());
    }
    match &verdict.asks {
        Ask::Nothing => {}
        Ask::YesNo => lines.push("Run it? Type y for yes; anything else is no.".to_owned()),
        Ask::TypedWord(word) => lines.push(format!("Type {word} to run it; anything else is no.")),
    }
    lines
}

fn count(nodes: usize) -> String {
    match nodes {
        1 => "1 node".to_owned(),
        _ => format!("{nodes} nodes"),
    }
}

/// A line with every character that a terminal would obey or hide spelled out: what is confirmed is what is run.
fn visible(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut bytes = [0; 4];
    for c in line.chars() {
        let is_seen = c == ' ' || c.is_ascii_graphic() || {
            let text = SafeText::from(&*c.encode_utf8(&mut bytes));
            text.as_str().chars().eq([c])
        };
        if is_seen {
            shown.push(c);
        } else {
            _ = write!(shown, "\\u{{{:x}}}", c as u32);
        }
    }
    shown
}
