//! Shell quoting, for the places where a user's own text becomes part of a command line. Pure.

/// `text` as one word of a POSIX shell, whatever it holds; a NUL, which no argument can hold, is left out.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', r"'\''"))
}

/// `text` as one word of a shell: as it stands where it is a plain word or a plain path.
pub fn word(text: &str) -> String {
    let plain = |part: &str| part.is_empty() || is_plain_word(part);
    if !text.is_empty() && text.split('/').all(plain) {
        return text.to_owned();
    }
    quoted(text)
}

/// True for text that is one harmless word in every shell as it stands: `[A-Za-z0-9@:._-]`, not beginning with `-`.
pub fn is_plain_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@:._-".contains(&b);
    !text.is_empty() && text.len() <= 255 && !text.starts_with('-') && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Undoes the quoting as a POSIX shell does: quotes, and backslashes outside of them.
    fn word(text: &str) -> Option<String> {
        let (mut plain, mut inside, mut chars) = (String::new(), false, text.chars());
        while let Some(c) = chars.next() {
            match (c, inside) {
                ('\'', _) => inside = !inside,
                ('\\', false) => plain.push(chars.next()?),
                (_, true) => plain.push(c),
                _ => return None,
            }
        }
        (!inside).then_some(plain)
    }

    proptest! {
        #[test]
        fn a_shell_reads_back_what_was_quoted(text in "[^\0]{0,40}") {
            prop_assert_eq!(word(&quoted(&text)), Some(text));
        }

        #[test]
        fn a_plain_word_needs_no_quotes(text in "[ -~]{0,12}") {
            if is_plain_word(&text) {
                prop_assert!(!text.contains([' ', '\'', '$', '`', '*', ';', '/', '~', '\\']));
            }
        }
    }

    #[test]
    fn a_path_is_quoted_only_where_it_must_be() {
        for plain in ["w.yaml", "/etc/ssh/known_hosts", "../a-b/c_d", "/"] {
            assert_eq!(super::word(plain), plain);
        }
        for odd in ["", "my hosts.yaml", "~/x", "-x", "a/-b", "a'b", "$x"] {
            assert_eq!(super::word(odd), quoted(odd));
        }
    }

    #[test]
    fn quotes_and_options_are_covered() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert!(is_plain_word("getty@tty1.service"));
        assert!(!is_plain_word("-rf") && !is_plain_word("a b") && !is_plain_word(""));
    }
}
