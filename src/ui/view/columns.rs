//! The columns of the table: what each shows, how wide, by what it sorts, and the order in which they give way.

pub mod menu;

use std::{collections::HashMap, sync::LazyLock};

use super::reason;
use crate::{
    fleet::{Millis, NodeState, Status},
    metrics::{self, Field, Unit},
};

/// One column.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// Name of the node, with its sign.
    Node,
    /// A number of the sample.
    Field(&'static Field),
    /// The last minutes of a number.
    Trace(&'static Field),
    /// The worst of the pressures.
    Pressure,
    /// Watched daemons: how many run, how many don't.
    Daemons,
    /// Age of the newest sample.
    Age,
    /// Round trip of the last tick.
    RoundTrip,
    /// First group.
    Group,
    /// State, and why it is not well.
    Reason,
}

/// By what a column sorts.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// The largest first.
    Number(f64),
    /// In natural order.
    Text(String),
    /// Last.
    Absent,
}

/// What the table shows without a wish, from left to right.
const DEFAULT: &str = "node group ~cpu.busy cpu.busy load.1 ~memory.used memory.used psi disk.used ~gpu.util gpu.util gpu.memory gpu.temp net.rx net.tx daemons age reason";

/// Columns in the order in which they are kept when room is short; others go first.
const KEPT: &str = "node reason load.1 cpu.busy memory.used disk.used gpu.util age daemons net.rx net.tx psi ~cpu.busy gpu.temp gpu.memory group ~memory.used ~gpu.util";

/// So many of them are worth more than a long reason.
const VITAL: usize = 5;

/// Cells that a reason has at least, where there is room for little more than those.
const SHORT: u16 = 8;

/// Columns that are no field.
const OTHERS: [Column; 7] = [
    Column::Node,
    Column::Pressure,
    Column::Daemons,
    Column::Age,
    Column::RoundTrip,
    Column::Group,
    Column::Reason,
];

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Column {}

impl Column {
    /// The columns shown without a wish.
    pub fn defaults() -> Vec<Self> {
        DEFAULT.split(' ').filter_map(Self::named).collect()
    }

    /// Every column there is: the default ones first, then the rest.
    pub fn all() -> Vec<Self> {
        let mut all = Self::defaults();
        let traces = metrics::fields().filter(|f| f.history).map(Self::Trace);
        let rest = OTHERS
            .into_iter()
            .chain(metrics::fields().map(Self::Field))
            .chain(traces);
        for column in rest {
            if !all.contains(&column) {
                all.push(column);
            }
        }
        all
    }

    /// The column of this id: `node`, `psi`, `age`, ..., a field's id, or `~` and a field's id for its trace.
    pub fn named(id: &str) -> Option<Self> {
        if let Some(column) = OTHERS.into_iter().find(|c| c.id() == ("", id)) {
            return Some(column);
        }
        match id.strip_prefix('~') {
            Some(field) => metrics::field(field).filter(|f| f.history).map(Self::Trace),
            None => metrics::field(id).map(Self::Field),
        }
    }

    /// The text that [`Column::named`] reads.
    pub fn name(self) -> String {
        let (prefix, id) = self.id();
        format!("{prefix}{id}")
    }

    fn id(self) -> (&'static str, &'static str) {
        match self {
            Self::Node => ("", "node"),
            Self::Field(field) => ("", field.id),
            Self::Trace(field) => ("~", field.id),
            Self::Pressure => ("", "psi"),
            Self::Daemons => ("", "daemons"),
            Self::Age => ("", "age"),
            Self::RoundTrip => ("", "rtt"),
            Self::Group => ("", "group"),
            Self::Reason => ("", "reason"),
        }
    }

