//! `ssh -G`: what ssh itself makes of its files for one name.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
    time::timeout,
};

use super::said::{Asked, Said};

/// ssh reads a few files; only a `Match exec` or a name server can keep it.
const LIMIT: Duration = Duration::from_secs(3);

/// ssh prints 6 KiB; a thousand key files are less than this.
const MAX_OUTPUT: u64 = 1 << 20;

/// Why ssh has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Its own words; they hold until a file is changed.
    Refused(String),
    /// Another time it may.
    Stuck(String),
}

/// The arguments: constant but for checked values, and no shell reads them.
pub(super) fn arguments(file: Option<&Path>, asked: &Asked) -> Vec<OsString> {
    // No master is asked; the answer tells what `%C` is to this ssh, which newer ones make of more than older ones.
    let mut arguments: Vec<OsString> = vec!["-G".into(), "-oControlPath=%C".into()];
    if let Some(file) = file {
        arguments.extend(["-F".into(), file.into()]);
    }
    if let Some(address) = &asked.address {
        let escaped = address.replace('%', "%%");
        arguments.extend(["-o".into(), format!("HostName={escaped}").into()]);
    }
    if let Some(user) = &asked.user {
        arguments.extend(["-l".into(), user.into()]);
    }
    if let Some(port) = asked.port {
        arguments.extend(["-p".into(), port.to_string().into()]);
    }
    arguments.extend(["--".into(), (&asked.name).into()]);
    arguments
}

/// Runs it. Dropped before its end, the process is killed, and with it what it has started.
pub(super) async fn ask(program: PathBuf, arguments: Vec<OsString>) -> Result<Said, Failure> {
    let answer = timeout(LIMIT, run(&program, &arguments)).await;
    answer.unwrap_or_else(|_| {
        let limit = LIMIT.as_secs();
        let reason = format!("ssh -G does not answer within {limit} s (a `Match exec`, or DNS)");
        Err(Failure::Stuck(reason))
    })
}

async fn run(program: &Path, arguments: &[OsString]) -> Result<Said, Failure> {
    let stuck = |error: std::io::Error| Failure::Stuck(format!("{}: {error}", program.display()));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(stuck)?;
    let _group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::join!(text(stdout), text(stderr));
    let status = child.wait().await.map_err(stuck)?;
    if status.success() {
        return Ok(Said::parse(&stdout));
    }
    let lines = stderr
        .lines()
        .map(|line| line.trim_end_matches(['\r', '.']));
    let lines: Vec<&str> = lines.filter(|line| is_telling(line)).collect();
    Err(Failure::Refused(if lines.is_empty() {
        format!("ssh -G failed: {status}")
    } else {
        lines.join("; ")
    }))
}

/// ssh counts the bad lines after it has told them.
fn is_telling(line: &str) -> bool {
    !line.trim().is_empty()
        && !line.contains("terminating, ")
        && !line.starts_with("Pseudo-terminal")
}

async fn text(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read before an error is worth reading.
        let _ = pipe.take(MAX_OUTPUT).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A process group that dies with this value.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Nothing left to kill is what was wanted.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}
