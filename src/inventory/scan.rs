//! What is checked on the bytes of a file before a YAML parser sees them.

use super::{brackets, fault::Fault};

/// Brackets that may be open at once. libyaml looks at each of them for each token, so that thousands take minutes.
const MAX_OPEN: usize = 100;

/// Makes text of the bytes; refuses what YAML can't hold.
pub(super) fn text(bytes: &[u8]) -> Result<&str, (String, Fault)> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        let shown = String::from_utf8_lossy(bytes).into_owned();
        (
            shown,
            Fault::at(good, 1, "the file is not UTF-8 from here on"),
        )
    })?;
    match fault(text) {
        Some(fault) => Err((text.to_owned(), fault)),
        None => Ok(text),
    }
}

fn fault(text: &str) -> Option<Fault> {
    let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}');
    if let Some((at, c)) = text.char_indices().find(|(_, c)| bad(*c)) {
        let reason = format!(
            "the control character U+{:04X} can't be in the file",
            u32::from(c)
        );
        return Some(Fault::at(at, 1, reason));
    }
    deep(text)
}

/// Finds the bracket, or the compact list dash, that is nested too deep.
fn deep(text: &str) -> Option<Fault> {
    if let Some(at) = brackets::too_deep(text, MAX_OPEN) {
        let reason = format!("more than {MAX_OPEN} brackets are open here");
        return Some(Fault::at(at, 1, reason));
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let dashes = line.bytes().take_while(|byte| b" -?:".contains(byte));
        if dashes.count() > 1000 {
            let reason = "the line is indented or nested too deep";
            return Some(Fault::at(start, 1, reason));
        }
        start += line.len();
    }
    None
}
