//! Shell text to words and operators (POSIX 2.3, and bash's habits), as far as a guard needs it.

use std::{iter, ops::Range};

use super::expand::{self, FULL, HOLE};

/// One word with its quotes taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Each expansion in it is a [`HOLE`], or [`FULL`] where it can't be empty.
    pub(super) text: String,
    /// Where it is in the text, in bytes.
    pub(super) span: Range<usize>,
    /// The texts of `$(…)`, backquotes and `<(…)` in it.
    pub(super) scripts: Vec<String>,
    /// An unquoted `*`, `?` or `[` is in it.
    pub(super) has_glob: bool,
    /// Some of it is quoted, so it is no reserved word.
    pub(super) is_quoted: bool,
    /// An expansion in it is not quoted, so it may become many words.
    pub(super) is_open: bool,
}

/// What stands between simple commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    Pipe,
    Background,
    Open,
    Close,
    /// `;`, `&&`, `||` or a newline.
    Next,
}

/// What a redirection does with the word that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    Read,
    Write,
    Append,
    /// `>&` or `<&`: a descriptor, or a file.
    Duplicate,
    /// `<<<`.
    Text,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    Between(Between),
    Redirect(Redirect),
    /// The text of a here-document, and whether expansions in it are left alone.
    Document(String, bool),
}

/// A here-document whose text begins after the line's end.
struct Pending {
    delimiter: String,
    is_quoted: bool,
    strips_tabs: bool,
    /// Its token.
    at: usize,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    word: Option<Word>,
    pending: Vec<Pending>,
}

