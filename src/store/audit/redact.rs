//! Takes secrets out of a command line. Pure.
//!
//! It knows forms, not secrets: what looks like one goes, and a password that stands where none is expected stays. It
//! rather takes out too much.

#[cfg(test)]
#[path = "redact/tests.rs"]
mod tests;

mod form;
mod program;
mod word;

use form::Form;
use word::Quote;

/// Stands where a secret was.
pub const MARK: &str = "[redacted]";

/// Taking something out shows something new at most a few times: each time the text has more marks in it.
const PASSES: usize = 8;

/// The text with [`MARK`] in the place of passwords, tokens and keys. Redacted text stays as it is.
pub fn redact(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..PASSES {
        let next = pass(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

fn pass(text: &str) -> String {
    let (mut out, mut quote, mut rest) = (String::with_capacity(text.len()), Quote::None, text);
    while !rest.is_empty() {
        let last = out.chars().next_back();
        let (kept, dropped) = match Form::at(rest, last) {
            Some(form) => {
                let inside = quote.after(form.kept(rest));
                (form.kept(rest).len(), form.dropped(rest, inside))
            }
            None => (word::step(rest, quote), 0),
        };
        let (before, after) = rest.split_at(kept);
        quote = quote.after(before);
        out.push_str(before);
        let is_mark = after.starts_with(MARK);
        if dropped > 0 || is_mark {
            out.push_str(MARK);
        }
        let (_, after) = after.split_at(if is_mark { MARK.len() } else { dropped });
        rest = after;
    }
    out
}
