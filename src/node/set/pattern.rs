//! A name with its numbers taken out: `gpu%s-ib%s`. Sets fold per pattern.

use std::fmt::{self, Display, Write};

use super::number::Number;

/// The text of a name, `%s` where a number stands and `%%` for a percent sign, as nodeset writes (and sorts) it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pattern(String);

/// What a pattern consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A character of the name.
    Char(char),
    /// The place of the next number.
    Number,
}

impl Pattern {
    /// Takes the numbers out of a name.
    pub(super) fn split(name: &str) -> (Self, Vec<Number>) {
        let (mut pattern, mut numbers) = (Self::default(), Vec::new());
        pattern.push_text(name, |number| numbers.push(number));
        (pattern, numbers)
    }

    /// Appends text and hands out the numbers in it.
    pub(super) fn push_text(&mut self, text: &str, mut found: impl FnMut(Number)) {
        let mut rest = text;
        while !rest.is_empty() {
            let plain = rest
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (head, tail) = rest.split_at(plain);
            self.0.push_str(&head.replace('%', "%%"));
            let length = tail
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(tail.len());
            let (digits, after) = tail.split_at(length);
            match Number::read(digits) {
                Some(number) => {
                    self.push_number();
                    found(number);
                }
                None => self.0.push_str(digits),
            }
            rest = after;
        }
    }

    /// Appends the place of a number.
    pub(super) fn push_number(&mut self) {
        self.0.push_str("%s");
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its parts, in order.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> {
        let mut chars = self.0.chars();
        std::iter::from_fn(move || match chars.next()? {
            '%' => Some(if chars.next()? == 's' {
                Part::Number
            } else {
                Part::Char('%')
            }),
            c => Some(Part::Char(c)),
        })
    }

    /// Writes the pattern with its numbers, or ranges, filled in.
    pub(super) fn fill<I>(&self, values: I, out: &mut impl Write) -> fmt::Result
    where
        I: IntoIterator<Item: Display>,
    {
        let mut values = values.into_iter();
        for part in self.parts() {
            match part {
                Part::Char(c) => out.write_char(c)?,
                Part::Number => {
                    if let Some(value) = values.next() {
                        write!(out, "{value}")?;
                    }
                }
            }
        }
        Ok(())
    }
}
