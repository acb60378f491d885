//! `sshoal roll`: the rolls that there were and are, and orders to those that go on.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::rolling;
use crate::{
    node::{
        quote::{is_plain_word, quoted},
        text::SafeText,
    },
    store::{
        audit::{RunId, redact},
        roll::{Batch, End, Note, Order, Record, Steered, Stored},
    },
};

#[cfg(test)]
#[path = "roll_tests.rs"]
mod tests;

/// Options that are the same in most rolls.
const USUAL: [&str; 9] = [
    "--batches=1",
    "--canary=0",
    "--order=inventory",
    "--seed=1",
    "--stagger=0",
    "--settle=0",
    "--gate-timeout=300000ms",
    "--max-failures=0",
    "--timeout=300000ms",
];

/// Characters of what a roll was called with, in the list.
const SHORT: usize = 60;

/// Most columns of a name before the times of its node.
const NAME: usize = 24;

/// See rolls of daemons, pause, resume, promote and abort them. A roll begins with `sshoal daemon roll`.
#[derive(Args, Clone, Debug)]
pub struct Roll {
    /// What is to be done.
    #[command(subcommand)]
    pub part: Part,
}

/// What is to be done with rolls.
#[derive(Subcommand, Clone, Debug)]
pub enum Part {
    /// All rolls, the newest first.
    List(List),
    /// One roll, node by node.
    Show(Show),
    /// No node begins any more; those in flight go on to their end.
    Pause(One),
    /// End a pause; or, where no process drives the roll any more, go on with it here: nodes that are done are not repeated, those that were in flight are looked at first. Exit codes are those of `sshoal daemon roll`.
    Resume(Resume),
    /// The canaries are good: go on.
    Promote(One),
    /// Cut it: steps in flight are ended.
    Abort(One),
}

/// All rolls.
#[derive(Args, Clone, Debug)]
pub struct List {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// One roll.
#[derive(Args, Clone, Debug)]
pub struct Show {
    /// Its name, as `sshoal roll list` has it.
    #[arg(value_name = "ROLL")]
    pub id: RunId,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The roll that an order is for.
#[derive(Args, Clone, Debug)]
pub struct One {
    /// Its name, as `sshoal roll list` has it.
    #[arg(value_name = "ROLL")]
    pub id: RunId,
}

/// The roll to go on with.
#[derive(Args, Clone, Debug)]
pub struct Resume {
    /// Its name, as `sshoal roll list` has it.
    #[arg(value_name = "ROLL")]
    pub id: RunId,
    /// A JSON object a line.
    #[arg(long)]
    pub json: bool,
    /// Ask nothing before.
    #[arg(short = 'y', long)]
    pub yes: bool,
}

/// How a node of a roll stands by its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Its turn has not come.
    Waiting,
    /// Begun, and not ended.
    InFlight,
    /// How it ended, and why.
    Ended(End, String),
}

impl Kept {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InFlight => "in flight",
            Self::Ended(End::Done, _) => "done",
            Self::Ended(End::Failed, _) => "failed",
            Self::Ended(End::Unreached, _) => "unreached",
            Self::Ended(End::Cut, _) => "cut",
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Ended(_, reason) => reason,
            _ => "",
        }
    }
}

/// How each node stands, in the order of the selection.
pub fn nodes(stored: &Stored) -> Vec<Kept> {
    let mut all = vec![Kept::Waiting; stored.header.nodes.len()];
    for line in &stored.lines {
        let (place, kept) = match &line.record {
            Record::Begin { place } => (place, Kept::InFlight),
            Record::Node { place, end, reason } => (place, Kept::Ended(*end, reason.clone())),
            _ => continue,
        };
        if let Some(slot) = all.get_mut(*place) {
            *slot = kept;
        }
    }
    all
}

/// When a node began and ended, in ms since 1970: the last time, where a resumption repeated it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Times {
    began: Option<u64>,
    ended: Option<u64>,
}

impl Times {
    fn took_ms(self) -> Option<u64> {
        Some(self.ended?.saturating_sub(self.began?))
    }
}

