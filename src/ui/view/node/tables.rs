//! Cards, daemons, file systems, block devices and interfaces, a table each.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Page, Section, cards};
use crate::{
    fleet::NodeState,
    metrics::{Sample, Unit, daemon, disk},
    ui::{
        format,
        glyph::{Glyphs, daemon_role},
        theme::Role,
        widget::{
            panel::Panel,
            sheet::{self, Align, Column, Piece},
        },
    },
};

/// The tables that have rows.
pub(super) fn shown(sample: &Sample) -> Vec<Section> {
    let all = [
        (Section::Gpus, sample.gpu.gpus.len()),
        (Section::Daemons, sample.daemon.daemons.len()),
        (Section::Mounts, sample.disk.mounts.len()),
        (Section::Devices, sample.io.devices.len()),
        (Section::Interfaces, sample.net.interfaces.len()),
    ];
    let shown = all.into_iter().filter(|(_, rows)| *rows > 0);
    shown.map(|(section, _)| section).collect()
}

/// Lines of a table above its first row: the frame, the headings.
pub(super) const ABOVE: u16 = 2;

/// The watched daemons, those that somebody should look at first.
pub(super) fn daemons(node: &NodeState) -> Vec<&daemon::Status> {
    let all = node.sample.iter().flat_map(|sample| &sample.daemon.daemons);
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|daemon| !daemon.state.is_bad());
    all
}

/// Lines inside the frame: the headings and all rows.
pub(super) fn height(page: &Page<'_>, table: Section) -> u16 {
    let rows = page
        .sample()
        .map_or(0, |s| table_of(table, s, page).rows.len());
    (rows + 1) as u16
}

/// Draws one.
pub(super) fn render(page: &Page<'_>, table: Section, area: Rect, buf: &mut Buffer) {
    let Some(sample) = page.sample() else { return };
    let look = &page.look;
    let cursor = page.cursor.filter(|_| table == Section::Daemons);
    let table = table_of(table, sample, page);
    let inside = Panel {
        title: &[
            (table.title, look.style(Role::Accent)),
            (&table.note, look.style(Role::Muted)),
        ],
        ..Panel::default()
    }
    .render(look, area, buf);
    if let Some(at) = cursor {
        let line = format::row(inside, ABOVE - 1 + at as u16);
        buf.set_style(line, look.theme.style(Role::Selected));
        let margin = Rect {
            x: area.x + 1,
            width: 1,
            ..line
        };
        let sign = look.glyphs.cursor();
        format::put(buf, margin, margin.x, sign, look.theme.style(Role::Accent));
    }
    sheet::render(table.columns, &table.rows, look, inside, buf);
}

struct Table {
    title: &'static str,
    /// What holds for all rows.
    note: String,
    columns: &'static [Column],
    rows: Vec<Vec<Piece>>,
}

fn table_of(table: Section, sample: &Sample, page: &Page<'_>) -> Table {
    let glyphs = page.look.glyphs;
    match table {
        Section::Gpus => Table {
            title: "gpus",
            note: cards::note(&sample.gpu, glyphs),
            columns: cards::COLUMNS,
            rows: cards::rows(&sample.gpu, &page.look),
        },
        Section::Daemons => Table {
            title: "daemons",
            note: sample.daemon.daemons.len().to_string(),
            columns: DAEMONS,
            rows: daemons(page.node)
                .into_iter()
                .map(|d| watched(d, glyphs))
                .collect(),
        },
        Section::Mounts => Table {
            title: "file systems",
            note: sample.disk.mounts.len().to_string(),
            columns: MOUNTS,
            rows: sample.disk.mounts.iter().map(mount).collect(),
        },
        Section::Devices => Table {
            title: "disks",
            note: sample.io.devices.len().to_string(),
            columns: DEVICES,
            rows: sample.io.devices.iter().map(device).collect(),
        },
        _ => Table {
            title: "interfaces",
            note: sample.net.interfaces.len().to_string(),
            columns: INTERFACES,
            rows: sample.net.interfaces.iter().map(interface).collect(),
        },
    }
}

pub(super) const fn column(title: &'static str, align: Align, rank: u8) -> Column {
    Column { title, align, rank }
}

const DAEMONS: &[Column] = &[
    column("", Align::Left, 0),
    column("name", Align::Left, 0),
    column("state", Align::Left, 0),
    column("detail", Align::Grow, 1),
    column("manager", Align::Left, 3),
    column("pid", Align::Right, 2),
    column("mem", Align::Right, 2),
    column("up", Align::Right, 2),
    column("restarts", Align::Right, 4),
];

