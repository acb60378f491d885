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

    /// The same where a screenful is so many lines: text in columns.
    pub fn act_by(
        &mut self,
        action: Action,
        (lines, page): (usize, usize),
        screenful: usize,
    ) -> bool {
        let (last, step) = (lines.saturating_sub(page), screenful.max(1));
        let to = match action {
            Action::Up => self.0.saturating_sub(1),
            Action::Down => self.0 + 1,
            Action::PageUp => self.0.saturating_sub(step),
            Action::PageDown => self.0 + step,
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        self.0 = to.min(last);
        true
    }

    /// The lines in sight; fewer lines than were there before leave no gap.
    pub fn window(self, lines: usize, page: usize) -> Range<usize> {
        let first = self.0.min(lines.saturating_sub(page));
        first..lines.min(first + page)
    }
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
    fn one_sees_where_one_is() {
        let window = Scroll::at(9).window(10, 4);
        assert_eq!(note(&window, 10), "lines 7-10 of 10");
        assert_eq!(note(&Scroll::at(9).window(3, 4), 3), "");
        assert_eq!(place(&Scroll::default().window(0, 4), 0), "lines 0-0 of 0");
    }
}
