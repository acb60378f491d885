//! A text to read, such as the report of a command.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Scene;
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
    scroll: usize,
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
            scroll: 0,
        }
    }

    /// Shows its end.
    pub fn to_end(&mut self, area: Rect) {
        self.act(Action::Last, area);
    }

    /// Does what a key means here; false when it means nothing here.
    pub fn act(&mut self, action: Action, area: Rect) -> bool {
        let page = usize::from(area.height.saturating_sub(2)).max(1);
        let last = self.lines.len().saturating_sub(page);
        let to = match action {
            Action::Up => self.scroll.saturating_sub(1),
            Action::Down => self.scroll + 1,
            Action::PageUp => self.scroll.saturating_sub(page),
            Action::PageDown => self.scroll + page,
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        self.scroll = to.min(last);
        true
    }

    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        format::clear(buf, area, scene.theme.style(Role::Ground));
        let page = usize::from(area.height.saturating_sub(2));
        let first = self.scroll.min(self.lines.len().saturating_sub(page));
        let end = self.lines.len().min(first + page);
        let note = if end - first == self.lines.len() {
            String::new()
        } else {
            format!("lines {}-{end} of {}", first + 1, self.lines.len())
        };
        let panel = Panel {
            title: &[(&self.title, scene.theme.style(Role::Strong))],
            note: Some((&note, scene.theme.style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        let shown = self.lines.get(first..end).unwrap_or_default();
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
