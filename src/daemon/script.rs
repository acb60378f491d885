//! The shell script that acts on daemons of one node, and tells what came of it. Pure.
//!
//! It is a constant text and words quoted by `node::quote`. It finds the manager, acts, waits until the manager's own truth
//! has settled, prints a line for each daemon (see [`super::answer`]), and exits 0 only where all is as wanted.

use std::fmt::Write as _;

use super::{
    Action, Manner,
    shell::{AUTO, CORE, PARTS, Part},
};
use crate::node::{Daemon, Manager, quote::quoted};

/// A command for any login shell that does this with all of these daemons. Without line ends of its own, as some shells
/// have none within quotes.
pub fn script(daemons: &[Daemon], action: Action, manner: &Manner) -> String {
    format!("/bin/sh -c {}", one_word(&text(daemons, action, manner)))
}

fn text(daemons: &[Daemon], action: Action, manner: &Manner) -> String {
    let mut text = joined(CORE);
    for part in parts(daemons) {
        text += &joined(part.text);
    }
    let Manner {
        wait,
        settle,
        lines,
    } = manner;
    let (wait, settle) = (wait.as_secs().max(1), settle.as_millis().div_ceil(100));
    let action = action.as_str();
    let _ = write!(text, "a={action}; L={lines}; W={wait}; K={settle}; ");
    text.extend(daemons.iter().map(one));
    text + "exit $bad"
}

/// One word for every login shell: fish knows backslashes within single quotes, and tcsh its history, so that neither sign
/// stands there.
fn one_word(text: &str) -> String {
    let mut word = String::from("'");
    for c in text.chars().filter(|c| *c != '\0') {
        match c {
            '\'' | '\\' | '!' => word.extend(['\'', '\\', c, '\'']),
            c => word.push(c),
        }
    }
    word + "'"
}

/// Those that these daemons may need.
fn parts(daemons: &[Daemon]) -> impl Iterator<Item = &'static Part> {
    let has = |manager| daemons.iter().any(|daemon| daemon.manager == manager);
    let wanted: Vec<Manager> = PARTS
        .iter()
        .enumerate()
        .filter(|(place, part)| has(part.manager) || (*place < AUTO && has(Manager::Auto)))
        .flat_map(|(_, part)| part.needs.iter().copied().chain([part.manager]))
        .collect();
    let parts = PARTS.iter();
    parts.filter(move |part| wanted.contains(&part.manager))
}

/// A daemon's own words, and the call.
fn one(daemon: &Daemon) -> String {
    let mut text = format!(
        "n={}; m={}; ",
        quoted(&daemon.name),
        daemon.manager.as_str()
    );
    for (name, value) in [
        ("pidfile", &daemon.pidfile),
        ("start", &daemon.start),
        ("stop", &daemon.stop),
        ("restart", &daemon.restart),
        ("status", &daemon.status),
        ("log", &daemon.log),
        ("log_command", &daemon.log_command),
    ] {
        let word = value.as_deref().map_or(String::new(), quoted);
        let _ = write!(text, "d_{name}={word}; ");
    }
    text + "one; "
}

/// Without comments, indentation and line ends.
fn joined(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.flat_map(|line| [line, " "]).collect()
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
