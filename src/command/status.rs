//! `sshoal status`: what the dashboard shows, as a table or JSON.

use std::time::Duration;

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Map, Value, json};

use super::nodes::{address, host};
use crate::{
    fleet::{Link, Millis, NodeState, Sampler, Status as Word},
    inventory,
    metrics::{
        self, Valued,
        daemon::{State, Status as Daemon},
    },
    ssh::Way,
};

/// Print the state of nodes. Exit code 0: all well; 1: a node is down, critical or not measured, or a daemon failed or can't be asked; 2: usage error.
#[derive(Args, Clone, Debug, Default)]
pub struct Status {
    /// Node sets; several are united, `-` reads them from standard input. All nodes without one.
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
    /// Print at this interval, until Ctrl-C, with whoever has not answered as such: `--watch 5`, `-w 500ms`. A node named like a
    /// duration goes before it.
    #[arg(short, long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2", value_parser = interval)]
    pub watch: Option<Duration>,
    /// Print a JSON array. Of a node that is not connected, or stale, the fields are null and the daemons unknown; `last` has what
    /// they were `age_ms` ago.
    #[arg(long)]
    pub json: bool,
    /// Give up on nodes that have not answered by then. A node that can't be reached is tried once, and three times where its
    /// server hangs up on newcomers, as a busy one does.
    #[arg(short, long, value_name = "SECONDS", default_value = "15", value_parser = duration)]
    pub timeout: Duration,
}

/// Seconds, or a duration with its unit: `5`, `500ms`, `1m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u32>().is_ok();
    let unit = if seconds { "s" } else { "" };
    inventory::duration(&format!("{text}{unit}"))
}

/// Shorter, and the printing would take more than what is printed.
const SHORTEST: Duration = Duration::from_millis(200);

fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval < SHORTEST {
        return Err("at least 200ms".to_owned());
    }
    Ok(interval)
}

/// True for what was meant as a duration, be it one or not: `5`, `500ms`, `0`.
pub fn is_duration(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number || duration(text).is_ok()
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
    /// The daemons in few cells: how many there are of each sign.
    pub counted: String,
    /// Its figures are not of now.
    pub is_old: bool,
    /// Why it is not well; empty when it is.
    pub reason: String,
    /// What to try; empty when there is nothing to say.
    pub advice: String,
}

/// Attempts before a server that hangs up on newcomers counts as down: it may only be busy.
const ATTEMPTS: u32 = 3;

/// True once nothing more is to be learnt about a node by waiting a little longer.
pub fn is_settled(state: &NodeState) -> bool {
    match (&state.link, &state.sampler) {
        (
            Link::Down {
                error, failures, ..
            },
            _,
        ) => *failures >= ATTEMPTS || !error.busy,
        (Link::Refused(_), _) | (Link::Up(_), Sampler::Failed(_)) => true,
        (Link::Up(_), _) => state.complete || !state.node.sampler,
        _ => false,
    }
}

/// True when it is up, measured as far as it should be, nothing of it is critical, and all of its daemons are known to be
/// well: what nobody can tell is no success.
pub fn is_well(state: &NodeState, now: Millis) -> bool {
    let measured = !state.node.sampler || state.complete;
    let bad = state
        .sample
        .iter()
        .flat_map(|s| &s.daemon.daemons)
        .any(|d| d.state.is_bad() || d.state == State::Unknown);
    let is_critical = state.status(now) == Word::Critical;
    matches!(state.link, Link::Up(_)) && measured && !state.is_stale(now) && !bad && !is_critical
}

/// A row of the table; `sign` is that of a daemon.
pub fn row(state: &NodeState, now: Millis, sign: impl Fn(State) -> &'static str) -> Row {
    let value = |id: &str| {
        let field = metrics::field(id);
        let number = field.and_then(|f| Some((f, state.value(f)?)));
        number.map_or_else(|| "-".to_owned(), |(f, v)| f.unit.format(v))
    };
    let is_old = state.sample.is_some() && !state.is_live(now);
    let age = age_ms(state, now).map(age);
    let daemons = state.daemons_now(now);
    Row {
        status: state.status(now),
        cells: [
            String::new(),
            state.node.id.to_string(),
            address(&state.node),
            state.state_text(now).to_owned(),
            value("load.1"),
            value("memory.used"),
            value("gpu.util"),
            value("disk.used"),
            each(&daemons, &sign),
            match age {
                Some(age) if is_old => age + " old",
                Some(age) => age,
                None => "-".to_owned(),
            },
        ],
        counted: counted(&daemons, &sign),
        is_old,
        reason: why(state, now),
        advice: advice(state),
    }
}

