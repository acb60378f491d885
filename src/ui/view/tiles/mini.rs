//! A mini tile: state and name in the frame, one line of figures or what is wrong.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Tile, full};
use crate::{
    metrics,
    ui::{
        format,
        glyph::status_role,
        theme::Role,
        widget::{bar, panel::Panel},
    },
};

impl Tile<'_> {
    /// Draws it.
    pub(super) fn mini(&self, area: Rect, buf: &mut Buffer) {
        let look = &self.look;
        let state = look.theme.style(status_role(self.status()));
        let mark = if self.marked {
            self.glyphs().mark()
        } else {
            ""
        };
        let age = self.age().unwrap_or_default();
        let inside = Panel {
            title: &[
                (self.glyphs().status(self.status()), state),
                (mark, look.theme.style(Role::Marked)),
                (self.node.node.id.as_str(), look.style(Role::Strong)),
            ],
            note: Some((&age, look.style(Role::Muted))),
            focused: self.selected,
            border: self.border(),
            ..Panel::default()
        }
        .render(look, area, buf);
        let row = format::row(inside, 0);
        if row.is_empty() {
            return;
        }
        match Some(self.reason()).filter(|reason| !reason.is_empty()) {
            Some(reason) => {
                let text = format::fit(&reason, usize::from(row.width), self.glyphs());
                format::put(buf, row, row.x, &text, state);
            }
            None if self.node.sample.is_none() => {
                format::put(buf, row, row.x, self.node.state_text(self.now), state);
            }
            None => self.line(row, buf),
        }
    }

    /// Load, memory, and an upright bar per GPU, or for the fullest disk.
    fn line(&self, row: Rect, buf: &mut Buffer) {
        let Some(sample) = self.node.sample.as_deref() else {
            return;
        };
        let mut x = row.x;
        for (id, width) in [("load.1", 5), ("memory.used", 4)] {
            let Some(field) = metrics::field(id) else {
                continue;
            };
            let value = format::value(field, (field.read)(sample), self.glyphs());
            let value = format::right(&value, width, self.glyphs());
            x = format::put(buf, row, x, &value, self.look.style(Role::Text)) + 1;
        }
        if sample.gpu.gpus.is_empty() {
            let disk = full::fullest(&sample.disk);
            let rest = Rect {
                x,
                width: row.right().saturating_sub(x),
                ..row
            };
            let role = Role::heat(disk.unwrap_or(0.0), Role::DISK);
            return bar::render(disk, role, &self.look, rest, buf);
        }
        for gpu in &sample.gpu.gpus {
            let (sign, style) = self.gpu(gpu);
            x = format::put(buf, row, x, sign, style);
        }
    }
}
