//! The menu of columns: which the table shows, and in which order.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Column;
use crate::{
    config::keymap::Action,
    ui::{
        format::{self, put, row},
        theme::Role,
        view::{Scene, scroll::step, table},
        widget::{Look, panel::Panel},
    },
};

/// Every column with whether it is shown, and the cursor.
#[derive(Clone, Debug)]
pub struct Menu {
    columns: Vec<(Column, bool)>,
    at: usize,
}

impl Menu {
    /// The shown ones in their order, then the others.
    pub fn new(shown: &[Column]) -> Self {
        let rest = Column::all().into_iter().filter(|c| !shown.contains(c));
        let shown = shown.iter().map(|c| (*c, true));
        Self {
            columns: shown.chain(rest.map(|c| (c, false))).collect(),
            at: 0,
        }
    }

    /// The columns to show.
    pub fn shown(&self) -> Vec<Column> {
        let shown = self.columns.iter().filter(|(_, is_shown)| *is_shown);
        shown.map(|(column, _)| *column).collect()
    }

    /// Does what a key means here; false when it means nothing here.
    pub fn act(&mut self, action: Action, area: Rect) -> bool {
        let last = self.columns.len().saturating_sub(1);
        let page = usize::from(frame(area).height.saturating_sub(2)).max(1);
        if let Some(to) = step(action, self.at, last, page) {
            self.at = to;
            return true;
        }
        match action {
            Action::Mark => self.toggle(),
            Action::Left => self.shift(self.at.checked_sub(1)),
            Action::Right => self.shift(Some(self.at + 1)),
            _ => return false,
        }
        true
    }

    /// A table without names would be of no use: that column stays.
    fn toggle(&mut self) {
        if let Some((column, is_shown)) = self.columns.get_mut(self.at)
            && *column != Column::Node
        {
            *is_shown = !*is_shown;
        }
    }

    fn shift(&mut self, to: Option<usize>) {
        if let Some(to) = to.filter(|to| *to < self.columns.len()) {
            self.columns.swap(self.at, to);
            self.at = to;
        }
    }

    /// Draws it over the view. `name` is the length of the longest name: by it and the width of the view, some of the
    /// chosen columns may find no room.
    pub fn render(&self, scene: &Scene<'_>, name: u16, area: Rect, buf: &mut Buffer) {
        let shown = self.shown();
        let placed = table::placed(&shown, name, area);
        let area = frame(area);
        let ground = scene
            .theme
            .style(Role::Ground)
            .patch(scene.theme.style(Role::Panel));
        format::clear(buf, area, ground);
        let hidden = shown.len().saturating_sub(placed.len());
        let mut note = format!("{} of {}", shown.len(), self.columns.len());
        if hidden > 0 {
            note = format!("{note}, no room for {hidden}");
        }
        let panel = Panel {
            title: &[("Columns of the table", scene.theme.style(Role::Strong))],
            note: Some((&note, scene.theme.style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        let lines = usize::from(inside.height);
        let first = (self.at + 1).saturating_sub(lines);
        let items = self.columns.iter().enumerate().skip(first);
        for (y, (at, (column, is_shown))) in (0..inside.height).zip(items) {
            let line = row(inside, y);
            if at == self.at {
                buf.set_style(line, scene.theme.style(Role::Selected));
            }
            let has_room = placed.iter().any(|(placed, ..)| placed == column);
            let state = match (is_shown, has_room) {
                (false, _) => State::Off,
                (true, false) => State::NoRoom,
                (true, true) => State::On,
            };
            item((*column, state), scene, line, buf);
        }
    }
}

/// At the right of the view, over all of its height.
fn frame(area: Rect) -> Rect {
    let width = area.width.min(52);
    Rect {
        x: area.right() - width,
        width,
        ..area
    }
}

/// What the table does with a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not wished for.
    Off,
    /// Wished for, and others go first at this width.
    NoRoom,
    /// Shown.
    On,
}

/// Said of a column that is chosen and not on the screen.
const NO_ROOM: &str = "no room";

fn item((column, state): (Column, State), scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let style = |role| scene.theme.style(role);
    let (check, sign, heading) = match state {
        State::Off => (" ", Role::Text, Role::Text),
        State::NoRoom => (scene.glyphs.check(), Role::Muted, Role::Muted),
        State::On => (scene.glyphs.check(), Role::Ok, Role::Strong),
    };
    put(buf, line, line.x, check, style(sign));
    let text = match column {
        Column::Trace(field) => format!("{}{}", scene.glyphs.trace(), field.short),
        _ => column.heading().to_owned(),
    };
    put(buf, line, line.x + 2, &text, style(heading));
    let mut room = usize::from(line.width.saturating_sub(12));
    if state == State::NoRoom {
        let at = line.right().saturating_sub(NO_ROOM.len() as u16);
        put(buf, line, at.max(line.x + 12), NO_ROOM, style(Role::Text));
        room = room.saturating_sub(NO_ROOM.len() + 1);
    }
    let title = column.title();
    let title = format::fit(&title, room, scene.glyphs);
    put(buf, line, line.x + 12, &title, style(Role::Muted));
}
