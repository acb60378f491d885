//! What came of daemons, for people and for scripts: one node in full, many folded by what they have in common. Pure.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use crate::{
    daemon::{Report, Verdict, answer},
    exec::{NodeResult, Outcome, json::line, size::size},
    metrics::daemon::State,
    node::{Daemon, set::NodeSet, text::SafeText},
};

/// What a node said, or why it said nothing.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The node.
    pub node: String,
    /// How its script ended.
    pub outcome: Outcome,
    /// One for each daemon that was asked for, in that order.
    pub reports: Vec<Report>,
}

/// The answers of all nodes; of a daemon that a node said nothing of, that.
pub fn answers(asked: &[Vec<Daemon>], results: &[Arc<NodeResult>]) -> Vec<Answer> {
    let answer = |(daemons, result): (&Vec<Daemon>, &Arc<NodeResult>)| {
        let mut said = answer::of(&result.stdout);
        let report = |daemon: &Daemon| {
            let place = said.iter().position(|r| r.name.as_str() == daemon.name);
            place.map_or_else(|| silence(daemon, &result.outcome), |at| said.remove(at))
        };
        Answer {
            node: result.node.to_string(),
            outcome: result.outcome.clone(),
            reports: daemons.iter().map(report).collect(),
        }
    };
    asked.iter().zip(results).map(answer).collect()
}

fn silence(daemon: &Daemon, outcome: &Outcome) -> Report {
    let why = match outcome.reason() {
        "" => format!("no answer ({})", word(outcome)),
        why => format!("{}: {why}", outcome.as_str()),
    };
    Report {
        name: SafeText::from(daemon.name.as_str()),
        verdict: Some(Verdict::Unknown),
        reason: SafeText::from(why.as_str()),
        ..Report::default()
    }
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Exit(code) => format!("exit {code}"),
        Outcome::Signal(name) => format!("signal {name}"),
        other => other.as_str().to_owned(),
    }
}

/// Node names, folded.
pub fn fold<'a>(names: impl IntoIterator<Item = &'a str>) -> NodeSet {
    NodeSet::from_names(names)
}

/// One node's daemons, each with all that is known of it; failed ones first.
pub fn details(answers: &[Answer]) -> String {
    let mut text = String::new();
    for answer in answers {
        let _ = writeln!(text, "{}", answer.node);
        let mut reports: Vec<&Report> = answer.reports.iter().collect();
        reports.sort_by_key(|report| rank(report));
        let name = reports.iter().map(|r| r.name.as_str().len()).max();
        let name = name.unwrap_or(0);
        for report in reports {
            let facts = facts(report).join(", ");
            let line = format!(
                "  {:name$}  {:9} {:8} {:12} {facts}",
                report.name.as_str(),
                report.state.as_str(),
                report.verdict.map_or("", Verdict::as_str),
                manager(report),
            );
            let _ = writeln!(text, "{}", line.trim_end());
            add_log(&mut text, report);
        }
    }
    text
}

fn add_log(text: &mut String, report: &Report) {
    for line in &report.log {
        let _ = writeln!(text, "    | {line}");
    }
}

/// One line for all nodes whose daemon is alike; failed ones first. After an action, what the first of them has logged.
pub fn table(answers: &[Answer]) -> String {
    let mut rows: Vec<(&Report, Vec<&str>)> = Vec::new();
    for answer in answers {
        for report in &answer.reports {
            match rows.iter_mut().find(|(known, _)| is_alike(known, report)) {
                Some((_, nodes)) => nodes.push(&answer.node),
                None => rows.push((report, vec![&answer.node])),
            }
        }
    }
    rows.sort_by_key(|(report, _)| rank(report));
    let rows: Vec<(String, &Report)> = rows
        .into_iter()
        .map(|(report, nodes)| (fold(nodes).to_string(), report))
        .collect();
    let nodes = rows.iter().map(|(nodes, _)| nodes.len()).max().unwrap_or(0);
    let name = rows.iter().map(|(_, report)| report.name.as_str().len());
    let (nodes, name) = (nodes.min(40), name.max().unwrap_or(0));
    let mut text = String::new();
    for (names, report) in rows {
        let line = format!(
            "{names:nodes$}  {:name$}  {:9} {:8} {:12} {}",
            report.name.as_str(),
            report.state.as_str(),
            report.verdict.map_or("", Verdict::as_str),
            manager(report),
            if report.is_well() {
                ""
            } else {
                report.reason.as_str()
            },
        );
        let _ = writeln!(text, "{}", line.trim_end());
        if report.verdict.is_some() {
            add_log(&mut text, report);
        }
    }
    text
}

