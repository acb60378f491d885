//! A text to read, such as the report of a command.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Scene,
    scroll::{Scroll, note},
};
use crate::{
    config::keymap::Action,
    ui::{
        format::{self, put, row},
        theme::Role,
        widget::{Look, panel::Panel},
    },
};

/// A title, lines, and how far they are scrolled.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    lines: Vec<String>,
    scroll: Scroll,
}

impl Page {
    /// Shows a text.
    pub fn new(title: &str, text: &str) -> Self {
        let lines = text
            .trim_end()
            .lines()
            .map(|line| line.replace('\t', "    "));
        Self {
            title: title.to_owned(),
            lines: lines.collect(),
            scroll: Scroll::default(),
        }
    }

    /// Shows its end.
    pub fn to_end(&mut self, area: Rect) {
        self.act(Action::Last, area);
    }

    /// Does what a key means here; false when it means nothing here.
    pub fn act(&mut self, action: Action, area: Rect) -> bool {
        let page = usize::from(area.height.saturating_sub(2));
        self.scroll.act(action, self.lines.len(), page)
    }

    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        format::clear(buf, area, scene.theme.style(Role::Ground));
        let page = usize::from(area.height.saturating_sub(2));
        let window = self.scroll.window(self.lines.len(), page);
        let note = note(&window, self.lines.len());
        let panel = Panel {
            title: &[(&self.title, scene.theme.style(Role::Strong))],
            note: Some((&note, scene.theme.style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        let shown = self.lines.get(window).unwrap_or_default();
        for (y, line) in (0..).zip(shown) {
            let text = format::fit(line, usize::from(inside.width), scene.glyphs);
            put(
                buf,
                row(inside, y),
                inside.x,
                &text,
                scene.theme.style(Role::Text),
            );
        }
    }
}
