//! Looks for the next line of a kind, some lines a frame, once round.

use regex::bytes::Regex;

use super::shown::Shown;
use crate::logs::{Buffer, Level, Line, filter};

/// Lines that are looked at in a frame.
const STEP: u64 = 50_000;

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A pattern.
    Text(Regex),
    /// A line that says that something failed.
    Error,
}

impl Kind {
    fn is(&self, line: &Line) -> bool {
        match self {
            Self::Text(pattern) => pattern.is_match(&filter::plain(&line.text)),
            // The lines after it have its level too.
            Self::Error => {
                line.level >= Some(Level::Error) && (line.is_stamped || line.at_us.is_none())
            }
        }
    }
}

/// A search that goes on.
#[derive(Clone, Debug)]
pub(super) struct Seek {
    kind: Kind,
    is_forward: bool,
    /// The line that is looked at next.
    at: u64,
    left: u64,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Here.
    At(u64),
    /// More has to be looked at.
    NotYet,
    /// Nowhere.
    Nowhere,
}

impl Seek {
    /// Begins with this line itself, or with the one beside it.
    pub(super) fn new(kind: Kind, shown: &Shown, from: u64, is_forward: bool) -> Self {
        Self {
            kind,
            is_forward,
            at: from,
            left: shown.len(),
        }
    }

    /// Beside the line: the next one or the one before, round the end.
    pub(super) fn beside(kind: Kind, shown: &Shown, from: u64, is_forward: bool) -> Self {
        let at = next(shown, from, is_forward).unwrap_or(from);
        Self::new(kind, shown, at, is_forward)
    }

    /// Looks at some more lines.
    pub(super) fn step(&mut self, shown: &Shown, buffer: &Buffer) -> Found {
        for _ in 0..STEP.min(self.left) {
            if buffer.get(self.at).is_some_and(|line| self.kind.is(line)) {
                return Found::At(self.at);
            }
            self.left -= 1;
            match next(shown, self.at, self.is_forward) {
                Some(next) => self.at = next,
                None => return Found::Nowhere,
            }
        }
        if self.left == 0 {
            Found::Nowhere
        } else {
            Found::NotYet
        }
    }
}

fn next(shown: &Shown, number: u64, is_forward: bool) -> Option<u64> {
    let beside = if is_forward {
        shown.at(shown.place(number.saturating_add(1)))
    } else {
        shown
            .place(number)
            .checked_sub(1)
            .and_then(|at| shown.at(at))
    };
    let round = || {
        if is_forward {
            shown.first()
        } else {
            shown.last()
        }
    };
    beside.or_else(round)
}