/// Equal, but for what differs between any two.
fn is_alike(one: &Report, other: &Report) -> bool {
    let same = |report: &Report| (report.state, report.verdict, report.manager);
    one.name == other.name
        && same(one) == same(other)
        && (one.is_well() || one.reason == other.reason)
}

/// What is not as wanted comes first, the worst of it before all.
fn rank(report: &Report) -> (bool, std::cmp::Reverse<State>, String) {
    let state = std::cmp::Reverse(report.state);
    (report.is_well(), state, report.name.to_string())
}

fn manager(report: &Report) -> &'static str {
    report.manager.map_or("-", |manager| manager.as_str())
}

fn facts(report: &Report) -> Vec<String> {
    let mut facts = Vec::new();
    let mut put = |text: Option<String>| facts.extend(text);
    put(report.pid.map(|pid| format!("pid {pid}")));
    put(report.since.and_then(since));
    put(report.restarts.map(|count| match count {
        1 => "1 restart".to_owned(),
        _ => format!("{count} restarts"),
    }));
    put(report.memory.map(|bytes| format!("memory {}", size(bytes))));
    put(report
        .cpu_ms
        .map(|ms| format!("cpu {}.{} s", ms / 1000, ms % 1000 / 100)));
    put(report.exit.map(|code| format!("exit {code}")));
    let reason = report.reason.as_str();
    put((!reason.is_empty()).then(|| reason.to_owned()));
    facts
}

/// By the node's clock, in UTC.
fn since(seconds: i64) -> Option<String> {
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    Some(format!("since {at}"))
}

/// A line of JSON for each daemon, and a summary.
pub fn json(answers: &[Answer], code: u8) -> String {
    let mut lines = Vec::new();
    for answer in answers {
        lines.extend(answer.reports.iter().map(|report| object(answer, report)));
    }
    let reports = || answers.iter().flat_map(|answer| &answer.reports);
    let failed = answers
        .iter()
        .filter(|answer| !answer.outcome.is_ok())
        .map(|answer| answer.node.as_str());
    lines.push(json!({
        "event": "summary", "nodes": answers.len(), "daemons": reports().count(),
        "well": reports().filter(|report| report.is_well()).count(),
        "failed": failed.collect::<Vec<_>>(), "exit_code": code,
    }));
    // Values made here have no key that isn't a string, which is all that can fail.
    let lines = lines.iter().map(|value| line(value).unwrap_or_default());
    lines.map(|line| line + "\n").collect()
}

fn object(answer: &Answer, report: &Report) -> Value {
    let log: Vec<&str> = report.log.iter().map(SafeText::as_str).collect();
    let mut value = json!({
        "event": "daemon", "node": answer.node, "outcome": answer.outcome.as_str(),
        "daemon": report.name.as_str(), "manager": report.manager.map(|manager| manager.as_str()),
        "state": report.state.as_str(), "well": report.is_well(),
        "result": report.verdict.map(Verdict::as_str), "since": report.since, "pid": report.pid,
        "restarts": report.restarts, "memory": report.memory, "cpu_ms": report.cpu_ms,
        "exit": report.exit, "reason": report.reason.as_str(), "log": log,
    });
    if let Some(fields) = value.as_object_mut() {
        // What isn't known isn't there.
        fields.retain(|_, value| !value.is_null());
        if log.is_empty() {
            fields.remove("log");
        }
        if report.reason.as_str().is_empty() {
            fields.remove("reason");
        }
    }
    value
}

#[cfg(test)]
mod tests;
