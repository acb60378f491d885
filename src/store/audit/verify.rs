//! Walks the whole chain, and stops at the first record that isn't as it was written.

use std::path::PathBuf;

use super::{
    Error, Event, Head, Reader,
    chain::{self, Broken},
    reader::Piece,
};

/// What a walk along the chain came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every record is as it was written.
    Whole(Whole),
    /// The first one that isn't.
    Broken(Fault),
}

/// A chain without a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// Files.
    pub files: usize,
    /// The number of the first record that is here; more than zero where the oldest files are gone.
    pub first: u64,
    /// Places where a crash tore something, and it was written down.
    pub gaps: u64,
    /// Where the chain ends.
    pub head: Head,
}

/// The first record that isn't as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its file.
    pub path: PathBuf,
    /// From 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

impl Reader {
    /// Walks all files. An error is one of reading.
    pub fn verify(&self) -> Result<Verdict, Error> {
        let mut whole = Whole {
            files: self.files.len(),
            ..Whole::default()
        };
        if let Some(piece) = self.files.first().filter(|piece| piece.file.number > 1) {
            whole.head = beginning(piece)?;
            whole.first = whole.head.next;
        }
        for piece in &self.files {
            if let Some((line, reason)) = walk(piece, &mut whole)? {
                let path = piece.file.path.clone();
                return Ok(Verdict::Broken(Fault { path, line, reason }));
            }
        }
        Ok(Verdict::Whole(whole))
    }
}

/// What the first record that is here says of the one before.
fn beginning(piece: &Piece) -> Result<Head, Error> {
    let line = piece.lines()?.next().transpose()?.unwrap_or_default();
    let record = chain::read(&line);
    Ok(record.map_or_else(Head::default, |record| Head {
        next: record.seq,
        hash: record.prev,
    }))
}

/// The first line that is wrong, and why.
fn walk(piece: &Piece, whole: &mut Whole) -> Result<Option<(u64, String)>, Error> {
    let mut count = 0;
    for line in piece.lines()? {
        let line = line?;
        count += 1;
        let Some(text) = line.strip_suffix(b"\n") else {
            let reason = format!(
                "{} bytes without an end: a crash, or a cut; the next run moves them into a record of their own",
                line.len()
            );
            return Ok(Some((count, reason)));
        };
        let event = match whole.head.accept(text) {
            Ok(record) => record.event,
            Err(broken) => return Ok(Some((count, reason(broken, whole.head)))),
        };
        let number = piece.file.number;
        if (count == 1) != matches!(&event, Event::Open(open) if open.file == number) {
            let reason = "the file doesn't begin as it should: it was renamed, or lines were moved";
            return Ok(Some((count, reason.to_owned())));
        }
        whole.gaps += u64::from(matches!(event, Event::Gap(_)));
    }
    if count == 0 {
        let reason = "the file is empty: a crash, or a cut; the next run begins it anew";
        return Ok(Some((1, reason.to_owned())));
    }
    Ok(None)
}

fn reason(broken: Broken, head: Head) -> String {
    let expected = head.next;
    match broken {
        Broken::Shape => format!("not a record, where record {expected} should be"),
        Broken::Number { found, expected } if found > expected => {
            let missing = found - expected;
            format!("record {found} stands where record {expected} should: {missing} are missing")
        }
        Broken::Number { found, expected } => {
            format!(
                "record {found} stands where record {expected} should: it was added, moved or edited"
            )
        }
        Broken::Link => {
            format!("record {expected} is chained to another record than the one before it")
        }
        Broken::Hash => format!("record {expected} was changed after it was written"),
    }
}
