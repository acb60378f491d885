//! The input of the command: a file, or standard input, which is read whole and given to every node.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    mem,
    os::fd::AsFd as _,
    os::unix::fs::FileTypeExt as _,
    time::Duration,
};

use bytes::Bytes;
use color_eyre::eyre::{Result, WrapErr as _};
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};

use crate::{
    cli::Context,
    command::{INPUT, Usage, exec::Exec},
};

/// It is kept in memory while the run goes on.
const MAX_BYTES: u64 = 64 << 20;

/// Before a person is told what is being waited for.
const SILENCE: Duration = Duration::from_secs(1);

/// The input of every node's command; none where it is to have none.
pub(super) async fn read(context: &mut Context, exec: &Exec) -> Result<Option<Bytes>> {
    let manner = &exec.manner;
    match &manner.stdin {
        Some(path) if path.as_os_str() != INPUT => {
            let path = path.clone();
            let name = path.display().to_string();
            let read = spawn_blocking(move || File::open(path).and_then(whole)).await?;
            let bytes = read.map_err(|error| Usage(format!("--stdin {name}: {error}")))?;
            Ok(Some(bounded(bytes, &name)?))
        }
        None if manner.no_stdin || manner.pty || names_nodes(exec) || !is_piped() => Ok(None),
        _ => standard(context).await.map(Some),
    }
}

/// Standard input names the nodes, and so is no input.
fn names_nodes(exec: &Exec) -> bool {
    let sets = exec.words.iter().chain(&exec.choice.nodes);
    sets.chain(&exec.choice.exclude).any(|set| set == INPUT)
}

/// True for a pipe and a file. A terminal is left alone, and `/dev/null` is nothing.
fn is_piped() -> bool {
    let about = io::stdin().as_fd().try_clone_to_owned();
    let about = about.and_then(|input| File::from(input).metadata());
    about.is_ok_and(|about| {
        let kind = about.file_type();
        kind.is_fifo() || kind.is_file()
    })
}

async fn standard(context: &mut Context) -> Result<Bytes> {
    let mut input = mem::replace(&mut context.console.input, Box::new(io::empty()));
    let (to, mut first) = oneshot::channel();
    let mut reading = spawn_blocking(move || {
        let mut byte = [0];
        let count = input.read(&mut byte)?;
        // Nobody waits for it any more once it was said that it is being read.
        let _ = to.send(());
        let begun = byte.get(..count).unwrap_or_default();
        whole(begun.chain(input))
    });
    if timeout(SILENCE, &mut first).await.is_err() {
        writeln!(
            context.console.err,
            "sshoal: reading standard input, which is given to every node; -n leaves it alone"
        )?;
    }
    let read = (&mut reading).await?;
    bounded(
        read.wrap_err("cannot read standard input")?,
        "standard input",
    )
    .map_err(Into::into)
}

fn whole(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn bounded(bytes: Vec<u8>, name: &str) -> Result<Bytes, Usage> {
    if bytes.len() as u64 > MAX_BYTES {
        let most = MAX_BYTES >> 20;
        return Err(Usage(format!(
            "{name}: more than {most} MiB; copy it to the nodes first, and let the command read it there"
        )));
    }
    Ok(bytes.into())
}
