//! The number inside a node's name: its value and how many digits it is written with.

use std::fmt;

/// Longest run of digits that is a number; a longer one is part of the name's text.
pub(super) const MAX_DIGITS: u8 = 19;

/// A number as written. Ordered as nodeset orders: fewer digits first, then by value; so `n1` and `n01` differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Number {
    /// Digits it is written with: at least those that the value needs, at most [`MAX_DIGITS`].
    pub(super) width: u8,
    /// What the digits say.
    pub(super) value: u64,
}

impl Number {
    /// Reads a run of 1 to [`MAX_DIGITS`] ASCII digits; `None` for any other text.
    pub(super) fn read(digits: &str) -> Option<Self> {
        let width = u8::try_from(digits.len()).ok()?;
        let is_number =
            (1..=MAX_DIGITS).contains(&width) && digits.bytes().all(|b| b.is_ascii_digit());
        let value = if is_number {
            digits.parse().ok()?
        } else {
            return None;
        };
        Some(Self { width, value })
    }

    /// The number as it is written without padding.
    pub(super) fn plain(value: u64) -> Self {
        let width = digits_of(value);
        Self { width, value }
    }

    /// True when it starts with a zero that isn't its only digit.
    pub(super) fn is_padded(self) -> bool {
        digits_of(self.value) < self.width
    }

    /// Where it ranks as text (`10` before `9`): nodeset ranks the blocks of a folded set so.
    pub(super) fn as_text(self) -> (u64, u8) {
        let missing = u32::from(MAX_DIGITS - self.width);
        (self.value * 10_u64.pow(missing), self.width)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.value, width = usize::from(self.width))
    }
}

/// Digits that a value needs.
fn digits_of(value: u64) -> u8 {
    value.checked_ilog10().map_or(1, |log| log as u8 + 1)
}
