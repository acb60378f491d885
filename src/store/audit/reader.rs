//! `Reader`: the log as it stood at one instant, record by record or run by run.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Take},
    path::{Path, PathBuf},
};

use super::{
    Error, Event, Hash, Head, IntentRecord, Record, RunEnd, RunId, RunResult, chain,
    folder::{Folder, LogFile, length, wrong},
    tail,
};
use crate::node::set::NodeSet;

/// The log as it stood when this was made. What is written meanwhile isn't seen.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) files: Vec<Piece>,
}

/// A file, as far as it went.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) file: LogFile,
    pub(super) length: u64,
}

/// A record with the line that it is kept as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// What it says.
    pub record: Record,
    /// The line, without its end.
    pub line: String,
}

/// Which records are wanted; all by default.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Not older than this, in ms since 1970.
    pub since_ms: Option<u64>,
    /// Of runs on one of these nodes, and of their results only these nodes'.
    pub nodes: Option<NodeSet>,
    /// Of results, only those other than `ok`.
    pub failed: bool,
    /// Of this run.
    pub run: Option<RunId>,
}

/// A run as it was begun, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// When it began, in ms since 1970.
    pub at_ms: u64,
    /// What was to be done.
    pub intent: IntentRecord,
    /// What came of it; none of a run that goes on, or whose sshoal was killed.
    pub end: Option<RunEnd>,
}

/// The command of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// Without its secrets.
    pub text: String,
    /// Of the command exactly as typed.
    pub sha256: Hash,
    /// True where something was taken out: it can't be run again from here, and has to be given once more.
    pub redacted: bool,
}

impl Reader {
    /// The log in this folder; an empty one where nothing was ever written. Writes nothing.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let Some(folder) = Folder::existing(folder)? else {
            return Ok(Self { files: Vec::new() });
        };
        // No writer is in the middle of a record while this is held.
        let mut lock = folder.lock_to_read()?;
        let mut files = folder.files()?;
        if lock.is_none() && !files.is_empty() {
            // The first writer of all came in between.
            lock = folder.lock_to_read()?;
            files = folder.files()?;
        }
        let pieces = files.into_iter().map(|file| {
            let length = length(&file.path, &file.read()?)?;
            Ok(Piece { file, length })
        });
        let files = pieces.collect::<Result<_, Error>>()?;
        drop(lock);
        Ok(Self { files })
    }

    /// Where the chain ends now, as its last record has it; nothing before that is checked.
    pub fn head(&self) -> Result<Head, Error> {
        let files: Vec<LogFile> = self.files.iter().map(|piece| piece.file.clone()).collect();
        tail::head_of(&files)
    }

    /// The records that pass, oldest first. A line that is no record is an error; reading goes on after it.
    pub fn records<'a>(
        &'a self,
        filter: &'a Filter,
    ) -> impl Iterator<Item = Result<Stored, Error>> + 'a {
        let all = self.files.iter().flat_map(Piece::records);
        all.filter(|stored| !matches!(stored, Ok(stored) if !filter.passes(&stored.record)))
    }

    /// The last so many runs, newest first.
    pub fn runs(&self, last: usize) -> Result<Vec<Summary>, Error> {
        let (mut runs, mut ends) = (Vec::new(), HashMap::new());
        for piece in self.files.iter().rev() {
            if runs.len() >= last {
                break;
            }
            let mut begun = Vec::new();
            for record in piece.readable()? {
                match record.event {
                    Event::Intent(intent) => begun.push((record.at_ms, intent)),
                    Event::End(end) => drop(ends.insert(end.run.clone(), end)),
                    _ => {}
                }
            }
            runs.extend(begun.into_iter().rev().map(|(at_ms, intent)| Summary {
                at_ms,
                end: ends.remove(&intent.run),
                intent,
            }));
        }
        runs.truncate(last);
        Ok(runs)
    }

    /// The results of a run in the order they came.
    pub fn results_of(&self, run: &RunId) -> Result<Vec<RunResult>, Error> {
        let results = self.of_run(run)?.into_iter();
        let results = results.filter_map(|record| match record.event {
            Event::Result(result) => Some(result),
            _ => None,
        });
        Ok(results.collect())
    }

    /// The command of a run; none where there is no such run.
    pub fn command_of(&self, run: &RunId) -> Result<Option<CommandLine>, Error> {
        let intent = self.intent_of(run)?;
        Ok(intent.map(|intent| CommandLine {
            text: intent.command,
            sha256: intent.command_sha256,
            redacted: intent.redacted,
        }))
    }

    /// All that was written down when a run began; none where there is no such run.
    pub fn intent_of(&self, run: &RunId) -> Result<Option<IntentRecord>, Error> {
        let mut records = self.of_run(run)?.into_iter();
        Ok(records.find_map(|record| match record.event {
            Event::Intent(intent) => Some(intent),
            _ => None,
        }))
    }

    /// From the newest file back to the one where it began.
    fn of_run(&self, run: &RunId) -> Result<Vec<Record>, Error> {
        let mut found: Vec<Record> = Vec::new();
        for piece in self.files.iter().rev() {
            let mut here = piece.readable()?;
            here.retain(|record| record.event.run() == Some(run));
            here.append(&mut found);
            found = here;
            let is_begun = |record: &Record| matches!(record.event, Event::Intent(_));
            if found.iter().any(is_begun) {
                break;
            }
        }
        Ok(found)
    }
}

