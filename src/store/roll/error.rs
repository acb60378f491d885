//! What keeps a roll's journal from being written or read.

use std::{io, path::PathBuf};

use crate::store::audit::RunId;

/// Where, why, and what to try.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("the journal of rolls can't be {what}: {}: {source}", path.display())]
    Io {
        /// `written`, `read`, `opened`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may write there.
    #[error(
        "the journal of rolls isn't used: {} is not this user's alone; look at what is in it, then: chmod 700",
        path.display()
    )]
    Open {
        /// The file or folder.
        path: PathBuf,
    },
    /// There is none of this name.
    #[error("no roll {0}; `sshoal roll list` has them all")]
    Unknown(RunId),
    /// Its first line says nothing.
    #[error("{}: not the journal of a roll", path.display())]
    Headless {
        /// The file.
        path: PathBuf,
    },
    /// A process drives it already.
    #[error("roll {id} is driven by another process{}; `sshoal roll pause {id}` holds it", said(*pid))]
    Driven {
        /// Which roll.
        id: RunId,
        /// Its process, as far as it is known.
        pid: Option<u32>,
    },
}

fn said(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}
