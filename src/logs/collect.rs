//! Writes logs to files: each under a name that says it is a part, until all of it is there.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::{Credit, End, Event, Order, StreamId};
use crate::node::text::SafeText;

#[cfg(test)]
#[path = "collect_tests.rs"]
mod tests;

/// Of files that were open when one could not be written.
const STOPPED: &str = "stopped, as another file could not be written";

/// Of a source's name in that of a file.
const NAME: usize = 120;

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Nodes that gave something.
    pub nodes: usize,
    /// Files that are complete.
    pub files: usize,
    /// Of complete ones and others.
    pub bytes: u64,
    /// Files that are being written.
    pub open: usize,
    /// Files that aren't complete, and why.
    pub partial: Vec<(PathBuf, SafeText)>,
}

/// The files of one order.
#[derive(Debug)]
pub struct Collector {
    folder: PathBuf,
    nodes: Vec<String>,
    given: HashSet<usize>,
    taken: HashSet<String>,
    streams: Vec<Option<Stream>>,
    collected: Collected,
    /// Nothing can be written any more.
    is_broken: bool,
}

#[derive(Debug)]
struct Stream {
    place: usize,
    name: String,
    credit: Credit,
    file: Option<File>,
}

impl Collector {
    /// Makes the folder where it isn't there, for this user alone: logs may hold anything.
    pub fn new(folder: &Path, order: &Order) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let nodes = order.targets.iter();
        Ok(Self {
            folder: folder.to_owned(),
            nodes: nodes.map(|target| target.node.id.to_string()).collect(),
            given: HashSet::new(),
            taken: HashSet::new(),
            streams: Vec::new(),
            collected: Collected::default(),
            is_broken: false,
        })
    }

    /// Takes in what is told. An error is of this machine: what is open then remains a part.
    pub fn take(&mut self, event: &Event) -> io::Result<()> {
        let taken = self.took(event);
        self.is_broken |= taken.is_err();
        taken
    }

    fn took(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Opened {
                stream,
                place,
                name,
                credit,
            } => self.open(*stream, *place, name, credit),
            Event::Bytes(stream, bytes) => self.write(*stream, bytes),
            Event::Closed(stream, end) => self.close(*stream, end),
            _ => Ok(()),
        }
    }

    /// How far it is.
    pub fn collected(&self) -> &Collected {
        &self.collected
    }

    /// What has no end by now is a part.
    pub fn finish(mut self) -> Collected {
        let end = if self.is_broken {
            End::Failed(STOPPED.into())
        } else {
            End::Cancelled
        };
        for id in 0..self.streams.len() {
            // A part is only told of; nothing is written for it.
            let _ = self.close(StreamId(id as u32), &end);
        }
        self.collected
    }

    fn open(
        &mut self,
        id: StreamId,
        place: usize,
        name: &SafeText,
        credit: &Credit,
    ) -> io::Result<()> {
        let node = self.nodes.get(place).map_or("", String::as_str);
        let base = format!("{node}-{}", safe(name.as_str()));
        let mut unique = base.clone();
        let mut number = 1;
        while !self.taken.insert(unique.clone()) {
            number += 1;
            unique = format!("{base}-{number}");
        }
        // A link that somebody put there would lead elsewhere: it is taken away, and never followed.
        let path = self.partial(&unique);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path, &error)),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| at(&path, &error))?;
        let slot = id.0 as usize;
        if self.streams.len() <= slot {
            self.streams.resize_with(slot + 1, || None);
        }
        if let Some(slot) = self.streams.get_mut(slot) {
            *slot = Some(Stream {
                place,
                name: unique,
                credit: credit.clone(),
                file: Some(file),
            });
        }
        self.collected.open += 1;
        Ok(())
    }

    fn write(&mut self, id: StreamId, bytes: &[u8]) -> io::Result<()> {
        let Some(Some(stream)) = self.streams.get_mut(id.0 as usize) else {
            return Ok(());
        };
        stream.credit.give_back(bytes.len());
        let (name, place) = (stream.name.clone(), stream.place);
        let Some(file) = &mut stream.file else {
            return Ok(());
        };
        if let Err(error) = file.write_all(bytes) {
            stream.file = None;
            self.collected.open -= 1;
            return Err(self.part(&name, &error));
        }
        self.collected.bytes += bytes.len() as u64;
        if self.given.insert(place) {
            self.collected.nodes += 1;
        }
        Ok(())
    }

    fn close(&mut self, id: StreamId, end: &End) -> io::Result<()> {
        let Some(Some(stream)) = self.streams.get_mut(id.0 as usize) else {
            return Ok(());
        };
        if stream.file.take().is_none() {
            return Ok(());
        }
        let name = stream.name.clone();
        self.collected.open -= 1;
        let partial = self.partial(&name);
        let why = match end {
            End::Done => {
                let whole = self.folder.join(format!("{name}.log"));
                if let Err(error) = fs::rename(&partial, &whole) {
                    return Err(self.part(&name, &error));
                }
                self.collected.files += 1;
                return Ok(());
            }
            End::Cancelled => "cancelled".into(),
            End::Failed(why) => why.clone(),
            End::Lost(why) => format!("the connection was lost: {why}").as_str().into(),
        };
        self.collected.partial.push((partial, why));
        Ok(())
    }

    /// A file that can't be written on remains a part.
    fn part(&mut self, name: &str, error: &io::Error) -> io::Error {
        let path = self.partial(name);
        let told = at(&path, error);
        let why = format!("it can't be written: {error}");
        self.collected.partial.push((path, why.as_str().into()));
        told
    }

    fn partial(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log.partial"))
    }
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A source's name as a part of a file's.
fn safe(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    let plain: String = name
        .trim_start_matches('/')
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .take(NAME)
        .collect();
    let plain = plain.strip_suffix(".log").unwrap_or(&plain);
    if plain.is_empty() { "log" } else { plain }.to_owned()
}
