//! Where a command reads and writes: this process's terminal or pipe now, somebody's SSH session later.

use std::io::{self, IsTerminal, Read, Write};

use rustix::termios::tcgetwinsize;

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
    /// Where troubles go.
    pub err_target: Target,
    /// Only ASCII signs.
    pub ascii: bool,
}

/// Where a stream goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// To a person's screen: nothing gets there that a terminal would obey but colours.
    pub is_terminal: bool,
    /// Colours are wanted.
    pub colour: bool,
    /// The terminal can only print: no escape sequence gets there but colours that were asked for.
    pub is_dumb: bool,
}

/// True for a terminal that says of itself that it can do nothing, or nothing at all: programs that draw refuse those.
pub(super) fn is_dumb(term: &str) -> bool {
    matches!(term, "" | "dumb" | "unknown")
}

/// Where colours are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Nowhere.
    Never,
    /// On a person's screen.
    OnScreens,
    /// In files and pipes too.
    Always,
}

impl Paint {
    fn is_wanted(self, is_terminal: bool) -> bool {
        match self {
            Self::Never => false,
            Self::OnScreens => is_terminal,
            Self::Always => true,
        }
    }
}

impl Console {
    /// True where the terminal of this command can only print.
    pub fn is_dumb(&self) -> bool {
        self.err_target.is_dumb
    }

    /// Where results go.
    pub fn out_target(&self) -> Target {
        Target {
            is_terminal: self.is_terminal,
            colour: self.colour,
            is_dumb: self.is_dumb(),
        }
    }

    /// Columns and rows of the screen that results go to; `None` where they don't, or where it doesn't say.
    pub fn size(&self) -> Option<(usize, usize)> {
        let size = self.is_terminal.then(|| tcgetwinsize(io::stdout()))?;
        let size = size
            .ok()
            .filter(|size| size.ws_col > 0 && size.ws_row > 0)?;
        Some((size.ws_col.into(), size.ws_row.into()))
    }

    /// The streams of this process.
    pub fn of_process(paint: Paint, ascii: bool, is_dumb: bool) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let err_is_terminal = io::stderr().is_terminal();
        Self {
            input: Box::new(io::stdin()),
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            is_terminal,
            colour: paint.is_wanted(is_terminal),
            err_target: Target {
                is_terminal: err_is_terminal,
                colour: paint.is_wanted(err_is_terminal),
                is_dumb,
            },
            ascii,
        }
    }
}
