//! What is typed in answer to a question: hidden, of bounded length, wiped when the question goes.

use std::fmt;

use crokey::{KeyCombination, crossterm::event::KeyEvent};
use tui_textarea::{Input, Key};
use zeroize::Zeroizing;

use crate::ssh::{Answer, Question, Secret};

/// Bytes of one line. They are set aside at once: a text that grows leaves copies of itself in memory.
const MAX_BYTES: usize = 1024;

/// The lines of one answer.
#[derive(Clone, Default)]
pub struct Form {
    lines: Vec<Zeroizing<String>>,
    at: usize,
    for_all: bool,
}

impl fmt::Debug for Form {
    /// Nothing of what is typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({} of {})", self.at, self.lines.len())
    }
}

impl Form {
    /// An empty one for this question; for a host key nothing is typed.
    pub fn new(question: &Question) -> Self {
        let count = match question {
            Question::HostKey { .. } => 0,
            Question::Passphrase { .. } | Question::Password { .. } | Question::Sudo { .. } => 1,
            Question::Codes { fields, .. } => fields.len(),
        };
        let empty = || Zeroizing::new(String::with_capacity(MAX_BYTES));
        Self {
            lines: (0..count).map(|_| empty()).collect(),
            ..Self::default()
        }
    }

    /// The line that is typed into.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The answer is meant for every node that asks for this.
    pub fn is_for_all(&self) -> bool {
        self.for_all
    }

    /// A line's text.
    pub(super) fn line(&self, at: usize) -> &str {
        self.lines.get(at).map_or("", |line| line.as_str())
    }

    /// Takes a key as text or as an edit.
    pub fn key(&mut self, key: KeyCombination) {
        let event: KeyEvent = key.into();
        let Input { key, ctrl, alt, .. } = Input::from(event);
        let Some(line) = self.lines.get_mut(self.at) else {
            return;
        };
        match key {
            Key::Backspace => {
                line.pop();
            }
            Key::Char('u') if ctrl && !alt => line.truncate(0),
            Key::Char(c) if !ctrl && !alt => push(line, c),
            _ => {}
        }
    }

    /// Takes pasted text, without the end of its line.
    pub fn paste(&mut self, text: &str) {
        if let Some(line) = self.lines.get_mut(self.at) {
            text.trim_end_matches(['\r', '\n'])
                .chars()
                .for_each(|c| push(line, c));
        }
    }

    /// Goes to the next line; false on the last one.
    pub fn advance(&mut self) -> bool {
        let has_next = self.at + 1 < self.lines.len();
        self.at += usize::from(has_next);
        has_next
    }

    /// Goes to the line before.
    pub fn previous(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// Whether the answer is for all.
    pub fn toggle_all(&mut self) {
        self.for_all = !self.for_all;
    }

    /// The answer as it is typed; this one is empty afterwards.
    pub fn take(&mut self) -> Answer {
        let Self { lines, for_all, .. } = std::mem::take(self);
        let secrets = lines.into_iter().map(Secret::new).collect();
        if for_all {
            Answer::ForAll(secrets)
        } else {
            Answer::Secrets(secrets)
        }
    }
}

fn push(line: &mut String, c: char) {
    if !c.is_control() && line.len() + c.len_utf8() <= MAX_BYTES {
        line.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form::new(&Question::Passphrase {
            user: "ops".into(),
            file: "~/.ssh/id".into(),
            attempt: 1,
        })
    }

    #[test]
    fn takes_text_and_edits() {
        let mut form = form();
        for key in ["a", "shift-b", "space", "ctrl-x", "c", "backspace", "left"] {
            form.key(crokey::parse(key).unwrap());
        }
        assert_eq!(form.line(0), "aB ");
        form.paste("x\u{1b}y z\r\n");
        assert_eq!(form.line(0), "aB xy z");
        assert!(!format!("{form:?}").contains("xy"));
        form.key(crokey::parse("ctrl-u").unwrap());
        assert_eq!(form.line(0), "");
    }

    #[test]
    fn never_grows_beyond_what_was_set_aside() {
        let mut form = form();
        form.paste(&"ü".repeat(MAX_BYTES));
        assert_eq!(form.line(0).len(), MAX_BYTES);
        assert_eq!(form.lines.first().unwrap().capacity(), MAX_BYTES);
    }
}
