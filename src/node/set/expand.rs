//! Plain expansion in the written order, for values as well as for names: `10.0.3.[11-26]:22`.

use super::{Error, column, missing_bracket, too_many, written::List};

/// Expands each `[…]` of a text, the last one changing fastest. A comma outside brackets separates texts; no other
/// character is special. Refuses, before expanding, a text that makes more than `cap` results.
pub fn expand(text: &str, cap: usize) -> Result<Vec<String>, Error> {
    let mut expanded = Vec::new();
    if text.trim().is_empty() {
        return Ok(expanded);
    }
    let mut start = 0;
    loop {
        let (pieces, end) = pieces(text, start)?;
        let sizes = pieces
            .iter()
            .map(|(_, list)| list.as_ref().map_or(1, List::len));
        let count = sizes.fold(1, usize::saturating_mul);
        if count > cap.saturating_sub(expanded.len()) {
            return Err(too_many(column(text, start), cap));
        }
        expanded.extend(product(&pieces));
        if end == text.len() {
            return Ok(expanded);
        }
        start = end + 1;
    }
}

/// A literal, and the list that follows it.
type Piece<'a> = (&'a str, Option<List>);

/// The pieces from a place to the next separating comma or the end, and where that is.
fn pieces(text: &str, start: usize) -> Result<(Vec<Piece<'_>>, usize), Error> {
    let (mut pieces, mut at) = (Vec::new(), start);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let stop = rest.find([',', '[', ']']).unwrap_or(rest.len());
        let (literal, rest) = rest.split_at(stop);
        at += stop;
        let Some(inner) = rest.strip_prefix('[') else {
            if rest.starts_with(']') {
                return Err(missing_bracket(text, at, '['));
            }
            pieces.push((literal, None));
            return trimmed(pieces)
                .map(|pieces| (pieces, at))
                .ok_or_else(|| Error {
                    column: column(text, start),
                    reason: "a name is missing beside this comma".into(),
                });
        };
        let Some((list, _)) = inner.split_once(']') else {
            return Err(missing_bracket(text, at, ']'));
        };
        let read = List::read(list).map_err(|error| error.after(text, at + 1))?;
        pieces.push((literal, Some(read)));
        at += list.len() + 2;
    }
}

/// Without the blanks around the whole; `None` when nothing is left.
fn trimmed(mut pieces: Vec<Piece<'_>>) -> Option<Vec<Piece<'_>>> {
    if let Some((first, _)) = pieces.first_mut() {
        *first = first.trim_start();
    }
    if let Some((last, _)) = pieces.last_mut() {
        *last = last.trim_end();
    }
    let is_empty = pieces
        .iter()
        .all(|(literal, list)| literal.is_empty() && list.is_none());
    (!is_empty).then_some(pieces)
}

fn product(pieces: &[Piece<'_>]) -> Vec<String> {
    let mut texts = vec![String::new()];
    for (literal, list) in pieces {
        for text in &mut texts {
            text.push_str(literal);
        }
        if let Some(list) = list {
            let follow = |text: &String| {
                list.numbers()
                    .map(|n| format!("{text}{n}"))
                    .collect::<Vec<_>>()
            };
            texts = texts.iter().flat_map(follow).collect();
        }
    }
    texts
}
