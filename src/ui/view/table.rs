//! The fleet as a table: a line each, only those on the screen are built, columns give way as room shrinks.

use std::fmt::{Arguments, Display, Write as _};

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    Scene,
    columns::{Column, place},
    reason,
};
use crate::{
    fleet::{NodeState, Status},
    metrics::{Field, Unit, daemon::State},
    ui::{
        format::{self, put, row},
        glyph::status_role,
        order::Sort,
        theme::Role,
        widget::{
            Look,
            graph::{Graph, round_up},
            trace::Traces,
        },
    },
};

/// Cells for the cursor and the mark.
const MARGIN: u16 = 2;

/// Widest name column, sign included, on a screen that has not much room.
const NAME: u16 = 26;

/// Span of the traces.
const SPAN_MS: u64 = 300_000;

/// What the table shows.
pub struct Table<'a> {
    /// Positions in the snapshot's nodes, in order.
    pub order: &'a [usize],
    /// Place of the cursor in `order`.
    pub cursor: usize,
    /// The first row on the screen.
    pub scroll: usize,
    /// Whether a node is marked.
    pub is_marked: &'a dyn Fn(&NodeState) -> bool,
    /// From left to right.
    pub columns: &'a [Column],
    /// Cells of the longest name.
    pub name: u16,
    /// By what it is ordered.
    pub sort: (Sort, bool),
    /// Those of the frame before.
    pub traces: &'a Traces,
}

/// One row: its node and how it is drawn.
struct Line<'a> {
    node: &'a NodeState,
    status: Status,
    look: Look<'a>,
    scene: &'a Scene<'a>,
    traces: &'a Traces,
    /// Of the cell that is drawn: one for all, as there are many.
    text: &'a mut String,
}

/// Where each column that fits stands; `name` is the length of the longest name.
pub fn placed(columns: &[Column], name: u16, area: Rect) -> Vec<(Column, u16, u16)> {
    let widest = NAME.max(area.width / 5).min(area.width / 3);
    let name = (name + 2).clamp(6, widest.max(6));
    place(columns, name, area.width.saturating_sub(MARGIN))
}

/// Rows that fit under the headings.
pub fn lines(area: Rect) -> u16 {
    area.height.saturating_sub(1)
}

impl Table<'_> {
    /// Draws the rows on the screen, and says how many it built.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) -> usize {
        let placed = placed(self.columns, self.name, area);
        self.headings(&placed, scene, area, buf);
        let rows = self.rows(scene, area);
        // Rows are scattered over memory: read column by column, waiting for one overlaps with waiting for the next.
        let statuses: Vec<_> = rows.iter().map(|(_, n)| n.status(scene.now)).collect();
        let values = placed.iter().map(|(column, ..)| {
            let values = rows.iter().map(|(_, n)| column.value(n, scene.now));
            values.collect::<Vec<_>>()
        });
        let values: Vec<_> = values.collect();
        let mut text = String::new();
        for (index, ((at, node), status)) in rows.iter().zip(statuses).enumerate() {
            let mut line = Line {
                node,
                status,
                look: Look {
                    dim: !node.is_live(scene.now),
                    ..Look::from(scene)
                },
                scene,
                traces: self.traces,
                text: &mut text,
            };
            let area = row(area, index as u16 + 1);
            self.margin(node, *at == self.cursor, (scene, area), buf);
            for ((column, x, width), values) in placed.iter().zip(&values) {
                let area = Rect {
                    x: area.x + MARGIN - 1 + x,
                    width: *width,
                    ..area
                };
                line.cell((*column, values.get(index).copied().flatten()), area, buf);
            }
        }
        rows.len()
    }

    /// The nodes on the screen, each with its place in the order.
    fn rows<'a>(&self, scene: &Scene<'a>, area: Rect) -> Vec<(usize, &'a NodeState)> {
        let nodes = &scene.snapshot.nodes;
        let order = self.order.iter().enumerate().skip(self.scroll);
        let on_screen = order.take(usize::from(lines(area)));
        let known = |(at, index): (usize, &usize)| Some((at, &**nodes.get(*index)?));
        on_screen.filter_map(known).collect()
    }

    fn headings(
        &self,
        placed: &[(Column, u16, u16)],
        scene: &Scene<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let muted = scene.theme.style(Role::Muted);
        let (sort, inverted) = self.sort;
        let area = row(area, 0);
        let next = placed.iter().skip(1).map(|(column, ..)| Some(*column));
        for ((column, x, width), next) in placed.iter().zip(next.chain([None])) {
            let is_key = !matches!(column, Column::Trace(_)) && sort == Sort::Column(*column)
                || sort == Sort::Name && *column == Column::Node;
            let style = if is_key {
                scene.theme.style(Role::Accent)
            } else {
                muted
            };
            let mut text = match column {
                Column::Trace(field) if next == Some(Column::Field(field)) => String::new(),
                Column::Node => format!("  {}", column.heading()),
                _ => column.heading().to_owned(),
            };
            if is_key {
                // A heading as wide as its column gives way to it.
                text = text
                    .chars()
                    .take(usize::from(width.saturating_sub(1)))
                    .collect();
                text.push_str(scene.glyphs.order(column.falls(inverted)));
            }
            let cell = Rect {
                x: area.x + MARGIN - 1 + x,
                width: *width,
                ..area
            };
            aligned(buf, cell, &text, (style, column.is_text()));
        }
    }

    /// The cursor's bar, the mark, and the ground of the selected row.
    fn margin(
        &self,
        node: &NodeState,
        selected: bool,
        (scene, area): (&Scene<'_>, Rect),
        buf: &mut Buffer,
    ) {
        if selected {
            buf.set_style(area, scene.theme.style(Role::Selected));
            put(
                buf,
                area,
                area.x,
                scene.glyphs.cursor(),
                scene.theme.style(Role::Accent),
            );
        }
        if (self.is_marked)(node) {
            let style = scene.theme.style(Role::Marked);
            put(buf, area, area.x + 1, scene.glyphs.mark(), style);
        }
    }
}

