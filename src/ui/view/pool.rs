//! The connections that are kept: to which server, by which way, how old, and what they carry.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Scene,
    scroll::{Scroll, note},
};
use crate::{
    command::pool::{Totals, cells},
    config::keymap::Action,
    ssh::Row,
    ui::{
        format::{self, put, row},
        theme::Role,
        widget::{
            Look,
            panel::Panel,
            sheet::{self, Align, Column, Piece},
        },
    },
};

/// The headings, and which columns go first where room is short.
const COLUMNS: [Column; 8] = [
    column("server", Align::Left, 0),
    column("transport", Align::Left, 3),
    column("for", Align::Left, 4),
    column("age", Align::Right, 5),
    column("set-up", Align::Right, 2),
    column("channels", Align::Right, 0),
    column("opened", Align::Right, 1),
    column("idle", Align::Right, 3),
];

const fn column(title: &'static str, align: Align, rank: u8) -> Column {
    Column { title, align, rank }
}

/// The table of connections, and how far it is scrolled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pool {
    scroll: Scroll,
}

impl Pool {
    /// Does what a key means here; false when it means nothing here.
    pub fn act(&mut self, action: Action, scene: &Scene<'_>, area: Rect) -> bool {
        self.scroll.act(action, rows(scene).len(), lines(area))
    }

    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        format::clear(buf, area, scene.theme.style(Role::Ground));
        let all = rows(scene);
        let window = self.scroll.window(all.len(), lines(area));
        let note = note(&window, all.len());
        let muted = scene.theme.style(Role::Muted);
        let totals = Totals::of(all).line();
        let panel = Panel {
            title: &[("Connections", scene.theme.style(Role::Strong))],
            note: Some((&note, muted)),
            foot: Some((&totals, muted)),
            focused: true,
            ..Panel::default()
        };
        let look = Look::from(scene);
        let inside = panel.render(&look, area, buf);
        if all.is_empty() {
            let text = match scene.snapshot.connections {
                None => "looking",
                Some(_) => "no connection is open",
            };
            put(buf, row(inside, 0), inside.x, text, muted);
            return;
        }
        let shown = all.get(window).unwrap_or_default();
        let pieces: Vec<Vec<Piece>> = shown.iter().map(pieces).collect();
        sheet::render(&COLUMNS, &pieces, &look, inside, buf);
    }
}

fn rows<'a>(scene: &Scene<'a>) -> &'a [Row] {
    let known = scene.snapshot.connections.as_ref();
    known.map_or(&[], |rows| rows.as_slice())
}

fn pieces(row: &Row) -> Vec<Piece> {
    let role = if row.idle.is_some() {
        Role::Muted
    } else {
        Role::Text
    };
    let full = row.channels >= row.limit && !row.bulk;
    let cells = cells(row).into_iter().zip(COLUMNS);
    let piece = |(text, column): (String, Column)| match column.title {
        "channels" if full => Piece::Text(text, Role::Warn),
        _ => Piece::Text(text, role),
    };
    cells.map(piece).collect()
}

/// Lines of the table below its headings.
fn lines(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(3))
}
