//! Reads a small file that a person named, whatever turns out to stand there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::Path,
};

use super::MAX_BYTES;

/// Reads at most [`MAX_BYTES`]; of a larger file nothing, with [`ErrorKind::FileTooLarge`]. What is no file is refused at
/// once: a named pipe would hold us until somebody writes to it, and a device may never end.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if file.metadata()?.len() > MAX_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let mut bytes = Vec::new();
    // A pipe has no size.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn open(path: &Path) -> io::Result<File> {
    if is_handed_over(path) {
        let file = File::open(path)?;
        return match refusal(file.metadata()?.file_type()) {
            // Somebody is at the other end: `--hosts <(...)`, `... | sshoal --hosts /dev/stdin`, or who types.
            Some(error) if error.kind() == ErrorKind::IsADirectory => Err(error),
            _ => Ok(file),
        };
    }
    let mut options = OpenOptions::new();
    options
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = options.open(path).map_err(|error| {
        // A socket can't be opened at all, and the system says so of a device.
        let kind = fs::metadata(path).map(|about| about.file_type());
        kind.ok().and_then(refusal).unwrap_or(error)
    })?;
    match refusal(file.metadata()?.file_type()) {
        Some(error) if !is_nowhere(path) => Err(error),
        _ => Ok(file),
    }
}

/// Why this kind of thing is not read; `None` for files.
fn refusal(kind: fs::FileType) -> Option<io::Error> {
    if kind.is_dir() {
        return Some(ErrorKind::IsADirectory.into());
    }
    let what = if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_char_device() || kind.is_block_device() {
        "a device"
    } else {
        return None;
    };
    Some(io::Error::other(format!("{what}, not a file; name a file")))
}

/// True for what this process was started with, by the names that shells give it.
fn is_handed_over(path: &Path) -> bool {
    let folders = ["/dev/fd", "/proc/self/fd"];
    path == Path::new("/dev/stdin") || folders.iter().any(|folder| path.starts_with(folder))
}

/// What people link to where nothing shall be said.
fn is_nowhere(path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|real| real == Path::new("/dev/null"))
}
