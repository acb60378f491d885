//! Quotes and words as a shell has them, as far as it takes to see where a value ends.

/// Which quotes a place stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    Single,
    Double,
}

impl Quote {
    /// The quotes that one is in after this text.
    pub(super) fn after(self, text: &str) -> Self {
        let (mut quote, mut rest) = (self, text);
        while let Some(c) = rest.chars().next() {
            let (_, after) = rest.split_at(step(rest, quote));
            quote = match (quote, c) {
                (Self::None, '\'') => Self::Single,
                (Self::None, '"') => Self::Double,
                (Self::Single, '\'') | (Self::Double, '"') => Self::None,
                _ => quote,
            };
            rest = after;
        }
        quote
    }
}

/// Bytes of the next character, with the one that a backslash takes along.
pub(super) fn step(text: &str, quote: Quote) -> usize {
    let mut chars = text.chars();
    let escapes = chars.next() == Some('\\') && quote != Quote::Single;
    if escapes {
        chars.next();
    }
    text.len() - chars.as_str().len()
}

/// Bytes of a value that begins here: to the end of its quotes, or of its word.
pub(super) fn value(text: &str, quote: Quote) -> usize {
    let within = match quote {
        Quote::None => return word(text),
        Quote::Single => to_quote(text, '\'', Quote::Single),
        Quote::Double => to_quote(text, '"', Quote::Double),
    };
    let (inside, _) = text.split_at(within);
    // A string within the quotes, as in '{"password":"x","user":"y"}'.
    match inside.chars().next() {
        Some(open @ ('"' | '\'')) => {
            let (_, string) = inside.split_at(1);
            let end = 1 + to_quote(string, open, Quote::Double);
            (end + 1).min(inside.len())
        }
        _ => within,
    }
}

/// Bytes to the blank that ends a word, or to the end of the quotes that it is in.
pub(super) fn argument(text: &str, quote: Quote) -> usize {
    match quote {
        Quote::None => word(text),
        Quote::Single | Quote::Double => {
            let (inside, _) = text.split_at(value(text, quote));
            if inside.starts_with(['"', '\'']) {
                return inside.len();
            }
            let blank = inside.find(|c: char| c.is_ascii_whitespace());
            blank.unwrap_or(inside.len())
        }
    }
}

fn to_quote(text: &str, end: char, quote: Quote) -> usize {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == end {
            break;
        }
        (_, rest) = rest.split_at(step(rest, quote));
    }
    text.len() - rest.len()
}

/// Bytes of a shell word: quoted parts and substitutions belong to it.
fn word(text: &str) -> usize {
    let (mut rest, mut depth, mut last) = (text, 0_usize, ' ');
    while let Some(c) = rest.chars().next() {
        let within = match c {
            '\'' => 1 + to_quote(after(rest, 1), '\'', Quote::Single),
            '"' => 1 + to_quote(after(rest, 1), '"', Quote::Double),
            '`' => 1 + to_quote(after(rest, 1), '`', Quote::Double),
            _ => 0,
        };
        match c {
            '(' if depth > 0 || last == '$' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
            c if c.is_ascii_whitespace() => break,
            _ => {}
        }
        last = c;
        rest = after(rest, within);
        rest = after(rest, step(rest, Quote::None).min(rest.len()));
    }
    text.len() - rest.len()
}

fn after(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or_default()
}
