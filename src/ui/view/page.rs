//! A text to read, such as the report of a command: long lines are wrapped, and what is wrong is seen by its colour.

use std::ops::Range;

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthChar;

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

/// A row of the screen: a part of a line.
struct Row {
    line: usize,
    part: Range<usize>,
    /// Blanks before it.
    indent: u16,
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
        let rows = self.rows(area.width.saturating_sub(4)).len();
        self.scroll.act(action, rows, page)
    }

    fn rows(&self, width: u16) -> Vec<Row> {
        let lines = self.lines.iter().enumerate();
        let rows = lines.flat_map(|(line, text)| {
            let parts = cut(text, usize::from(width)).into_iter();
            parts.map(move |(part, indent)| Row {
                line,
                part,
                indent: indent as u16,
            })
        });
        rows.collect()
    }

    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        format::clear(buf, area, scene.theme.style(Role::Ground));
        let page = usize::from(area.height.saturating_sub(2));
        let rows = self.rows(area.width.saturating_sub(4));
        let window = self.scroll.window(rows.len(), page);
        let note = note(&window, rows.len());
        let panel = Panel {
            title: &[(&self.title, scene.theme.style(Role::Strong))],
            note: Some((&note, scene.theme.style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        let shown = rows.get(window).unwrap_or_default();
        for (y, part) in (0..).zip(shown) {
            self.row(part, scene, row(inside, y), buf);
        }
    }

    fn row(
        &self,
        Row { line, part, indent }: &Row,
        scene: &Scene<'_>,
        place: Rect,
        buf: &mut Buffer,
    ) {
        let text = self.lines.get(*line).map_or("", String::as_str);
        let (sign, words) = self.roles(*line, scene.glyphs.ascii);
        let shown = text.get(part.clone()).unwrap_or_default();
        let x = place.x + indent;
        let style = |role| scene.theme.style(role);
        put(buf, place, x, shown, style(words));
        let start = shown.len() - shown.trim_start().len();
        let first = shown.trim_start().chars().next().map(String::from);
        if let Some(first) = first.filter(|_| part.start == 0 && sign != words) {
            put(buf, place, x + start as u16, &first, style(sign));
        }
    }

    /// The colours of a line's first sign, and of its words.
    fn roles(&self, line: usize, ascii: bool) -> (Role, Role) {
        let is_deep = |text: &String| text.starts_with(' ');
        let text = self.lines.get(line).map_or("", String::as_str);
        let next = self.lines.get(line + 1);
        if !text.starts_with(' ') && !text.is_empty() && next.is_some_and(is_deep) {
            return (Role::Strong, Role::Strong);
        }
        let mut words = text.split_whitespace();
        match (words.next(), ascii) {
            (Some("✓"), false) | (Some("+"), true) => (Role::Ok, Role::Text),
            (Some("▲"), false) | (Some("!"), true) => (Role::Warn, Role::Warn),
            (Some("✗"), false) | (Some("x"), true) => (Role::Critical, Role::Critical),
            (Some("try"), _) => (Role::Accent, Role::Accent),
            _ => (Role::Text, Role::Text),
        }
    }
}

/// The parts of a line that fit in `width` cells, each with the blanks before it: what goes on stands below where the words
/// of the line began.
fn cut(text: &str, width: usize) -> Vec<(Range<usize>, usize)> {
    if format::width(text) <= width || width == 0 {
        return vec![(0..text.len(), 0)];
    }
    let hang = hang(text).min(width / 2);
    let (mut parts, mut start, mut indent) = (Vec::new(), 0, 0);
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let end = start + fitting(rest, width - indent);
        parts.push((start..end, indent));
        let after = text.get(end..).unwrap_or_default();
        start = end + (after.len() - after.trim_start().len());
        indent = hang;
    }
    parts
}

/// Bytes of a text that fit in `width` cells: whole words, where that doesn't leave half of it blank. At least one sign.
fn fitting(text: &str, width: usize) -> usize {
    let mut used = 0;
    let over = text.char_indices().find(|(at, c)| {
        used += c.width().unwrap_or(0);
        used > width && *at > 0
    });
    let Some((most, _)) = over else {
        return text.len();
    };
    let fits = text.get(..most).unwrap_or(text);
    if text.get(most..).is_some_and(|rest| rest.starts_with(' ')) {
        return most;
    }
    let blank = fits.rfind(' ').filter(|at| *at > most / 2);
    blank.map_or(most, |at| at + 1)
}

/// Where the words of a line begin that has a label, or columns: after the first gap.
fn hang(text: &str) -> usize {
    let leading = text.len() - text.trim_start().len();
    let rest = text.get(leading..).unwrap_or_default();
    let gap = rest.find("  ").filter(|at| *at < 24);
    let words = gap.and_then(|at| Some((at, rest.get(at..)?)));
    let at = words.map_or(2, |(at, after)| at + after.len() - after.trim_start().len());
    leading + rest.get(..at).map_or(2, format::width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        let parts = cut(text, width).into_iter();
        parts
            .map(|(part, indent)| format!("{}{}", " ".repeat(indent), &text[part]))
            .collect()
    }

    #[test]
    fn what_goes_on_stands_below_its_words() {
        assert_eq!(
            wrapped("  ✗ connect   refused, so nobody listens there", 30),
            [
                "  ✗ connect   refused, so ",
                "              nobody listens ",
                "              there"
            ]
        );
        assert_eq!(wrapped("short", 5), ["short"]);
        assert_eq!(wrapped("abcdefgh", 4), ["abcd", "  ef", "  gh"]);
        assert_eq!(wrapped("日本語", 3), ["日", " 本", " 語"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("ab", 0), ["ab"]);
    }
}