impl Line<'_> {
    fn cell(&mut self, (column, value): (Column, Option<f64>), area: Rect, buf: &mut Buffer) {
        match column {
            Column::Node => self.name(area, buf),
            Column::Field(field) => {
                format::put_value(field, value, self.look.glyphs, self.text);
                let style = self.look.style(value_role(field, value));
                aligned(buf, area, self.text, (style, false));
            }
            Column::Trace(field) => self.trace(field, area, buf),
            Column::Pressure => {
                let text = value.map(|percent| Unit::Percent.figure(percent));
                self.figure(text, percent_role(value), area, buf);
            }
            Column::Daemons => self.daemons(area, buf),
            Column::Age => {
                let text = value.map(|ms| format::age(ms as u64));
                self.figure(text, Role::Muted, area, buf);
            }
            Column::RoundTrip => {
                let text = value.map(|ms| format!("{ms:.0}ms"));
                self.figure(text, Role::Muted, area, buf);
            }
            Column::Group => {
                let group = self.node.node.groups.first().map_or("", String::as_str);
                let group = format::fit(group, usize::from(area.width), self.look.glyphs);
                put(buf, area, area.x, &group, self.look.style(Role::Muted));
            }
            Column::Reason => self.reason(area, buf),
        }
    }

    fn name(&self, area: Rect, buf: &mut Buffer) {
        let theme = self.scene.theme;
        let glyphs = self.look.glyphs;
        let x = put(
            buf,
            area,
            area.x,
            glyphs.status(self.status),
            theme.style(status_role(self.status)),
        );
        let room = usize::from(area.width.saturating_sub(2));
        let name = format::fit_name(self.node.node.id.as_str(), room, glyphs);
        let role = if self.status >= Status::Warn {
            Role::Strong
        } else {
            Role::Text
        };
        put(buf, area, x + 1, &name, theme.style(role));
    }

    fn trace(&self, field: &Field, area: Rect, buf: &mut Buffer) {
        let span = (SPAN_MS, area.width);
        let trace = self.traces.of(self.node, field, self.scene.now, span);
        let top = match field.unit {
            Unit::Percent | Unit::Celsius => 100.0,
            Unit::Load => cores(self.node).unwrap_or(1.0),
            _ => round_up(
                trace.max().unwrap_or(0.0),
                matches!(field.unit, Unit::Bytes | Unit::BytesPerSecond),
            ),
        };
        let has_full = matches!(field.unit, Unit::Percent | Unit::Celsius | Unit::Load);
        let graph = Graph {
            trace: &trace,
            top,
            full: has_full.then_some(top).filter(|_| !is_work(field)),
            calm: calm(field),
        };
        graph.render(&self.look, area, buf);
    }

    /// How many run, and how many don't: `✓3`, `✓2 ✗1`.
    fn daemons(&mut self, area: Rect, buf: &mut Buffer) {
        let daemons = self.node.daemons();
        if daemons.is_empty() {
            let absent = self.look.glyphs.absent();
            put(buf, area, area.x, absent, self.look.style(Role::Unknown));
            return;
        }
        let count = |is: &dyn Fn(State) -> bool| daemons.iter().filter(|d| is(d.state)).count();
        let (up, bad) = (count(&|s| s == State::Up), count(&State::is_bad));
        let unknown = daemons.len() - up - bad;
        let counts = [
            (State::Up, up, Role::Ok),
            (State::Unknown, unknown, Role::Unknown),
            (State::Failed, bad, Role::Critical),
        ];
        let mut x = area.x;
        for (state, count, role) in counts {
            if count > 0 {
                self.write(format_args!("{}{count}", self.look.glyphs.daemon(state)));
                x = put(buf, area, x, self.text, self.look.style(role)) + 1;
            }
        }
    }

    /// At the right; a dash when there is none.
    fn figure(&mut self, text: Option<impl Display>, role: Role, area: Rect, buf: &mut Buffer) {
        match text {
            Some(text) => self.write(format_args!("{text}")),
            None => self.write(format_args!("{}", self.look.glyphs.absent())),
        }
        aligned(buf, area, self.text, (self.look.style(role), false));
    }

    fn write(&mut self, text: Arguments<'_>) {
        self.text.clear();
        // A string takes everything.
        _ = self.text.write_fmt(text);
    }

    /// The state in one word, then why it is not well; that alone where there is little room: the sign tells the state.
    fn reason(&self, area: Rect, buf: &mut Buffer) {
        let (theme, glyphs) = (self.scene.theme, self.look.glyphs);
        let whole = reason::whole(self.node);
        let word = self.node.state_text(self.scene.now);
        let reason = reason::after(word, &whole);
        let is_tight = area.width < Column::Reason.width();
        let has_word = reason.is_empty() || word != "up" && !is_tight;
        let mut x = area.x;
        if has_word {
            let role = if word == "up" {
                Role::Muted
            } else {
                status_role(self.status)
            };
            let word = format::fit(word, usize::from(area.width), glyphs);
            x = put(buf, area, x, &word, theme.style(role)) + 1;
        }
        let room = usize::from(area.right().saturating_sub(x));
        let role = if has_word {
            Role::Muted
        } else {
            status_role(self.status)
        };
        let reason = format::fit(reason, room, glyphs);
        put(buf, area, x, &reason, theme.style(role));
    }
}

