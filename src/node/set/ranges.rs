//! A set of numbers as sorted spans: the `1-3,007` between the brackets of a folded set.

use std::{fmt, iter};

use super::{number::Number, operator::Operator};

/// Consecutive numbers of one width, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Span {
    pub(super) width: u8,
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Span {
    /// The span of one number.
    pub(super) fn one(number: Number) -> Self {
        let Number { width, value } = number;
        Self {
            width,
            first: value,
            last: value,
        }
    }

    fn len(self) -> usize {
        usize::try_from(self.last - self.first).map_or(usize::MAX, |n| n.saturating_add(1))
    }

    fn number(self, value: u64) -> Number {
        Number {
            width: self.width,
            value,
        }
    }
}

/// A set of numbers. Its spans are sorted, disjoint, and never touch within one width, so equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ranges(Vec<Span>);

impl Ranges {
    /// The set of one number.
    pub(super) fn one(number: Number) -> Self {
        Self(vec![Span::one(number)])
    }

    /// The union of any spans.
    pub(super) fn from_spans(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable();
        spans.dedup_by(|next, kept| {
            let joins = kept.width == next.width && next.first <= kept.last + 1;
            if joins {
                kept.last = kept.last.max(next.last);
            }
            joins
        });
        Self(spans)
    }

    /// The spans, in order.
    pub(super) fn spans(&self) -> &[Span] {
        &self.0
    }

    /// How many numbers; `usize::MAX` when they can't be counted.
    pub(super) fn len(&self) -> usize {
        self.0
            .iter()
            .fold(0, |sum: usize, span| sum.saturating_add(span.len()))
    }

    pub(super) fn contains(&self, number: Number) -> bool {
        let after = self
            .0
            .partition_point(|span| (span.width, span.first) <= (number.width, number.value));
        let before = after.checked_sub(1).and_then(|at| self.0.get(at));
        before.is_some_and(|span| span.width == number.width && number.value <= span.last)
    }

    /// The lowest number.
    pub(super) fn first(&self) -> Option<Number> {
        self.0.first().map(|span| span.number(span.first))
    }

    /// The highest number.
    pub(super) fn last(&self) -> Option<Number> {
        self.0.last().map(|span| span.number(span.last))
    }

    /// Each number, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Number> {
        let numbers = |span: &Span| {
            let span = *span;
            (span.first..=span.last).map(move |value| span.number(value))
        };
        self.0.iter().flat_map(numbers)
    }

    /// True when a printed `first-last` would go from fewer digits to more, as `8-11` does.
    pub(super) fn widens(&self) -> bool {
        self.runs()
            .iter()
            .any(|run| run.first.width != run.last.width)
    }

    /// The numbers that an operator keeps of this set and another.
    pub(super) fn combine(&self, operator: Operator, other: &Self) -> Self {
        let mut edges: Vec<_> = iter::zip(self.edges(), iter::repeat(false))
            .chain(iter::zip(other.edges(), iter::repeat(true)))
            .collect();
        edges.sort_unstable();
        let (mut in_left, mut in_right, mut opened) = (false, false, None);
        let mut spans = Vec::new();
        for group in edges.chunk_by(|(a, _), (b, _)| a == b) {
            for (_, is_right) in group {
                let side = if *is_right {
                    &mut in_right
                } else {
                    &mut in_left
                };
                *side = !*side;
            }
            let Some(&((width, value), _)) = group.first() else {
                continue;
            };
            match (opened, operator.keeps(in_left, in_right)) {
                (None, true) => opened = Some(value),
                (Some(first), false) => {
                    spans.push(Span {
                        width,
                        first,
                        last: value - 1,
                    });
                    opened = None;
                }
                _ => {}
            }
        }
        Self(spans)
    }

    /// Where the set starts and stops: (width, first value inside, then first value outside).
    fn edges(&self) -> impl Iterator<Item = (u8, u64)> {
        let ends = |span: &Span| [(span.width, span.first), (span.width, span.last + 1)];
        self.0.iter().flat_map(ends)
    }

    /// What is printed between commas.
    fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for span in &self.0 {
            let (first, last) = (span.number(span.first), span.number(span.last));
            let mut padding = first.is_padded().then_some(first.width);
            match runs.last_mut() {
                Some(run) if run.goes_on_with(first) => {
                    run.last = last;
                    continue;
                }
                Some(run) if run.is_lone() && run.admits(first) => padding = run.padding,
                _ => {}
            }
            runs.push(Run {
                first,
                last,
                padding,
            });
        }
        runs
    }
}

impl FromIterator<Number> for Ranges {
    fn from_iter<I: IntoIterator<Item = Number>>(numbers: I) -> Self {
        Self::from_spans(numbers.into_iter().map(Span::one).collect())
    }
}

/// `1-3,007`, without brackets.
impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, run) in self.runs().iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{}", run.first)?;
            if !run.is_lone() {
                write!(f, "-{}", run.last)?;
            }
        }
        Ok(())
    }
}

/// Numbers printed as one `first-last`. As in nodeset, `9-10` crosses widths and `09-99` never goes on to `100`.
struct Run {
    first: Number,
    last: Number,
    /// Width that padding fixed. nodeset carries it from a lone number to the next run: `08,10-99,100`.
    padding: Option<u8>,
}

impl Run {
    fn is_lone(&self) -> bool {
        self.first == self.last
    }

    fn admits(&self, number: Number) -> bool {
        match self.padding {
            Some(width) => number.width == width,
            None => !number.is_padded(),
        }
    }

    fn goes_on_with(&self, number: Number) -> bool {
        self.admits(number) && self.last.value + 1 == number.value
    }
}