fn times(stored: &Stored) -> Vec<Times> {
    let mut all = vec![Times::default(); stored.header.nodes.len()];
    for line in &stored.lines {
        let (place, is_begin) = match &line.record {
            Record::Begin { place } => (place, true),
            Record::Node { place, .. } => (place, false),
            _ => continue,
        };
        if let Some(slot) = all.get_mut(*place) {
            if is_begin {
                (slot.began, slot.ended) = (Some(line.at_ms), None);
            } else {
                slot.ended = Some(line.at_ms);
            }
        }
    }
    all
}

/// How a roll stands, in a word.
pub fn standing(stored: &Stored) -> String {
    let mut word = if stored.is_driven { "going" } else { "killed" };
    for line in &stored.lines {
        match &line.record {
            Record::Over { reason } if !stored.is_driven => word = reason,
            Record::Note { what: Note::Pause } if stored.is_driven => word = "paused",
            Record::Note { what: Note::Resume } | Record::Drive { .. } if stored.is_driven => {
                word = "going";
            }
            Record::Drive { .. } => word = "killed",
            _ => {}
        }
    }
    if word == "going" && awaits_promotion(stored) {
        word = "canary";
    }
    word.to_owned()
}

/// All canaries have ended, and no other node has begun.
fn awaits_promotion(stored: &Stored) -> bool {
    let kept = nodes(stored);
    let batches = &stored.header.batches;
    let has = |batch: &Batch, wanted: fn(&Kept) -> bool| {
        let mut kept = batch.places.iter().filter_map(|place| kept.get(*place));
        kept.all(wanted)
    };
    let fits = |batch: &Batch| {
        if batch.is_canary {
            has(batch, |kept| matches!(kept, Kept::Ended(..)))
        } else {
            has(batch, |kept| *kept == Kept::Waiting)
        }
    };
    let canaries = batches.iter().filter(|batch| batch.is_canary).count();
    canaries > 0 && canaries < batches.len() && batches.iter().all(fits)
}

/// What it was called with, the usual left out, without secrets.
fn words(stored: &Stored) -> SafeText {
    let words = &stored.header.words;
    let cut = words.iter().position(|word| word == "--");
    let (options, named) = words.split_at(cut.unwrap_or(0));
    let named = named.iter().filter(|word| *word != "--");
    let options = options
        .iter()
        .filter(|word| !USUAL.contains(&word.as_str()));
    let all: Vec<String> = named.chain(options).map(|word| shown(word)).collect();
    redact(&all.join(" ")).as_str().into()
}

/// As a person would type it: `--before 'a b'`.
fn shown(word: &str) -> String {
    let quote = |text: &str| {
        if is_plain_word(text) {
            text.to_owned()
        } else {
            quoted(text)
        }
    };
    match word.split_once('=') {
        Some((name, value)) if name.starts_with("--") => format!("{name} {}", quote(value)),
        _ => quote(word),
    }
}

fn time(at_ms: u64) -> String {
    let at = Timestamp::from_millisecond(at_ms as i64).unwrap_or(Timestamp::MAX);
    at.strftime("%F %T").to_string()
}

fn count(kept: &[Kept], word: &str) -> usize {
    kept.iter().filter(|kept| kept.as_str() == word).count()
}

/// A line for each roll.
pub fn list(all: &[Stored]) -> String {
    let mut text = String::new();
    for stored in all {
        let kept = nodes(stored);
        let bad = ["failed", "unreached", "cut"].map(|word| count(&kept, word));
        let _ = writeln!(
            text,
            "{}  {}  {:<11}  {} of {} done, {} bad  {}",
            stored.header.id,
            time(stored.at_ms),
            standing(stored),
            count(&kept, "done"),
            kept.len(),
            bad.iter().sum::<usize>(),
            words(stored)
                .as_str()
                .chars()
                .take(SHORT)
                .collect::<String>(),
        );
    }
    text
}

/// That there are rolls to go on with, and how; the newest of them is named.
pub fn unfinished(all: &[Stored]) -> Option<String> {
    let is_left = |stored: &&Stored| !stored.is_driven && !stored.is_finished();
    let mut left = all.iter().filter(is_left);
    let newest = &left.next()?.header.id;
    let more = left.count();
    let text = match more {
        0 => "1 roll is unfinished".to_owned(),
        more => format!("{} rolls are unfinished", more + 1),
    };
    Some(format!("{text}; to go on: sshoal roll resume {newest}"))
}

