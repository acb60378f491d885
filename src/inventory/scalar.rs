//! One scalar of hosts.yaml: text to a checked value, or what is wrong with it.

use std::time::Duration;

use super::keys::{Kind, nearest};
use crate::node::valid_name;

/// Shows a piece of the file inside a message: short, on one line, nothing that a terminal obeys.
pub(super) fn quoted(text: &str) -> String {
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
        Kind::DaemonName => daemon_name(text),
        Kind::Bool => boolean(text).map(drop),
        Kind::Port => port(text).map(drop),
        Kind::Duration => duration(text).map(drop),
        Kind::Timeout => timeout(text).map(drop),
        Kind::Interval => interval(text).map(drop),
        Kind::Host => host(text),
        Kind::User => user(text),
        Kind::Hop => hop(text),
        Kind::Path | Kind::NodePath if text.is_empty() => Err("the path is empty".into()),
        Kind::Url => url(text),
        Kind::Store => store(text),
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

fn character(c: char) -> String {
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
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Refuses what a shell, a proxy command or an option parser could take for something else (CVE-2023-51385).
fn plain(what: &str, text: &str, allowed: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{what} is empty"));
    }
    if text.starts_with('-') {
        return Err(format!(
            "{what} {} starts with `-`; a command would take it for an option",
            quoted(text)
        ));
    }
    let illegal = |c: &char| !(c.is_ascii_alphanumeric() || allowed.contains(*c));
    match text.chars().find(illegal) {
        Some(c) => Err(format!(
            "{what} {} holds {}, which it can't",
            quoted(text),
            character(c)
        )),
        None if text.len() > 253 => Err(format!("{what} is longer than 253 characters")),
        None => Ok(()),
    }
}

fn daemon_name(text: &str) -> Result<(), String> {
    plain("the daemon's name", text, "._-@:/+")
}

fn user(text: &str) -> Result<(), String> {
    plain("the user", text, "._-@+")
}

fn host(text: &str) -> Result<(), String> {
    if text.starts_with('[') && text.ends_with(']') {
        return Err(format!(
            "write the IPv6 address {} without brackets",
            quoted(text)
        ));
    }
    if text.contains(['/', '@']) {
        return Err("this is not a host name; leave out scheme, path and login".into());
    }
    let (name, zone) = text.split_once('%').unwrap_or((text, "0"));
    plain("the host", zone, "._-")?;
    if !name.contains(':') {
        return plain("the host", name, "._-");
    }
    name.parse::<std::net::Ipv6Addr>().map(drop).map_err(|_| {
        format!(
            "{} is not a host name or an IP address; the port goes to `port`",
            quoted(text)
        )
    })
}

/// Checks `[user@]host[:port]`.
fn hop(text: &str) -> Result<(), String> {
    let (login, rest) = match text.rsplit_once('@') {
        Some((login, rest)) => (Some(login), rest),
        None => (None, text),
    };
    if login.is_some_and(|login| login.contains(':')) {
        return Err("secrets do not belong in hosts.yaml; a bastion is [user@]host[:port]".into());
    }
    login.map_or(Ok(()), user)?;
    let (name, number) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, tail)) => (name, tail.strip_prefix(':')),
        None if rest.matches(':').count() == 1 => match rest.split_once(':') {
            Some((name, number)) => (name, Some(number)),
            None => (rest, None),
        },
        None => (rest, None),
    };
    number.map_or(Ok(()), |number| port(number).map(drop))?;
    host(name)
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

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn millis(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let scale = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => DAY_MS,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(scale)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

/// Parses a duration; `0` is zero.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    let shown = quoted(text);
    let ms = match text {
        "0" => Some(0),
        text => millis(text),
    };
    match ms {
        Some(ms) if ms <= 366 * DAY_MS => Ok(Duration::from_millis(ms)),
        Some(_) => Err(format!("{shown} is longer than a year")),
        None if text.parse::<f64>().is_ok() => {
            Err(format!("{shown} has no unit; write {text}s for seconds"))
        }
        None => Err(format!(
            "{shown} is not a duration; write 500ms, 5s, 1m or 2h"
        )),
    }
}

/// Parses a duration of more than nothing.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match timeout(text)? {
        Duration::ZERO => Err("the duration is zero; it has to be more".into()),
        duration => Ok(duration),
    }
}

/// The shortest interval between two samples: below it a node's answer may not fit.
const MIN_INTERVAL: Duration = Duration::from_millis(200);

/// Parses `auto` or a duration.
pub(super) fn interval(text: &str) -> Result<Option<Duration>, String> {
    if text == "auto" {
        return Ok(None);
    }
    let interval = duration(text).map_err(|reason| reason.replace("write ", "write auto, "))?;
    if interval < MIN_INTERVAL {
        return Err(format!("{} is too short; at least 200ms", quoted(text)));
    }
    Ok(Some(interval))
}

fn url(text: &str) -> Result<(), String> {
    clean(text, "")?;
    let Some(rest) = text
        .strip_prefix("http://")
        .or(text.strip_prefix("https://"))
    else {
        return Err("the address has to start with http:// or https://".into());
    };
    if rest.is_empty() || rest.contains([' ', '"', '\'', '<', '>', '`']) {
        return Err("the address is not a URL".into());
    }
    without_password(rest)
}

fn store(text: &str) -> Result<(), String> {
    clean(text, "")?;
    if text == "sqlite" {
        return Ok(());
    }
    match text
        .strip_prefix("postgres://")
        .or(text.strip_prefix("postgresql://"))
    {
        Some(rest) => without_password(rest),
        None => Err("the store has to be sqlite or a postgres:// address".into()),
    }
}

/// Why a literal secret is refused, and what to write.
pub(super) const NO_SECRETS: &str = "secrets do not belong in hosts.yaml; \
     write {env: NAME} or {command: \"...\"} where one is read, and use a key or an agent for SSH";

fn without_password(rest: &str) -> Result<(), String> {
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    let login = authority.rsplit_once('@').map_or("", |(login, _)| login);
    if login.contains(':') || rest.contains("password=") {
        return Err("secrets do not belong in hosts.yaml; leave the password out of the address (PGPASSWORD or ~/.pgpass can hold it)".into());
    }
    Ok(())
}

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