/// Loads are judged by cores, percentages and temperatures by themselves; nothing else has a measure.
fn value_role(field: &Field, value: Option<f64>) -> Role {
    match field.unit {
        _ if value.is_none() => Role::Unknown,
        _ if is_work(field) => Role::Text,
        Unit::Percent | Unit::Celsius => percent_role(value),
        _ => Role::Text,
    }
}

/// A GPU that is full of work is doing what it was bought for.
fn is_work(field: &Field) -> bool {
    matches!(field.id, "gpu.util" | "gpu.memory")
}

/// The colour of a graph while nothing is hot: one per kind of resource, as in the tiles.
fn calm(field: &Field) -> Role {
    match field.id.split('.').next() {
        Some("memory") => Role::MEMORY,
        Some("gpu") => Role::GPU,
        Some("net") => Role::NET,
        Some("disk" | "io") => Role::DISK,
        _ => Role::CPU,
    }
}

/// Quiet until it is high.
fn percent_role(value: Option<f64>) -> Role {
    value.map_or(Role::Unknown, |v| Role::heat(v, Role::Text))
}

fn cores(node: &NodeState) -> Option<f32> {
    let cores = node.sample.as_deref()?.host.cores?;
    Some(cores.max(1) as f32)
}

/// Text at the left of its area, figures at the right.
fn aligned(buf: &mut Buffer, area: Rect, text: &str, (style, is_text): (Style, bool)) {
    let spare = area.width.saturating_sub(format::width(text) as u16);
    let x = if is_text { area.x } else { area.x + spare };
    put(buf, area, x, text, style);
}
