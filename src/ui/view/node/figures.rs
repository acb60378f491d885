//! The figures of a node: errors before saturation before utilisation: the order in which an operator asks.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Page;
use crate::{
    metrics,
    ui::{format, theme::Role},
};

/// When a value is worth a colour.
#[derive(Clone, Copy)]
enum Tone {
    /// Never: a figure to know.
    Plain,
    /// Anything above zero.
    AnyIsBad,
    /// Percent: hot when high.
    Percent,
    /// Hot from this value on.
    From(f64),
}

/// One row of figures.
struct Row {
    title: &'static str,
    items: &'static [(&'static str, &'static str, Tone)],
}

const ROWS: [Row; 4] = [
    Row {
        title: "errors",
        items: &[
            ("oom kills", "host.oom_kills", Tone::AnyIsBad),
            ("net errors", "net.errors", Tone::AnyIsBad),
            ("drops", "net.drops", Tone::AnyIsBad),
            ("retransmits", "tcp.retransmitted", Tone::From(2.0)),
            ("gpu ecc", "gpu.ecc", Tone::AnyIsBad),
            ("daemons bad", "daemon.bad", Tone::AnyIsBad),
        ],
    },
    Row {
        title: "saturation",
        items: &[
            ("load/core", "load.per_core", Tone::From(2.0)),
            ("throttled", "cpu.throttled", Tone::From(25.0)),
            ("running", "load.running", Tone::Plain),
            ("blocked", "host.blocked", Tone::From(8.0)),
            ("psi cpu", "pressure.cpu", Tone::From(40.0)),
            ("psi mem", "pressure.memory", Tone::From(10.0)),
            ("mem full", "pressure.memory_full", Tone::From(5.0)),
            ("psi io", "pressure.io", Tone::From(40.0)),
            ("io full", "pressure.io_full", Tone::From(20.0)),
            ("swap", "memory.swap_used", Tone::Percent),
            ("major faults", "host.major_faults", Tone::From(500.0)),
        ],
    },
    Row {
        title: "use",
        items: &[
            ("cpu", "cpu.busy", Tone::Percent),
            ("user", "cpu.user", Tone::Plain),
            ("system", "cpu.system", Tone::Plain),
            ("iowait", "cpu.iowait", Tone::From(40.0)),
            ("steal", "cpu.steal", Tone::From(10.0)),
            ("mem", "memory.used", Tone::Percent),
            ("cached", "memory.cached", Tone::Plain),
            ("dirty", "memory.dirty", Tone::Plain),
            ("disk", "disk.used", Tone::Percent),
            ("inodes", "disk.inodes_used", Tone::Percent),
            ("gpu", "gpu.util", Tone::Plain),
            ("gpu power", "gpu.power", Tone::Plain),
        ],
    },
    Row {
        title: "system",
        items: &[
            ("load 5 min", "load.5", Tone::Plain),
            ("15 min", "load.15", Tone::Plain),
            ("tasks", "load.tasks", Tone::Plain),
            ("forks", "host.forks", Tone::Plain),
            ("files", "host.files", Tone::Plain),
            ("sockets", "tcp.sockets", Tone::Plain),
            ("established", "tcp.established", Tone::Plain),
            ("iops", "io.operations", Tone::Plain),
            ("disk busy", "io.busy", Tone::Percent),
        ],
    },
];

/// Cells of a row's title.
const TITLE: u16 = 12;
/// Between two figures, where there is room and where there is little.
const GAP: u16 = 3;
const TIGHT: u16 = 2;
const NARROW: u16 = 100;

/// One piece of writing and where it stands.
struct Item {
    x: u16,
    y: u16,
    label: &'static str,
    value: String,
    role: Role,
}

/// Lines that they take.
pub(super) fn height(page: &Page<'_>, width: u16) -> u16 {
    place(page, width).1
}

/// Draws them from the top of `area`.
pub(super) fn render(page: &Page<'_>, area: Rect, buf: &mut Buffer) {
    let look = &page.look;
    for Item {
        x,
        y,
        label,
        value,
        role,
    } in place(page, area.width).0
    {
        let row = format::row(area, y);
        let label_role = if value.is_empty() { role } else { Role::Muted };
        let x = format::put(buf, row, row.x + x, label, look.theme.style(label_role));
        format::put(buf, row, x + 1, &value, look.style(role));
    }
}

/// All figures with their places in `width` cells, and the number of lines.
fn place(page: &Page<'_>, width: u16) -> (Vec<Item>, u16) {
    let mut items = Vec::new();
    let mut y = 0;
    for row in &ROWS {
        y = place_row(page, row, (width, y), &mut items);
    }
    (items, y)
}

/// Places a row from left to right, on as many lines as it needs; says the next free line.
fn place_row(page: &Page<'_>, row: &Row, (width, first): (u16, u16), items: &mut Vec<Item>) -> u16 {
    let (mut x, mut y) = (TITLE, first);
    for (label, id, tone) in row.items {
        let Some(field) = metrics::field(id) else {
            continue;
        };
        let Some(number) = page.node.value(field) else {
            continue;
        };
        let value = format::value(field, Some(number), page.look.glyphs);
        let cells = (format::width(label) + 1 + format::width(&value)) as u16;
        if x > TITLE && x + cells > width {
            (x, y) = (TITLE, y + 1);
        }
        let role = tone.role(number);
        items.push(Item {
            x,
            y,
            label,
            value,
            role,
        });
        x += cells + if width < NARROW { TIGHT } else { GAP };
    }
    if x == TITLE && y == first {
        return first;
    }
    let value = String::new();
    items.push(Item {
        x: 0,
        y: first,
        label: row.title,
        value,
        role: Role::Accent,
    });
    y + 1
}

impl Tone {
    fn role(self, value: f64) -> Role {
        match self {
            Self::AnyIsBad if value > 0.0 => Role::Warn,
            Self::From(bound) if value >= bound => Role::Warn,
            Self::Percent => Role::heat(value, Role::Text),
            _ => Role::Text,
        }
    }
}
