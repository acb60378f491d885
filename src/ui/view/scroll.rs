//! How far something is scrolled: what keys do to it, and where one is.

use std::ops::Range;

use crate::config::keymap::Action;

/// The first line in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll(usize);

impl Scroll {
    /// At this line.
    pub fn at(line: usize) -> Self {
        Self(line)
    }

    /// The first line in sight.
    pub fn first(self) -> usize {
        self.0
    }

    /// Does what a key means to so many lines, of which `page` are in sight; false when it means nothing here.
    pub fn act(&mut self, action: Action, lines: usize, page: usize) -> bool {
        self.act_by(action, (lines, page), page)
    }

    /// The same where a screenful is not as many lines: text in columns, or with lines of the page before.
    pub fn act_by(
        &mut self,
        action: Action,
        (lines, page): (usize, usize),
        screenful: usize,
    ) -> bool {
        let to = step(action, self.0, lines.saturating_sub(page), screenful);
        self.0 = to.unwrap_or(self.0);
        to.is_some()
    }

    /// Moved as little as brings this line into sight; fewer lines than were there before leave no gap.
    #[must_use]
    pub fn with(self, line: usize, lines: usize, page: usize) -> Self {
        let least = (line + 1).saturating_sub(page.max(1));
        let first = self.0.clamp(least, line);
        Self(first.min(lines.saturating_sub(page)))
    }

    /// The lines in sight; fewer lines than were there before leave no gap.
    pub fn window(self, lines: usize, page: usize) -> Range<usize> {
        let first = self.0.min(lines.saturating_sub(page));
        first..lines.min(first + page)
    }
}

/// Where a key leads from here: places count from 0 to the last one, of which `page` are in sight. None for a key that
/// doesn't move.
pub fn step(action: Action, at: usize, last: usize, page: usize) -> Option<usize> {
    let (at, page) = (at.min(last), page.max(1));
    let to = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at + 1,
        Action::PageUp => at.saturating_sub(page),
        Action::PageDown => at + page,
        Action::First => 0,
        Action::Last => last,
        _ => return None,
    };
    Some(to.min(last))
}

/// `lines 3-12 of 40`.
pub fn place(window: &Range<usize>, lines: usize) -> String {
    let first = (window.start + 1).min(window.end);
    format!("lines {first}-{} of {lines}", window.end)
}

/// The same; nothing where all is in sight.
pub fn note(window: &Range<usize>, lines: usize) -> String {
    if window.len() == lines {
        return String::new();
    }
    place(window, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_within_the_lines() {
        let mut scroll = Scroll::default();
        let mut after = |action| {
            assert!(scroll.act(action, 10, 4));
            scroll.first()
        };
        assert_eq!(after(Action::Up), 0);
        assert_eq!(after(Action::Down), 1);
        assert_eq!(after(Action::PageDown), 5);
        assert_eq!(after(Action::PageDown), 6);
        assert_eq!(after(Action::Down), 6);
        assert_eq!(after(Action::PageUp), 2);
        assert_eq!(after(Action::Last), 6);
        assert_eq!(after(Action::First), 0);
        assert!(!Scroll::default().act(Action::Open, 10, 4));
        let mut none = Scroll::at(7);
        none.act(Action::Down, 3, 0);
        assert_eq!(none.first(), 3, "no room, no panic");
    }

    #[test]
    fn a_key_leads_from_place_to_place() {
        use Action::{Down, First, Last, Open, PageDown, PageUp, Up};
        for (action, at, to) in [
            (Up, 0, Some(0)),
            (Up, 5, Some(4)),
            (Down, 5, Some(6)),
            (Down, 9, Some(9)),
            (PageUp, 3, Some(0)),
            (PageUp, 9, Some(5)),
            (PageDown, 3, Some(7)),
            (PageDown, 8, Some(9)),
            (First, 5, Some(0)),
            (Last, 5, Some(9)),
            (Open, 5, None),
            // There were more.
            (Up, 40, Some(8)),
        ] {
            assert_eq!(step(action, at, 9, 4), to, "{action:?} at {at}");
        }
        assert_eq!(step(PageDown, 0, 0, 0), Some(0), "nothing is there");
        assert_eq!(step(PageDown, 0, 9, 0), Some(1), "no room");
    }

    #[test]
    fn fewer_lines_than_before_and_a_key_moves_at_once() {
        let mut scroll = Scroll::at(40);
        scroll.act(Action::Up, 10, 4);
        assert_eq!(scroll.first(), 5);
    }

    #[test]
    fn a_line_is_brought_into_sight() {
        let first = |from, line, lines| Scroll::at(from).with(line, lines, 4).first();
        assert_eq!(first(3, 5, 10), 3, "it was");
        assert_eq!(first(3, 1, 10), 1);
        assert_eq!(first(3, 9, 10), 6);
        assert_eq!(first(6, 6, 7), 3, "no gap below the last one");
        assert_eq!(first(2, 0, 0), 0);
        assert_eq!(Scroll::at(2).with(5, 10, 0).first(), 5, "no room");
    }

    #[test]
    fn one_sees_where_one_is() {
        let window = Scroll::at(9).window(10, 4);
        assert_eq!(note(&window, 10), "lines 7-10 of 10");
        assert_eq!(note(&Scroll::at(9).window(3, 4), 3), "");
        assert_eq!(place(&Scroll::default().window(0, 4), 0), "lines 0-0 of 0");
    }
}
