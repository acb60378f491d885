//! Where brackets of a YAML text nest too deep, found in one pass. The YAML parser looks at each open bracket for each
//! token, so that it has to be known before; and what is a bracket, and what is text or a comment, is told as it tells it.

/// The offset of the bracket that is one too many.
pub(super) fn too_deep(text: &str, most: usize) -> Option<usize> {
    let mut scan = Scan::new(text);
    while let Some(at) = scan.token() {
        if scan.open > most {
            return Some(at);
        }
    }
    None
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the line of `at` begins.
    line: usize,
    /// Brackets that are open.
    open: usize,
    /// Columns of the mappings and lists that are open outside of brackets, each deeper than the one before.
    indents: Vec<usize>,
    /// The column of what may turn out to be a key.
    key: Option<usize>,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 3 * usize::from(text.starts_with('\u{feff}')),
            line: 0,
            open: 0,
            indents: Vec::new(),
            key: None,
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn column(&self) -> usize {
        self.at - self.line
    }

    fn is_blank(&self) -> bool {
        matches!(self.byte(0), Some(b' ' | b'\t'))
    }

    /// Bytes of the line break that begins so far ahead; 0 where none does.
    fn break_at(&self, ahead: usize) -> usize {
        let rest = self.text.get(self.at + ahead..).unwrap_or_default();
        match rest {
            [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
            _ => 0,
        }
    }

    /// True where a word has ended so far ahead.
    fn ends(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), None | Some(b' ' | b'\t')) || self.break_at(ahead) > 0
    }

    /// True for `---` and `...` at the beginning of a line.
    fn is_marker(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_one = rest.starts_with(b"---") || rest.starts_with(b"...");
        self.column() == 0 && is_one && self.ends(3)
    }

    /// Goes over a line break, where there is one.
    fn skip_break(&mut self) -> bool {
        let length = self.break_at(0);
        if length > 0 {
            self.at += length;
            self.line = self.at;
            self.key = None;
        }
        length > 0
    }

    fn skip_line(&mut self) {
        while self.byte(0).is_some() && self.break_at(0) == 0 {
            self.at += 1;
        }
    }

    /// Goes over blanks, empty lines and comments to the next token.
    fn skip_nothing(&mut self) {
        loop {
            while self.is_blank() {
                self.at += 1;
            }
            if self.byte(0) == Some(b'#') {
                self.skip_line();
            }
            if !self.skip_break() {
                return;
            }
        }
    }

    /// Goes over the next token, and says where it began.
    fn token(&mut self) -> Option<usize> {
        self.skip_nothing();
        let (at, byte, column) = (self.at, self.byte(0)?, self.column());
        while self.open == 0 && self.indents.last().is_some_and(|last| *last > column) {
            self.indents.pop();
        }
        let (is_flow, ends) = (self.open > 0, self.ends(1));
        match byte {
            b'%' if column == 0 => self.skip_line(),
            _ if self.is_marker() => {
                self.indents.clear();
                self.at += 3;
            }
            b'-' if ends => self.begin(column),
            b'?' if is_flow || ends => self.begin(column),
            b':' if is_flow || ends => self.begin(self.key.unwrap_or(column)),
            b',' => self.at += 1,
            b']' | b'}' => {
                self.open = self.open.saturating_sub(1);
                self.at += 1;
            }
            b'|' | b'>' if !is_flow => self.block(),
            _ => self.node(byte, column),
        }
        Some(at)
    }

    /// Goes over the sign that makes an entry of a mapping or a list.
    fn begin(&mut self, column: usize) {
        if self.open == 0 && self.indents.last().is_none_or(|last| *last < column) {
            self.indents.push(column);
        }
        self.key = None;
        self.at += 1;
    }

    /// Goes over what may be a key too.
    fn node(&mut self, byte: u8, column: usize) {
        if self.open == 0 {
            self.key.get_or_insert(column);
        }
        match byte {
            b'[' | b'{' => {
                self.open += 1;
                self.at += 1;
            }
            b'"' | b'\'' => self.quoted(byte),
            b'&' | b'*' => {
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
                self.at += 1;
                while self.byte(0).is_some_and(is_name) {
                    self.at += 1;
                }
            }
            b'!' => {
                while !self.ends(0) && !self.byte(0).is_some_and(|byte| b",[]{}".contains(&byte)) {
                    self.at += 1;
                }
            }
            _ => self.plain(),
        }
    }

    fn quoted(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\\' if quote == b'"' => self.at += 1 + usize::from(self.break_at(1) == 0),
                b'\'' if quote == b'\'' && self.byte(1) == Some(b'\'') => self.at += 2,
                _ if byte == quote => {
                    self.at += 1;
                    return;
                }
                _ => self.in_text(),
            }
        }
    }

    fn in_text(&mut self) {
        let key = self.key;
        if !self.skip_break() {
            self.at += 1;
        }
        self.key = key;
    }

    /// Text without quotes, which may go on in the next lines.
    fn plain(&mut self) {
        let least = self.indents.last().map_or(0, |indent| indent + 1);
        loop {
            while !self.ends(0) {
                let byte = self.byte(0).unwrap_or_default();
                let is_over =
                    byte == b':' && self.ends(1) || self.open > 0 && b",[]{}".contains(&byte);
                if is_over {
                    return;
                }
                self.at += 1;
            }
            while self.is_blank() || self.break_at(0) > 0 {
                if !self.skip_break() {
                    self.at += 1;
                }
            }
            let is_back = self.open == 0 && self.column() < least;
            if is_back || self.is_marker() || matches!(self.byte(0), None | Some(b'#')) {
                return;
            }
        }
    }

    /// Text behind `|` or `>`: all lines that are indented as its first one.
    fn block(&mut self) {
        self.at += 1;
        let parent = self.indents.last().copied();
        let mut own = None;
        while let Some(byte) = self.byte(0).filter(|byte| b"+-0123456789".contains(byte)) {
            if byte.is_ascii_digit() {
                own = Some(usize::from(byte - b'0') + parent.unwrap_or(0));
            }
            self.at += 1;
        }
        self.skip_line();
        self.skip_break();
        let start = (self.at, self.line);
        let first = self.blank_lines(usize::MAX);
        (self.at, self.line) = start;
        let indent = own.unwrap_or_else(|| first.max(parent.map_or(1, |parent| parent + 1)));
        while self.blank_lines(indent) >= indent && self.byte(0).is_some() {
            self.skip_line();
            self.skip_break();
        }
        if self.byte(0).is_some() {
            self.at = self.line;
        }
    }

    /// Goes over lines of nothing but spaces, and over spaces of the one behind them up to this many; how many there were
    /// at most.
    fn blank_lines(&mut self, most: usize) -> usize {
        let mut widest = 0;
        loop {
            while self.column() < most && self.byte(0) == Some(b' ') {
                self.at += 1;
            }
            if most == usize::MAX {
                widest = widest.max(self.column());
            } else {
                widest = self.column();
            }
            if !self.skip_break() {
                return widest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::{Deserialize as _, IgnoredAny};

    use super::*;

    /// What is open at the end.
    fn left(text: &str) -> usize {
        let mut scan = Scan::new(text);
        while scan.token().is_some() {}
        scan.open
    }

    fn is_yaml(text: &str) -> bool {
        IgnoredAny::deserialize(serde_yaml::Deserializer::from_str(text)).is_ok()
    }

    #[test]
    fn what_is_no_bracket_nests_nothing() {
        for text in [
            "a: '[' # [",
            "a: \"\\\"[\" #[",
            "a: it's [ # '",
            "a: b\n  'c [\n  #[\nd: ']",
            "a: |\n  [\n\n  '\nb: '['",
            "a:\n  - >2-\n    [\n     [\n  - c",
            "a: |\n\n  [\n '",
            "- a: |\n   [\n  b: '['",
            "a#[: [b#]",
            "&x a: [*x]",
            "*x: |\n [",
            "%TAG ! [\n---\na: [b]\n...\n",
            "a: #\u{2028}[b]\u{85}# [\rc: [d]",
            "? |\n [\n: [']']",
        ] {
            assert_eq!(left(text), 0, "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn what_the_parser_takes_has_all_brackets_closed(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "a", "b: ", "- ", "? ", ": ", ":", "[", "]", "{", "}", ", ", "'", "\"", "\\", "#", " #", "\n", "\n  ",
                    "\n   ", "\n\n", "|\n", ">1\n  ", " ", "\t", "&x ", "*x", "---\n", "k:\n ", "c: |\n  ", "\u{2028}", "\r",
                ]),
                1..14,
            ),
        ) {
            let text = parts.concat();
            if is_yaml(&text) {
                prop_assert_eq!(left(&text), 0, "{:?}", text);
            }
        }
    }
}