/// Of the cells.
const DAEMONS: usize = 8;

/// The columns that are numbers.
const NUMBERS: [usize; 4] = [4, 5, 6, 7];

/// Columns that may be cut where room is short, the first one sooner: by its place, and what is left of it at least.
const CUT: [(usize, usize); 2] = [(2, 8), (1, 12)];

/// Columns that are left out where that is not enough, the first one sooner; sign, name and state stay.
const LEFT_OUT: [usize; 7] = [2, 9, 6, 7, 5, 4, 8];

/// The table: its headings, then a line for each row; `sign` is that of a node. Where a line would be wider than `width`,
/// daemons are counted, the ends of long addresses and names are left out, then whole columns.
pub fn lines(
    rows: &[Row],
    sign: impl Fn(Word) -> &'static str,
    (width, ellipsis): (usize, &str),
) -> Vec<String> {
    let mut all: Vec<[String; 10]> = rows.iter().map(|row| cells(row, &sign)).collect();
    let lines = aligned(&all, &[]);
    if over(&lines, width) == 0 {
        return lines;
    }
    for (cells, row) in all.iter_mut().zip(rows) {
        cells[DAEMONS].clone_from(&row.counted);
    }
    let mut lines = Vec::new();
    for count in 0..=LEFT_OUT.len() {
        let out = LEFT_OUT.get(..count).unwrap_or_default();
        lines = shortened(all.clone(), out, (width, ellipsis));
        if over(&lines, width) == 0 {
            return lines;
        }
    }
    for line in &mut lines {
        cut(line, width.max(1), ellipsis);
    }
    lines
}

/// The lines without some columns, the ends of others left out as far as there is need.
fn shortened(
    mut all: Vec<[String; 10]>,
    out: &[usize],
    (width, ellipsis): (usize, &str),
) -> Vec<String> {
    let mut lines = aligned(&all, out);
    for (column, least) in CUT.iter().filter(|(column, _)| !out.contains(column)) {
        let excess = over(&lines, width);
        if excess == 0 {
            break;
        }
        let texts = all.iter().filter_map(|cells| cells.get(*column));
        let longest = texts.map(|text| text.chars().count()).max();
        let room = longest.unwrap_or(0).saturating_sub(excess).max(*least);
        for text in all.iter_mut().filter_map(|cells| cells.get_mut(*column)) {
            cut(text, room, ellipsis);
        }
        lines = aligned(&all, out);
    }
    lines
}

/// Cells that the longest line has too many.
fn over(lines: &[String], width: usize) -> usize {
    let longest = lines.iter().map(|line| line.chars().count()).max();
    longest.unwrap_or(0).saturating_sub(width)
}

fn cut(text: &mut String, room: usize, ellipsis: &str) {
    if text.chars().count() > room {
        *text = text.chars().take(room - 1).collect::<String>() + ellipsis;
    }
}

fn cells(row: &Row, sign: impl Fn(Word) -> &'static str) -> [String; 10] {
    let mut cells = row.cells.clone();
    sign(row.status).clone_into(&mut cells[0]);
    cells
}

