//! The figures of a tile: load and memory with their graphs, what is wrong or the traffic, the devices.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Tile;
use crate::{
    metrics::{self, Field},
    ui::{
        format,
        glyph::status_role,
        theme::Role,
        widget::graph::{Graph, round_up},
    },
};

/// Span of a tile's graphs.
pub(super) const SPAN_MS: u64 = 120_000;

/// From this width on, load and memory stand side by side, each with its label.
const BESIDE: u16 = 18;

/// Cells of a label and a value: `load 12.34`.
const FIGURE: u16 = 10;

/// What has a graph: its field and its label.
const PAIR: [(&str, &str); 2] = [("load.1", "load"), ("memory.used", "mem")];

impl Tile<'_> {
    /// From the top: figures, graphs, what is wrong or the traffic, devices. Where rows are few, devices go first, then the traffic.
    pub(super) fn figures(&self, area: Rect, buf: &mut Buffer) {
        let reason = self.reason(area.width);
        match area.height {
            0 => {}
            1 if reason.is_empty() => self.line(format::row(area, 0), buf),
            1 => self.remark(&reason, area, buf),
            // The figures are on its page; a reason without its end says little.
            rows @ (2 | 3) if format::width(&reason) > usize::from(area.width) => {
                let above = rows - 2;
                if above > 0 {
                    self.line(format::row(area, 0), buf);
                }
                let below = Rect {
                    y: area.y + above,
                    height: 2,
                    ..area
                };
                self.remark(&reason, below, buf);
            }
            2 => {
                self.line(format::row(area, 0), buf);
                let below = format::row(area, 1);
                if reason.is_empty() {
                    self.graphs(below, buf);
                } else {
                    self.remark(&reason, below, buf);
                }
            }
            rows => {
                let (remark, devices) = shares(area, format::width(&reason));
                let below = rows - remark - devices;
                let cut = |y, height| Rect {
                    y: area.y + y,
                    height,
                    ..area
                };
                self.pair(cut(0, below), buf);
                self.remark(&reason, cut(below, remark), buf);
                self.devices(cut(below + remark, devices), buf);
            }
        }
    }

    /// Load and memory side by side, else one below the other.
    fn pair(&self, area: Rect, buf: &mut Buffer) {
        let halves = if area.width >= BESIDE {
            beside(area)
        } else {
            let height = area.height.div_ceil(2);
            let lower = Rect {
                y: area.y + height,
                height: area.height - height,
                ..area
            };
            [Rect { height, ..area }, lower]
        };
        for ((id, label), area) in PAIR.into_iter().zip(halves) {
            if let Some(field) = metrics::field(id) {
                self.half((field, label), area, buf);
            }
        }
    }

    /// A line of figures over its graph; on one line the graph is beside it.
    fn half(&self, (field, label): (&'static Field, &str), area: Rect, buf: &mut Buffer) {
        let row = format::row(area, 0);
        let x = format::put(buf, row, row.x, label, self.look.style(Role::Muted));
        let (value, role) = self.value(field);
        format::put(buf, row, x + 1, &value, self.look.style(role));
        let graph = if area.height > 1 {
            Rect {
                y: area.y + 1,
                height: area.height - 1,
                ..area
            }
        } else {
            let x = row.x + FIGURE + 1;
            Rect {
                x,
                width: row.right().saturating_sub(x),
                ..row
            }
        };
        self.graph(field, graph, buf);
    }

    /// Both graphs, side by side.
    fn graphs(&self, area: Rect, buf: &mut Buffer) {
        for ((id, _), area) in PAIR.into_iter().zip(beside(area)) {
            if let Some(field) = metrics::field(id) {
                self.graph(field, area, buf);
            }
        }
    }

    /// Load, memory, and the GPUs or the fullest disk.
    fn line(&self, row: Rect, buf: &mut Buffer) {
        let mut x = row.x;
        for ((id, _), width) in PAIR.into_iter().zip([5, 4]) {
            let Some(field) = metrics::field(id) else {
                continue;
            };
            let (value, role) = self.value(field);
            let value = format::right(&value, width, self.glyphs());
            x = format::put(buf, row, x, &value, self.look.style(role)) + 1;
        }
        let rest = Rect {
            x,
            width: row.right().saturating_sub(x),
            ..row
        };
        self.device(rest, buf);
    }

    /// A value as text, hot where it is much.
    fn value(&self, field: &Field) -> (String, Role) {
        let value = self.node.value(field);
        let share = match (value, field.id, self.cores()) {
            (Some(load), "load.1", Some(cores)) => 50.0 * load / f64::from(cores),
            (Some(percent), "memory.used", _) => percent,
            _ => 0.0,
        };
        let text = format::value(field, value, self.glyphs());
        (text, Role::heat(share, Role::Text))
    }

    fn cores(&self) -> Option<u32> {
        self.node.sample.as_deref().and_then(|s| s.host.cores)
    }

    fn graph(&self, field: &'static Field, area: Rect, buf: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let span = (SPAN_MS, area.width);
        let trace = self.traces.of(self.node, field, self.now, span);
        // A load of one per core is a busy machine, of two a crowded one.
        let (top, full, calm) = match self.cores().filter(|_| field.id == "load.1") {
            Some(cores) => {
                let top = round_up(trace.max().unwrap_or(0.0), false).max(cores as f32);
                (top, 2.0 * cores as f32, Role::CPU)
            }
            None => (100.0, 100.0, Role::MEMORY),
        };
        let graph = Graph {
            trace: &trace,
            top,
            full: Some(full),
            calm,
        };
        graph.render(&self.look, area, buf);
    }

    /// What is wrong, on as many lines as there are; where nothing is, the traffic.
    fn remark(&self, reason: &str, area: Rect, buf: &mut Buffer) {
        if reason.is_empty() {
            return self.traffic(format::row(area, 0), buf);
        }
        let room = (usize::from(area.width), usize::from(area.height));
        let (told, role) = (self.told(reason, room).0, status_role(self.status()));
        let lines: Vec<_> = told.into_iter().map(|line| (line, role)).collect();
        self.write(&lines, area, buf);
    }

    fn traffic(&self, row: Rect, buf: &mut Buffer) {
        let mut x = format::put(buf, row, row.x, "net ", self.look.style(Role::Muted));
        for (id, sign) in [
            ("net.rx", self.glyphs().down()),
            ("net.tx", self.glyphs().up()),
        ] {
            let Some(field) = metrics::field(id) else {
                continue;
            };
            let value = format::value(field, self.node.value(field), self.glyphs());
            // A rate without its end would be another one.
            if usize::from(x) + 1 + format::width(&value) > usize::from(row.right()) {
                break;
            }
            x = format::put(buf, row, x, sign, self.look.style(Role::Muted));
            let value = format!("{value} ");
            x = format::put(buf, row, x, &value, self.look.style(Role::Text));
        }
    }
}

/// Rows of the remark and of the devices, of three or more.
fn shares(area: Rect, reason: usize) -> (u16, u16) {
    let (rows, is_well) = (area.height, reason == 0);
    let is_long = reason > usize::from(area.width);
    if rows == 4 && is_long {
        return (2, 0);
    }
    let devices = u16::from(rows >= 4 || is_well);
    let is_even = (rows - devices).is_multiple_of(2);
    // One below the other, load and memory have as many rows each.
    let is_narrow = area.width < BESIDE;
    let remark = match rows {
        _ if is_narrow && is_well => u16::from(!is_even),
        5.. if is_narrow => 1 + u16::from(is_even),
        5.. if is_long => 2,
        5.. => 1,
        _ => u16::from(!is_well),
    };
    (remark, devices)
}

/// The left and the right half, a gap between.
fn beside(area: Rect) -> [Rect; 2] {
    let gap = if area.width > 20 { 2 } else { 1 };
    let left = Rect {
        width: area.width.saturating_sub(gap).div_ceil(2),
        ..area
    };
    let x = left.right() + gap;
    let right = Rect {
        x,
        width: area.right().saturating_sub(x),
        ..area
    };
    [left, right]
}
