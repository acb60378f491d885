//! `sshoal audit`: the runs of the audit log as text, and which of its lines a script is given.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
    time::Duration,
};

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::{
    inventory,
    node::{set::NodeSet, text::SafeText},
    store::audit::{
        Event, Head, HostKey, IntentRecord, RollOrder, RunEnd, RunId, RunResult, Stored, Verdict,
        Whole,
    },
};

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;

/// Show who ran what, where, and how it went. Exit code 0: shown, or the chain is whole; 1: `verify` found a record that isn't as it was written; 2: usage error; 74: the log can't be read.
#[derive(Args, Clone, Debug, Default)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Audit {
    /// Instead of the runs.
    #[command(subcommand)]
    pub part: Option<Part>,
    /// Runs that began at most so long ago: `2h`, `7d`.
    #[arg(long, value_name = "DURATION", value_parser = inventory::duration)]
    pub since: Option<Duration>,
    /// Runs on these nodes, and of each these nodes only. May be given more than once.
    #[arg(long, value_name = "SET")]
    pub node: Vec<String>,
    /// Runs that failed on a node, and of each these nodes only. A node without a result is one of them.
    #[arg(long)]
    pub failed: bool,
    /// One run, node by node.
    #[arg(long, value_name = "RUN")]
    pub run: Option<RunId>,
    /// Print the records as they are stored: a JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// What there is besides the runs.
#[derive(Subcommand, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Walk the whole chain of records, and name the first one that isn't as it was written. The chain shows edits and holes. It doesn't show that its tail was cut off, nor a rewrite of everything by the files' owner: keep `sshoal audit head` elsewhere and compare. Exit code 0: whole; 1: not.
    Verify,
    /// Print the number and the hash of the last record, to be kept where the files' owner can't write.
    Head,
}

/// Of whom nothing is known.
const NO_RESULT: &str = "no result";

/// Characters of a command in the list.
const SHOWN: usize = 400;

/// A run, as far as it is wanted.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    at_ms: u64,
    intent: &'a IntentRecord,
    /// The nodes that are wanted.
    nodes: Vec<&'a str>,
    results: Vec<&'a RunResult>,
    end: Option<&'a RunEnd>,
}

/// The runs among these records, oldest first; `nodes` narrows them, and `failed` to what didn't end well.
pub fn runs<'a>(records: &'a [Stored], nodes: Option<&NodeSet>, failed: bool) -> Vec<Run<'a>> {
    let is_wanted = |node: &str| nodes.is_none_or(|nodes| nodes.contains(node));
    let (mut runs, mut places) = (Vec::new(), HashMap::new());
    for stored in records {
        let place = stored.record.event.run().and_then(|run| places.get(run));
        let run: Option<&mut Run> = place.and_then(|at: &usize| runs.get_mut(*at));
        match (&stored.record.event, run) {
            (Event::Intent(intent), _) => {
                places.insert(&intent.run, runs.len());
                let all = intent.nodes.iter().map(String::as_str);
                runs.push(Run {
                    at_ms: stored.record.at_ms,
                    nodes: all.filter(|node| is_wanted(node)).collect(),
                    intent,
                    results: Vec::new(),
                    end: None,
                });
            }
            (Event::Result(result), Some(run)) if is_wanted(&result.node) => {
                run.results.push(result);
            }
            (Event::End(end), Some(run)) => run.end = Some(end),
            _ => {}
        }
    }
    if failed {
        runs.iter_mut().for_each(Run::keep_failed);
    }
    runs.retain(|run| !run.nodes.is_empty());
    runs
}

