//! The text of the palette while it is edited: one line, or a script of some.

use crokey::{KeyCombination, crossterm::event::KeyEvent, key};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};
use tui_textarea::{CursorMove, Input, TextArea};

/// Characters of the longest text.
pub(super) const MAX_CHARS: usize = 16 << 10;

/// Text and cursor.
#[derive(Clone, Debug, Default)]
pub(super) struct Editor(TextArea<'static>);

impl Editor {
    /// Edits this text; the cursor stands at this byte.
    pub(super) fn new(text: &str, at: usize) -> Self {
        let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
        area.set_cursor_line_style(Style::new());
        let before = text.get(..at).unwrap_or(text);
        let row = before.matches('\n').count();
        let column = before.chars().rev().take_while(|c| *c != '\n').count();
        area.move_cursor(CursorMove::Jump(small(row), small(column)));
        Self(area)
    }

    /// All of it, lines parted by line feeds.
    pub(super) fn text(&self) -> String {
        self.0.lines().join("\n")
    }

    /// Where the cursor stands, in bytes.
    pub(super) fn cursor(&self) -> usize {
        let place = self.0.cursor();
        let lines = self.0.lines();
        let above: usize = lines.iter().take(place.0).map(|line| line.len() + 1).sum();
        let line = lines.get(place.0).map_or("", String::as_str);
        let column = line.char_indices().nth(place.1);
        above + column.map_or(line.len(), |(at, _)| at)
    }

    /// How many lines there are.
    pub(super) fn lines(&self) -> usize {
        self.0.lines().len()
    }

    /// True where the cursor can't go further up.
    pub(super) fn is_on_top(&self) -> bool {
        self.0.cursor().0 == 0
    }

    /// True where it can't go further down.
    pub(super) fn is_at_bottom(&self) -> bool {
        self.0.cursor().0 + 1 >= self.lines()
    }

    /// Moves the cursor by a line.
    pub(super) fn step(&mut self, down: bool) {
        let step = if down {
            CursorMove::Down
        } else {
            CursorMove::Up
        };
        self.0.move_cursor(step);
    }

    /// Takes a key in; true when the text is another one.
    pub(super) fn key(&mut self, key: KeyCombination) -> bool {
        // As shells have it; the widget's own meaning is "undo".
        let is_changed = if key == key!(ctrl - u) {
            self.0.delete_line_by_head()
        } else {
            let event: KeyEvent = key.into();
            self.0.input(Input::from(event))
        };
        if self.chars() > MAX_CHARS {
            self.0.undo();
            return false;
        }
        is_changed
    }

    /// Begins another line.
    pub(super) fn new_line(&mut self) {
        if self.chars() < MAX_CHARS {
            self.0.insert_newline();
        }
    }

    /// Puts pasted text in, as far as there is room; its lines stay lines, and nothing in it is a key.
    pub(super) fn paste(&mut self, text: &str) {
        let room = MAX_CHARS.saturating_sub(self.chars());
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let plain = text
            .chars()
            .filter(|c| matches!(c, '\n' | '\t') || !c.is_control());
        let plain: String = plain.take(room).collect();
        self.0.insert_str(plain.trim_end_matches('\n'));
    }

    fn chars(&self) -> usize {
        let lines = self.0.lines().iter();
        lines.map(|line| line.chars().count() + 1).sum::<usize>() - 1
    }

    /// Draws it with its cursor.
    pub(super) fn render(&self, style: Style, area: Rect, buf: &mut Buffer) {
        let mut area_text = self.0.clone();
        area_text.set_style(style);
        area_text.render(area.intersection(buf.area), buf);
    }
}

fn small(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_told_in_bytes() {
        for (text, at) in [
            ("", 0),
            ("añb", 3),
            ("a\nñb\n", 4),
            ("a\nñb\n", 6),
            ("ab", 0),
        ] {
            let editor = Editor::new(text, at);
            assert_eq!((editor.text().as_str(), editor.cursor()), (text, at));
        }
    }

    #[test]
    fn pasted_lines_stay_lines_and_controls_go() {
        let mut editor = Editor::new("!", 1);
        editor.paste("a\r\n\tb\u{1b}[2J\rc\n\n");
        assert_eq!(editor.text(), "!a\n\tb[2J\nc");
        editor.paste(&"x".repeat(2 * MAX_CHARS));
        assert_eq!(editor.text().chars().count(), MAX_CHARS);
        assert!(!editor.key(crokey::parse("y").unwrap()));
        editor.new_line();
        assert_eq!(editor.text().chars().count(), MAX_CHARS);
    }

    #[test]
    fn keys_of_shells_hold() {
        let mut editor = Editor::new("exec ls -la", 11);
        for (key, text) in [
            ("ctrl-w", "exec ls -"),
            ("ctrl-h", "exec ls "),
            ("ctrl-u", ""),
        ] {
            editor.key(crokey::parse(key).unwrap());
            assert_eq!(editor.text(), text);
        }
    }
}
