//! `--output-dir`: two files for each node, which hold exactly what it printed.

use std::{
    collections::HashMap,
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::screen::{Piece, Trouble};
use crate::exec::{Stream, plan::Plan};

/// What is to be done to a node's files.
#[derive(Debug)]
pub(in crate::cli) enum Part {
    /// The command begins: both are there from now on, and empty.
    Begin(usize),
    /// Output.
    Bytes(usize, Stream, Bytes),
    /// The command has ended.
    End(usize),
}

/// The files of one run.
pub(in crate::cli) struct Files {
    folder: PathBuf,
    names: Vec<String>,
    open: HashMap<usize, [File; 2]>,
}

impl Files {
    /// Makes the folder where it isn't there, for this user alone: output may hold anything.
    pub(in crate::cli) fn new(folder: &Path, plan: &Plan) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let names = plan.jobs.iter().map(|job| job.node.id.to_string());
        Ok(Self {
            folder: folder.to_owned(),
            names: names.collect(),
            open: HashMap::new(),
        })
    }

    fn take(&mut self, part: Part) -> io::Result<()> {
        match part {
            Part::Begin(place) => {
                let files = [self.create(place, "stdout")?, self.create(place, "stderr")?];
                self.open.insert(place, files);
            }
            Part::Bytes(place, stream, bytes) => {
                if let Some([out, err]) = self.open.get_mut(&place) {
                    match stream {
                        Stream::Stdout => out.write_all(&bytes)?,
                        Stream::Stderr => err.write_all(&bytes)?,
                    }
                }
            }
            Part::End(place) => drop(self.open.remove(&place)),
        }
        Ok(())
    }

    fn create(&self, place: usize, stream: &str) -> io::Result<File> {
        let name = self.names.get(place).map_or("", String::as_str);
        let path = self.folder.join(format!("{name}.{stream}"));
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            // A link that somebody else put there would lead elsewhere.
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)
    }
}

/// Writes until there is nothing more to write, or the disk is full.
pub(super) fn write(mut files: Files, mut parts: mpsc::Receiver<Piece>) -> Result<(), Trouble> {
    while let Some(piece) = parts.blocking_recv() {
        let Piece::File(part) = piece else { continue };
        files.take(part).map_err(|error| {
            let folder = files.folder.display();
            Trouble::Broken(format!("cannot write to --output-dir {folder}: {error}"))
        })?;
    }
    Ok(())
}