impl Run<'_> {
    fn keep_failed(&mut self) {
        let well = self.results.iter().filter(|result| result.is_ok());
        let well: HashSet<&str> = well.map(|result| result.node.as_str()).collect();
        self.nodes.retain(|node| !well.contains(node));
        self.results.retain(|result| !result.is_ok());
    }

    /// Nodes by what became of them, the good ones first.
    fn groups(&self) -> BTreeMap<(bool, String), Vec<&str>> {
        let mut groups: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        let mut told = HashSet::new();
        for result in &self.results {
            told.insert(result.node.as_str());
            let key = (!result.is_ok(), outcome(result));
            groups.entry(key).or_default().push(&result.node);
        }
        let untold: Vec<&str> = self
            .nodes
            .iter()
            .filter(|n| !told.contains(**n))
            .copied()
            .collect();
        if !untold.is_empty() {
            groups.insert((true, NO_RESULT.to_owned()), untold);
        }
        groups
    }

    /// Its line, its command, and the nodes of each outcome.
    pub fn text(&self) -> String {
        let mut text = self.title();
        let command = self.intent.command.trim_end();
        let _ = writeln!(text, "    {}", SafeText::line(command, SHOWN));
        for ((_, word), nodes) in self.groups() {
            let set = NodeSet::from_names(nodes.iter().copied()).to_string();
            let set = SafeText::from(set.as_str());
            let _ = writeln!(text, "    {word:<9} {:>4}  {set}", nodes.len());
        }
        self.close(&mut text);
        text
    }

    /// The same with a line for each node.
    pub fn detail(&self) -> String {
        let mut text = self.title();
        for line in self.intent.command.lines() {
            let _ = writeln!(text, "    {}", SafeText::from(line));
        }
        for result in &self.results {
            let _ = writeln!(text, "    {}", node_line(result));
        }
        let untold = self.groups().remove(&(true, NO_RESULT.to_owned()));
        for node in untold.into_iter().flatten() {
            let _ = writeln!(text, "    {}  {NO_RESULT}", SafeText::from(node));
        }
        self.close(&mut text);
        text
    }

    fn title(&self) -> String {
        let IntentRecord {
            run,
            actor,
            origin,
            selector,
            strategy,
            nodes,
            ..
        } = self.intent;
        let (at, count) = (time(self.at_ms), nodes.len());
        let noun = if count == 1 { "node" } else { "nodes" };
        let who = format!("{actor}, {origin}  {count} {noun} by {selector}  {strategy}");
        format!("{run}  {at}  {}\n", SafeText::from(who.trim_end()))
    }

    fn close(&self, text: &mut String) {
        let left = self.results.iter().filter_map(|result| {
            let pids = result.left.as_ref().filter(|pids| !pids.is_empty())?;
            let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
            Some(format!("{} pid {}", result.node, pids.join(",")))
        });
        let left: Vec<String> = left.collect();
        if !left.is_empty() {
            let left = SafeText::from(left.join("; ").as_str());
            let _ = writeln!(text, "    still running when it was ended: {left}");
        }
        if self.end.is_none() {
            text.push_str("    not over: it goes on, or its sshoal was killed\n");
        }
    }
}

/// `ok`, `exit 3`, `signal KILL`.
fn outcome(result: &RunResult) -> String {
    let word = match (&result.code, &result.signal) {
        (Some(code), _) if !result.is_ok() => format!("{} {code}", result.outcome),
        (None, Some(signal)) => format!("{} {signal}", result.outcome),
        _ => result.outcome.clone(),
    };
    SafeText::from(word.as_str()).to_string()
}

fn node_line(result: &RunResult) -> SafeText {
    let RunResult {
        node,
        duration_ms,
        out_bytes,
        err_bytes,
        attempts,
        ..
    } = result;
    let transport = result.transport.as_deref().unwrap_or("no connection");
    let word = outcome(result);
    let mut line = format!(
        "{node}  {word}  {duration_ms} ms  {out_bytes} B out, {err_bytes} B err  {transport}"
    );
    if *attempts > 1 {
        let _ = write!(line, "  {attempts} attempts");
    }
    if !result.reason.is_empty() {
        let _ = write!(line, "  {}", result.reason);
    }
    SafeText::from(line.as_str())
}

/// What is wanted of these records, for people or as it is stored.
pub fn text(audit: &Audit, records: &[Stored], nodes: Option<&NodeSet>) -> String {
    if audit.json {
        lines(audit, records, nodes)
    } else {
        report(audit, records, nodes)
    }
}

