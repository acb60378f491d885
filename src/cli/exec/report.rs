//! The end of a run in words: what failed and why, and one line on all of it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    exec::{
        Leftover, NodeResult, Outcome,
        plan::Plan,
        report::{MAX_REASONS, Paint, Tone},
    },
    node::set::NodeSet,
};

/// Different failures that are listed.
const MAX_LINES: usize = 60;

/// A line for each kind of failure that the summary doesn't say all of, with the nodes that it is of.
pub(super) fn failures(plan: &Plan, results: &[Arc<NodeResult>]) -> Vec<String> {
    let is_short = is_short(results);
    let mut kinds: Vec<(String, Vec<&str>)> = Vec::new();
    for (job, result) in plan.jobs.iter().zip(results) {
        let limit = plan.options.timeout;
        let limit = limit.unwrap_or(job.node.command_timeout);
        let by_option = plan.options.timeout.is_some();
        let Some(text) = failure(result, &timeout(limit, by_option), is_short) else {
            continue;
        };
        let name = result.node.as_str();
        match kinds.iter_mut().find(|(kind, _)| *kind == text) {
            Some((_, nodes)) => nodes.push(name),
            None => kinds.push((text, vec![name])),
        }
    }
    let more = kinds.len().saturating_sub(MAX_LINES);
    let mut lines: Vec<String> = kinds
        .iter()
        .take(MAX_LINES)
        .map(|(text, nodes)| format!("{}: {text}", fold(nodes)))
        .collect();
    if more > 0 {
        lines.push(format!(
            "and {more} other failures; `sshoal audit --run` lists them"
        ));
    }
    lines
}

/// Node names, folded.
fn fold<'a>(nodes: impl IntoIterator<Item = &'a &'a str>) -> NodeSet {
    NodeSet::from_names(nodes.into_iter().copied())
}

/// `timed out after 30s (--timeout 30s)`.
fn timeout(limit: Duration, by_option: bool) -> String {
    let limit = format!("{limit:?}");
    if by_option {
        format!("timed out after {limit} (--timeout {limit})")
    } else {
        format!("timed out after {limit}; --timeout gives more, 0 is without end")
    }
}

/// True where the summary has room for the reason of every node that was not reached.
fn is_short(results: &[Arc<NodeResult>]) -> bool {
    let reasons = results.iter().map(|result| result.outcome.reason());
    let reasons: BTreeSet<&str> = reasons.filter(|reason| !reason.is_empty()).collect();
    reasons.len() <= MAX_REASONS
}

fn failure(result: &NodeResult, timeout: &str, is_short: bool) -> Option<String> {
    let outcome = &result.outcome;
    Some(match outcome {
        // The summary has the names of all these.
        Outcome::Ok | Outcome::Exit(_) | Outcome::Signal(_) => return None,
        Outcome::Refused(_) | Outcome::Skipped(_) if is_short => return None,
        Outcome::Timeout => format!("{timeout}: {}", left(result.left.as_deref())),
        Outcome::Cancelled => left(result.left.as_deref()),
        Outcome::Lost(why) => format!("lost: {why}; the command may run on"),
        Outcome::Unknown(why) => format!("unknown how it ended: {why}"),
        Outcome::Refused(why) | Outcome::Skipped(why) => format!("{}: {why}", outcome.as_str()),
    })
}

/// What became of a command that was ended.
fn left(left: Option<&[Leftover]>) -> String {
    match left {
        None => "cancelled; whether it still runs could not be seen".to_owned(),
        Some([]) => "cancelled and gone".to_owned(),
        Some(left) => {
            let process = |l: &Leftover| match l.name.as_str() {
                "" => format!("pid {}", l.pid),
                name => format!("pid {} ({name})", l.pid),
            };
            let all: Vec<String> = left.iter().map(process).collect();
            format!("still running, {}", all.join(", "))
        }
    }
}

/// Colours of a report on a terminal.
fn painted(tone: Tone, text: &str) -> String {
    let code = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Faint => "2",
        Tone::Names => "1;36",
        Tone::Good | Tone::More => "32",
        Tone::Bad | Tone::Stderr | Tone::Less => "31",
        Tone::Unsure => "33",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// With colours, or without.
pub(super) fn paint(colour: bool) -> Paint<'static> {
    if colour {
        &painted
    } else {
        &crate::exec::report::plain
    }
}
