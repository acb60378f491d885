//! The line where a filter is typed, with how many nodes it shows or where it is wrong.

use crokey::{KeyCombination, crossterm::event::KeyEvent, key};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};
use tui_textarea::{CursorMove, Input, TextArea};

use super::Scene;
use crate::{
    fleet::filter::{self, MAX_CHARS},
    ui::{
        format::{self, put},
        theme::Role,
    },
};

/// One line of text that is being edited.
#[derive(Clone, Debug)]
pub struct Line(TextArea<'static>);

impl Line {
    /// Edits this text, from its end.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![text.to_owned()]);
        area.set_cursor_line_style(Style::new());
        area.move_cursor(CursorMove::End);
        Self(area)
    }

    /// The text as it is.
    pub fn text(&self) -> &str {
        self.0.lines().first().map_or("", String::as_str)
    }

    /// Takes a key in; true when the text is another one.
    pub fn key(&mut self, key: KeyCombination) -> bool {
        let is_changed = self.edit(key);
        if self.0.lines().len() > 1 || self.text().chars().count() > MAX_CHARS {
            self.0.undo();
            return false;
        }
        is_changed
    }

    /// As shells, fzf and the command line of vim have it: the widget's own meanings of these are "undo" and "redo".
    fn edit(&mut self, key: KeyCombination) -> bool {
        if key == key!(ctrl - u) {
            return self.0.delete_line_by_head();
        }
        if key == key!(ctrl - r) {
            return false;
        }
        let event: KeyEvent = key.into();
        self.0.input(Input::from(event))
    }

    /// Puts pasted text in, as far as there is room, on one line.
    pub fn paste(&mut self, text: &str) {
        let room = MAX_CHARS.saturating_sub(self.text().chars().count());
        let one_line: String = text
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .filter(|c| !c.is_control())
            .take(room)
            .collect();
        self.0.insert_str(one_line.trim());
    }

    /// Draws the line; at its right the count, or what is wrong.
    pub fn render(
        &self,
        scene: &Scene<'_>,
        (shown, error): (usize, Option<&filter::Error>),
        area: Rect,
        buf: &mut Buffer,
    ) {
        let style = |role| scene.theme.style(role);
        format::clear(buf, area, style(Role::Ground));
        let note = match error {
            Some(error) => format!(" {error} "),
            None => format!(" {shown} shown "),
        };
        let role = if error.is_some() {
            Role::Warn
        } else {
            Role::Muted
        };
        let spare = usize::from(area.width).saturating_sub(format::width(self.text()) + 4);
        let room = spare.max(usize::from(area.width / 2));
        let note = format::fit(&note, room, scene.glyphs);
        let start = area.right().saturating_sub(format::width(&note) as u16);
        put(buf, area, start, &note, style(role));
        put(buf, area, area.x, " /", style(Role::Key));
        let room = Rect {
            x: area.x + 2,
            width: start.saturating_sub(area.x + 2),
            ..area
        };
        let mut text = self.0.clone();
        text.set_style(style(Role::Strong));
        text.render(room.intersection(buf.area), buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &mut Line, keys: &[&str]) {
        for key in keys {
            line.key(crokey::parse(key).unwrap());
        }
    }

    #[test]
    fn edits_one_line() {
        let mut line = Line::new("ab");
        typed(
            &mut line,
            &["c", "backspace", "left", "x", "space", "shift-y"],
        );
        assert_eq!(line.text(), "ax Yb");
        typed(&mut line, &["ctrl-m", "ctrl-j"]);
        assert_eq!(line.text().lines().count(), 1);
    }

    #[test]
    fn keys_of_shells_hold() {
        let mut line = Line::new("load>4 mem>50 tag");
        for (key, text) in [
            ("ctrl-w", "load>4 mem>50 "),
            ("x", "load>4 mem>50 x"),
            ("ctrl-r", "load>4 mem>50 x"),
            ("ctrl-a", "load>4 mem>50 x"),
            ("/", "/load>4 mem>50 x"),
            ("ctrl-u", "load>4 mem>50 x"),
            ("ctrl-e", "load>4 mem>50 x"),
            ("ctrl-u", ""),
            ("ctrl-u", ""),
            ("a", "a"),
            ("b", "ab"),
            ("left", "ab"),
            ("ctrl-k", "a"),
        ] {
            line.key(crokey::parse(key).unwrap());
            assert_eq!(line.text(), text, "{key}");
        }
    }

    #[test]
    fn pasted_lines_become_one_of_bounded_length() {
        let mut line = Line::new("");
        line.paste("load>4\n\u{1b}mem>5\n");
        assert_eq!(line.text(), "load>4 mem>5");
        line.paste(&"x".repeat(2 * MAX_CHARS));
        assert_eq!(line.text().len(), MAX_CHARS);
        assert!(!line.key(crokey::parse("y").unwrap()));
        assert_eq!(line.text().len(), MAX_CHARS);
    }
}
