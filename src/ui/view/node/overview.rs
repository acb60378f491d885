//! What is wrong, then errors before saturation before utilisation: the order in which an operator asks.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Page;
use crate::{
    fleet::{Link, Sampler},
    metrics::{self, daemon},
    ui::{format, glyph::severity_role, theme::Role, view::tiles::wrap, widget::panel::Panel},
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
            ("running", "load.running", Tone::Plain),
            ("blocked", "host.blocked", Tone::From(8.0)),
            ("psi cpu", "pressure.cpu", Tone::From(40.0)),
            ("psi mem", "pressure.memory", Tone::From(10.0)),
            ("full", "pressure.memory_full", Tone::From(5.0)),
            ("psi io", "pressure.io", Tone::From(40.0)),
            ("full", "pressure.io_full", Tone::From(20.0)),
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
            ("gpu mem", "gpu.memory", Tone::Plain),
            ("gpu power", "gpu.power", Tone::Plain),
        ],
    },
    Row {
        title: "system",
        items: &[
            ("load", "load.1", Tone::Plain),
            ("5 min", "load.5", Tone::Plain),
            ("15 min", "load.15", Tone::Plain),
            ("tasks", "load.tasks", Tone::Plain),
            ("forks", "host.forks", Tone::Plain),
            ("files", "host.files", Tone::Plain),
            ("sockets", "tcp.sockets", Tone::Plain),
            ("established", "tcp.established", Tone::Plain),
            ("net in", "net.rx", Tone::Plain),
            ("out", "net.tx", Tone::Plain),
            ("disk read", "io.read", Tone::Plain),
            ("write", "io.written", Tone::Plain),
            ("iops", "io.operations", Tone::Plain),
            ("busy", "io.busy", Tone::Percent),
        ],
    },
];

/// Cells of a row's title.
const TITLE: u16 = 12;
/// Between two figures.
const GAP: u16 = 3;

/// A line of words, or one figure and where it stands.
enum Item {
    Line(u16, String, Role),
    Figure {
        x: u16,
        y: u16,
        label: &'static str,
        value: String,
        role: Role,
    },
}

/// Lines inside the frame.
pub(super) fn height(page: &Page<'_>, width: u16) -> u16 {
    items(page, width).1
}

/// Draws it.
pub(super) fn render(page: &Page<'_>, area: Rect, buf: &mut Buffer) {
    let look = &page.look;
    let title = look.theme.style(Role::Accent);
    let inside = Panel {
        title: &[("now", title)],
        ..Panel::default()
    }
    .render(look, area, buf);
    for item in items(page, inside.width).0 {
        match item {
            Item::Line(y, text, role) => {
                let row = format::row(inside, y);
                format::put(buf, row, row.x, &text, look.theme.style(role));
            }
            Item::Figure {
                x,
                y,
                label,
                value,
                role,
            } => {
                let row = format::row(inside, y);
                let x = format::put(buf, row, row.x + x, label, look.theme.style(Role::Muted));
                format::put(buf, row, x + 1, &value, look.style(role));
            }
        }
    }
}

/// Everything with its place, and the number of lines.
fn items(page: &Page<'_>, width: u16) -> (Vec<Item>, u16) {
    let mut items = Vec::new();
    let mut y = 0;
    for (text, role) in words(page) {
        for line in wrap(&text, usize::from(width.max(8)), 3) {
            items.push(Item::Line(y, line, role));
            y += 1;
        }
    }
    if page.sample().is_some() {
        for row in &ROWS {
            y = figures(page, row, (width, y), &mut items);
        }
    }
    (items, y)
}

/// What is wrong in words; that nothing is, where nothing is.
fn words(page: &Page<'_>) -> Vec<(String, Role)> {
    let glyphs = page.look.glyphs;
    let mut words = Vec::new();
    match (&page.node.link, &page.node.sampler) {
        (Link::Down { error, .. } | Link::Refused(error), _) => {
            let sign = glyphs.severity(metrics::health::Severity::Critical);
            words.push((format!("{sign} {error}"), Role::Critical));
            if !error.advice.as_str().is_empty() {
                words.push((format!("  {}", error.advice), Role::Text));
            }
        }
        (Link::Idle | Link::Connecting | Link::Asking, _) | (_, Sampler::Failed(_)) => {
            let reason = page.node.reason();
            let reason = if reason.is_empty() {
                page.node.state_word(page.now).to_owned()
            } else {
                reason
            };
            words.push((reason, Role::Info));
        }
        _ => {}
    }
    for finding in &page.node.health.findings {
        let sign = glyphs.severity(finding.severity);
        words.push((
            format!("{sign} {}", finding.reason),
            severity_role(finding.severity),
        ));
    }
    words.extend(
        page.sample()
            .into_iter()
            .flat_map(|s| remarks(s))
            .map(|text| (text, Role::Warn)),
    );
    if words.is_empty() && page.sample().is_none() {
        words.push(("nothing measured yet".to_owned(), Role::Muted));
    }
    words
}

/// What has no figure: mounts that can't be written, daemons that are bad, a GPU tool without GPUs.
fn remarks(sample: &metrics::Sample) -> Vec<String> {
    let read_only = sample.disk.mounts.iter().filter(|m| m.read_only);
    let mut remarks: Vec<String> = read_only
        .map(|m| format!("{} is read-only", m.path))
        .collect();
    let bad = sample
        .daemon
        .daemons
        .iter()
        .filter(|d| daemon::State::is_bad(d.state));
    remarks.extend(bad.map(|d| format!("{} is {}", d.name, d.state.as_str())));
    remarks.extend(sample.gpu.problem.as_ref().map(|why| format!("gpu: {why}")));
    remarks
}

/// Places the figures of a row from left to right, as many lines as it needs; says the next free line.
fn figures(page: &Page<'_>, row: &Row, (width, first): (u16, u16), items: &mut Vec<Item>) -> u16 {
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
        items.push(Item::Figure {
            x,
            y,
            label,
            value,
            role,
        });
        x += cells + GAP;
    }
    if x == TITLE && y == first {
        return first;
    }
    items.push(Item::Line(first, row.title.to_owned(), Role::Accent));
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
