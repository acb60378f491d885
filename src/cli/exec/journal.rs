//! The audit log of one run, kept by a thread of its own: a slow disk holds up nothing once the run has begun.

use std::{
    io, mem,
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use crate::{
    cli,
    config::Paths,
    exec::{NodeResult, Outcome},
    store::{
        self,
        audit::{Audit, Counts, Error, Hash, Intent, RunId, RunResult},
    },
};

/// Instead of the time to the next sync, where none is due.
const LONG: Duration = Duration::from_hours(24);

/// What ends so soon after the last write goes into one with what follows: each takes a lock and looks where the log ends.
/// Milliseconds.
const PACE: u64 = 100;

/// For the last write and sync of a run: a disk that takes longer is said to fail.
const PATIENCE: Duration = Duration::from_secs(15);

enum Entry {
    Results(Vec<RunResult>),
    End(Counts),
}

/// A run that is being written down.
pub(in crate::cli) struct Journal {
    run: RunId,
    entries: SyncSender<Entry>,
    /// Not handed on yet.
    results: Vec<RunResult>,
    /// When something was last, by the run's clock.
    handed_on: Option<u64>,
    failed: oneshot::Receiver<Error>,
    thread: JoinSet<()>,
}

/// Why a run can't be written down.
pub(in crate::cli) enum Refusal {
    /// There is no place for it.
    Nowhere(io::Error),
    /// The log can't be used.
    Log(Error),
}

impl Refusal {
    /// What it is about, and what to try.
    pub(in crate::cli) fn text(&self, paths: &Paths) -> String {
        let folder = paths.audit();
        let folder = folder.display();
        match self {
            Self::Nowhere(error) => format!(
                "the audit log can't be made in {folder}: {error}; XDG_STATE_HOME=FOLDER names another place"
            ),
            Self::Log(error) if error.is_full() => {
                format!("{error}; make room there, or name another place: XDG_STATE_HOME=FOLDER")
            }
            Self::Log(error) => format!("{error} (folder {folder}; XDG_STATE_HOME names another)"),
        }
    }
}

impl Journal {
    /// Writes down that the run is about to begin: it is on disk when this returns.
    pub(in crate::cli) async fn begin(paths: &Paths, intent: Intent) -> Result<Self, Refusal> {
        let run = intent.run.clone();
        let (paths, nodes) = (paths.clone(), intent.nodes.len());
        let begun = spawn_blocking(move || {
            cli::create_state(&paths).map_err(Refusal::Nowhere)?;
            open(&paths.audit(), &intent).map_err(Refusal::Log)
        });
        let audit = begun
            .await
            .map_err(|error| Refusal::Nowhere(error.into()))??;
        // One each, and the end: there is always room.
        let (to, entries) = sync_channel(nodes + 1);
        let (fails, failed) = oneshot::channel();
        let mut thread = JoinSet::new();
        let name = run.clone();
        thread.spawn_blocking(move || keep(audit, &name, &entries, fails));
        Ok(Self {
            run,
            entries: to,
            results: Vec::new(),
            handed_on: None,
            failed,
            thread,
        })
    }

    /// How it went on one node; written at once, or within the pace where [`Journal::beat`] is called as often.
    pub(in crate::cli) fn result(&mut self, result: &NodeResult, now: u64) {
        self.results.push(record(&self.run, result));
        self.beat(now);
    }

    /// Hands on what has waited long enough.
    pub(in crate::cli) fn beat(&mut self, now: u64) {
        let is_due = (self.handed_on).is_none_or(|last| now.saturating_sub(last) >= PACE);
        if is_due && !self.results.is_empty() {
            self.handed_on = Some(now);
            self.hand_on();
        }
    }

    /// Hands on all that waits.
    pub(in crate::cli) fn hand_on(&mut self) {
        if self.results.is_empty() {
            return;
        }
        // There is room for each; a thread that is gone was told of.
        let entry = Entry::Results(mem::take(&mut self.results));
        let _ = self.entries.try_send(entry);
    }

    /// Resolves when something can't be written; at most once. Cancel-safe.
    pub(in crate::cli) async fn failed(&mut self) -> Error {
        if self.failed.is_terminated() {
            return std::future::pending().await;
        }
        match (&mut self.failed).await {
            Ok(error) => error,
            Err(_) => std::future::pending().await,
        }
    }

    /// The run is over. False when that isn't known to be on disk.
    pub(in crate::cli) async fn end(mut self, counts: Counts) -> Result<(), String> {
        self.hand_on();
        let _ = self.entries.try_send(Entry::End(counts));
        drop(self.entries);
        let done = timeout(PATIENCE, self.thread.join_next()).await;
        if done.is_err() {
            return Err("the audit log's disk doesn't answer".to_owned());
        }
        match self.failed.try_recv() {
            Ok(error) => Err(error.to_string()),
            Err(_) => Ok(()),
        }
    }
}

fn open(folder: &Path, intent: &Intent) -> Result<Audit, Error> {
    let mut audit = Audit::open(folder, intent.at_ms)?;
    audit.intent(intent)?;
    Ok(audit)
}

/// Writes what comes until the end. What fails is told once; later records are tried all the same.
fn keep(mut audit: Audit, run: &RunId, entries: &Receiver<Entry>, fails: oneshot::Sender<Error>) {
    let mut fails = Some(fails);
    let mut tell = |written: Result<(), Error>| {
        if let (Err(error), Some(fails)) = (written, fails.take_if(|_| true)) {
            let _ = fails.send(error);
        }
    };
    loop {
        let due = audit.sync_due(store::now_ms()).unwrap_or(LONG);
        let entry = match entries.recv_timeout(due) {
            Ok(entry) => entry,
            Err(RecvTimeoutError::Timeout) => {
                tell(audit.sync_at_times(store::now_ms()));
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        match entry {
            Entry::Results(results) => tell(audit.results(&results)),
            Entry::End(counts) => tell(audit.end(run, &counts, store::now_ms())),
        }
    }
}

fn record(run: &RunId, result: &NodeResult) -> RunResult {
    let has_begun = !result.duration.is_zero();
    let hash = |digest| has_begun.then(|| Hash::from(digest));
    RunResult {
        run: run.clone(),
        node: result.node.to_string(),
        outcome: result.outcome.as_str().to_owned(),
        reason: result.outcome.reason().to_owned(),
        code: match &result.outcome {
            Outcome::Ok => Some(0),
            Outcome::Exit(code) => Some(*code),
            _ => None,
        },
        signal: match &result.outcome {
            Outcome::Signal(name) => Some(name.clone()),
            _ => None,
        },
        out_bytes: result.stdout.total,
        err_bytes: result.stderr.total,
        duration_ms: result.duration.as_millis() as u64,
        attempts: result.attempts,
        transport: result.transport.map(|way| way.as_str().to_owned()),
        left: (result.left.as_ref()).map(|left| left.iter().map(|process| process.pid).collect()),
        out_sha256: hash(result.stdout.digest),
        err_sha256: hash(result.stderr.digest),
        at_ms: store::now_ms(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Node;

    #[test]
    fn what_ends_together_is_written_together_and_nothing_waits_for_long() {
        let (to, entries) = sync_channel(8);
        let mut journal = Journal {
            run: RunId::new(0),
            entries: to,
            results: Vec::new(),
            handed_on: None,
            failed: oneshot::channel().1,
            thread: JoinSet::new(),
        };
        let result = NodeResult::without_run(&Node::blank("web1").id, Outcome::Ok, 1);
        let written = || match entries.try_recv() {
            Ok(Entry::Results(results)) => results.len(),
            _ => 0,
        };
        (0..4).for_each(|_| journal.result(&result, 5));
        assert_eq!((written(), written()), (1, 0));
        journal.beat(5 + PACE - 1);
        assert_eq!(written(), 0);
        journal.beat(5 + PACE);
        assert_eq!((written(), written()), (3, 0));
        journal.result(&result, 5 + PACE);
        journal.hand_on();
        journal.hand_on();
        assert_eq!((written(), written()), (1, 0));
    }
}