const MOUNTS: &[Column] = &[
    column("mount", Align::Left, 0),
    column("used", Align::Right, 0),
    column("", Align::Bar, 1),
    column("free", Align::Right, 0),
    column("size", Align::Right, 2),
    column("inodes", Align::Right, 2),
    column("", Align::Bar, 4),
    column("type", Align::Left, 3),
    column("", Align::Left, 1),
];

const DEVICES: &[Column] = &[
    column("device", Align::Left, 0),
    column("read", Align::Right, 0),
    column("write", Align::Right, 0),
    column("ops", Align::Right, 2),
    column("busy", Align::Right, 0),
    column("", Align::Bar, 1),
    column("queue", Align::Right, 3),
];

const INTERFACES: &[Column] = &[
    column("interface", Align::Left, 0),
    column("in", Align::Right, 0),
    column("out", Align::Right, 0),
    column("errors", Align::Right, 1),
    column("drops", Align::Right, 1),
];

fn watched(daemon: &daemon::Status, glyphs: Glyphs) -> Vec<Piece> {
    let role = daemon_role(daemon.state);
    let state = if daemon.state.is_bad() {
        role
    } else {
        Role::Text
    };
    vec![
        text(glyphs.daemon(daemon.state).to_owned(), role),
        text(daemon.name.to_string(), Role::Text),
        text(daemon.state.as_str().to_owned(), state),
        text(daemon.detail.to_string(), Role::Muted),
        word(daemon.manager.as_ref().map(ToString::to_string)),
        word(daemon.pid.map(|pid| pid.to_string())),
        number(Unit::Bytes, daemon.memory.map(|n| n as f64)),
        number(Unit::Seconds, daemon.since),
        number(Unit::Count, daemon.restarts.map(|n| n as f64)),
    ]
}

fn mount(mount: &disk::Mount) -> Vec<Piece> {
    let heat = |percent| Role::heat(percent, Role::Text);
    vec![
        text(mount.path.to_string(), Role::Text),
        toned(Unit::Percent, mount.used(), heat),
        heated(mount.used(), Role::DISK),
        number(Unit::Bytes, Some(mount.available as f64)),
        number(Unit::Bytes, Some(mount.total as f64)),
        toned(Unit::Percent, mount.inodes_used(), heat),
        heated(mount.inodes_used(), Role::DISK),
        text(mount.kind.to_string(), Role::Muted),
        text(
            if mount.read_only { "read-only" } else { "" }.to_owned(),
            Role::Warn,
        ),
    ]
}

fn device(device: &crate::metrics::io::Device) -> Vec<Piece> {
    vec![
        text(device.name.to_string(), Role::Text),
        number(Unit::BytesPerSecond, device.read),
        number(Unit::BytesPerSecond, device.written),
        number(Unit::PerSecond, device.operations),
        number(Unit::Percent, device.busy),
        heated(device.busy, Role::DISK),
        number(Unit::Count, device.in_flight.map(|n| n as f64)),
    ]
}

fn interface(interface: &crate::metrics::net::Interface) -> Vec<Piece> {
    vec![
        text(interface.name.to_string(), Role::Text),
        number(Unit::BytesPerSecond, interface.rx),
        number(Unit::BytesPerSecond, interface.tx),
        toned(Unit::PerSecond, interface.errors, any_is_bad),
        toned(Unit::PerSecond, interface.drops, any_is_bad),
    ]
}

pub(super) fn number(unit: Unit, value: Option<f64>) -> Piece {
    toned(unit, value, |_| Role::Text)
}

pub(super) fn toned(unit: Unit, value: Option<f64>, role: impl Fn(f64) -> Role) -> Piece {
    match value {
        Some(value) => text(unit.format(value), role(value)),
        None => word(None),
    }
}

/// Words, or the sign for nothing.
pub(super) fn word(word: Option<String>) -> Piece {
    match word {
        Some(word) => text(word, Role::Text),
        None => Piece::Absent,
    }
}

/// A bar that gets hot when it is high.
fn heated(percent: Option<f64>, calm: Role) -> Piece {
    Piece::Bar(percent, Role::heat(percent.unwrap_or(0.0), calm))
}

pub(super) fn text(text: String, role: Role) -> Piece {
    Piece::Text(text, role)
}

pub(super) fn any_is_bad(value: f64) -> Role {
    if value > 0.0 { Role::Warn } else { Role::Text }
}
