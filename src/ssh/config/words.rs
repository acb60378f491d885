//! One line of an ssh_config file to its key and words, by the rules of ssh.

/// A line that is neither empty nor a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// In lower case.
    pub(super) key: String,
    /// Its words, without quotes and comment; an error where a quote isn't closed.
    pub(super) words: Result<Vec<String>, String>,
    /// The line after the key as it stands there.
    pub(super) rest: String,
}

impl Line {
    /// Takes a line apart; nothing for an empty line or a comment.
    pub(super) fn cut(text: &str) -> Option<Self> {
        let text = text.trim_end_matches([' ', '\t', '\r', '\n', '\x0c']);
        let text = text.trim_start_matches(BLANKS);
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        let end = text.find(|c| BLANKS.contains(&c) || c == '=');
        let (key, rest) = text.split_at(end.unwrap_or(text.len()));
        let rest = rest.trim_start_matches(BLANKS);
        let rest = rest.strip_prefix('=').unwrap_or(rest);
        let rest = rest.trim_start_matches(BLANKS);
        Some(Self {
            key: key.to_ascii_lowercase(),
            words: words(rest),
            rest: rest.to_owned(),
        })
    }
}

const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// Words as a shell has them, less its expansions. `#` begins a comment where a word could begin.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        while rest.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        match rest.peek() {
            None | Some('#') => return Ok(words),
            Some(_) => words.push(word(&mut rest)?),
        }
    }
}

fn word(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut word = String::new();
    let mut quote = None;
    while let Some(c) = rest.next_if(|c| quote.is_some() || !matches!(c, ' ' | '\t')) {
        match (c, quote) {
            ('\\', _) => {
                let escaped = |next: &char| {
                    matches!(next, '\'' | '"' | '\\') || (*next == ' ' && quote.is_none())
                };
                word.push(rest.next_if(escaped).unwrap_or('\\'));
            }
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, _) => word.push(c),
        }
    }
    match quote {
        Some(_) => Err("a quote is not closed".to_owned()),
        None => Ok(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> (String, Vec<String>) {
        let line = Line::cut(text).expect("a line");
        (line.key, line.words.expect("words"))
    }

    #[test]
    fn keys_and_words_come_apart() {
        for (text, key, words) in [
            ("Port 22", "port", &["22"][..]),
            ("\tPort=22  ", "port", &["22"]),
            ("port = 22 # why", "port", &["22"]),
            ("Host a\t\"b c\" d\\ e", "host", &["a", "b c", "d e"]),
            ("IdentityFile a\"b c\"d", "identityfile", &["ab cd"]),
            ("User 'x\"y'", "user", &["x\"y"]),
            ("User a\\b\\\\", "user", &["a\\b\\"]),
            ("User a#b", "user", &["a#b"]),
            ("User", "user", &[]),
        ] {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            assert_eq!(cut(text), (key.to_owned(), words), "{text}");
        }
        assert_eq!(Line::cut("  # nothing"), None);
        assert_eq!(Line::cut(" \r"), None);
        assert!(Line::cut("User \"a").expect("a line").words.is_err());
        assert_eq!(
            Line::cut("ProxyCommand = nc \"%h\" #1")
                .expect("a line")
                .rest,
            "nc \"%h\" #1"
        );
    }
}
