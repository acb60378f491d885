//! A long text with colours: cut into rows of the screen, scrolled, searched, and followed while it grows.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};
use unicode_width::UnicodeWidthChar;

use super::{
    Scene,
    scroll::{Scroll, note},
};
use crate::{
    config::keymap::Action,
    node::text::styled::{self, Colour, Effect},
    ui::{
        format::{put, row},
        theme::Role,
    },
};

/// What a piece of text is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// As the theme has it.
    Role(Role),
    /// As the node asked for.
    Own(styled::Style),
}

/// A line before it is cut: pieces of one ink each.
pub type Line = Vec<(String, Ink)>;

/// The text as it is on the screen.
#[derive(Clone, Debug, Default)]
pub struct Page {
    rows: Vec<Line>,
    scroll: Scroll,
    /// The end stays in sight while more comes.
    follows: bool,
    sought: String,
    /// Rows in which it was found.
    hits: Vec<usize>,
}

impl Page {
    /// An empty one; with `follows`, its end is shown.
    pub fn new(follows: bool) -> Self {
        Self {
            follows,
            ..Self::default()
        }
    }

    /// Takes the text anew, for an area of this width and height.
    pub fn fill(&mut self, lines: impl IntoIterator<Item = Line>, (width, height): (u16, u16)) {
        let width = usize::from(width).max(1);
        self.rows = lines
            .into_iter()
            .flat_map(|line| wrap(line, width))
            .collect();
        self.find();
        let last = self.last(height);
        self.scroll = Scroll::at(if self.follows {
            last
        } else {
            self.scroll.first().min(last)
        });
    }

    /// Rows in all.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True where there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The first row that is shown.
    pub fn scroll(&self) -> usize {
        self.scroll.first()
    }

    /// `lines 3-12 of 40`, where so many are in sight; nothing where all are.
    pub fn place(&self, height: u16) -> String {
        let all = self.rows.len();
        note(&self.scroll.window(all, usize::from(height)), all)
    }

    /// How many rows hold what is searched for.
    pub fn hits(&self) -> usize {
        self.hits.len()
    }

    fn last(&self, height: u16) -> usize {
        self.rows.len().saturating_sub(usize::from(height))
    }

    /// Does what a key means here; false when it means nothing here.
    pub fn act(&mut self, action: Action, height: u16) -> bool {
        let last = self.last(height);
        match action {
            Action::NextHit => self.scroll = Scroll::at(self.hit_after().min(last)),
            Action::PreviousHit => self.scroll = Scroll::at(self.hit_before().min(last)),
            _ if !self
                .scroll
                .act(action, self.rows.len(), usize::from(height)) =>
            {
                return false;
            }
            _ => {}
        }
        self.follows =
            self.scroll.first() == last && !matches!(action, Action::Up | Action::PageUp);
        true
    }

    /// Searches for a text, whatever its case where it has no capitals, and goes to the first place from here on.
    pub fn seek(&mut self, text: &str, height: u16) {
        text.clone_into(&mut self.sought);
        self.find();
        let from_here = self.hits.iter().find(|row| **row >= self.scroll.first());
        if let Some(row) = from_here.or(self.hits.first()) {
            self.follows = false;
            self.scroll = Scroll::at((*row).min(self.last(height)));
        }
    }

    fn find(&mut self) {
        self.hits.clear();
        if self.sought.is_empty() {
            return;
        }
        let rows = self.rows.iter().enumerate();
        let found = rows.filter(|(_, row)| !places(row, &self.sought).is_empty());
        self.hits = found.map(|(at, _)| at).collect();
    }

    fn hit_after(&self) -> usize {
        let next = self.hits.iter().find(|row| **row > self.scroll.first());
        next.or(self.hits.first())
            .copied()
            .unwrap_or(self.scroll.first())
    }

    fn hit_before(&self) -> usize {
        let before = self.hits.iter().rfind(|row| **row < self.scroll.first());
        before
            .or(self.hits.last())
            .copied()
            .unwrap_or(self.scroll.first())
    }

    /// Draws the rows in sight.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let shown = self.rows.iter().skip(self.scroll.first());
        for (y, line) in (0..area.height).zip(shown) {
            let place = row(area, y);
            let mut x = place.x;
            for (text, ink) in line {
                x = put(buf, place, x, text, style(*ink, scene));
            }
            self.mark(line, scene, place, buf);
        }
    }

    fn mark(&self, line: &Line, scene: &Scene<'_>, place: Rect, buf: &mut Buffer) {
        if self.sought.is_empty() {
            return;
        }
        for (start, width) in places(line, &self.sought) {
            let hit = Rect {
                x: place.x + start,
                width,
                ..place
            };
            buf.set_style(hit.intersection(place), scene.theme.style(Role::Hit));
        }
    }
}

