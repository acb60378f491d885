//! The lines of a file around a place, without what must not be shown.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

/// The lines of a file, for offsets to positions.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// The line, counted from 1.
    pub(super) fn number(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).max(1)
    }

    /// Line and column in characters, both counted from 1.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let line = self.number(at);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or("");
        (
            line,
            before.trim_start_matches('\u{feff}').chars().count() + 1,
        )
    }

    fn line(&self, number: usize) -> Option<&'a str> {
        let start = *self.starts.get(number.checked_sub(1)?)?;
        let rest = self.text.get(start..)?;
        let line = rest.split('\n').next().unwrap_or("");
        Some(line.trim_end_matches('\r').trim_start_matches('\u{feff}'))
    }
}

/// The widest part of a line that a frame shows, in characters.
const SHOWN: usize = 100;

/// The line with a caret below it, between its neighbours.
pub(super) fn frame(lines: &Lines<'_>, line: usize, column: usize, width: usize) -> String {
    let last = (line + 1).min(lines.starts.len());
    let gutter = last.to_string().len();
    let skipped = (column - 1).saturating_sub(SHOWN * 2 / 3);
    let mut out = format!("{:gutter$} |", "");
    for number in line.saturating_sub(1).max(1)..=last {
        let Some(raw) = lines.line(number) else {
            continue;
        };
        let ends_file = number == lines.starts.len() && raw.is_empty();
        if ends_file && number != line {
            continue;
        }
        let whole = shown(lines, number, raw);
        let seen: String = whole.chars().skip(skipped).take(SHOWN).collect();
        let _ = write!(out, "\n{number:gutter$} | {seen}");
        out.truncate(out.trim_end().len());
        if number == line {
            let before: String = seen.chars().take(column - 1 - skipped).collect();
            let left = seen.chars().count().saturating_sub(column - 1 - skipped);
            let carets = "^".repeat(width.clamp(1, left.max(1)));
            let _ = write!(out, "\n{:gutter$} | {:2$}{carets}", "", "", before.width());
        }
    }
    out
}

/// A line without control characters and without a value that may be a secret.
fn shown(lines: &Lines<'_>, number: usize, raw: &str) -> String {
    let secret = may_hold_secret(raw);
    let under_secret = !secret && is_under_secret(lines, number, raw);
    let visible = match raw.find(':') {
        _ if under_secret => "",
        Some(colon) if secret => raw.get(..=colon).unwrap_or(""),
        None if secret => "",
        _ => raw,
    };
    let mut clean: String = visible.chars().map(printable).collect();
    if secret || under_secret {
        let indent = raw.len() - raw.trim_start().len();
        if under_secret {
            clean = " ".repeat(indent);
        }
        clean.push_str(if secret { " (hidden)" } else { "(hidden)" });
    }
    clean
}

/// The character itself, or a stand-in of the same width for one that must not reach a terminal.
fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {
            '\u{fffd}'
        }
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

fn may_hold_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let words = ["pass", "secret", "token", "api_key", "credential"];
    let login = |word: &str| {
        word.split_once('@')
            .is_some_and(|(login, _)| login.contains(':'))
    };
    words.iter().any(|word| line.contains(word)) || line.split_whitespace().any(login)
}

/// True for a continuation line: a line above, less indented or left open, names a secret.
fn is_under_secret(lines: &Lines<'_>, number: usize, raw: &str) -> bool {
    let indent_of = |line: &str| line.len() - line.trim_start().len();
    let mut indent = indent_of(raw);
    let mut nearest = true;
    for above in (1..number).rev().take(200) {
        let Some(line) = lines.line(above).filter(|line| !line.trim().is_empty()) else {
            continue;
        };
        let open = nearest && line.trim_end().ends_with([':', '|', '>', '-', '"', '\\']);
        if (indent_of(line) < indent || open) && may_hold_secret(line) {
            return true;
        }
        nearest = false;
        indent = indent.min(indent_of(line));
        if indent == 0 {
            return false;
        }
    }
    false
}
