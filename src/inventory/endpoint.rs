//! Texts that name a host, a login, a bastion or a server: nothing that a shell or an option parser could obey.

use super::scalar::{character, clean, port, quoted};
use crate::node::hop;

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

/// Checks the name of a daemon, which becomes an argument of its manager.
pub(super) fn daemon_name(text: &str) -> Result<(), String> {
    plain("the daemon's name", text, "._-@:/+")
}

/// Checks a login.
pub(super) fn user(text: &str) -> Result<(), String> {
    plain("the user", text, "._-@+")
}

/// Checks a host name or an IP address.
pub(super) fn host(text: &str) -> Result<(), String> {
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

/// The bastions of a chain as ssh's `ProxyJump` has them, `b1,ops@b2:2222`; the commas of a range part nothing.
pub(super) fn chain(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let parts = text.split(move |c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(str::trim)
}

/// Checks a bastion or a chain of them.
pub(super) fn hops(text: &str) -> Result<(), String> {
    for part in chain(text) {
        if part.is_empty() && text.contains(',') {
            let text = quoted(text);
            return Err(format!(
                "a bastion is missing in {text}; a chain is [b1, b2] or `b1,b2`"
            ));
        }
        hop(part)?;
    }
    Ok(())
}

/// Checks `[user@]host[:port]`.
fn hop(text: &str) -> Result<(), String> {
    let login = text.rsplit_once('@').map(|(login, _)| login);
    if login.is_some_and(|login| login.contains(':')) {
        return Err("secrets do not belong in hosts.yaml; a bastion is [user@]host[:port]".into());
    }
    login.map_or(Ok(()), user)?;
    if let Some((_, name, _)) = hop::split(text) {
        return host(name);
    }
    let digits = text.rsplit(':').next().unwrap_or_default();
    port(digits).map(drop)
}

/// Checks an http address.
pub(super) fn url(text: &str) -> Result<(), String> {
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

/// Checks where history is kept.
pub(super) fn store(text: &str) -> Result<(), String> {
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

fn without_password(rest: &str) -> Result<(), String> {
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    let login = authority.rsplit_once('@').map_or("", |(login, _)| login);
    if login.contains(':') || rest.contains("password=") {
        return Err("secrets do not belong in hosts.yaml; leave the password out of the address (PGPASSWORD or ~/.pgpass can hold it)".into());
    }
    Ok(())
}
