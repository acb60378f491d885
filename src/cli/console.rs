//! Where a command reads and writes: this process's terminal or pipe now, somebody's SSH session later.

use std::io::{self, IsTerminal, Read, Write};

/// The streams of a command, and what is known of the terminal behind them.
pub struct Console {
    /// What is piped in.
    pub input: Box<dyn Read + Send>,
    /// Results.
    pub out: Box<dyn Write + Send>,
    /// Troubles.
    pub err: Box<dyn Write + Send>,
    /// Results go to a person's screen.
    pub is_terminal: bool,
    /// Colours are wanted.
    pub colour: bool,
    /// Troubles go to a person's screen.
    pub err_is_terminal: bool,
    /// Colours are wanted there.
    pub err_colour: bool,
    /// Only ASCII signs.
    pub ascii: bool,
}

impl Console {
    /// The streams of this process.
    pub fn of_process(never_colour: bool, ascii: bool) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let err_is_terminal = io::stderr().is_terminal();
        Self {
            input: Box::new(io::stdin()),
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            is_terminal,
            colour: is_terminal && !never_colour,
            err_is_terminal,
            err_colour: err_is_terminal && !never_colour,
            ascii,
        }
    }
}
