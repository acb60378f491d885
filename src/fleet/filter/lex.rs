//! A filter's text to words, operators and signs, each with its column.

use super::{Error, Op};

/// One piece of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Op(Op),
    And,
    Or,
    Not,
    Open,
    Close,
}

/// All pieces with the column where each starts, counted from 1.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Error> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        let next = chars.get(at + 1).copied();
        let (token, len) = match (c, next) {
            (c, _) if c.is_whitespace() => {
                at += 1;
                continue;
            }
            ('(', _) => (Token::Open, 1),
            (')', _) => (Token::Close, 1),
            ('&', Some('&')) => (Token::And, 2),
            ('&', _) => (Token::And, 1),
            ('|', Some('|')) => (Token::Or, 2),
            ('|', _) => (Token::Or, 1),
            ('!', Some('=')) => (Token::Op(Op::Differs), 2),
            ('!', _) => (Token::Not, 1),
            ('<', Some('=')) => (Token::Op(Op::AtMost), 2),
            ('<', _) => (Token::Op(Op::Less), 1),
            ('>', Some('=')) => (Token::Op(Op::AtLeast), 2),
            ('>', _) => (Token::Op(Op::More), 1),
            ('=', Some('=')) => (Token::Op(Op::Equal), 2),
            ('=', _) => (Token::Op(Op::Equal), 1),
            _ => word(&chars, at)?,
        };
        out.push((at + 1, token));
        at += len;
    }
    Ok(out)
}

/// A word from `start`, and how many characters it took. Brackets and quotes hide signs in it.
fn word(chars: &[char], start: usize) -> Result<(Token, usize), Error> {
    let mut text = String::new();
    let mut closing = None;
    let mut at = start;
    while let Some(c) = chars.get(at).copied() {
        match (closing, c) {
            (None, '[') => closing = Some((']', at)),
            (None, '"') => closing = Some(('"', at)),
            (Some((wanted, _)), c) if c == wanted => closing = None,
            (None, '!') if chars.get(at + 1) == Some(&'=') => break,
            (None, '&' | '|' | '(' | ')' | '<' | '>' | '=') => break,
            (None, c) if c.is_whitespace() => break,
            _ => {}
        }
        if c != '"' {
            text.push(c);
        }
        at += 1;
    }
    match closing {
        Some((sign, column)) => Err(Error {
            column: column + 1,
            reason: format!("a closing {sign} is missing"),
        }),
        None => Ok((Token::Word(text), at - start)),
    }
}
