//! A command whose standard input and output are the way to a server: it dies with the stream, and what it says on its
//! standard error tells why it failed.

use std::{
    collections::VecDeque,
    io,
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    pin::Pin,
    process::{ExitStatus, Stdio},
    task::{Context, Poll, ready},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::UnixStream,
    process::{Child, ChildStderr, Command},
    sync::watch,
    time::timeout,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    node::{Transport, text::SafeText},
    ssh::{Error, Step},
};

/// Lines of standard error that are kept.
const LINES: usize = 8;

/// Of one line, so many bytes are kept.
const LINE_BYTES: usize = 300;

/// For a command that has closed its output to end by itself, so that its exit code is known.
const GRACE: Duration = Duration::from_millis(500);

/// For a command that was told to end.
const TERM_TIMEOUT: Duration = Duration::from_secs(1);

/// A running command as a stream. Dropping it ends the command and its children.
pub(crate) struct Pipe {
    socket: UnixStream,
    /// Set when the command has closed its output.
    hung_up: CancellationToken,
    account: watch::Receiver<Account>,
    /// What to wait for once the output is closed.
    end: Option<Pin<Box<dyn Future<Output = String> + Send>>>,
    _gone: DropGuard,
}

/// What is known of a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    lines: VecDeque<SafeText>,
    /// How it ended, once its output is closed.
    end: Option<String>,
}

/// Tells what a command has said, after its stream is in other hands.
#[derive(Clone)]
pub(crate) struct Said {
    account: watch::Receiver<Account>,
    transport: Transport,
    advice: fn(&str) -> &'static str,
}

/// Starts a command in a process group of its own; `tasks` gets the one that looks after it. `advice` says what to try for
/// what it said last.
pub(crate) fn start(
    mut command: Command,
    transport: Transport,
    advice: fn(&str) -> &'static str,
    tasks: &TaskTracker,
) -> io::Result<(Pipe, Said)> {
    // One socket is cheaper to watch than two pipes; ssh's own ProxyUseFdpass and sshd have one too.
    let (socket, theirs) = UnixStream::pair()?;
    let theirs = theirs.into_std()?;
    theirs.set_nonblocking(false)?;
    let theirs = OwnedFd::from(theirs);
    let mut child = command
        .stdin(Stdio::from(theirs.try_clone()?))
        .stdout(Stdio::from(theirs))
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    // It holds the command's end of the socket: the end of file would never come.
    drop(command);
    let (account, seen) = watch::channel(Account::default());
    let (gone, hung_up) = (CancellationToken::new(), CancellationToken::new());
    let keeper = Keeper {
        stderr: child.stderr.take(),
        group: Group::of(&child),
        child,
        gone: gone.clone(),
        hung_up: hung_up.clone(),
        account,
    };
    tasks.spawn(keeper.run());
    let pipe = Pipe {
        socket,
        hung_up,
        account: seen.clone(),
        end: None,
        _gone: gone.drop_guard(),
    };
    let said = Said {
        account: seen,
        transport,
        advice,
    };
    Ok((pipe, said))
}

/// A process group that dies with this value.
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group that a child leads.
    pub(super) fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(id.cast_signed())))
    }

    /// It has ended by itself.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // Nothing left to kill is what was wanted.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Looks after one command until it is gone.
struct Keeper {
    child: Child,
    stderr: Option<ChildStderr>,
    group: Group,
    gone: CancellationToken,
    hung_up: CancellationToken,
    account: watch::Sender<Account>,
}

