//! Output of commands in JSON, so that every byte can be had back and no character acts on whoever looks at it. Pure.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Value, json};

/// `{"text": ...}`, or `{"base64": ...}` for what is not UTF-8.
pub fn output(bytes: &[u8]) -> Value {
    match str::from_utf8(bytes) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}

/// One line of JSON, its newline left out: what a terminal or an editor would obey or reorder is written as `\u`.
pub fn line(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    // Beyond ASCII there is nothing but the insides of strings, and there an escape may stand for any character.
    if !text.contains(is_active) {
        return Ok(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_active(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                _ = write!(line, "\\u{unit:04x}");
            }
        } else {
            line.push(c);
        }
    }
    Ok(line)
}

/// DEL, C1 and what reorders, hides or ends a line: serde_json escapes only C0.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_text_is_base64() {
        assert_eq!(output(b"a\n\0").to_string(), r#"{"text":"a\n\u0000"}"#);
        assert_eq!(output(b"\xff\0").to_string(), r#"{"base64":"/wA="}"#);
        assert_eq!(output(b"\xc0\x80")["base64"], "wIA=", "overlong");
        assert_eq!(
            output(b"\xed\xa0\x80")["base64"],
            "7aCA",
            "a lone surrogate"
        );
    }

    #[test]
    fn what_acts_is_escaped() {
        let text = "\u{1b}\u{7f}\u{9b}\u{202e}\u{2028}\u{e0041}\u{65e5}";
        let expected = "{\"text\":\"\\u001b\\u007f\\u009b\\u202e\\u2028\\udb40\\udc41\u{65e5}\"}";
        assert_eq!(line(&output(text.as_bytes())).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn every_byte_can_be_had_back(bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            ".{0,20}".prop_map(String::into_bytes),
        ]) {
            let line = line(&output(&bytes)).unwrap();
            prop_assert!(!line.contains(is_active));
            let value: Value = serde_json::from_str(&line).unwrap();
            let back = match value["text"].as_str() {
                Some(text) => text.as_bytes().to_vec(),
                None => STANDARD.decode(value["base64"].as_str().unwrap()).unwrap(),
            };
            prop_assert_eq!(back, bytes);
        }
    }
}
