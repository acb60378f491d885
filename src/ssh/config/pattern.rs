//! Patterns with `*` and `?`, and lists of them.

/// True where the pattern stands for the whole text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(seen) {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, seen));
                at += 1;
            }
            (Some(wanted), _) if *wanted == b'?' || wanted == byte => {
                at += 1;
                seen += 1;
            }
            // The last star takes one byte more: no earlier one need be tried again.
            (_, Some((star_at, star_seen))) => {
                star = Some((star_at, star_seen + 1));
                at = star_at + 1;
                seen = star_seen + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

/// A comma-separated list of patterns; a negated one that matches rules the text out.
pub(in crate::ssh) fn in_list(patterns: &str, text: &str) -> bool {
    any(patterns.split(','), text)
}

/// True where one of the patterns matches and none of those with `!` does.
pub(super) fn any<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated, text) => return false,
            Some(_) => {}
            None => found |= matches(pattern, text),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text) in [("*", ""), ("a*c", "abbc"), ("?b", "ab"), ("*.a*", "x.b.ab")] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", "A"), ("a?", "a"), ("*b", "abc")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
        assert!(in_list("a*,!ab", "ac") && !in_list("a*,!ab", "ab") && !in_list("!ab", "ac"));
    }
}
