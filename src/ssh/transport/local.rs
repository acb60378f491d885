//! No SSH at all: commands of this machine behind the same session and channels.

use std::{
    env,
    ffi::OsStr,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::child::Group;
use crate::{
    node::Transport,
    ssh::{
        Channel, End, Error, Output, Step,
        channel::{self, Feed, Input, piece},
    },
};

/// One read of a pipe.
const READ_BYTES: usize = 32 << 10;

/// Variables that a command is given besides `LC_*`, `LD_*` and `XDG_*`: what a login would have, and no tokens or database addresses.
const KEPT: [&str; 11] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "LANG",
    "TZ",
    "TMPDIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
];

/// The commands of this machine that one session runs.
#[derive(Debug)]
pub(crate) struct Shell {
    tasks: TaskTracker,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Shell {
    pub(crate) fn new() -> Self {
        let stop = CancellationToken::new();
        Self {
            tasks: TaskTracker::new(),
            _guard: stop.clone().drop_guard(),
            stop,
        }
    }

    /// Starts `sh -c command` in the home folder.
    pub(crate) fn exec(&self, command: &str) -> Result<Channel, Error> {
        let failed = |error: std::io::Error| {
            Error::new(Step::Exec, Transport::Local, &format!("sh: {error}"))
        };
        let mut child = shell(command).spawn().map_err(failed)?;
        let group = Group::of(&child);
        let (channel, feed) = channel::pair(Transport::Local);
        let input = child.stdin.take().map_or(Input::Closed, Input::Local);
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = run(child, group, feed) => {}
            }
        });
        Ok(channel.attach(input))
    }

    /// Resolves when the session is closed, since nothing else ends it.
    pub(crate) async fn closed(&self) {
        self.stop.cancelled().await;
    }

    /// Kills what still runs and waits for it.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(command)
        .env_clear()
        .envs(env::vars_os().filter(|(name, _)| is_kept(name)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(home) = env::home_dir().filter(|home| home.is_dir()) {
        shell.current_dir(home);
    }
    shell
}

fn is_kept(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let family = ["LC_", "LD_", "XDG_"];
    KEPT.contains(&name) || family.iter().any(|prefix| name.starts_with(prefix))
}

/// Feeds the output until both pipes are closed and the child has ended. A slow reader slows the command down: the pipes are its own.
async fn run(mut child: Child, mut group: Group, feed: Feed) {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let drained = async {
        tokio::join!(
            drain(stdout, &feed, Output::Stdout),
            drain(stderr, &feed, Output::Stderr),
        );
    };
    let gone = feed.gone.clone();
    let ended = tokio::select! {
        biased;
        () = gone.cancelled() => None,
        (status, ()) = async { tokio::join!(child.wait(), drained) } => status.ok(),
    };
    if let Some(status) = ended {
        group.forget();
        feed.end(end_of(status));
    }
}

async fn drain(pipe: Option<impl AsyncRead + Unpin>, feed: &Feed, wrap: fn(Bytes) -> Output) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(READ_BYTES);
        if !matches!(pipe.read_buf(&mut buffer).await, Ok(1..)) {
            return;
        }
        let Some(output) = piece(buffer.split().freeze(), wrap) else {
            continue;
        };
        if !feed.put(output).await {
            return;
        }
    }
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exit(code.cast_unsigned()),
        (None, Some(signal)) => End::Signal(signal_name(signal)),
        (None, None) => End::Lost,
    }
}

/// The name as SSH has it (RFC 4254, 6.10); the number where it has none.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGHUP => "HUP",
        libc::SIGINT => "INT",
        libc::SIGQUIT => "QUIT",
        libc::SIGILL => "ILL",
        libc::SIGABRT => "ABRT",
        libc::SIGFPE => "FPE",
        libc::SIGKILL => "KILL",
        libc::SIGUSR1 => "USR1",
        libc::SIGSEGV => "SEGV",
        libc::SIGUSR2 => "USR2",
        libc::SIGPIPE => "PIPE",
        libc::SIGALRM => "ALRM",
        libc::SIGTERM => "TERM",
        other => return other.to_string(),
    };
    name.to_owned()
}
