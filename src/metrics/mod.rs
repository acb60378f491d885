//! What is measured on a node: one probe per file, each with what to ask, how to parse it, and its table of fields. Pure.

mod age;
pub mod cpu;
pub mod daemon;
pub mod disk;
pub mod frame;
pub mod gpu;
mod greeting;
pub mod health;
pub mod history;
pub mod host;
pub mod io;
pub mod load;
pub mod memory;
pub mod meter;
pub mod mig;
pub mod net;
pub mod pressure;
mod question;
pub mod rate;
mod raw;
pub mod sampler;
pub mod slow;
mod smi;
mod suspects;
pub mod tcp;
mod truth;
mod unit;
mod valued;
mod watch;
mod words;

use std::{collections::HashMap, sync::LazyLock};

pub use greeting::LastLine;
pub use meter::{Clock, Feed, Meter, Signal};
pub use valued::Valued;

/// Everything known of a node at one instant. Absent is `None` or an empty list, never zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Identity, uptime, clock, kernel counters.
    pub host: host::Reading,
    /// Load averages.
    pub load: load::Reading,
    /// CPU use.
    pub cpu: cpu::Reading,
    /// Memory and swap.
    pub memory: memory::Reading,
    /// Pressure stall information.
    pub pressure: pressure::Reading,
    /// Space and inodes per mount.
    pub disk: disk::Reading,
    /// Block device traffic.
    pub io: io::Reading,
    /// Network traffic.
    pub net: net::Reading,
    /// TCP health.
    pub tcp: tcp::Reading,
    /// GPUs.
    pub gpu: gpu::Reading,
    /// Watched daemons.
    pub daemon: daemon::Reading,
}

/// One number of a node: column, sort key, filter term, JSON key and history series follow from this row.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Stable id, `probe.name`; the name alone works where it is unique (`load` is `load.1`).
    pub id: &'static str,
    /// Column header, at most 7 cells.
    pub short: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// How to print it.
    pub unit: Unit,
    /// Kept for the ten-minute graphs.
    pub history: bool,
    /// Its value; `None` when the node lacks it.
    pub read: fn(&Sample) -> Option<f64>,
}

/// How a number is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 0 to 100.
    Percent,
    /// A plain count.
    Count,
    /// Two decimals, as `uptime` prints loads.
    Load,
    /// Bytes, in powers of 1024.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Events a second.
    PerSecond,
    /// A duration.
    Seconds,
    /// Degrees Celsius.
    Celsius,
    /// Watts.
    Watts,
}

/// Every field of every probe, in the order of the probes.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter()
}

/// The field with this id, alias or unique last part; `None` when unknown or ambiguous.
pub fn field(name: &str) -> Option<&'static Field> {
    if let Some(exact) = BY_ID.get(name) {
        return Some(exact);
    }
    let alias = ALIASES.iter().find(|(from, _)| *from == name);
    if let Some((_, id)) = alias {
        return BY_ID.get(id).copied();
    }
    let mut by_tail = fields().filter(|f| f.id.rsplit('.').next() == Some(name));
    by_tail.next().filter(|_| by_tail.next().is_none())
}

/// All that [`field`] knows by more than its last part: ids and short names.
pub fn names() -> impl Iterator<Item = &'static str> {
    let short = ALIASES.iter().map(|(name, _)| *name);
    fields().map(|field| field.id).chain(short)
}

/// Screens look fields up by id for each row that they draw or sort.
static BY_ID: LazyLock<HashMap<&'static str, &'static Field>> =
    LazyLock::new(|| fields().map(|field| (field.id, field)).collect());

/// Short names that people type in filters.
const ALIASES: &[(&str, &str)] = &[
    ("load", "load.1"),
    ("load/core", "load.per_core"),
    ("cpu", "cpu.busy"),
    ("mem", "memory.used"),
    ("memory", "memory.used"),
    ("swap", "memory.swap_used"),
    ("disk", "disk.used"),
    ("inodes", "disk.inodes_used"),
    ("gpu", "gpu.util"),
    ("rx", "net.rx"),
    ("tx", "net.tx"),
    ("uptime", "host.uptime"),
    ("skew", "host.skew"),
];

/// All fields in one table: by its place in it a sample knows the value of a field, and a history its series.
static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| PROBES.concat());

/// The place of a field; by its id for a copy.
fn place(field: &Field) -> Option<usize> {
    let by_id = || FIELDS.iter().position(|known| known.id == field.id);
    FIELDS.element_offset(field).or_else(by_id)
}

/// How many there are.
const COUNT: usize = {
    let (mut count, mut tables) = (0, PROBES);
    while let [table, rest @ ..] = tables {
        count += table.len();
        tables = rest;
    }
    count
};

const PROBES: &[&[Field]] = &[
    load::FIELDS,
    cpu::FIELDS,
    memory::FIELDS,
    pressure::FIELDS,
    disk::FIELDS,
    io::FIELDS,
    net::FIELDS,
    tcp::FIELDS,
    gpu::FIELDS,
    daemon::FIELDS,
    host::FIELDS,
];
