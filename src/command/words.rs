//! The words of a line that is being typed, as a shell reads them, each with its place.

use std::{iter::Peekable, ops::Range, str::CharIndices};

/// A word, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it comes to.
    pub text: String,
    /// Where it stands in the line, in bytes, with its quotes.
    pub span: Range<usize>,
    /// A quote is not closed, or a backslash stands last.
    pub is_open: bool,
}

/// All words. Nothing is expanded; an open quote reaches to the end.
pub fn words(line: &str) -> Vec<Word> {
    let mut chars = line.char_indices().peekable();
    let mut all = Vec::new();
    loop {
        while chars.next_if(|(_, c)| c.is_ascii_whitespace()).is_some() {}
        let Some((start, _)) = chars.peek().copied() else {
            return all;
        };
        let mut word = Word {
            text: String::new(),
            span: start..line.len(),
            is_open: false,
        };
        while let Some((_, c)) = chars.next_if(|(_, c)| !c.is_ascii_whitespace()) {
            piece(c, &mut chars, &mut word);
        }
        word.span.end = chars.peek().map_or(line.len(), |(at, _)| *at);
        all.push(word);
    }
}

/// One character, or all that is quoted from it on.
fn piece(first: char, chars: &mut Peekable<CharIndices<'_>>, word: &mut Word) {
    match first {
        '\\' => match chars.next() {
            Some((_, '\n')) => {}
            Some((_, c)) => word.text.push(c),
            None => word.is_open = true,
        },
        '\'' | '"' => {
            word.is_open = true;
            while let Some((_, c)) = chars.next() {
                if c == first {
                    word.is_open = false;
                    return;
                }
                if first == '"' && c == '\\' {
                    escaped(chars, word);
                } else {
                    word.text.push(c);
                }
            }
        }
        c => word.text.push(c),
    }
}

/// Within double quotes a backslash is one unless it is needed (POSIX XCU 2.2.3).
fn escaped(chars: &mut Peekable<CharIndices<'_>>, word: &mut Word) {
    match chars.next_if(|(_, c)| matches!(c, '$' | '`' | '"' | '\\' | '\n')) {
        Some((_, '\n')) => {}
        Some((_, c)) => word.text.push(c),
        None => word.text.push('\\'),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_word_knows_its_place() {
        let line = " exec 'a b'\"c\"  d\\ e";
        let found = words(line);
        let texts: Vec<&str> = found.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(texts, ["exec", "a bc", "d e"]);
        let spans: Vec<&str> = found.iter().map(|w| &line[w.span.clone()]).collect();
        assert_eq!(spans, ["exec", "'a b'\"c\"", "d\\ e"]);
    }

    #[test]
    fn an_open_quote_is_a_word_all_the_same() {
        for (line, text) in [("x 'a b", "a b"), ("x \"a b", "a b"), ("x a\\", "a")] {
            let last = words(line).pop().unwrap();
            assert_eq!((last.text.as_str(), last.is_open), (text, true), "{line}");
        }
    }

    proptest! {
        #[test]
        fn words_are_those_of_another_reader(line in "[ab \t\n\\\\'\"$`-]{0,12}") {
            let ours = words(&line);
            // A comment ends a line of theirs; there is no `#` here.
            if let Some(theirs) = shlex::split(&line) {
                let texts: Vec<String> = ours.into_iter().map(|w| w.text).collect();
                // A backslash before a line's end leaves an empty word there.
                let texts: Vec<&String> = texts.iter().filter(|t| !t.is_empty()).collect();
                let theirs: Vec<&String> = theirs.iter().filter(|t| !t.is_empty()).collect();
                prop_assert_eq!(texts, theirs);
            }
        }

        #[test]
        fn spans_lie_in_order_within_the_line(line in "\\PC{0,20}") {
            let mut end = 0;
            for word in words(&line) {
                prop_assert!(word.span.start >= end && line.get(word.span.clone()).is_some());
                end = word.span.end;
            }
        }
    }
}
