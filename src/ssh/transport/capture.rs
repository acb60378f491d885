//! The output of a short command, under a deadline and a limit.

use std::{
    collections::BTreeSet,
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
    time::timeout,
};
use zeroize::Zeroizing;

use super::child::Group;
use crate::node::text::SafeText;

/// Of standard error, so much is read; the rest is thrown away.
const STDERR_BYTES: usize = 4 << 10;

/// What a command has printed; erased from memory when dropped.
pub(super) struct Captured {
    pub(super) stdout: Zeroizing<Vec<u8>>,
    /// Its last line of standard error.
    pub(super) said: SafeText,
    pub(super) status: ExitStatus,
}

/// Runs a command to its end. Dropped or out of time, it and its children are killed.
pub(super) async fn capture(
    mut command: Command,
    limit: Duration,
    bytes: usize,
) -> io::Result<Captured> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let mut group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let whole = async {
        tokio::try_join!(
            read(stdout, bytes),
            read(stderr, STDERR_BYTES),
            child.wait()
        )
    };
    let (stdout, stderr, status) = timeout(limit, whole).await.map_err(|_| {
        let reason = format!("no answer within {} s", limit.as_secs_f32());
        io::Error::new(io::ErrorKind::TimedOut, reason)
    })??;
    group.forget();
    let last = stderr.trim_ascii().rsplit(|byte| *byte == b'\n').next();
    Ok(Captured {
        said: SafeText::line(last.unwrap_or_default(), 300),
        stdout,
        status,
    })
}

/// Reads to the end and keeps the first `limit` bytes. Room is taken beforehand, so that no copy of a secret is left behind.
async fn read(
    pipe: Option<impl AsyncRead + Unpin>,
    limit: usize,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut kept = Zeroizing::new(Vec::with_capacity(limit.min(64 << 10)));
    let Some(mut pipe) = pipe else {
        return Ok(kept);
    };
    let mut buffer = Zeroizing::new([0; 4096]);
    loop {
        let length = pipe.read(buffer.as_mut_slice()).await?;
        let fresh = buffer.get(..length).unwrap_or_default();
        if fresh.is_empty() {
            return Ok(kept);
        }
        let room = limit.saturating_sub(kept.len()).min(length);
        kept.extend_from_slice(fresh.get(..room).unwrap_or_default());
    }
}

/// A command with our environment, less the variables that hold secrets of the inventory and our own settings.
pub(super) fn command(program: &str, secrets: &BTreeSet<String>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if secrets.contains(text.as_ref()) || text.starts_with("SSHOAL_") {
            command.env_remove(&name);
        }
    }
    command
}
