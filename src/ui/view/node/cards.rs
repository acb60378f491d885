//! The table of the GPUs: a row for each card, and below one in MIG mode a row for each of its instances.

use super::tables::{any_is_bad, column, number, text, toned, word};
use crate::{
    metrics::{
        Unit,
        gpu::{Gpu, Reading},
        mig::Instance,
    },
    ui::{
        glyph::Glyphs,
        theme::Role,
        widget::{
            Look, bar,
            sheet::{Align, Column, Piece},
        },
    },
};

/// Most instances of a node that get a row each: more of them would hide all that stands below.
const MOST_ROWS: usize = 16;

pub(super) const COLUMNS: &[Column] = &[
    column("#", Align::Right, 0),
    column("name", Align::Left, 5),
    column("use", Align::Right, 0),
    column("", Align::Bar, 2),
    column("mem", Align::Right, 0),
    column("", Align::Bar, 2),
    column("used", Align::Right, 4),
    column("temp", Align::Right, 0),
    column("power", Align::Right, 1),
    column("limit", Align::Right, 6),
    column("clock", Align::Right, 7),
    column("fan", Align::Right, 8),
    column("ecc", Align::Right, 3),
    column("", Align::Left, 1),
];

/// How many cards, and which, where all are the same.
pub(super) fn note(gpus: &Reading, glyphs: Glyphs) -> String {
    let count = gpus.gpus.len();
    match gpus.gpus.first().filter(|_| !is_mixed(gpus)) {
        Some(card) => format!("{count} {} {}", glyphs.dot(), card.name),
        None => count.to_string(),
    }
}

fn is_mixed(gpus: &Reading) -> bool {
    let mut names = gpus.gpus.iter().map(|g| &g.name);
    let first = names.next();
    names.any(|name| Some(name) != first)
}

/// All rows.
pub(super) fn rows(gpus: &Reading, look: &Look<'_>) -> Vec<Vec<Piece>> {
    let is_mixed = is_mixed(gpus);
    let counts = gpus.gpus.iter().map(|gpu| instances(gpu).len());
    let is_crowded = counts.sum::<usize>() > MOST_ROWS;
    let mut rows = Vec::new();
    for gpu in &gpus.gpus {
        let bars = if is_crowded {
            uprights(gpu, look)
        } else {
            String::new()
        };
        rows.push(card(gpu, is_mixed, &bars));
        if !is_crowded {
            let all = instances(gpu);
            rows.extend(all.iter().map(|one| instance(one, all, look.glyphs)));
        }
    }
    rows
}

fn instances(gpu: &Gpu) -> &[Instance] {
    gpu.instances.as_deref().unwrap_or_default()
}

/// The memory of each instance in one cell.
fn uprights(gpu: &Gpu, look: &Look<'_>) -> String {
    let all = instances(gpu).iter();
    all.map(|one| bar::upright(one.memory(), Role::GPU, look).0)
        .collect()
}

fn card(gpu: &Gpu, is_mixed: bool, bars: &str) -> Vec<Piece> {
    let hot = |degrees: f64| {
        if degrees >= 85.0 {
            Role::Warn
        } else {
            Role::Text
        }
    };
    let memory = gpu.memory_used.map(|n| n as f64);
    vec![
        text(gpu.index.to_string(), Role::Muted),
        // Where all cards are the same, the title says which.
        text(
            gpu.name.to_string().repeat(usize::from(is_mixed)),
            Role::Text,
        ),
        number(Unit::Percent, gpu.util),
        Piece::Bar(gpu.util, Role::GPU),
        number(Unit::Percent, gpu.memory()),
        Piece::Bar(gpu.memory(), Role::GPU),
        number(Unit::Bytes, memory),
        toned(Unit::Celsius, gpu.temperature, hot),
        number(Unit::Watts, gpu.power),
        number(Unit::Watts, gpu.power_limit),
        word(gpu.clock.map(|mhz| format!("{mhz} MHz"))),
        number(Unit::Percent, gpu.fan),
        toned(Unit::Count, gpu.ecc.map(|n| n as f64), any_is_bad),
        flags(gpu, bars),
    ]
}

fn flags(gpu: &Gpu, bars: &str) -> Piece {
    let mig = match gpu.instances.as_deref() {
        _ if !gpu.mig => String::new(),
        None => "MIG".to_owned(),
        Some([]) => "MIG, no instances".to_owned(),
        Some(all) => format!("MIG {}x {bars}", all.len()),
    };
    let is_throttled = gpu.throttled == Some(true);
    let (throttled, role) = if is_throttled {
        ("throttled", Role::Warn)
    } else {
        ("", Role::Text)
    };
    // What is wrong comes first: the end may be cut off.
    text(format!("{throttled} {mig}").trim().to_owned(), role)
}

/// What a card has only as a whole is left empty: it is neither zero nor missing.
fn instance(one: &Instance, all: &[Instance], glyphs: Glyphs) -> Vec<Piece> {
    let none = || text(String::new(), Role::Muted);
    let used = one.memory_used.map(|n| n as f64);
    vec![
        text(name(one, all), Role::Muted),
        none(),
        none(),
        none(),
        number(Unit::Percent, one.memory()),
        Piece::Bar(one.memory(), Role::GPU),
        number(Unit::Bytes, used),
        none(),
        none(),
        none(),
        none(),
        none(),
        toned(Unit::Count, one.ecc.map(|n| n as f64), any_is_bad),
        text(size(one, glyphs), Role::Muted),
    ]
}

/// The ids that `nvidia-smi` knows it by; that of the compute instance only where the GPU instance has several.
fn name(one: &Instance, all: &[Instance]) -> String {
    let gpu_instance = one.gpu_instance;
    let beside = all.iter().filter(|i| i.gpu_instance == gpu_instance);
    match one.compute_instance.filter(|_| beside.count() > 1) {
        Some(compute) => format!("gi {gpu_instance} ci {compute}"),
        None => format!("gi {gpu_instance}"),
    }
}

fn size(one: &Instance, glyphs: Glyphs) -> String {
    let memory = one
        .memory_total
        .map(|n| format!("of {}", Unit::Bytes.format(n as f64)));
    let compute = one.multiprocessors.map(|n| format!("{n} SMs"));
    let parts: Vec<String> = [memory, compute].into_iter().flatten().collect();
    parts.join(&format!(" {} ", glyphs.dot()))
}
