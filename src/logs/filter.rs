//! Which lines are shown: by pattern, by level, by stream.

use std::{borrow::Cow, collections::BTreeSet};

use regex::bytes::{Regex, RegexBuilder};

use super::{Level, Line, StreamId};
use crate::node::text::styled::{Style, Styled};

/// What a pattern may grow to in memory; a person's own mistake shouldn't take the dashboard down.
const SIZE: usize = 2 << 20;

/// Keeps a line that passes all of it. The default keeps all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// One of these has to be found; none given lets all pass.
    pub grep: Vec<Regex>,
    /// None of these may be found.
    pub exclude: Vec<Regex>,
    /// At least this level; a line without one doesn't pass.
    pub level: Option<Level>,
    /// Only these streams.
    pub streams: Option<BTreeSet<StreamId>>,
}

impl Filter {
    /// Whether the line is shown.
    pub fn keeps(&self, line: &Line) -> bool {
        let is_level = self.level.is_none_or(|least| line.level >= Some(least));
        let is_stream = |streams: &BTreeSet<_>| streams.contains(&line.stream);
        if !is_level || !self.streams.as_ref().is_none_or(is_stream) {
            return false;
        }
        if self.grep.is_empty() && self.exclude.is_empty() {
            return true;
        }
        let text = plain(&line.text);
        let is_found = |pattern: &Regex| pattern.is_match(&text);
        (self.grep.is_empty() || self.grep.iter().any(is_found))
            && !self.exclude.iter().any(is_found)
    }

    /// Every line passes.
    pub fn is_open(&self) -> bool {
        self.grep.is_empty()
            && self.exclude.is_empty()
            && self.level.is_none()
            && self.streams.is_none()
    }
}

/// Builds a pattern as it is written: capitals count.
pub fn exact(pattern: &str) -> Result<Regex, String> {
    build(pattern, false)
}

/// Builds a pattern as people type it at a screen: capitals count only where there is one.
pub fn smart(pattern: &str) -> Result<Regex, String> {
    // A capital in `\S` or `\W` is no letter to look for.
    let mut is_escaped = false;
    let has_capital = pattern.chars().any(|c| {
        let is_plain = !is_escaped;
        is_escaped = c == '\\' && is_plain;
        is_plain && c.is_uppercase()
    });
    build(pattern, !has_capital)
}

fn build(pattern: &str, ignores_case: bool) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(pattern);
    builder
        .case_insensitive(ignores_case)
        .size_limit(SIZE)
        .dfa_size_limit(SIZE);
    builder.build().map_err(|error| reason(&error))
}

/// The last line of the crate's message, which has the reason; the lines before it draw the pattern.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

/// The text as a person sees it: colours within a word hide it from no pattern.
pub(crate) fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\x1b', text).is_none() {
        return Cow::Borrowed(text);
    }
    let line = Styled::line(text, &mut Style::default());
    Cow::Owned(line.text().as_str().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn line(text: &[u8], level: Option<Level>) -> Line {
        Line {
            stream: StreamId(3),
            at_us: None,
            is_stamped: false,
            level,
            is_late: false,
            is_gap: false,
            text: Bytes::copy_from_slice(text),
        }
    }

    #[test]
    fn one_grep_is_enough_and_one_exclude_too_much() {
        let filter = Filter {
            grep: vec![exact("ab+c").unwrap(), exact("^x").unwrap()],
            exclude: vec![exact("never").unwrap()],
            ..Filter::default()
        };
        let keeps = |text: &[u8]| filter.keeps(&line(text, None));
        assert!(keeps(b"an abbbc") && keeps(b"xyz") && keeps(b"x\xff\xfe"));
        assert!(!keeps(b"an ac") && !keeps(b"xyz never") && !keeps(b""));
    }

    #[test]
    fn a_level_is_a_least_one() {
        let filter = Filter {
            level: Some(Level::Warning),
            ..Filter::default()
        };
        assert!(filter.keeps(&line(b"x", Some(Level::Error))));
        assert!(!filter.keeps(&line(b"x", Some(Level::Info))));
        assert!(!filter.keeps(&line(b"x", None)));
    }

    #[test]
    fn streams_are_a_choice() {
        let only = |stream| Filter {
            streams: Some([StreamId(stream)].into()),
            ..Filter::default()
        };
        assert!(only(3).keeps(&line(b"", None)) && !only(4).keeps(&line(b"", None)));
        assert!(Filter::default().is_open() && !only(3).is_open());
    }

    #[test]
    fn colours_within_a_word_hide_nothing() {
        let filter = Filter {
            grep: vec![exact("ERROR: disk").unwrap()],
            ..Filter::default()
        };
        assert!(filter.keeps(&line(b"\x1b[31mERROR\x1b[0m: disk", None)));
    }

    #[test]
    fn capitals_count_where_there_is_one() {
        assert!(smart("err").unwrap().is_match(b"ERR"));
        assert!(!smart("Err").unwrap().is_match(b"ERR"));
        assert!(smart(r"\Serr").unwrap().is_match(b"xERR"));
        assert!(!exact("err").unwrap().is_match(b"ERR"));
    }

    #[test]
    fn a_bad_pattern_says_why_in_one_line() {
        assert_eq!(exact("a(").unwrap_err(), "unclosed group");
        let big = exact(r"(\w{1000}){1000}").unwrap_err();
        assert!(!big.contains('\n'), "{big}");
    }
}
