//! What is wrong with a file and where, and how that is shown.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use super::frame::{Lines, frame};

/// Why an inventory was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be opened or read.
    #[error("{}: {}", path.display(), unread(said))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said; told once, so no source of its own.
        said: io::Error,
    },
    /// The file is over the limit, and was not read.
    #[error("{}: the file is larger than {} MiB, the most that is read", path.display(), super::MAX_BYTES >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is in order and names no host.
    #[error("{}:{}:{}: the file names no host{}", path.display(), at.0, at.1, why_empty(warnings))]
    Empty {
        /// The file.
        path: PathBuf,
        /// Line and column of what should name some, counted from 1.
        at: (usize, usize),
        /// What is strange in it, which may be the reason.
        warnings: Vec<String>,
    },
    /// The file was read and is wrong at one place; the text goes on with a frame of the lines around it.
    #[error("{}:{line}:{column}: {reason}\n{frame}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// What is wrong, and what would be right.
        reason: String,
        /// The lines around the place, with a caret; values that may be secrets are hidden.
        frame: String,
    },
}

impl Error {
    /// The message in one line, with the file's name in place of its path.
    pub fn short(&self) -> String {
        let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_owned();
        match self {
            Self::Wrong {
                path,
                line,
                column,
                reason,
                ..
            } => format!("{}:{line}:{column}: {reason}", name(path).display()),
            Self::Read { path, said } => format!("{}: {}", name(path).display(), brief(said)),
            _ => self.to_string(),
        }
    }

    /// Line and column, counted from 1, where the file was read and is wrong.
    pub fn position(&self) -> Option<(usize, usize)> {
        match self {
            Self::Wrong { line, column, .. } => Some((*line, *column)),
            _ => None,
        }
    }

    pub(super) fn unread(path: &Path, said: io::Error) -> Self {
        let path = path.to_path_buf();
        match said.kind() {
            ErrorKind::FileTooLarge => Self::TooLarge { path },
            _ => Self::Read { path, said },
        }
    }

    pub(super) fn wrong(path: PathBuf, text: &str, fault: Fault) -> Self {
        let at = fault.at.unwrap_or(0).min(text.len());
        let lines = Lines::new(text);
        let (line, column) = lines.position(at);
        Self::Wrong {
            path,
            line,
            column,
            reason: fault.reason,
            frame: frame(&lines, line, column, fault.width),
        }
    }
}

/// What the system said, and what to try.
fn unread(said: &io::Error) -> String {
    let what = brief(said);
    match said.kind() {
        ErrorKind::NotFound => format!("{what}; look at its name, and at the folder you are in"),
        ErrorKind::IsADirectory => format!("{what}; name the file in it"),
        _ => what,
    }
}

fn brief(said: &io::Error) -> String {
    match said.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::IsADirectory => "a folder, not a file".to_owned(),
        _ => said.to_string(),
    }
}

fn why_empty(warnings: &[String]) -> String {
    match warnings {
        [] => "; add one under `hosts`, e.g. `hosts: {web1: {}}`".to_owned(),
        warnings => format!(": {}", warnings.join("; ")),
    }
}

/// One thing that is wrong, at a byte offset of the file.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Byte offset; `None` until whoever knows it fills it in.
    pub(super) at: Option<usize>,
    /// How many characters the caret underlines.
    pub(super) width: usize,
    /// What is wrong, and what would be right.
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn at(at: usize, width: usize, reason: impl Into<String>) -> Self {
        Self {
            at: Some(at),
            width,
            reason: reason.into(),
        }
    }

    pub(super) fn somewhere(reason: impl Into<String>) -> Self {
        Self {
            at: None,
            width: 1,
            reason: reason.into(),
        }
    }
}
