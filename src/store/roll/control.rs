//! Orders for a roll that another process drives: words in a file beside its journal.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{Error, Note, folder::wrong};

/// More than a person ever orders between two looks.
const MOST: u64 = 4 << 10;

/// What somebody wants of a roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// No node begins.
    Pause,
    /// The pause is over.
    Resume,
    /// The canaries are good.
    Promote,
    /// Cut it.
    Abort,
}

impl Order {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Promote => "promote",
            Self::Abort => "abort",
        }
    }

    /// More nodes begin by it: it is not given where it can't be written down. What holds a roll or ends it is given all the
    /// same.
    pub fn lets_begin(self) -> bool {
        matches!(self, Self::Resume | Self::Promote)
    }

    /// As the journal has it once it is taken.
    pub fn note(self) -> Note {
        match self {
            Self::Pause => Note::Pause,
            Self::Resume => Note::Resume,
            Self::Promote => Note::Promote,
            Self::Abort => Note::Abort,
        }
    }

    /// Gives the order to whoever drives the roll.
    pub fn give(self, control: &Path) -> Result<(), Error> {
        let file = OpenOptions::new()
            .append(true)
            .custom_flags(libc::O_NOFOLLOW)
            .open(control);
        let mut file = file.map_err(|error| wrong("opened", control, error))?;
        let word = format!("{}\n", self.as_str());
        let written = file.write_all(word.as_bytes());
        written.map_err(|error| wrong("written", control, error))
    }
}

impl FromStr for Order {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let all = [Self::Pause, Self::Resume, Self::Promote, Self::Abort];
        all.into_iter()
            .find(|order| order.as_str() == word)
            .ok_or(())
    }
}

/// The orders of other processes, as they come.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    file: File,
    /// The beginning of a word whose end has not been written yet.
    rest: String,
}

impl Control {
    /// From the file's end on: what was ordered before was for another process.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let broken = |error| wrong("opened", path, error);
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path);
        let mut file = file.map_err(broken)?;
        file.seek(SeekFrom::End(0)).map_err(broken)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            rest: String::new(),
        })
    }

    /// What was ordered since the last call. Words that are no order are left out.
    pub fn take(&mut self) -> Result<Vec<Order>, Error> {
        let mut text = Vec::new();
        let read = (&mut self.file).take(MOST).read_to_end(&mut text);
        read.map_err(|error| wrong("read", &self.path, error))?;
        self.rest += &String::from_utf8_lossy(&text);
        let Some(end) = self.rest.rfind('\n') else {
            return Ok(Vec::new());
        };
        let rest = self.rest.split_off(end + 1);
        let words = std::mem::replace(&mut self.rest, rest);
        let orders = words.lines().filter_map(|word| word.trim().parse().ok());
        Ok(orders.collect())
    }
}

/// Beside the journal.
pub(super) fn path(journal: &Path) -> PathBuf {
    journal.with_extension("control")
}

/// Makes the file where it isn't there, for this user alone.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    let made = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path);
    made.map(drop)
        .map_err(|error| wrong("written", path, error))
}
