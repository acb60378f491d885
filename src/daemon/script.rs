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

/// What that gives to the shell, for a person to read: line by line.
pub fn readable(daemons: &[Daemon], action: Action, manner: &Manner) -> String {
    whole(daemons, action, manner, Layout::Lines) + "\n"
}

/// How the commands of a script stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    OneLine,
    Lines,
}

impl Layout {
    fn end(self) -> char {
        match self {
            Self::OneLine => ' ',
            Self::Lines => '\n',
        }
    }
}

fn text(daemons: &[Daemon], action: Action, manner: &Manner) -> String {
    whole(daemons, action, manner, Layout::OneLine)
}

fn whole(daemons: &[Daemon], action: Action, manner: &Manner, layout: Layout) -> String {
    let mut text = laid(CORE, layout);
    for part in parts(daemons) {
        text += &laid(part.text, layout);
    }
    let Manner {
        wait,
        settle,
        lines,
    } = manner;
    let (wait, settle) = (wait.as_secs().max(1), settle.as_millis().div_ceil(100));
    let action = action.as_str();
    let end = layout.end();
    let _ = write!(text, "a={action}; L={lines}; W={wait}; K={settle};{end}");
    for daemon in daemons {
        text += &one(daemon);
        text.push(end);
    }
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
    text + "one;"
}

/// Without comments; on one line without indentation too.
fn laid(text: &str, layout: Layout) -> String {
    let is_comment = |line: &&str| line.trim().is_empty() || line.trim().starts_with('#');
    let mut laid = String::new();
    for line in text.lines().filter(|line| !is_comment(line)) {
        laid += match layout {
            Layout::OneLine => line.trim(),
            Layout::Lines => line,
        };
        laid.push(layout.end());
    }
    laid
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
