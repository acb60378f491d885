//! What was typed before: walked through line by line, or searched.

use super::{fuzzy::Fuzzy, offer::Offer};

/// Lines that are listed while searching.
const MOST: usize = 200;

/// A way through the lines that begin as the text did when it was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Walk {
    stem: String,
    /// How many lines that begin so are between here and the newest; `None` at the text itself.
    at: Option<usize>,
}

impl Walk {
    pub(super) fn new(text: &str) -> Self {
        Self {
            stem: text.to_owned(),
            at: None,
        }
    }

    /// One line further, and what stands there; `None` where there is no further line.
    pub(super) fn step(self, down: bool, history: &[String]) -> Option<(Self, String)> {
        let fits = |line: &&String| line.starts_with(&self.stem) && **line != self.stem;
        let mut lines = history.iter().rev().filter(fits);
        let at = match (self.at, down) {
            (None, true) => return None,
            (None, false) => Some(0),
            (Some(at), true) => at.checked_sub(1),
            (Some(at), false) => Some(at + 1),
        };
        let line = match at {
            None => self.stem.clone(),
            Some(at) => match lines.nth(at) {
                Some(line) => line.clone(),
                // At the oldest one it stays.
                None => history.iter().rev().filter(fits).nth(self.at?)?.clone(),
            },
        };
        let is_there = at.is_none_or(|at| history.iter().rev().filter(fits).nth(at).is_some());
        let at = if is_there { at } else { self.at };
        Some((Self { at, ..self }, line))
    }
}

/// Lines in which what is typed is found, the best first; among equals, and without anything typed, the newest.
pub(super) fn found(typed: &str, history: &[String]) -> Vec<Offer> {
    let lines = history.iter().rev();
    let found = if typed.is_empty() {
        lines.map(|line| (line, Vec::new())).collect()
    } else {
        let mut found: Vec<_> = Fuzzy::whole(typed).ranked(lines.clone(), |line| line.as_str());
        let others = Fuzzy::new(typed).ranked(lines, |line| line.as_str());
        let others = others.into_iter().filter(|(line, _)| !line.contains(typed));
        let others: Vec<_> = others.collect();
        found.extend(others);
        found
    };
    let offer = |(line, hits): (&String, Vec<u32>)| Offer {
        span: 0..0,
        text: line.clone(),
        help: String::new(),
        hits,
    };
    found.into_iter().take(MOST).map(offer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> Vec<String> {
        ["!uptime", "filter web", "!df -h", "!df -i"]
            .map(str::to_owned)
            .into()
    }

    fn walked(text: &str, steps: &str) -> Vec<String> {
        let (mut walk, history) = (Walk::new(text), history());
        let mut lines = Vec::new();
        for step in steps.chars() {
            let Some((next, line)) = walk.clone().step(step == 'd', &history) else {
                lines.push("-".to_owned());
                continue;
            };
            walk = next;
            lines.push(line);
        }
        lines
    }

    #[test]
    fn lines_that_begin_so_are_walked_through() {
        assert_eq!(
            walked("!d", "uuud"),
            ["!df -i", "!df -h", "!df -h", "!df -i"]
        );
        assert_eq!(walked("!d", "udd"), ["!df -i", "!d", "-"]);
        assert_eq!(
            walked("", "uuuuu")[2..],
            ["filter web", "!uptime", "!uptime"]
        );
        assert_eq!(walked("x", "ud"), ["-", "-"]);
    }

    #[test]
    fn lines_are_found_by_a_part_of_them_first() {
        let texts = |typed| -> Vec<String> {
            let found = found(typed, &history());
            found.into_iter().map(|offer| offer.text).collect()
        };
        assert_eq!(texts("df"), ["!df -i", "!df -h"]);
        assert_eq!(texts("ut"), ["!uptime"]);
        assert_eq!(texts("um"), ["!uptime"]);
        assert_eq!(texts("").len(), 4);
        assert!(texts("zzz").is_empty());
    }
}
