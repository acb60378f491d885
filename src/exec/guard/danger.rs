//! Commands that an operator may regret: what each may do to a node. A table of common mistakes, not a proof.

mod files;
mod login;
mod system;

use super::{
    args::{Args, base},
    lex::Word,
    path,
    script::Command,
};

/// Why a command is dangerous. `is_fed`: it gets more operands from standard input.
pub(super) fn of_command(words: &[Word], is_fed: bool) -> Option<&'static str> {
    let (name, rest) = words.split_first()?;
    let (name, args) = (base(&name.text), Args(rest));
    if args.has_word(&["--help", "--version"]) && rest.len() == 1 {
        return None;
    }
    files::danger(name, args, is_fed)
        .or_else(|| system::danger(name, args))
        .or_else(|| login::danger(name, args))
}

/// Why what a command writes to is dangerous.
pub(super) fn of_redirections(command: &Command) -> Option<&'static str> {
    let mut all = command.writes.iter().chain(&command.appends);
    if all.any(path::is_device) {
        return Some("overwrites a device");
    }
    let is_vital = command.writes.iter().any(path::is_vital);
    is_vital.then_some("empties a file that the node needs")
}
