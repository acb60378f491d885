//! `exec` as it is typed: options and node sets, then the text of a command as it stands.

use std::ops::Range;

use clap::{ArgAction, Command};

use super::Entry;
use crate::command::{
    Usage,
    exec::{Choice, Exec, Manner, Show},
    words::{Word, words},
};

/// The parts of what follows `exec`, in bytes: quotes of the command are left to the node's shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Options, and the node sets before `--`.
    pub head: Range<usize>,
    /// The command.
    pub command: Range<usize>,
}

impl Parts {
    /// With `--`, all before it is options and node sets; without, the command begins with the first word that is no
    /// option.
    pub fn of(rest: &str, entry: &Entry) -> Self {
        let all = words(rest);
        let cut = all
            .iter()
            .find(|word| rest.get(word.span.clone()) == Some("--"));
        let (head, command) = if let Some(cut) = cut {
            (cut.span.start, cut.span.end)
        } else {
            let first = first_word(&all, &entry.clap());
            let at = first.map_or(rest.len(), |word| word.span.start);
            (at, at)
        };
        Self {
            head: 0..head,
            command: command..rest.len(),
        }
    }
}

/// The first word that is neither an option nor the value of one.
fn first_word<'w>(words: &'w [Word], clap: &Command) -> Option<&'w Word> {
    let mut is_value = false;
    words.iter().find(|word| {
        let is_option = word.text.len() > 1 && word.text.starts_with('-');
        let was_value = std::mem::replace(&mut is_value, false);
        if was_value {
            return false;
        }
        is_value = is_option && wants_value(&word.text, clap);
        !is_option
    })
}

/// True for an option whose value is the next word.
pub fn wants_value(option: &str, clap: &Command) -> bool {
    let takes = |action: &ArgAction| action.takes_values();
    if let Some(long) = option.strip_prefix("--") {
        let known = clap
            .get_arguments()
            .find(|arg| arg.get_long() == Some(long));
        return known.is_some_and(|arg| takes(arg.get_action()));
    }
    // Of `-bw`, the last letter; of `-wSET`, the value is there.
    let letters = option.trim_start_matches('-');
    for (at, letter) in letters.char_indices() {
        let known = clap
            .get_arguments()
            .find(|arg| arg.get_short() == Some(letter));
        if known.is_some_and(|arg| takes(arg.get_action())) {
            return at + letter.len_utf8() == letters.len();
        }
    }
    false
}

/// Reads what follows `exec`.
pub(super) fn exec(entry: &Entry, rest: &str) -> Result<Exec, Usage> {
    let parts = Parts::of(rest, entry);
    let head = rest.get(parts.head).unwrap_or_default();
    let exec: Exec = entry.parse(head)?;
    here_only(&exec)?;
    let command = rest.get(parts.command).unwrap_or_default();
    if command.trim().is_empty() && exec.choice.only_failed.is_some() {
        // That run has one.
        return Ok(exec);
    }
    with(exec, &whole(command).unwrap_or_else(|| command.to_owned()))
}

/// What is quoted as one word, as for a shell of this machine, is meant without these quotes.
fn whole(command: &str) -> Option<String> {
    match words(command).as_slice() {
        [word] if command.trim_start().starts_with(['\'', '"']) && !word.is_open => {
            Some(word.text.clone())
        }
        _ => None,
    }
}

/// Reads what follows `!`.
pub(super) fn short(text: &str) -> Result<Exec, Usage> {
    let exec = Exec {
        words: Vec::new(),
        command: Vec::new(),
        choice: Choice::default(),
        manner: Manner::default(),
        show: Show::default(),
    };
    with(exec, text)
}

fn with(exec: Exec, command: &str) -> Result<Exec, Usage> {
    let command = command.trim();
    if command.is_empty() {
        return Err(Usage("which command?".to_owned()));
    }
    Ok(Exec {
        command: vec![command.to_owned()],
        ..exec
    })
}

/// Options that mean files or pipes of this machine, which a screen hasn't at hand.
fn here_only(exec: &Exec) -> Result<(), Usage> {
    let (manner, show) = (&exec.manner, &exec.show);
    let others = [
        (manner.stdin.is_some(), "--stdin"),
        (show.json, "--json"),
        (show.output_dir.is_some(), "--output-dir"),
    ];
    match others.iter().find(|(is_given, _)| *is_given) {
        Some((_, name)) => Err(Usage(format!(
            "{name} is an option of the command line: sshoal exec"
        ))),
        None => Ok(()),
    }
}