    /// Its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Node => "NODE",
            Self::Field(field) | Self::Trace(field) => field.short,
            Self::Pressure => "PSI",
            Self::Daemons => "DAEMON",
            Self::Age => "AGE",
            Self::RoundTrip => "RTT",
            Self::Group => "GROUP",
            Self::Reason => "STATE",
        }
    }

    /// What it is, in one line.
    pub fn title(self) -> String {
        match self {
            Self::Node => "name".to_owned(),
            Self::Field(field) => field.title.to_owned(),
            Self::Trace(field) => format!("{}, the last minutes", field.title),
            Self::Pressure => "worst pressure: CPU, memory or I/O".to_owned(),
            Self::Daemons => "watched daemons: up, not up".to_owned(),
            Self::Age => "age of the newest sample".to_owned(),
            Self::RoundTrip => "round trip of the last tick".to_owned(),
            Self::Group => "first group".to_owned(),
            Self::Reason => "state, and why it is not well".to_owned(),
        }
    }

    /// Cells it takes, without the gap before it; the name and the reason take what they get.
    pub fn width(self) -> u16 {
        let values = match self {
            Self::Node => 8,
            Self::Reason => 22,
            Self::Trace(_) => 10,
            Self::Field(field) => match field.unit {
                Unit::Percent | Unit::Celsius => 4,
                Unit::Load | Unit::Watts | Unit::Count | Unit::Bytes => 5,
                Unit::Seconds | Unit::PerSecond | Unit::BytesPerSecond => 6,
            },
            Self::Pressure | Self::Age => 4,
            Self::Daemons => 6,
            Self::RoundTrip => 5,
            Self::Group => 7,
        };
        values.max(crate::ui::format::width(self.heading()) as u16)
    }

    /// True for text, which stands at the left of its column.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Node | Self::Group | Self::Daemons | Self::Reason | Self::Trace(_)
        )
    }

    /// True when the order by this column goes down: from the largest number, or back through the alphabet.
    pub fn falls(self, inverted: bool) -> bool {
        self.is_text() == inverted
    }

    /// By what a node is sorted here.
    pub fn key(self, node: &NodeState, now: Millis) -> Key {
        match self {
            Self::Node => Key::Text(node.node.id.to_string()),
            Self::Group => node
                .node
                .groups
                .first()
                .cloned()
                .map_or(Key::Absent, Key::Text),
            Self::Reason => reason_key(node, now),
            _ => self.value(node, now).map_or(Key::Absent, Key::Number),
        }
    }

    /// Its number of a node; `None` where it has none.
    pub fn value(self, node: &NodeState, now: Millis) -> Option<f64> {
        match self {
            Self::Field(field) | Self::Trace(field) => node.value(field),
            Self::Pressure => pressure(node),
            Self::Daemons => daemons(node),
            Self::Age => age(node, now).map(|ms| ms as f64),
            Self::RoundTrip => node.round_trip_ms,
            Self::Node | Self::Group | Self::Reason => None,
        }
    }
}

fn reason_key(node: &NodeState, now: Millis) -> Key {
    let reason = reason::whole(node);
    if reason.is_empty() && node.status(now) == Status::Ok {
        return Key::Absent;
    }
    Key::Text(format!("{} {reason}", node.state_word(now)))
}

/// The worst pressure of a node.
pub fn pressure(node: &NodeState) -> Option<f64> {
    node.sample.as_deref()?.pressure.worst()
}

/// Daemons that need a look.
fn daemons(node: &NodeState) -> Option<f64> {
    let all = &node.sample.as_deref()?.daemon.daemons;
    let bad = all.iter().filter(|d| d.state.is_bad()).count();
    (!all.is_empty()).then_some(bad as f64)
}

/// Milliseconds since the newest sample; `None` without one.
pub fn age(node: &NodeState, now: Millis) -> Option<u64> {
    node.sample.as_ref().map(|_| now.since(node.sample_at))
}

/// Where each column stands: it, the first cell, and how many cells; those that don't fit are left out.
pub fn place(columns: &[Column], name: u16, room: u16) -> Vec<(Column, u16, u16)> {
    let ranked: Vec<(usize, Column)> = columns.iter().map(|c| (rank(*c), *c)).collect();
    let is_vital = |(rank, _): &&(usize, Column)| *rank < VITAL;
    let vital: Vec<_> = ranked.iter().filter(is_vital).copied().collect();
    let (mut kept, mut reason) = fitting(ranked, (name, Column::Reason.width()), room);
    if kept.iter().filter(is_vital).count() < vital.len() {
        // A reason is cut anyway, and read on the node's page: figures go before its end.
        (kept, reason) = fitting(vital, (name, SHORT), room);
    }
    let mut x = 0;
    let mut placed = Vec::with_capacity(kept.len());
    for (_, column) in kept {
        let width = match column {
            Column::Node => name.min(room.saturating_sub(1)),
            Column::Reason => reason,
            _ => column.width(),
        };
        placed.push((column, x + 1, width));
        x += 1 + width;
    }
    placed
}

/// The columns that fit, with the cells that are left for a reason which takes at least so many.
fn fitting(
    mut ranked: Vec<(usize, Column)>,
    (name, reason): (u16, u16),
    room: u16,
) -> (Vec<(usize, Column)>, u16) {
    let need = |column: Column| match column {
        Column::Node => 1 + name,
        Column::Reason => 1 + reason,
        column => 1 + column.width(),
    };
    let mut needed: u16 = ranked.iter().map(|(_, c)| need(*c)).sum();
    while needed > room && ranked.len() > 1 {
        let numbered = ranked.iter().enumerate();
        let least = numbered.max_by_key(|(at, (rank, _))| (*rank, *at));
        let Some((at, _)) = least else { break };
        needed -= need(ranked.remove(at).1);
    }
    (ranked, reason + room.saturating_sub(needed))
}

/// The higher, the sooner a column gives way.
fn rank(column: Column) -> usize {
    static RANKS: LazyLock<HashMap<(&str, &str), usize>> = LazyLock::new(|| {
        let columns = KEPT.split(' ').filter_map(Column::named);
        columns.map(Column::id).zip(0..).collect()
    });
    RANKS.get(&column.id()).copied().unwrap_or(usize::MAX)
}