/// A line for the headings and one for each row, without the columns that are `out`.
fn aligned(all: &[[String; 10]], out: &[usize]) -> Vec<String> {
    let kept: Vec<usize> = (0..COLUMNS.len()).filter(|at| !out.contains(at)).collect();
    let of = |cells: [&str; 10]| -> Vec<String> {
        let kept = kept.iter().filter_map(|at| cells.get(*at));
        kept.map(|text| (*text).to_owned()).collect()
    };
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(of(COLUMNS));
    for cells in all {
        table.add_row(of(cells.each_ref().map(String::as_str)));
    }
    for (place, _) in kept
        .iter()
        .enumerate()
        .filter(|(_, at)| NUMBERS.contains(at))
    {
        if let Some(column) = table.column_mut(place) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let trimmed = table.lines().map(|line| line.trim_end().to_owned());
    trimmed.collect()
}

/// The table without colours, and under each row why its node is not well, and what to try.
pub fn text(
    rows: &[Row],
    sign: impl Fn(Word) -> &'static str,
    (width, ellipsis): (usize, &str),
) -> String {
    let mut lines = lines(rows, sign, (width, ellipsis)).into_iter();
    let mut text: Vec<String> = lines.next().into_iter().collect();
    for (line, row) in lines.zip(rows) {
        text.push(line);
        let more = [&row.reason, &row.advice].into_iter();
        text.extend(more.filter(|m| !m.is_empty()).map(|m| format!("     {m}")));
    }
    text.join("\n")
}

/// Why it is not well, or what is still waited for.
fn why(state: &NodeState, now: Millis) -> String {
    let mut reason = state.reason();
    if let (Link::Up(_), Some(all)) = (&state.link, troubled_daemons(state)) {
        let first = state.health.findings.first();
        let is_other = first.is_none_or(|finding| !DAEMON_RULES.contains(&finding.rule));
        if is_other && !reason.is_empty() {
            reason += "; ";
            reason += &all;
        } else {
            reason = all;
        }
    }
    let is_silent = matches!(state.link, Link::Up(_)) && state.is_stale(now);
    if is_silent && !matches!(state.sampler, Sampler::Failed(_)) {
        let silence = format!("no answer for {}", age(now.since(state.sample_at)));
        return match reason.as_str() {
            "" => silence,
            before => format!("{silence}; before: {before}"),
        };
    }
    if !reason.is_empty() {
        return reason;
    }
    match (&state.link, &state.sample) {
        (Link::Idle | Link::Connecting | Link::Authenticating, _) => "no connection yet".to_owned(),
        (Link::Up(_), None) if state.node.sampler => "nothing measured yet".to_owned(),
        _ => String::new(),
    }
}

/// The rules of `metrics::health` that speak of one daemon.
const DAEMON_RULES: [&str; 2] = ["daemon_down", "daemon_unknown"];

/// All daemons that are bad, and those that can't be asked.
fn troubled_daemons(state: &NodeState) -> Option<String> {
    let both = [bad_daemons(state), untold_daemons(state)];
    let texts: Vec<String> = both.into_iter().flatten().collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// All bad daemons in one text: `nginx, postgres failed; redis absent`. One alone is explained by its rule.
fn bad_daemons(state: &NodeState) -> Option<String> {
    let daemons = &state.sample.as_ref()?.daemon.daemons;
    let mut bad = daemons.iter().filter(|d| d.state.is_bad());
    let many = bad.clone().count();
    if many < 2 {
        let mut findings = state.health.findings.iter();
        let only = findings.find(|finding| finding.rule == DAEMON_RULES[0]);
        return bad.next().and(only).map(|only| only.reason.clone());
    }
    let groups = [State::Failed, State::Absent, State::Stopped].map(|wanted| {
        let names = bad.clone().filter(|d| d.state == wanted);
        (wanted, names.map(|d| d.name.as_str()).collect::<Vec<_>>())
    });
    let texts = groups.iter().filter(|(_, names)| !names.is_empty());
    let texts = texts.map(|(state, names)| format!("{} {}", few(names), state.as_str()));
    Some(texts.collect::<Vec<_>>().join("; "))
}

/// Those that can't be asked, with the reason where it is that of all: `sshd, cron unknown: no answer`.
fn untold_daemons(state: &NodeState) -> Option<String> {
    let daemons = &state.sample.as_ref()?.daemon.daemons;
    let untold: Vec<&Daemon> = daemons.iter().filter(|d| d.untold().is_some()).collect();
    let why = untold.first()?.detail.as_str();
    let names: Vec<&str> = untold.iter().map(|d| d.name.as_str()).collect();
    let names = few(&names);
    if untold.iter().all(|d| d.detail.as_str() == why) {
        return Some(format!("{names} unknown: {why}"));
    }
    Some(format!("{names} unknown"))
}

/// Characters that the names of one text may take.
const ROOM: usize = 60;

/// As many names as there is room for, and how many more.
fn few(names: &[&str]) -> String {
    let mut text = String::new();
    for (shown, name) in names.iter().enumerate() {
        if shown > 0 && text.chars().count() + name.chars().count() > ROOM {
            return format!("{text} and {} more", names.len() - shown);
        }
        text += if shown > 0 { ", " } else { "" };
        text += name;
    }
    text
}

fn advice(state: &NodeState) -> String {
    match &state.link {
        Link::Down { error, .. } | Link::Refused(error) => error.advice.to_string(),
        _ => String::new(),
    }
}

/// `✓nginx ✗app`.
fn each(daemons: &[Daemon], sign: impl Fn(State) -> &'static str) -> String {
    let each = daemons
        .iter()
        .map(|d| format!("{}{}", sign(d.state), d.name));
    let each: Vec<_> = each.collect();
    if each.is_empty() {
        return "-".to_owned();
    }
    each.join(" ")
}

/// `✓2 ✗1`: names of those that are not well stand below.
fn counted(daemons: &[Daemon], sign: impl Fn(State) -> &'static str) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for sign in daemons.iter().map(|daemon| sign(daemon.state)) {
        match counts.iter_mut().find(|(known, _)| *known == sign) {
            Some((_, count)) => *count += 1,
            None => counts.push((sign, 1)),
        }
    }
    if counts.is_empty() {
        return "-".to_owned();
    }
    let each = counts.iter().map(|(sign, count)| format!("{sign}{count}"));
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

/// One node for scripts. What is not of now stands apart: a script that looks at one value must not take it for one.
pub fn to_json(state: &NodeState, now: Millis) -> Value {
    let live = state.sample.as_deref().filter(|_| state.is_live(now));
    let old = state.sample.as_deref().filter(|_| live.is_none());
    let last = old.map(|sample| {
        json!({
            "fields": fields(Some(sample)),
            "daemons": daemons(&sample.daemon.daemons),
        })
    });
    let reason = why(state, now);
    json!({
        "node": state.node.id.as_str(),
        "address": host(&state.node),
        "user": state.node.user,
        "port": state.node.port,
        "state": state.state_word(now),
        "state_ms": now.since(state.link_since),
        "transport": transport(state),
        "transports": state.ways.iter().map(|way| way_json(way, now)).collect::<Vec<_>>(),
        "round_trip_ms": state.round_trip_ms.filter(|_| state.is_live(now)).map_or(Value::Null, number),
        "age_ms": age_ms(state, now),
        "error": if reason.is_empty() { Value::Null } else { Value::from(reason) },
        "fields": fields(live),
        "daemons": daemons(&state.daemons_now(now)),
        "last": last,
    })
}

/// All fields by their ids.
fn fields(sample: Option<&Valued>) -> Map<String, Value> {
    let all = metrics::fields();
    let read = |f: &metrics::Field| sample.and_then(|s| s.value(f)).map_or(Value::Null, number);
    all.map(|f| (f.id.to_owned(), read(f))).collect()
}

fn daemons(all: &[Daemon]) -> Vec<Value> {
    let one = |d: &Daemon| {
        json!({
            "name": d.name.as_str(),
            "state": d.state.as_str(),
            "manager": d.manager.as_ref().map(|m| m.as_str().to_owned()),
            "detail": d.detail.as_str(),
            "pid": d.pid,
        })
    };
    all.iter().map(one).collect()
}

/// The way in use.
fn transport(state: &NodeState) -> Option<&'static str> {
    match &state.link {
        Link::Up(info) => Some(info.transport.as_str()),
        _ => None,
    }
}

/// How one transport has done: healthy while its last attempt succeeded; an open breaker makes the waits longer.
fn way_json(way: &Way, now: Millis) -> Value {
    let ago = |at: Option<u64>| at.map(|at| now.since(Millis(at)));
    json!({
        "transport": way.transport.as_str(),
        "healthy": way.breaker.failures() == 0,
        "breaker_open": way.breaker.is_open(),
        "successes": way.successes,
        "failures": way.failures,
        "success_rate": number(way.success_rate()),
        "consecutive_successes": way.in_a_row,
        "consecutive_failures": way.breaker.failures(),
        "last_success_ms_ago": ago(way.last_success_ms),
        "last_failure_ms_ago": ago(way.last_failure_ms),
        "setup_ms": way.setup.map_or(Value::Null, |setup| number(setup.as_secs_f64() * 1e3)),
        "error": way.error.as_ref().map(ToString::to_string),
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

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
