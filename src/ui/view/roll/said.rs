//! What the last step of a node has said, as a text to read. Pure.

use std::fmt::Write as _;

use crate::{
    exec::{Capture, NodeResult, Outcome, size::left_out},
    fleet::Rolled,
    node::text::SafeText,
    ui::view::run::span,
};

/// Characters of a line.
const WIDTH: usize = 2_000;

/// A title, and the text; none where no step has ended.
pub(super) fn text(rolled: &Rolled, place: usize) -> Option<(String, String)> {
    let last = rolled.last.get(place)?.as_ref()?;
    let (name, result) = (rolled.wish.nodes.get(place)?.id.as_str(), &last.result);
    let title = format!("{name}: {}", last.what);
    let time = span(result.duration.as_millis() as u64);
    let mut text = format!("{} {} after {time}\n", last.what, how(result));
    let seen = rolled.state.nodes.get(place);
    if let Some(seen) = seen.filter(|seen| !seen.reason.as_str().is_empty()) {
        let _ = writeln!(text, "{}: {}", seen.at.as_str(), seen.reason);
    }
    for (what, capture) in [
        ("standard output", &result.stdout),
        ("standard error", &result.stderr),
    ] {
        if capture.total > 0 {
            let _ = writeln!(text, "\n{what}:");
            put(&mut text, capture);
        }
    }
    if result.stdout.total + result.stderr.total == 0 {
        text += "\nIt has printed nothing.\n";
    }
    Some((title, text))
}

fn how(result: &NodeResult) -> String {
    match &result.outcome {
        Outcome::Exit(code) => format!("ended with exit {code}"),
        Outcome::Signal(name) => format!("was killed by {name}"),
        Outcome::Ok => "ended well".to_owned(),
        outcome => match outcome.reason() {
            "" => outcome.as_str().to_owned(),
            why => format!("{}: {why}", outcome.as_str()),
        },
    }
}

fn put(text: &mut String, capture: &Capture) {
    lines(text, &capture.head);
    if capture.cut() > 0 {
        let _ = writeln!(text, "  {}", left_out(capture.cut()));
        lines(text, &capture.tail);
    }
}

fn lines(text: &mut String, bytes: &[u8]) {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    for line in bytes.split(|byte| *byte == b'\n') {
        let _ = writeln!(text, "  {}", SafeText::line(line, WIDTH));
    }
}
