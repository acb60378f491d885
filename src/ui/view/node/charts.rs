//! The graphs of the last ten minutes, and the strip of all cores.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Page;
use crate::{
    fleet::NodeState,
    metrics::{Unit, field, history::SPAN_MS},
    ui::{
        format,
        theme::Role,
        widget::{
            graph::{Graph, round_up},
            panel::Panel,
            strip,
            trace::Trace,
        },
    },
};

/// One graph: a field, its title, and its colour.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chart {
    field: &'static str,
    title: &'static str,
    calm: Role,
    /// A high value is nothing bad.
    is_busy_good: bool,
}

const fn chart(field: &'static str, title: &'static str, calm: Role) -> Chart {
    Chart {
        field,
        title,
        calm,
        is_busy_good: false,
    }
}

const CHARTS: [Chart; 13] = [
    chart("cpu.busy", "cpu", Role::CPU),
    chart("load.1", "load", Role::CPU),
    chart("memory.used", "memory", Role::MEMORY),
    chart("memory.swap_used", "swap", Role::MEMORY),
    Chart {
        is_busy_good: true,
        ..chart("gpu.util", "gpu", Role::GPU)
    },
    Chart {
        is_busy_good: true,
        ..chart("gpu.memory", "gpu memory", Role::GPU)
    },
    chart("net.rx", "net in", Role::NET),
    chart("net.tx", "net out", Role::NET),
    chart("io.read", "disk read", Role::DISK),
    chart("io.written", "disk write", Role::DISK),
    chart("pressure.cpu", "waits for cpu", Role::CPU),
    chart("pressure.memory", "waits for memory", Role::MEMORY),
    chart("pressure.io", "waits for io", Role::DISK),
];

/// What [`SPAN_MS`] is in words.
const SPAN: &str = "10 min";

/// Lines of a graph inside its frame.
pub(super) const HEIGHT: u16 = 4;
/// A CPU is hot later than a disk is full: at the usual 80 % of this.
const BUSY: f32 = 112.0;
/// A graph is not narrower than this.
const WIDTH: u16 = 36;

/// The graphs of fields that this node has.
pub(super) fn shown(node: &NodeState) -> Vec<&'static Chart> {
    let has = |chart: &&Chart| field(chart.field).is_some_and(|f| node.value(f).is_some());
    CHARTS.iter().filter(has).collect()
}

/// How many stand side by side: all that fit, and no lonely one in the last row where one fewer avoids it.
pub(super) fn beside(width: u16, count: usize) -> usize {
    let most = usize::from((width / WIDTH).max(1)).min(count.max(1));
    let rows = count.div_ceil(most).max(1);
    count.div_ceil(rows).max(1)
}

/// Draws one graph: title and value above, the upper end of its axis below where it is not 100 %.
pub(super) fn render(page: &Page<'_>, chart: &Chart, area: Rect, buf: &mut Buffer) {
    let Some(field) = field(chart.field) else {
        return;
    };
    let look = &page.look;
    let columns = area.width.saturating_sub(4);
    let trace = Trace::of(page.node, field, page.now, (SPAN_MS, columns));
    let cores = page.sample().and_then(|s| s.host.cores).map(|n| n as f32);
    let most = trace.max().unwrap_or(0.0);
    let (top, full) = match field.unit {
        Unit::Percent => (
            100.0,
            Some(if chart.calm == Role::CPU { BUSY } else { 100.0 }),
        ),
        Unit::Load => (
            round_up(most, false).max(cores.unwrap_or(1.0)),
            cores.map(|n| 2.0 * n),
        ),
        Unit::Bytes | Unit::BytesPerSecond => (round_up(most, true), None),
        _ => (round_up(most, false), None),
    };
    let value = format::value(field, page.node.value(field), look.glyphs);
    let axis = format::value(field, Some(f64::from(top)), look.glyphs);
    let axis = if field.unit == Unit::Percent {
        ""
    } else {
        &axis
    };
    let inside = Panel {
        title: &[(chart.title, look.style(Role::Accent))],
        note: Some((&value, look.style(Role::Strong))),
        foot: Some((SPAN, look.style(Role::Muted))),
        foot_note: Some((axis, look.style(Role::Muted))),
        ..Panel::default()
    }
    .render(look, area, buf);
    let graph = Graph {
        trace: &trace,
        top,
        full: full.filter(|_| !chart.is_busy_good),
        calm: chart.calm,
    };
    graph.render(look, inside, buf);
}

/// Lines of the strip: as many as show each core by itself, at most three.
pub(super) fn cores_height(page: &Page<'_>, width: u16) -> u16 {
    let cores = page.sample().map_or(0, |s| s.cpu.cores.len());
    cores.div_ceil(usize::from(width.max(1))).clamp(1, 3) as u16
}

/// Draws all cores.
pub(super) fn cores(page: &Page<'_>, area: Rect, buf: &mut Buffer) {
    let Some(sample) = page.sample() else { return };
    let look = &page.look;
    let cores = &sample.cpu.cores;
    let inside = Rect::new(
        0,
        0,
        area.width.saturating_sub(4),
        area.height.saturating_sub(2),
    );
    let each = match strip::fold(cores.len(), inside.area() as usize) {
        1 => format!("{}", cores.len()),
        n => format!("{}, the busiest of each {n}", cores.len()),
    };
    let busiest = cores.iter().flatten().copied().reduce(f32::max);
    let busiest = busiest.map_or_else(String::new, |most| format!("busiest {most:.0}%"));
    let inside = Panel {
        title: &[
            ("cores", look.style(Role::Accent)),
            (&each, look.style(Role::Muted)),
        ],
        note: Some((&busiest, look.style(Role::Muted))),
        ..Panel::default()
    }
    .render(look, area, buf);
    strip::render(cores, look, inside, buf);
}
