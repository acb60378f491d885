//! What a run writes into the audit log, off the runtime's threads.

use std::sync::Arc;

use tokio::{
    task::{JoinError, JoinSet, spawn_blocking},
    time::sleep,
};

use super::Logbook;
use crate::{
    exec::{NodeResult, record},
    node::text::SafeText,
    store::{
        self,
        audit::{Audit, Counts, Error, Intent, RunId, RunResult},
    },
};

/// The log of one run; it writes what has ended while more ends.
pub(in crate::fleet) struct Ledger {
    run: RunId,
    /// None while it is being written to, or once it broke.
    audit: Option<Audit>,
    waiting: Vec<RunResult>,
    writing: JoinSet<(Audit, Result<(), Error>)>,
}

impl Ledger {
    /// Writes the intent down. An error means that nothing may be run.
    pub(in crate::fleet) async fn open(
        logbook: &Arc<Logbook>,
        intent: Intent,
    ) -> Result<Self, SafeText> {
        let (run, logbook) = (intent.run.clone(), Arc::clone(logbook));
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
            Ok(Err(error)) => error.to_string(),
            Err(_) => "an internal error; the log says more".to_owned(),
        };
        Err(why.as_str().into())
    }

    /// Has a result written down soon.
    pub(in crate::fleet) fn add(&mut self, result: &NodeResult) {
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
    pub(in crate::fleet) async fn written(&mut self) -> Result<(), SafeText> {
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
    pub(in crate::fleet) async fn close(mut self, counts: Counts) -> Result<(), SafeText> {
        let mut first = Ok(());
        while let Some(done) = self.writing.join_next().await {
            first = first.and(self.settle(done));
        }
        let Some(mut audit) = self.audit.take() else {
            return first.and(Err(broken()));
        };
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
