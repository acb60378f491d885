//! `sshoal status`: what the dashboard shows, as a table or JSON.

use clap::Args;
use serde_json::{Map, Value, json};

use super::nodes::address;
use crate::{
    fleet::{Link, Millis, NodeState, Sampler, Status as Word},
    metrics::{self, daemon::State},
};

/// Print the state of nodes. Exit code 0: all well; 1: a node is down or a daemon failed; 2: usage error.
#[derive(Args, Clone, Debug, Default)]
pub struct Status {
    /// Node sets; several are united. All nodes without one.
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
    /// Print again every so many seconds, until Ctrl-C.
    #[arg(short, long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2", value_parser = clap::value_parser!(u32).range(1..))]
    pub watch: Option<u32>,
    /// Print a JSON array.
    #[arg(long)]
    pub json: bool,
    /// Give up on nodes that have not answered by then.
    #[arg(short, long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    pub timeout: u32,
}

/// The columns of the table.
pub const COLUMNS: [&str; 10] = [
    "", "NODE", "ADDRESS", "STATE", "LOAD", "MEM", "GPU", "DISK", "DAEMONS", "AGE",
];

/// One row, cells in the order of [`COLUMNS`]; the first is left to whoever draws the glyph.
pub struct Row {
    /// Gives glyph and colour.
    pub status: Word,
    /// The cells.
    pub cells: [String; 10],
    /// Why it is not well; empty when it is.
    pub reason: String,
    /// What to try; empty when there is nothing to say.
    pub advice: String,
}

/// True once nothing more is to be learnt about a node by waiting a little longer.
pub fn is_settled(state: &NodeState) -> bool {
    match (&state.link, &state.sampler) {
        (Link::Down { .. } | Link::Refused(_), _) | (Link::Up(_), Sampler::Failed(_)) => true,
        (Link::Up(_), _) => state.complete || !state.node.sampler,
        _ => false,
    }
}

/// True when it is up, measured as far as it should be, and none of its daemons is bad.
pub fn is_well(state: &NodeState, now: Millis) -> bool {
    let measured = !state.node.sampler || state.complete;
    let bad = state
        .sample
        .iter()
        .flat_map(|s| &s.daemon.daemons)
        .any(|d| d.state.is_bad());
    matches!(state.link, Link::Up(_)) && measured && !state.is_stale(now) && !bad
}

/// A row of the table. `ticks` are the signs for a daemon that is well, and one that is not.
pub fn row(state: &NodeState, now: Millis, ticks: [&str; 2]) -> Row {
    let value = |id: &str| {
        let field = metrics::field(id);
        let number = field.and_then(|f| Some((f, state.value(f)?)));
        number.map_or_else(|| "-".to_owned(), |(f, v)| f.unit.format(v))
    };
    Row {
        status: state.status(now),
        cells: [
            String::new(),
            state.node.id.to_string(),
            address(&state.node),
            state.state_word(now).to_owned(),
            value("load.1"),
            value("memory.used"),
            value("gpu.util"),
            value("disk.used"),
            daemons(state, ticks),
            age_ms(state, now).map_or_else(|| "-".to_owned(), age),
        ],
        reason: why(state, now),
        advice: advice(state),
    }
}

/// Why it is not well, or what is still waited for.
fn why(state: &NodeState, now: Millis) -> String {
    let reason = state.reason();
    if !reason.is_empty() {
        return reason;
    }
    match (&state.link, &state.sample) {
        (Link::Idle | Link::Connecting | Link::Authenticating, _) => "no connection yet".to_owned(),
        (Link::Up(_), None) if state.node.sampler => "nothing measured yet".to_owned(),
        (Link::Up(_), Some(_)) if state.is_stale(now) => {
            format!("no answer for {}", age(now.since(state.sample_at)))
        }
        _ => String::new(),
    }
}

fn advice(state: &NodeState) -> String {
    match &state.link {
        Link::Down { error, .. } | Link::Refused(error) => error.advice.to_string(),
        _ => String::new(),
    }
}

fn daemons(state: &NodeState, [good, bad]: [&str; 2]) -> String {
    let Some(sample) = state
        .sample
        .as_ref()
        .filter(|s| !s.daemon.daemons.is_empty())
    else {
        return "-".to_owned();
    };
    let sign = |state: State| match state {
        State::Up | State::Changing => good,
        State::Unknown => "?",
        State::Stopped | State::Absent | State::Failed => bad,
    };
    let each = sample
        .daemon
        .daemons
        .iter()
        .map(|d| format!("{}{}", sign(d.state), d.name));
    each.collect::<Vec<_>>().join(" ")
}

fn age_ms(state: &NodeState, now: Millis) -> Option<u64> {
    state.sample.as_ref().map(|_| now.since(state.sample_at))
}

fn age(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{:.1}s", ms as f64 / 1e3),
        10_000..120_000 => format!("{}s", ms / 1_000),
        _ => format!("{}m", ms / 60_000),
    }
}

/// One node for scripts.
pub fn to_json(state: &NodeState, now: Millis) -> Value {
    let sample = state.sample.as_deref();
    let fields: Map<String, Value> = metrics::fields()
        .map(|f| {
            (
                f.id.to_owned(),
                sample.and_then(f.read).map_or(Value::Null, number),
            )
        })
        .collect();
    let daemons: Vec<Value> = sample
        .iter()
        .flat_map(|s| &s.daemon.daemons)
        .map(|d| {
            json!({
                "name": d.name.as_str(),
                "state": d.state.as_str(),
                "manager": d.manager.as_ref().map(|m| m.as_str().to_owned()),
                "detail": d.detail.as_str(),
                "pid": d.pid,
            })
        })
        .collect();
    let reason = why(state, now);
    json!({
        "node": state.node.id.as_str(),
        "address": state.node.address,
        "state": state.state_word(now),
        "age_ms": age_ms(state, now),
        "error": if reason.is_empty() { Value::Null } else { Value::from(reason) },
        "fields": fields,
        "daemons": daemons,
    })
}

/// Four digits behind the point are more than any of our sources has.
fn number(value: f64) -> Value {
    let rounded = (value * 1e4).round() / 1e4;
    if rounded.fract() == 0.0 && rounded.abs() < 9e15 {
        json!(rounded as i64)
    } else {
        json!(rounded)
    }
}
