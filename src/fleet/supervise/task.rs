//! One run from its intent to its end: the engine, its log, the person's password, and what is shown meanwhile.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::sync::mpsc;

use super::{Logbook, ledger::Ledger};
use crate::{
    exec::{self, Control, Event, Finished, RunState, record},
    fleet::{clock::Clock, shown::Shown, sudo::Sudo},
    node::text::SafeText,
    ssh::Connector,
    store::{self, audit::RunId},
};

/// Events that may wait; nodes with more to say wait for the screen's part.
const EVENTS: usize = 1024;

/// Taken in at once.
const BATCH: usize = 256;

/// What is shown is at least this far apart.
pub(super) const SHOW_EVERY: Duration = Duration::from_millis(50);

/// All that a run needs.
pub(super) struct Task {
    /// Its name in the audit log; a dashboard without a log has none to give.
    pub(super) id: Option<RunId>,
    pub(super) state: Arc<RunState>,
    pub(super) control: Control,
    pub(super) connector: Connector,
    pub(super) clock: Clock,
    pub(super) logbook: Option<Arc<Logbook>>,
    pub(super) sudo: Sudo,
    pub(super) shown: Shown<RunState>,
}

impl Task {
    /// Runs it to its end. The engine's tasks end with this one.
    pub(super) async fn run(mut self) {
        match self.open().await {
            Ok(ledger) => self.follow(ledger).await,
            Err(why) => {
                let now = self.clock.now().0;
                self.change().refuse(why.as_str(), now);
            }
        }
        self.show();
    }

    async fn open(&self) -> Result<Ledger, SafeText> {
        let (Some(run), Some(logbook)) = (&self.id, &self.logbook) else {
            return Err("not run: there is no audit log to write it down in".into());
        };
        let intent = record::intent(run, &self.state.order, &logbook.actor, store::now_ms());
        let opened = Ledger::open(logbook, intent).await;
        opened.map_err(|why| format!("not run: {why}").as_str().into())
    }

    async fn follow(&mut self, mut ledger: Ledger) {
        let (event_to, mut events) = mpsc::channel(EVENTS);
        let plan = Arc::clone(&self.state.order.plan);
        let run = exec::run(plan, self.connector.clone(), self.control.clone(), event_to);
        let mut run = pin!(run);
        let mut finished: Option<Finished> = None;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                // Pending mostly: it starts and ends nodes, and their tasks do the rest.
                done = &mut run, if finished.is_none() => finished = Some(done),
                () = self.shown.due() => {
                    self.show();
                    continue;
                }
                () = self.sudo.answered() => {}
                written = ledger.written() => self.note(written),
                count = events.recv_many(&mut batch, BATCH) => {
                    if count == 0 && finished.is_some() {
                        break;
                    }
                    for event in batch.drain(..) {
                        match &event {
                            Event::Ended(_, result) => ledger.add(result),
                            Event::Password(prompt) => self.ask(prompt).await,
                            _ => {}
                        }
                        self.apply(event);
                    }
                }
            }
            self.shown.soon();
        }
        let counts = record::counts(self.state.results().map(AsRef::as_ref));
        let written = ledger.close(counts).await;
        self.note(written);
        let now = self.clock.now().0;
        if let Some(finished) = finished {
            self.change().finish(finished, now);
        }
    }

    fn change(&mut self) -> &mut RunState {
        Arc::make_mut(&mut self.state)
    }

    fn apply(&mut self, event: Event) {
        let now = self.clock.now().0;
        self.change().apply(event, now);
    }

    fn note(&mut self, written: Result<(), SafeText>) {
        if let Err(why) = written {
            tracing::warn!(%why, "a record of a run");
            self.change().trouble = Some(why);
        }
    }

    fn show(&mut self) {
        self.shown.show(Arc::clone(&self.state));
    }

    async fn ask(&mut self, prompt: &SafeText) {
        let jobs = &self.state.order.plan.jobs;
        let node = jobs.first().map(|job| job.node.id.clone());
        self.sudo.ask(prompt, node, jobs.len()).await;
    }
}
