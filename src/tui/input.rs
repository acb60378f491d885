//! The terminal's events as the screen's events.

use crokey::KeyCombination;
use crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Size;

use crate::ui::event::Event;

/// Bounds of a believable terminal: less can't be drawn on, more is a mistake that costs memory.
const COLUMNS: (u16, u16) = (2, 500);
const ROWS: (u16, u16) = (2, 200);
/// Keys of a late answer that are swallowed at most: `]11;rgb:ffff/ffff/ffff` and some.
const ANSWER: u8 = 40;

/// The size to draw for.
pub fn clamp(columns: u16, rows: u16) -> Size {
    Size::new(
        columns.clamp(COLUMNS.0, COLUMNS.1),
        rows.clamp(ROWS.0, ROWS.1),
    )
}

/// Turns raw events into ours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decoder {
    late: Late,
}

/// A terminal's answer that may still come, which the parser below would take for typed keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Late {
    #[default]
    No,
    /// It may begin, with `Alt-]`.
    Expected,
    /// Within it; this many keys more at most.
    Inside(u8),
}

impl Decoder {
    /// `answer_due`: the terminal was asked for its background and hasn't answered.
    pub fn new(answer_due: bool) -> Self {
        let late = if answer_due { Late::Expected } else { Late::No };
        Self { late }
    }

    /// What the screen is told; `None` for what it has no use for.
    pub fn event(&mut self, raw: Raw) -> Option<Event> {
        match raw {
            Raw::Key(key) if key.kind == KeyEventKind::Release => None,
            Raw::Key(key) if self.swallows(key) => None,
            Raw::Key(key) => Some(Event::Key(KeyCombination::from(key))),
            Raw::Paste(text) => Some(Event::Paste(text)),
            Raw::Resize(columns, rows) => {
                let size = clamp(columns, rows);
                Some(Event::Resize(size.width, size.height))
            }
            Raw::FocusGained | Raw::FocusLost | Raw::Mouse(_) => None,
        }
    }

    fn swallows(&mut self, key: KeyEvent) -> bool {
        let is = |modifiers, char| key.modifiers == modifiers && key.code == KeyCode::Char(char);
        match self.late {
            Late::No => false,
            Late::Expected => {
                let begins = is(KeyModifiers::ALT, ']');
                if begins {
                    self.late = Late::Inside(ANSWER);
                }
                begins
            }
            Late::Inside(left) => {
                let ends = is(KeyModifiers::ALT, '\\') || is(KeyModifiers::CONTROL, 'g');
                self.late = match left.checked_sub(1) {
                    Some(left) if !ends => Late::Inside(left),
                    _ => Late::No,
                };
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(modifiers: KeyModifiers, char: char) -> Raw {
        Raw::Key(KeyEvent::new(KeyCode::Char(char), modifiers))
    }

    fn keys(decoder: &mut Decoder, text: &str) -> String {
        text.chars()
            .filter_map(|char| decoder.event(key(KeyModifiers::NONE, char)))
            .map(|event| match event {
                Event::Key(key) => key.to_string(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn keys_and_pastes_pass_and_releases_do_not() {
        let mut decoder = Decoder::default();
        assert_eq!(keys(&mut decoder, "q/"), "q/");
        let mut release = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert!(decoder.event(Raw::Key(release)).is_none());
        let paste = decoder.event(Raw::Paste("q".to_owned()));
        assert!(matches!(paste, Some(Event::Paste(text)) if text == "q"));
        assert!(decoder.event(Raw::FocusLost).is_none());
    }

    #[test]
    fn sizes_are_clamped() {
        let resized = Decoder::default().event(Raw::Resize(0, 65535));
        assert!(matches!(resized, Some(Event::Resize(2, 200))));
    }

    #[test]
    fn a_late_answer_types_nothing() {
        let mut decoder = Decoder::new(true);
        assert_eq!(keys(&mut decoder, "j"), "j");
        assert!(decoder.event(key(KeyModifiers::ALT, ']')).is_none());
        assert_eq!(keys(&mut decoder, "11;rgb:ffff/ffff/ffff"), "");
        assert!(decoder.event(key(KeyModifiers::ALT, '\\')).is_none());
        assert_eq!(keys(&mut decoder, "q"), "q");
    }

    #[test]
    fn an_answer_without_an_end_is_given_up() {
        let mut decoder = Decoder::new(true);
        assert!(decoder.event(key(KeyModifiers::ALT, ']')).is_none());
        assert_eq!(keys(&mut decoder, &"x".repeat(100)).len(), 59);
    }
}