/// Where a text is found in a row: cells from its left, and how many.
fn places(line: &Line, sought: &str) -> Vec<(u16, u16)> {
    let mut text: String = line.iter().map(|(text, _)| text.as_str()).collect();
    let has_capitals = sought.chars().any(char::is_uppercase);
    if !has_capitals {
        // Other alphabets may change their length: a mark must not move for that.
        text.make_ascii_lowercase();
    }
    let cells = |text: &str| crate::ui::format::width(text) as u16;
    text.match_indices(sought)
        .map(|(at, found)| (cells(text.get(..at).unwrap_or_default()), cells(found)))
        .collect()
}

/// Cuts a line into rows of so many cells.
pub(super) fn wrap(line: Line, width: usize) -> Vec<Line> {
    let mut rows = vec![Line::new()];
    let mut used = 0;
    for (text, ink) in line {
        let mut piece = String::new();
        for c in text.chars() {
            let cells = c.width().unwrap_or(0);
            if used + cells > width && used > 0 {
                push(&mut rows, std::mem::take(&mut piece), ink);
                rows.push(Line::new());
                used = 0;
            }
            used += cells;
            piece.push(c);
        }
        push(&mut rows, piece, ink);
    }
    rows
}

fn push(rows: &mut [Line], piece: String, ink: Ink) {
    if let Some(row) = rows.last_mut().filter(|_| !piece.is_empty()) {
        row.push((piece, ink));
    }
}

pub(super) fn style(ink: Ink, scene: &Scene<'_>) -> Style {
    let own = match ink {
        Ink::Role(role) => return scene.theme.style(role),
        Ink::Own(own) => own,
    };
    let mut style = scene.theme.style(Role::Text);
    if let Some(fg) = own.fg {
        style = style.fg(colour(fg));
    }
    if let Some(bg) = own.bg {
        style = style.bg(colour(bg));
    }
    let effects = [
        (Effect::Bold, Modifier::BOLD),
        (Effect::Dim, Modifier::DIM),
        (Effect::Italic, Modifier::ITALIC),
        (Effect::Underline, Modifier::UNDERLINED),
        (Effect::Reverse, Modifier::REVERSED),
    ];
    for (effect, modifier) in effects {
        if own.effects.has(effect) {
            style = style.add_modifier(modifier);
        }
    }
    style
}

fn colour(colour: Colour) -> Color {
    match colour {
        Colour::Ansi(n) | Colour::Indexed(n) => Color::Indexed(n),
        Colour::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        vec![(text.to_owned(), Ink::Role(Role::Text))]
    }

    fn page(texts: &[&str]) -> Page {
        let mut page = Page::new(false);
        page.fill(texts.iter().map(|text| line(text)), (10, 2));
        page
    }

    #[test]
    fn long_lines_become_rows_of_the_width() {
        let rows = wrap(vec![line("abcdef").remove(0), line("日本語x").remove(0)], 4);
        let texts: Vec<String> = rows
            .iter()
            .map(|row| row.iter().map(|(text, _)| text.as_str()).collect())
            .collect();
        assert_eq!(texts, ["abcd", "ef日", "本語", "x"]);
        assert_eq!(wrap(Line::new(), 4).len(), 1, "an empty line is a row");
    }

    #[test]
    fn the_end_stays_in_sight_until_one_goes_up() {
        let mut page = Page::new(true);
        let texts = ["a", "b", "c", "d"];
        page.fill(texts.map(line), (10, 2));
        assert_eq!(page.scroll(), 2);
        page.act(Action::Up, 2);
        page.fill(["a", "b", "c", "d", "e"].map(line), (10, 2));
        assert_eq!(page.scroll(), 1);
        page.act(Action::Last, 2);
        page.fill(["a", "b", "c", "d", "e", "f"].map(line), (10, 2));
        assert_eq!(page.scroll(), 4);
    }

    #[test]
    fn a_search_goes_round() {
        let mut page = page(&["Error one", "b", "error two", "d", "e", "ERROR", "g"]);
        page.seek("error", 2);
        assert_eq!((page.hits(), page.scroll()), (3, 0));
        let mut at = |action| {
            page.act(action, 2);
            page.scroll()
        };
        assert_eq!([Action::NextHit; 3].map(&mut at), [2, 5, 0]);
        assert_eq!(at(Action::PreviousHit), 5);
        page.seek("Error", 2);
        assert_eq!(page.hits(), 1, "capitals are meant");
        page.seek("nowhere", 2);
        assert_eq!((page.hits(), page.scroll()), (0, 0));
    }

    #[test]
    fn a_hit_is_where_it_is_seen() {
        assert_eq!(places(&line("日x error"), "err"), [(4, 3)]);
        let pieces = vec![line("er").remove(0), line("ror").remove(0)];
        assert_eq!(places(&pieces, "erro"), [(0, 4)]);
    }
}
