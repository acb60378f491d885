//! What stands between brackets, in the order in which it is written: `5,01-09/2`.

use std::iter;

use super::{
    Error,
    number::{MAX_DIGITS, Number},
    ranges::{Ranges, Span},
    shown,
};

/// One item of the list: `first-last/step`. A lone number is a range of itself.
#[derive(Clone, Copy, Debug)]
struct Item {
    first: Number,
    last: Number,
    step: u64,
    is_padded: bool,
}

/// The items between two brackets.
#[derive(Clone, Debug)]
pub(super) struct List(Vec<Item>);

impl List {
    /// Reads the text after `[`; an error's column is counted from there.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        let mut at = 1;
        let mut items = Vec::new();
        for item in text.split(',') {
            let indent = item.chars().take_while(|c| c.is_whitespace()).count();
            let read = Item::read(item.trim()).map_err(|reason| Error {
                column: at + indent,
                reason,
            })?;
            items.push(read);
            at += item.chars().count() + 1;
        }
        Ok(Self(items))
    }

    /// How many numbers are written, repeated ones included; `usize::MAX` when they can't be counted.
    pub(super) fn len(&self) -> usize {
        self.0
            .iter()
            .fold(0, |sum: usize, item| sum.saturating_add(item.len()))
    }

    /// Each number, as written.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Number> {
        self.0.iter().flat_map(|item| item.numbers())
    }

    /// The set of them.
    pub(super) fn ranges(&self) -> Ranges {
        Ranges::from_spans(self.0.iter().flat_map(|item| item.spans()).collect())
    }
}

impl Item {
    fn read(text: &str) -> Result<Self, String> {
        let (bounds, step) = match text.split_once('/') {
            Some((bounds, step)) => (bounds.trim_end(), number(step.trim_start())?.value),
            None => (text, 1),
        };
        if bounds.starts_with('-') || bounds.matches('-').count() > 1 {
            return Err(format!(
                "{} is not a range; numbers can't be negative",
                shown(bounds)
            ));
        }
        let (first, last) = match bounds.split_once('-') {
            Some((first, last)) => (number(first.trim_end())?, number(last.trim_start())?),
            None if step == 1 => (number(bounds)?, number(bounds)?),
            None => {
                return Err(format!(
                    "a step needs a range, and `{bounds}` is one number"
                ));
            }
        };
        let is_padded = first.is_padded() || last.is_padded();
        if is_padded && first.width != last.width {
            return Err(format!(
                "`{first}` and `{last}` are padded to different lengths"
            ));
        }
        if first.value > last.value {
            return Err(format!("`{first}-{last}` runs backwards"));
        }
        if step == 0 {
            return Err("a step must be 1 or more".into());
        }
        Ok(Self {
            first,
            last,
            step,
            is_padded,
        })
    }

    fn len(self) -> usize {
        let steps = (self.last.value - self.first.value) / self.step;
        usize::try_from(steps).map_or(usize::MAX, |steps| steps.saturating_add(1))
    }

    fn numbers(self) -> impl Iterator<Item = Number> {
        let next = move |value: &u64| {
            value
                .checked_add(self.step)
                .filter(|next| *next <= self.last.value)
        };
        iter::successors(Some(self.first.value), next).map(move |value| {
            let width = self.first.width;
            if self.is_padded {
                Number { width, value }
            } else {
                Number::plain(value)
            }
        })
    }

    /// One span per width for a plain range, one per number for a stepped one.
    fn spans(self) -> Vec<Span> {
        if self.step > 1 {
            return self.numbers().map(Span::one).collect();
        }
        let span = |width: u8| {
            let lowest = if width == self.first.width {
                self.first.value
            } else {
                10_u64.pow(u32::from(width) - 1)
            };
            let highest = if width == self.last.width {
                self.last.value
            } else {
                10_u64.pow(u32::from(width)) - 1
            };
            Span {
                width,
                first: lowest,
                last: highest,
            }
        };
        (self.first.width..=self.last.width).map(span).collect()
    }
}

fn number(text: &str) -> Result<Number, String> {
    let shown = shown(text);
    Number::read(text).ok_or_else(|| {
        if text.is_empty() {
            "a number is missing".into()
        } else if text.bytes().all(|b| b.is_ascii_digit()) {
            format!("{shown} has more than {MAX_DIGITS} digits")
        } else {
            format!("{shown} is not a number")
        }
    })
}