/// One roll, batch by batch: when each node began, how long it took, and how it ended.
pub fn show(stored: &Stored) -> String {
    let header = &stored.header;
    let nodes: Vec<(Kept, Times)> = nodes(stored).into_iter().zip(times(stored)).collect();
    let mut text = format!(
        "roll {} {}: daemon roll {}\nbegun {} UTC by {}\n",
        header.id,
        standing(stored),
        words(stored),
        time(stored.at_ms),
        SafeText::from(header.actor.as_str()),
    );
    let names = |places: &[usize]| rolling::names(&header.nodes, places).to_string();
    let width = header.nodes.iter().map(|name| name.chars().count());
    let width = width.max().unwrap_or(0).min(NAME);
    for (at, batch) in header.batches.iter().enumerate() {
        let canary = if batch.is_canary { ", canary" } else { "" };
        let _ = writeln!(text, "batch {} of {}{canary}", at + 1, header.batches.len());
        for ((kept, times), places) in alike(&nodes, &batch.places) {
            let (began, took) = (clock(stored.at_ms, times.began), took(*times));
            let names = names(&places);
            let _ = write!(
                text,
                "  {names:<width$}  {began:8}  {took:>8}  {}",
                kept.as_str()
            );
            if !kept.reason().is_empty() {
                let _ = write!(text, ": {}", SafeText::from(kept.reason()));
            }
            text.push('\n');
        }
    }
    text
}

/// The time of day; with the date where that is another one than the roll's.
fn clock(rolled_ms: u64, at_ms: Option<u64>) -> String {
    let Some(at_ms) = at_ms else {
        return String::new();
    };
    let (rolled, at) = (time(rolled_ms), time(at_ms));
    match (rolled.split_once(' '), at.split_once(' ')) {
        (Some((day, _)), Some((own, clock))) if day == own => clock.to_owned(),
        _ => at,
    }
}

fn took(times: Times) -> String {
    let took = times.took_ms();
    took.map_or_else(String::new, |ms| format!("{:.1} s", ms as f64 / 1000.0))
}

/// What became of an order for a roll of another process.
pub fn steered(id: &RunId, order: Order, became: Steered) -> String {
    let word = order.as_str();
    match (became, order) {
        (Steered::Taken, _) => format!("roll {id}: {word} taken"),
        (Steered::NotDriven, _) => format!(
            "roll {id}: no process drives it, so there is nothing to {word}; `sshoal roll resume {id}` goes on with it"
        ),
        (Steered::NotTaken, Order::Promote) => {
            format!("roll {id}: {word} not taken: no canary waits for it")
        }
        (Steered::NotTaken, _) => format!(
            "roll {id}: {word} not taken: its process doesn't answer; is it stopped (Ctrl-Z)?"
        ),
    }
}

/// Nodes of a batch that stand alike, together.
fn alike<'k, T: PartialEq>(nodes: &'k [T], places: &[usize]) -> Vec<(&'k T, Vec<usize>)> {
    let mut all: Vec<(&T, Vec<usize>)> = Vec::new();
    for place in places {
        let Some(own) = nodes.get(*place) else {
            continue;
        };
        match all.iter_mut().find(|(other, _)| *other == own) {
            Some((_, places)) => places.push(*place),
            None => all.push((own, vec![*place])),
        }
    }
    all
}

/// A roll as JSON; with its nodes where they are wanted.
pub fn to_json(stored: &Stored, with_nodes: bool) -> Value {
    let header = &stored.header;
    let kept = nodes(stored);
    json!({
        "roll": header.id,
        "standing": standing(stored),
        "at_ms": stored.at_ms,
        "actor": header.actor,
        "command": words(stored).as_str(),
        "nodes": if with_nodes { rows(stored, &kept) } else { kept.len().into() },
        "done": count(&kept, "done"),
        "failed": count(&kept, "failed"),
        "unreached": count(&kept, "unreached"),
        "in_flight": count(&kept, "in flight"),
        "waiting": count(&kept, "waiting"),
    })
}

fn rows(stored: &Stored, kept: &[Kept]) -> Value {
    let nodes = stored.header.nodes.iter().zip(kept).zip(times(stored));
    let row = |((node, kept), times): ((&String, &Kept), Times)| {
        json!({
            "node": node,
            "state": kept.as_str(),
            "reason": kept.reason(),
            "began_ms": times.began,
            "took_ms": times.took_ms(),
        })
    };
    nodes.map(row).collect()
}
