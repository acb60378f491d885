//! Ranges in a value (`10.0.3.[11-26]`): one text per host of the entry.

use crate::node::set;

/// True for a text with a range; `[2001:db8::1]` has none.
pub(super) fn has_range(text: &str) -> bool {
    range(text).is_some()
}

/// The first range: what is before it, what is between its brackets, what is after it.
fn range(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('[')?;
        let close = open + text.get(open..)?.find(']')?;
        let inside = text.get(open + 1..close)?;
        let fits = |byte: u8| byte.is_ascii_digit() || b"-,/".contains(&byte);
        if inside.starts_with(|c: char| c.is_ascii_digit()) && inside.bytes().all(fits) {
            return Some((text.get(..open)?, inside, text.get(close + 1..)?));
        }
        from = open + 1;
    }
}

/// All texts that it stands for; the last range turns fastest. At most `limit`, which is checked before any is made.
pub(super) fn expand(text: &str, limit: usize) -> Result<Vec<String>, String> {
    let mut texts = vec![String::new()];
    let mut rest = text;
    while let Some((before, inside, after)) = range(rest) {
        let room = limit / texts.len().max(1);
        let numbers = set::expand(&format!("[{inside}]"), room).map_err(|error| error.reason)?;
        let with = |text: &String| -> Vec<String> {
            let longer = numbers
                .iter()
                .map(|number| format!("{text}{before}{number}"));
            longer.collect()
        };
        texts = texts.iter().flat_map(with).collect();
        rest = after;
    }
    for text in &mut texts {
        text.push_str(rest);
    }
    Ok(texts)
}