impl Piece {
    /// The records of lines that are some; what is none is for `verify` to tell.
    fn readable(&self) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        for stored in self.records() {
            match stored {
                Ok(stored) => records.push(stored.record),
                Err(Error::Line { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(records)
    }

    fn records(&self) -> impl Iterator<Item = Result<Stored, Error>> + use<> {
        let path = self.file.path.clone();
        let (lines, error) = match self.lines() {
            Ok(lines) => (Some(lines), None),
            Err(error) => (None, Some(Err(error))),
        };
        let stored = lines.into_iter().flatten().zip(1..).map(move |(line, at)| {
            let line = line?;
            let bad = || Error::Line {
                path: path.clone(),
                line: at,
            };
            let line = line.strip_suffix(b"\n").ok_or_else(bad)?;
            let record = chain::read(line).ok_or_else(bad)?;
            let line = String::from_utf8(line.to_vec()).map_err(|_| bad())?;
            Ok(Stored { record, line })
        });
        stored.chain(error)
    }

    /// Its lines with their ends; the last may have none.
    pub(super) fn lines(&self) -> Result<Lines, Error> {
        let file = BufReader::new(self.file.read()?);
        Ok(Lines {
            path: self.file.path.clone(),
            file: file.take(self.length),
        })
    }
}

/// The lines of a file with their ends.
pub(super) struct Lines {
    path: PathBuf,
    file: Take<BufReader<File>>,
}

impl Iterator for Lines {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        match self.file.read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(Ok(line)),
            Err(error) => {
                // The rest of a file that can't be read isn't tried.
                self.file.set_limit(0);
                Some(Err(wrong("read", &self.path, error)))
            }
        }
    }
}

impl Filter {
    /// True for a record that is wanted.
    pub fn passes(&self, record: &Record) -> bool {
        let is_recent = self.since_ms.is_none_or(|since| record.at_ms >= since);
        let run = self.run.as_ref();
        let is_of_run = run.is_none_or(|run| record.event.run() == Some(run));
        let is_bad = match &record.event {
            Event::Result(result) => !result.is_ok(),
            _ => true,
        };
        let nodes = self.nodes.as_ref();
        let is_here = nodes.is_none_or(|nodes| record.event.names_any(nodes));
        is_recent && is_of_run && is_here && (is_bad || !self.failed)
    }
}

impl Event {
    /// The run that it is of.
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Intent(intent) => Some(&intent.run),
            Self::Result(result) => Some(&result.run),
            Self::End(end) => Some(&end.run),
            // The first run of a roll has its name.
            Self::Order(order) => Some(&order.roll),
            Self::Open(_) | Self::HostKey(_) | Self::Gap(_) | Self::Later => None,
        }
    }

    /// An end names no node: whoever wants it has its run.
    fn names_any(&self, nodes: &NodeSet) -> bool {
        match self {
            Self::Intent(intent) => intent.nodes.iter().any(|node| nodes.contains(node)),
            Self::Result(result) => nodes.contains(&result.node),
            Self::HostKey(key) => nodes.contains(&key.node),
            Self::End(_) => true,
            Self::Open(_) | Self::Order(_) | Self::Gap(_) | Self::Later => false,
        }
    }
}

impl RunResult {
    /// True where the command ended with exit code 0.
    pub fn is_ok(&self) -> bool {
        self.outcome == "ok"
    }
}