/// All of it as text: runs, changed host keys and gaps, in their order.
pub fn report(audit: &Audit, records: &[Stored], nodes: Option<&NodeSet>) -> String {
    let runs = runs(records, nodes, audit.failed);
    if audit.run.is_some() {
        let orders = records.iter().filter_map(order);
        return runs.iter().map(Run::detail).chain(orders).collect();
    }
    let mut texts: HashMap<&RunId, String> = runs
        .iter()
        .map(|run| (&run.intent.run, run.text()))
        .collect();
    let lines = records.iter().filter_map(|stored| {
        let at = time(stored.record.at_ms);
        match &stored.record.event {
            Event::Intent(intent) => texts.remove(&intent.run),
            Event::HostKey(key) if !audit.failed => Some(host_key(&at, key)),
            Event::Order(_) if !audit.failed => order(stored),
            Event::Gap(gap) if !audit.failed => Some(format!(
                "{at}  gap: {} bytes were torn by a crash or a full disk\n",
                gap.bytes
            )),
            _ => None,
        }
    });
    lines.collect()
}

fn host_key(at: &str, key: &HostKey) -> String {
    let HostKey {
        actor,
        origin,
        node,
        change,
        old,
        new,
    } = key;
    let mut line = format!("{actor}, {origin}  host key of {node} {}", change.as_str());
    if let Some(new) = new {
        let _ = write!(line, ": {new}");
    }
    if !old.is_empty() {
        let _ = write!(line, ", was {}", old.join(" "));
    }
    format!("{at}  {}\n", SafeText::from(line.as_str()))
}

/// `ops, cli  pause of roll 20261121-183122-q7k3f`.
fn order(stored: &Stored) -> Option<String> {
    let Event::Order(order) = &stored.record.event else {
        return None;
    };
    let RollOrder {
        actor,
        origin,
        roll,
        order,
    } = order;
    let at = time(stored.record.at_ms);
    let line = format!("{actor}, {origin}  {order} of roll {roll}");
    Some(format!("{at}  {}\n", SafeText::from(line.as_str())))
}

/// The lines of what is wanted, as they are stored.
pub fn lines(audit: &Audit, records: &[Stored], nodes: Option<&NodeSet>) -> String {
    let runs = runs(records, nodes, audit.failed);
    let wanted: HashSet<&RunId> = runs.iter().map(|run| &run.intent.run).collect();
    let is_wanted = |stored: &&Stored| match (&stored.record.event, stored.record.event.run()) {
        (Event::Result(result), _) if audit.failed && result.is_ok() => false,
        (Event::Order(_), _) | (_, None) => !audit.failed,
        (_, Some(run)) => wanted.contains(run),
    };
    let mut text = String::new();
    for stored in records.iter().filter(is_wanted) {
        text.push_str(&stored.line);
        text.push('\n');
    }
    text
}

/// What `verify` says.
pub fn verdict(verdict: &Verdict) -> String {
    let whole = match verdict {
        Verdict::Whole(whole) => whole,
        Verdict::Broken(fault) => {
            let place = fault.path.display().to_string();
            let place = SafeText::from(place.as_str());
            return format!("{place}:{}: {}\n", fault.line, fault.reason);
        }
    };
    let Whole {
        files,
        first,
        gaps,
        head,
    } = whole;
    let records = head.next - first;
    let mut text = format!("whole: {records} records in {files} files\n");
    if *first > 0 {
        let _ = writeln!(
            text,
            "not here: the {first} records before, with their files"
        );
    }
    if *gaps > 0 {
        let _ = writeln!(
            text,
            "gaps: {gaps}, where a crash or a full disk tore something"
        );
    }
    text + &self::head(*head)
}

/// The number and the hash of the last record; nothing where there is none.
pub fn head(head: Head) -> String {
    let Some(last) = head.next.checked_sub(1) else {
        return String::new();
    };
    format!("head: {last} {}\n", head.hash)
}

/// `2026-11-21 18:31:22Z`.
fn time(ms: u64) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
