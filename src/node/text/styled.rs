//! `Styled`: a line of a command's output with its colours and nothing else that a terminal would act on.

pub use super::sgr::{Colour, Effect, Effects, Style};

use super::{MAX_CHARS, SafeText, escape, is_dropped, is_plain, row::Row};

#[cfg(test)]
#[path = "styled_tests.rs"]
mod tests;

/// One line of a node's output: the text is as clean as a [`SafeText`], the colours are spans beside it.
///
/// What a terminal would show at the line's end is kept: text that a carriage return or a backspace let overwrite is
/// gone. A line of more than [`MAX_CHARS`] columns is cut and ends in `…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Styled {
    text: SafeText,
    /// Without gaps from the start; empty where all is in the default style.
    spans: Box<[Span]>,
}

/// Text of one style, from the end of the span before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    /// In bytes.
    end: usize,
    style: Style,
}

impl Styled {
    /// Reads one line, its newline already off. The pen is the style at its start, and then that at its end.
    pub fn line(bytes: &[u8], pen: &mut Style) -> Self {
        if bytes.len() <= MAX_CHARS && is_plain(bytes) {
            return Self::of(SafeText::from(bytes), *pen);
        }
        let text = String::from_utf8_lossy(bytes);
        let mut row = Row::new(*pen);
        write(&text, &mut row);
        *pen = row.pen;
        if row.len() > MAX_CHARS {
            row.cut(MAX_CHARS);
        }
        Self::from_row(&row)
    }

    /// Clean text in one style.
    pub fn of(text: SafeText, style: Style) -> Self {
        let span = Span {
            end: text.as_str().len(),
            style,
        };
        let has_style = !style.is_default() && span.end > 0;
        Self {
            text,
            spans: has_style.then_some(span).into_iter().collect(),
        }
    }

    /// The text without its colours.
    pub fn text(&self) -> &SafeText {
        &self.text
    }

    /// The text in pieces of one style each.
    pub fn spans(&self) -> impl Iterator<Item = (&str, Style)> {
        let text = self.text.as_str();
        let whole = Span {
            end: text.len(),
            style: Style::default(),
        };
        let is_whole = self.spans.is_empty() && !text.is_empty();
        let mut start = 0;
        let spans = self.spans.iter().copied();
        spans.chain(is_whole.then_some(whole)).map(move |span| {
            let piece = text.get(start..span.end).unwrap_or_default();
            start = span.end;
            (piece, span.style)
        })
    }

    /// The line with a `…` after it: it goes on in the next one.
    #[must_use]
    pub fn with_mark(self) -> Self {
        let mut pieces = Pieces::default();
        self.spans()
            .for_each(|(text, style)| pieces.push(text, style));
        pieces.push("…", Style::default());
        pieces.finish()
    }

    /// Appends the text for a terminal: the only escape sequences are SGR, and the default style holds after it.
    pub fn write_ansi(&self, out: &mut String, is_coloured: bool) {
        if !is_coloured {
            out.push_str(self.text.as_str());
            return;
        }
        let mut last = Style::default();
        for (text, style) in self.spans() {
            if style != last {
                style.write(out);
            }
            out.push_str(text);
            last = style;
        }
        if !last.is_default() {
            Style::default().write(out);
        }
    }

    fn from_row(row: &Row) -> Self {
        let mut pieces = Pieces::default();
        row.runs(|text, style| pieces.push(text, style));
        pieces.finish()
    }
}

impl From<SafeText> for Styled {
    fn from(text: SafeText) -> Self {
        Self::of(text, Style::default())
    }
}

/// A line while it is put together.
#[derive(Default)]
struct Pieces {
    text: String,
    spans: Vec<Span>,
}

impl Pieces {
    fn push(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        let end = self.text.len();
        match self.spans.last_mut() {
            Some(span) if span.style == style => span.end = end,
            _ => self.spans.push(Span { end, style }),
        }
    }

    fn finish(mut self) -> Styled {
        if self.spans.iter().all(|span| span.style.is_default()) {
            self.spans.clear();
        }
        Styled {
            text: SafeText(self.text.into()),
            spans: self.spans.into(),
        }
    }
}

/// Writes the text into the row until that is full.
fn write(text: &str, row: &mut Row) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let plain = rest
            .bytes()
            .take_while(|b| matches!(b, b' '..=b'~'))
            .count();
        let (run, after) = rest.split_at(plain);
        if plain > 0 {
            row.put_ascii(run);
            rest = after;
        } else if let Some(after) = escape::skip(rest) {
            let length = rest.len() - after.len();
            obey(rest.get(..length).unwrap_or_default(), row);
            rest = after;
        } else {
            put(c, row);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        if row.len() > MAX_CHARS {
            return;
        }
    }
}

fn put(c: char, row: &mut Row) {
    match c {
        '\r' => row.carriage_return(),
        '\u{8}' => row.backspace(),
        '\t' => row.tab(),
        '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => row.line_feed(),
        _ if is_dropped(c) => {}
        _ => row.put(c),
    }
}

/// SGR sets the pen, EL erases; any other sequence does nothing.
fn obey(sequence: &str, row: &mut Row) {
    let body = sequence
        .strip_prefix("\u{1b}[")
        .or_else(|| sequence.strip_prefix('\u{9b}'));
    let Some(body) = body else { return };
    let is_parameter = |b: u8| b.is_ascii_digit() || matches!(b, b';' | b':');
    if let Some(parameters) = body.strip_suffix('m') {
        if parameters.bytes().all(is_parameter) {
            row.pen.apply(parameters);
        }
    } else if matches!(body, "K" | "0K") {
        row.erase_to_end();
    } else if body == "2K" {
        row.erase();
    }
}
