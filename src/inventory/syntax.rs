//! What the YAML crate says is wrong, in words for who wrote the file.

use serde::de::{Deserialize as _, IgnoredAny};

use super::{fault::Fault, frame::Lines, keys::Kind};

/// Explains an error of the crate's own; `wanted` is what the last scalar had to be.
pub(super) fn explain(text: &str, wanted: Kind, error: &serde_yaml::Error) -> Fault {
    let place = error.location().map_or(0, |place| place.index());
    let at = place.min(text.len());
    let message = error.to_string();
    let found = match &message {
        m if m.contains("invalid type: map") => "a mapping",
        m if m.contains("invalid type: sequence") => "a list",
        m if m.contains("more than one document") => return second_document(text),
        m if m.contains("limit exceeded") => return Fault::at(at, 1, "aliases expand without end"),
        _ => return malformed(text, at, &message),
    };
    let wanted = wanted.describe();
    Fault::at(at, 1, format!("expected {wanted}, found {found}"))
}

/// Where a YAML tag (`!name`, `!!type`, `!<uri>`) stands, and how many characters it has.
///
/// The crate hands over a tag only where it feels like one and drops the others. So the text is read once more with a
/// sign in place of each `!` that may stand inside a text, a quote or a comment but can begin nothing: where the crate
/// stumbles over it, the `!` began a tag.
pub(super) fn tag(text: &str) -> Option<(usize, usize)> {
    if !text.contains('!') {
        return None;
    }
    let lines = text.split_inclusive('\n');
    // A directive may define a handle with it (`%TAG !e! ...`).
    let masked: String = lines
        .map(|line| {
            if line.starts_with('%') {
                line.to_owned()
            } else {
                line.replace('!', "`")
            }
        })
        .collect();
    let read = IgnoredAny::deserialize(serde_yaml::Deserializer::from_str(&masked));
    let at = read.err()?.location()?.index();
    let rest = text.get(at..).filter(|rest| rest.starts_with('!'))?;
    let ends = |c: char| c.is_whitespace() || "[]{},".contains(c);
    Some((at, rest.chars().take_while(|c| !ends(*c)).count()))
}

/// What is said of a tag.
pub(super) const TAG: &str =
    "a YAML tag (`!name`) is not read; leave it out, or put the text in quotes";

fn second_document(text: &str) -> Fault {
    let mut start = 0;
    let mut begun = false;
    for line in text.split_inclusive('\n') {
        if begun && line.starts_with("---") {
            break;
        }
        begun |= !(line.trim().is_empty() || line.starts_with(['#', '%']));
        start += line.len();
    }
    let reason = "a second document starts here; the file is one document";
    Fault::at(start, 3, reason)
}

fn malformed(text: &str, at: usize, message: &str) -> Fault {
    if let Some(tab) = tab_before(text, at) {
        return Fault::at(tab, 1, "a tab indents this line; YAML wants spaces");
    }
    let what = message.split(" at line ").next().unwrap_or(message);
    let what = what.split(" at position ").next().unwrap_or(what);
    let hint = match what {
        w if w.contains("mapping values are not allowed") => {
            "; is the line indented wrongly, or is a text that holds `: ` not in quotes?"
        }
        w if w.contains("cannot start any token") => "; put the text in quotes",
        w if w.contains("unexpected end of stream") => "; a quote is not closed",
        w if w.contains("did not find expected") => {
            "; the indentation differs from the lines above, or a bracket or quote is not closed"
        }
        _ => "",
    };
    let began = began(message).filter(|line| *line != Lines::new(text).number(at));
    let began = began.map_or(String::new(), |line| format!(" (it began in line {line})"));
    Fault::at(at, 1, format!("not valid YAML: {what}{hint}{began}"))
}

/// The line of what was being read, which libyaml gives as context.
fn began(message: &str) -> Option<usize> {
    let (_, context) = message.split_once(", while")?;
    let (_, place) = context.rsplit_once(" at line ")?;
    place.split(' ').next()?.parse().ok()
}

/// A tab in the indentation of the line that holds the offset, or of the line before.
fn tab_before(text: &str, at: usize) -> Option<usize> {
    let ends = text.get(..at)?.rmatch_indices('\n');
    let starts = ends.map(|(end, _)| end + 1).chain([0]);
    let indent_tab = |start: usize| {
        let line = text.get(start..)?;
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        line.get(..indent)?.find('\t').map(|tab| start + tab)
    };
    starts.take(2).find_map(indent_tab)
}
