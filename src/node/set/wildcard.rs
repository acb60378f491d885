//! Matches a name against a pattern in which `*` is any text, `?` any character, and a range any of its numbers.

use super::{
    number::{MAX_DIGITS, Number},
    pattern::{Part, Pattern},
    ranges::Ranges,
};

/// True when the whole name matches. The ranges are tried in place, so `*[1-1000000]` costs no more than `*`.
pub(super) fn matches(pattern: &Pattern, ranges: &[Ranges], name: &str) -> bool {
    let mut ranges = ranges.iter();
    let mut reached = vec![0];
    for part in pattern.parts() {
        reached = match part {
            Part::Char('*') => anywhere_after(&reached, name),
            Part::Char(wanted) => reached
                .iter()
                .filter_map(|at| character(wanted, name, *at))
                .collect(),
            Part::Number => {
                let axis = ranges.next();
                reached
                    .iter()
                    .flat_map(|at| numbers(axis, name, *at))
                    .collect()
            }
        };
        reached.sort_unstable();
        reached.dedup();
    }
    reached.last() == Some(&name.len())
}

fn anywhere_after(reached: &[usize], name: &str) -> Vec<usize> {
    let from = reached.first().map_or(name.len() + 1, |at| *at);
    (from..=name.len())
        .filter(|at| name.is_char_boundary(*at))
        .collect()
}

/// Where the wanted character ends, if it stands here.
fn character(wanted: char, name: &str, at: usize) -> Option<usize> {
    let c = name.get(at..)?.chars().next()?;
    (wanted == '?' || wanted == c).then(|| at + c.len_utf8())
}

/// Where each number of the ranges that stands here ends.
fn numbers(ranges: Option<&Ranges>, name: &str, at: usize) -> Vec<usize> {
    let ends = (1..=usize::from(MAX_DIGITS)).map(|length| at + length);
    let is_in = |end: &usize| {
        let number = name.get(at..*end).and_then(Number::read);
        number.is_some_and(|number| ranges.is_some_and(|ranges| ranges.contains(number)))
    };
    ends.filter(is_in).collect()
}