/// All tokens of a text; whatever isn't ended ends with the text.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
        word: None,
        pending: Vec::new(),
    };
    while let Some(c) = lexer.peek() {
        lexer.step(c);
    }
    lexer.end_word();
    lexer.tokens
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, start: &str) -> bool {
        let is_there = self.rest().starts_with(start);
        self.at += if is_there { start.len() } else { 0 };
        is_there
    }

    fn word(&mut self) -> &mut Word {
        let start = self.at;
        self.word.get_or_insert_with(|| Word {
            span: start..start,
            ..Word::default()
        })
    }

    fn push(&mut self, c: char) {
        self.word().text.push(c);
    }

    fn quoted(&mut self) -> &mut Word {
        let word = self.word();
        word.is_quoted = true;
        word
    }

    fn end_word(&mut self) {
        if let Some(mut word) = self.word.take() {
            word.span.end = self.at;
            self.tokens.push(Token::Word(word));
        }
    }

    fn step(&mut self, c: char) {
        match c {
            ' ' | '\t' | '\r' => {
                self.end_word();
                self.bump();
            }
            '\n' => self.newline(),
            '#' if self.word.is_none() => self.comment(),
            ';' | '|' | '&' | '(' | ')' => self.operator(c),
            '<' | '>' => self.redirect(),
            '\\' => self.escaped(),
            '\'' => self.single(),
            '"' => self.double(),
            '`' => self.backquote(false),
            '$' => self.dollar(false),
            _ => {
                self.word().has_glob |= matches!(c, '*' | '?' | '[');
                self.push(c);
                self.bump();
            }
        }
    }

    fn newline(&mut self) {
        self.end_word();
        self.bump();
        for pending in std::mem::take(&mut self.pending) {
            let body = self.document(&pending);
            if let Some(token) = self.tokens.get_mut(pending.at) {
                *token = Token::Document(body, pending.is_quoted);
            }
        }
        self.tokens.push(Token::Between(Between::Next));
    }

    fn comment(&mut self) {
        let length = self.rest().find('\n');
        self.at = length.map_or(self.text.len(), |length| self.at + length);
    }

    fn operator(&mut self, c: char) {
        self.end_word();
        if self.eat("&>") {
            self.eat(">");
            return self.tokens.push(Token::Redirect(Redirect::Write));
        }
        self.bump();
        let between = match c {
            '|' if self.eat("|") => Between::Next,
            '|' => {
                self.eat("&");
                Between::Pipe
            }
            '&' if self.eat("&") => Between::Next,
            '&' => Between::Background,
            '(' => Between::Open,
            ')' => Between::Close,
            _ => Between::Next,
        };
        self.tokens.push(Token::Between(between));
    }

    fn redirect(&mut self) {
        if self.rest().starts_with("<(") || self.rest().starts_with(">(") {
            self.word();
            self.bump();
            return self.substitution(false);
        }
        let is_descriptor = |w: &mut Word| w.text.bytes().all(|b| b.is_ascii_digit());
        self.word.take_if(is_descriptor);
        self.end_word();
        let redirect = match () {
            () if self.eat("<<<") => Redirect::Text,
            () if self.eat("<<-") => return self.here(true),
            () if self.eat("<<") => return self.here(false),
            () if self.eat("<&") || self.eat(">&") => Redirect::Duplicate,
            () if self.eat("<>") || self.eat(">|") => Redirect::Write,
            () if self.eat(">>") => Redirect::Append,
            () if self.eat(">") => Redirect::Write,
            () => {
                self.bump();
                Redirect::Read
            }
        };
        self.tokens.push(Token::Redirect(redirect));
    }

    /// The delimiter of a here-document.
    fn here(&mut self, strips_tabs: bool) {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.bump();
        }
        self.word = None;
        while let Some(c) = self.peek() {
            if matches!(
                c,
                ' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>'
            ) {
                break;
            }
            self.step(c);
        }
        let word = self.word.take().unwrap_or_default();
        self.pending.push(Pending {
            delimiter: word.text,
            is_quoted: word.is_quoted,
            strips_tabs,
            at: self.tokens.len(),
        });
        self.tokens.push(Token::Document(String::new(), true));
    }

    fn document(&mut self, pending: &Pending) -> String {
        let start = self.at;
        while self.at < self.text.len() {
            let end = self.at;
            let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
            self.at += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            let line = if pending.strips_tabs {
                line.trim_start_matches('\t')
            } else {
                line
            };
            if line == pending.delimiter {
                return self.text.get(start..end).unwrap_or_default().to_owned();
            }
        }
        self.text.get(start..).unwrap_or_default().to_owned()
    }

    fn escaped(&mut self) {
        self.quoted();
        self.bump();
        match self.bump() {
            Some('\n') | None => {}
            Some(c) => self.push(c),
        }
    }

    fn single(&mut self) {
        self.quoted();
        self.bump();
        let rest = self.rest();
        let length = rest.find('\'').unwrap_or(rest.len());
        let inside = rest.get(..length).unwrap_or_default();
        self.word().text.push_str(inside);
        self.at = (self.at + length + 1).min(self.text.len());
    }

    fn double(&mut self) {
        self.quoted();
        self.bump();
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.bump();
                    return;
                }
                '`' => self.backquote(true),
                '$' => self.dollar(true),
                '\\' => self.escaped_in_double(),
                _ => {
                    self.push(c);
                    self.bump();
                }
            }
        }
    }

    fn escaped_in_double(&mut self) {
        self.bump();
        match self.peek() {
            Some('\n') => drop(self.bump()),
            Some(c @ ('$' | '`' | '"' | '\\')) => {
                self.push(c);
                self.bump();
            }
            _ => self.push('\\'),
        }
    }

    fn hole(&mut self, hole: char, is_quoted: bool) {
        self.word().is_open |= !is_quoted;
        self.push(hole);
    }

    fn script(&mut self, text: String) {
        self.word().scripts.push(text);
    }

    fn backquote(&mut self, is_quoted: bool) {
        self.hole(HOLE, is_quoted);
        self.bump();
        let (script, length) = expand::backquoted(self.rest());
        self.script(script);
        self.at += length;
    }

    fn dollar(&mut self, is_quoted: bool) {
        self.word();
        self.bump();
        match self.peek() {
            Some('(') => self.substitution(is_quoted),
            Some('{') => self.parameter(is_quoted),
            Some('\'') if !is_quoted => self.ansi_c(),
            Some('"') if !is_quoted => self.double(),
            Some('?' | '$' | '#' | '!') => {
                self.bump();
                self.hole(FULL, is_quoted);
            }
            Some('@' | '*' | '-' | '0'..='9') => {
                self.bump();
                self.hole(HOLE, is_quoted);
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
                self.at += self.rest().bytes().take_while(is_name).count();
                self.hole(HOLE, is_quoted);
            }
            _ => self.push('$'),
        }
    }

    /// `$(…)`, `$((…))` or `<(…)`, from its bracket on.
    fn substitution(&mut self, is_quoted: bool) {
        self.hole(HOLE, is_quoted);
        let inside = self.bracketed(')');
        let sum = inside
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'));
        match sum {
            Some(sum) => self.word().scripts.extend(expand::substitutions(sum)),
            None => self.script(inside.to_owned()),
        }
    }

    /// `${…}`, from its bracket on.
    fn parameter(&mut self, is_quoted: bool) {
        let inside = self.bracketed('}');
        let hole = if expand::is_never_empty(inside) {
            FULL
        } else {
            HOLE
        };
        self.hole(hole, is_quoted);
        self.word().scripts.extend(expand::substitutions(inside));
    }

    /// What is between the bracket that comes next and the one that closes it.
    fn bracketed(&mut self, closing: char) -> &'a str {
        self.bump();
        let rest = self.rest();
        let length = expand::closing(rest, closing);
        self.at = (self.at + length + 1).min(self.text.len());
        rest.get(..length).unwrap_or_default()
    }

    /// `$'…'`.
    fn ansi_c(&mut self) {
        self.quoted();
        self.bump();
        while let Some(c) = self.bump() {
            match c {
                '\'' => return,
                '\\' => self.ansi_c_escape(),
                _ => self.push(c),
            }
        }
    }

    fn ansi_c_escape(&mut self) {
        let Some(c) = self.bump() else { return };
        let (radix, most) = match c {
            'x' => (16, 2),
            'u' => (16, 4),
            'U' => (16, 8),
            '0'..='7' => (8, 2),
            'n' => return self.push('\n'),
            't' => return self.push('\t'),
            _ => return self.push(c),
        };
        let first = if radix == 8 { c.to_digit(8) } else { None };
        let mut digits: Vec<u32> = first.into_iter().collect();
        let more = self.rest().chars().map_while(|c| c.to_digit(radix));
        digits.extend(more.take(most));
        self.at += digits.len() - usize::from(first.is_some());
        let code = digits
            .iter()
            .fold(0_u32, |n, digit| n.wrapping_mul(radix).wrapping_add(*digit));
        self.push(char::from_u32(code).unwrap_or('\u{fffd}'));
    }
}

impl Word {
    /// What the word may be after brace expansion, of one pair of braces.
    pub(super) fn alternatives(&self) -> Vec<String> {
        let parts = self.text.split_once('{').and_then(|(before, rest)| {
            let (inside, after) = rest.split_once('}')?;
            Some((before, inside, after))
        });
        match parts {
            Some((before, inside, after)) if inside.contains(',') => inside
                .split(',')
                .take(100)
                .map(|each| format!("{before}{each}{after}"))
                .collect(),
            _ => iter::once(self.text.clone()).collect(),
        }
    }
}
