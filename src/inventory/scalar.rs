//! One scalar of hosts.yaml: text to a checked value, or what is wrong with it.

use super::{
    duration, endpoint,
    keys::{Kind, nearest},
};
use crate::node::valid_name;

/// Shows a piece of the file inside a message: short, on one line, nothing that a terminal obeys.
pub(crate) fn quoted(text: &str) -> String {
    let cut = text.chars().count() > 60;
    let clean: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    format!(
        "`{}{}`",
        clean.replace("\\\"", "\"").replace("\\'", "'"),
        if cut { "…" } else { "" }
    )
}

/// Checks a scalar against what its key takes.
pub(super) fn check(kind: Kind, text: &str) -> Result<(), String> {
    match kind {
        Kind::Script => clean(text, "\n\t"),
        Kind::Name if valid_name(text) => Ok(()),
        Kind::Name => Err(bad_name(text)),
        Kind::DaemonName => endpoint::daemon_name(text),
        Kind::Bool => boolean(text).map(drop),
        Kind::Port => port(text).map(drop),
        Kind::Duration => duration::positive(text).map(drop),
        Kind::Timeout => duration::timeout(text).map(drop),
        Kind::Interval => duration::interval(text).map(drop),
        Kind::Host => endpoint::host(text),
        Kind::User => endpoint::user(text),
        Kind::Hop => endpoint::hops(text),
        Kind::Path | Kind::NodePath if text.is_empty() => Err("the path is empty".into()),
        Kind::Url => endpoint::url(text),
        Kind::Store => endpoint::store(text),
        Kind::Word(words) => word(words, text).map(drop),
        Kind::List(kind) | Kind::OneOrList(kind) => check(*kind, text),
        _ => clean(text, ""),
    }
}

/// What is wrong with a name that `valid_name` refused.
pub(super) fn bad_name(name: &str) -> String {
    let shown = quoted(name);
    if name.is_empty() {
        return "the name is empty".into();
    }
    if name.starts_with('-') {
        return format!("{shown} starts with `-`; a command would take it for an option");
    }
    let illegal = |c: &char| !(c.is_ascii_alphanumeric() || "._-".contains(*c));
    match name.chars().find(illegal) {
        Some(c) => format!(
            "{shown} holds {}; a name has only letters, digits, `.`, `_` and `-`",
            character(c)
        ),
        None => format!("{shown} is longer than 253 characters"),
    }
}

/// A character as a message calls it.
pub(super) fn character(c: char) -> String {
    match c {
        ' ' => "a space".into(),
        c if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
        c if c.is_ascii() => format!("`{c}`"),
        c => format!("the character U+{:04X}", u32::from(c)),
    }
}

/// Checks a key of `hosts`, before it is read as a node set.
pub(super) fn host_key(key: &str) -> Result<(), String> {
    let foreign = |c: char| !(c.is_ascii_alphanumeric() || "._-[],/!&^".contains(c));
    if key.is_empty() || key.starts_with('-') || key.contains(foreign) {
        return Err(bad_name(key));
    }
    Ok(())
}

/// Checks the key of a label.
pub(super) fn label(key: &str) -> Result<(), String> {
    if names_secret(key) {
        return Err(format!("{}: {NO_SECRETS}", quoted(key)));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if key.is_empty() || key.starts_with('-') || !key.chars().all(fits) {
        let key = quoted(key);
        return Err(format!(
            "the label {key} may hold only letters, digits, `.`, `_`, `-` and `/`"
        ));
    }
    Ok(())
}

/// Refuses control characters but those in `allowed`.
pub(super) fn clean(text: &str, allowed: &str) -> Result<(), String> {
    let bad = |c: &char| (c.is_control() && !allowed.contains(*c)) || is_bidi(*c);
    match text.chars().find(bad) {
        Some('\n') => Err("the value has several lines; it has to be one".into()),
        Some(c) => Err(format!("the value holds {}", character(c))),
        None => Ok(()),
    }
}

/// Characters that change the order in which text is shown, so that it reads as something else.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Parses 1 to 65535.
pub(super) fn port(text: &str) -> Result<u16, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if port > 0 && digits => Ok(port),
        _ => Err(format!(
            "{} is not a port; a port is 1 to 65535",
            quoted(text)
        )),
    }
}

/// Parses `true` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        _ => Err(format!("{} is neither true nor false", quoted(text))),
    }
}

/// Finds one of a few words.
pub(super) fn word(words: &'static [&'static str], text: &str) -> Result<&'static str, String> {
    if let Some(word) = words.iter().find(|word| **word == text) {
        return Ok(word);
    }
    let hint = match nearest(text, words.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("it is one of {}", words.join(", ")),
    };
    Err(format!("{} is not known here; {hint}", quoted(text)))
}

/// Why a literal secret is refused, and what to write.
pub(super) const NO_SECRETS: &str = "secrets do not belong in hosts.yaml; \
     write {env: NAME} or {command: \"...\"} where one is read, and for SSH use a key or an agent, or type it when asked";

/// True for a key that names a literal secret.
pub(super) fn names_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let parts = ["password", "passphrase", "passwd", "api_key", "apikey"];
    parts.iter().any(|part| key.contains(part))
        || ["token", "secret", "pass"].contains(&key.as_str())
        || ["_token", "_secret", "_pass"]
            .iter()
            .any(|end| key.ends_with(end))
}
