//! What keeps the audit log from being written or read.

use std::{io, path::PathBuf};

/// What keeps the log from being written or read: where, why, and what to try.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("the audit log can't be {what}: {}: {source}", path.display())]
    Io {
        /// `written`, `read`, `opened`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else owns it.
    #[error(
        "the audit log isn't used: {} belongs to user {owner}, not to {own}; move it away, or run as its owner",
        path.display()
    )]
    Foreign {
        /// The file or folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        own: u32,
    },
    /// Others may write to it.
    #[error(
        "the audit log isn't used: others may write to {} (mode {mode:o}); look at what is in it, then: chmod go-w {}",
        path.display(),
        path.display()
    )]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A link, a pipe or a device stands in its place.
    #[error("the audit log isn't used: {} is not a plain {expected}; move it away", path.display())]
    Odd {
        /// The file or folder.
        path: PathBuf,
        /// `file` or `folder`.
        expected: &'static str,
    },
    /// Another process has held the lock for too long.
    #[error(
        "the audit log can't be used: another sshoal has held {} for {seconds} s; is one stopped (Ctrl-Z)?",
        path.display()
    )]
    Locked {
        /// The lock.
        path: PathBuf,
        /// How long this one waited.
        seconds: u64,
    },
    /// A line is not a record.
    #[error("{}:{line}: not a record of the audit log; `sshoal audit verify` says more", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u64,
    },
}

impl Error {
    /// True where the disk, or what the user may have of it, is full.
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded))
    }
}