impl Keeper {
    async fn run(self) {
        let Self {
            mut child,
            stderr,
            group,
            gone,
            hung_up,
            account,
        } = self;
        let mut listening = std::pin::pin!(listen(stderr, &account));
        let mut heard = false;
        // The leader is not waited for before: as long as it is not reaped, its group can't be another's.
        loop {
            tokio::select! {
                biased;
                () = gone.cancelled() => break,
                () = hung_up.cancelled() => break,
                () = &mut listening, if !heard => heard = true,
            }
        }
        let ended = if gone.is_cancelled() {
            None
        } else {
            let farewell = async {
                let status = child.wait().await.ok();
                if !heard {
                    (&mut listening).await;
                }
                status
            };
            timeout(GRACE, farewell).await.ok().flatten()
        };
        let end = ended.map_or_else(|| "it closed its output".to_owned(), told);
        account.send_modify(|account| account.end = Some(end));
        if ended.is_none() {
            group.signal(Signal::TERM);
            let _ = timeout(TERM_TIMEOUT, child.wait()).await;
        }
        // What is left of the group, in any case.
        drop(group);
        let _ = child.wait().await;
    }
}

fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "it ended".to_owned(),
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "it is gone".to_owned(),
    }
}

async fn listen(stderr: Option<ChildStderr>, account: &watch::Sender<Account>) {
    let Some(mut stderr) = stderr else { return };
    let mut line = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
        for byte in buffer.iter().take(length) {
            match byte {
                b'\n' => keep(&mut line, account),
                _ if line.len() < LINE_BYTES => line.push(*byte),
                _ => {}
            }
        }
    }
    keep(&mut line, account);
}

fn keep(line: &mut Vec<u8>, account: &watch::Sender<Account>) {
    let text = SafeText::line(line.trim_ascii(), LINE_BYTES);
    line.clear();
    if text.as_str().is_empty() {
        return;
    }
    account.send_modify(|account| {
        if account.lines.len() == LINES {
            account.lines.pop_front();
        }
        account.lines.push_back(text);
    });
}

impl Account {
    /// How it ended, and its last words.
    fn reason(&self) -> Option<String> {
        let end = self.end.as_ref()?;
        Some(match self.lines.back() {
            Some(last) => format!("{end}: {last}"),
            None => end.clone(),
        })
    }
}

impl Said {
    /// A failure in the words of the command, where it has any that tell more.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let account = self.account.borrow();
        let all: Vec<&str> = account.lines.iter().map(SafeText::as_str).collect();
        let advice = (self.advice)(&all.join("\n"));
        if !matches!(error.step, Step::Banner | Step::Kex) {
            return error;
        }
        if let Some(reason) = account.reason() {
            return Error::new(Step::Connect, self.transport, &reason).advise(advice);
        }
        let Some(last) = account.lines.back() else {
            return error;
        };
        let reason = format!("{}; it says: {last}", error.reason);
        Error {
            reason: reason.as_str().into(),
            advice: advice.into(),
            ..error
        }
    }
}

impl AsyncRead for Pipe {
    /// Its end is always a failure: who takes leave of an SSH server reads no further.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.end.is_none() {
            let before = buffer.filled().len();
            let read = ready!(Pin::new(&mut self.socket).poll_read(context, buffer));
            if read.is_ok() && buffer.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_end(context).map(Err)
    }
}

impl Pipe {
    /// Waits for how the command ended, as far as it is to be known.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        self.hung_up.cancel();
        let account = &self.account;
        let end = self
            .end
            .get_or_insert_with(|| Box::pin(ended(account.clone())));
        let reason = ready!(end.as_mut().poll(context));
        self.end = Some(Box::pin(std::future::ready(reason.clone())));
        Poll::Ready(io::Error::other(reason))
    }
}

async fn ended(mut account: watch::Receiver<Account>) -> String {
    let account = account.wait_for(|account| account.end.is_some()).await;
    let reason = account.ok().and_then(|account| account.reason());
    reason.unwrap_or_else(|| "the command is gone".to_owned())
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.end.is_none()
            && let Ok(written) = ready!(Pin::new(&mut self.socket).poll_write(context, bytes))
        {
            return Poll::Ready(Ok(written));
        }
        self.poll_end(context).map(Err)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
#[path = "child_tests.rs"]
mod tests;
