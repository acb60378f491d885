//! What a run writes into the audit log, off the runtime's threads.

use std::sync::Arc;

use tokio::{
    task::{JoinError, JoinSet, spawn_blocking},
    time::sleep,
};

use super::Logbook;
use crate::{
    exec::{NodeResult, RunOrder, RunState, record},
    node::text::SafeText,
    store::{
        self,
        audit::{Audit, Error, RunId, RunResult},
    },
};

/// The name of a run; a dashboard without a log has none to give.
pub(super) fn name(logbook: Option<&Logbook>) -> Name {
    Name(logbook.map(|_| RunId::new(store::now_ms())))
}

/// A run's name in the log, where there is one.
#[derive(Clone, Debug)]
pub(super) struct Name(Option<RunId>);

impl Name {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_ref().map_or("", RunId::as_str)
    }
}

/// The log of one run; it writes what has ended while more ends.
pub(super) struct Ledger {
    run: RunId,
    /// None while it is being written to, or once it broke.
    audit: Option<Audit>,
    waiting: Vec<RunResult>,
    writing: JoinSet<(Audit, Result<(), Error>)>,
}

impl Ledger {
    /// Writes the intent down. An error means that nothing may be run.
    pub(super) async fn open(
        name: &Name,
        logbook: Option<&Arc<Logbook>>,
        order: &RunOrder,
    ) -> Result<Self, SafeText> {
        let (Some(run), Some(logbook)) = (name.0.clone(), logbook.cloned()) else {
            return Err("not run: there is no audit log to write it down in".into());
        };
        let intent = record::intent(&run, order, &logbook.actor, store::now_ms());
        let opened = spawn_blocking(move || {
            let mut audit = Audit::open(&logbook.audit, intent.at_ms)?;
            audit.intent(&intent)?;
            Ok::<Audit, Error>(audit)
        });
        let why = match opened.await {
            Ok(Ok(audit)) => {
                return Ok(Self {
                    run,
                    audit: Some(audit),
                    waiting: Vec::new(),
                    writing: JoinSet::new(),
                });
            }
            Ok(Err(error)) => format!("not run: {error}"),
            Err(_) => "not run: an internal error; the log says more".to_owned(),
        };
        Err(why.as_str().into())
    }

    /// Has a result written down soon.
    pub(super) fn add(&mut self, result: &NodeResult) {
        let record = record::result(&self.run, result, store::now_ms());
        self.waiting.push(record);
        self.write();
    }

    fn write(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Some(mut audit) = self.audit.take() else {
            return;
        };
        let batch = std::mem::take(&mut self.waiting);
        self.writing.spawn_blocking(move || {
            let written = audit.results(&batch);
            (audit, written)
        });
    }

    /// Resolves when something was written; never while nothing is. What was written is on disk a second later, also where
    /// nothing more is. Cancel-safe.
    pub(super) async fn written(&mut self) -> Result<(), SafeText> {
        loop {
            if let Some(done) = self.writing.join_next().await {
                return self.settle(done);
            }
            let audit = self.audit.as_ref();
            let Some(due) = audit.and_then(|audit| audit.sync_due(store::now_ms())) else {
                return std::future::pending().await;
            };
            sleep(due).await;
            if let Some(mut audit) = self.audit.take() {
                self.writing.spawn_blocking(move || {
                    let synced = audit.sync_at_times(store::now_ms());
                    (audit, synced)
                });
            }
        }
    }

    fn settle(
        &mut self,
        done: Result<(Audit, Result<(), Error>), JoinError>,
    ) -> Result<(), SafeText> {
        let (audit, written) = done.map_err(|_| broken())?;
        self.audit = Some(audit);
        self.write();
        written.map_err(|error| told(&error))
    }

    /// Writes the rest and the end.
    pub(super) async fn close(mut self, state: &RunState) -> Result<(), SafeText> {
        let mut first = Ok(());
        while let Some(done) = self.writing.join_next().await {
            first = first.and(self.settle(done));
        }
        let Some(mut audit) = self.audit.take() else {
            return first.and(Err(broken()));
        };
        let counts = record::counts(state.results().map(AsRef::as_ref));
        let run = self.run;
        let ended = spawn_blocking(move || audit.end(&run, &counts, store::now_ms()));
        let ended = ended.await.map_err(|_| broken());
        first.and(ended.and_then(|written| written.map_err(|error| told(&error))))
    }
}

fn told(error: &Error) -> SafeText {
    format!("not in the audit log: {error}").as_str().into()
}

fn broken() -> SafeText {
    "not in the audit log: an internal error; the log says more".into()
}
