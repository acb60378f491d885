//! One run from its intent to its end: the engine, its log, the person's password, and what is shown meanwhile.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

use super::{
    Logbook,
    ledger::{Ledger, Name},
};
use crate::{
    exec::{self, Control, Event, Finished, RunState},
    fleet::clock::Clock,
    node::text::SafeText,
    ssh::{Answer, Asked, Connector, Question},
};

/// Events that may wait; nodes with more to say wait for the screen's part.
const EVENTS: usize = 1024;

/// Taken in at once.
const BATCH: usize = 256;

/// What is shown is at least this far apart.
const SHOW_EVERY: Duration = Duration::from_millis(50);

/// All that a run needs.
pub(super) struct Task {
    pub(super) id: Name,
    pub(super) state: Arc<RunState>,
    pub(super) control: Control,
    pub(super) connector: Connector,
    pub(super) clock: Clock,
    pub(super) logbook: Option<Arc<Logbook>>,
    pub(super) asked: Option<mpsc::Sender<Asked>>,
    pub(super) shown: watch::Sender<Arc<RunState>>,
    pub(super) news: mpsc::Sender<()>,
}

impl Task {
    /// Runs it to its end. The engine's tasks end with this one.
    pub(super) async fn run(mut self) {
        let opened = Ledger::open(&self.id, self.logbook.as_ref(), &self.state.order).await;
        match opened {
            Ok(ledger) => self.follow(ledger).await,
            Err(why) => {
                let now = self.clock.now().0;
                self.change().refuse(why.as_str(), now);
            }
        }
        self.show();
    }

    async fn follow(&mut self, mut ledger: Ledger) {
        let (event_to, mut events) = mpsc::channel(EVENTS);
        let plan = Arc::clone(&self.state.order.plan);
        let run = exec::run(plan, self.connector.clone(), self.control.clone(), event_to);
        let mut run = pin!(run);
        let mut finished: Option<Finished> = None;
        let mut password: Option<oneshot::Receiver<Answer>> = None;
        let mut show_at: Option<Instant> = None;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                // Pending mostly: it starts and ends nodes, and their tasks do the rest.
                done = &mut run, if finished.is_none() => finished = Some(done),
                () = until(show_at) => {
                    show_at = None;
                    self.show();
                    continue;
                }
                answer = answered(&mut password) => self.give_password(answer),
                written = ledger.written() => self.note(written),
                count = events.recv_many(&mut batch, BATCH) => {
                    if count == 0 && finished.is_some() {
                        break;
                    }
                    for event in batch.drain(..) {
                        match &event {
                            Event::Ended(_, result) => ledger.add(result),
                            Event::Password(prompt) => password = self.ask(prompt).await,
                            _ => {}
                        }
                        self.apply(event);
                    }
                }
            }
            show_at.get_or_insert_with(|| Instant::now() + SHOW_EVERY);
        }
        let written = ledger.close(&self.state).await;
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
        self.shown.send_replace(Arc::clone(&self.state));
        // A full queue says the same already.
        let _ = self.news.try_send(());
    }

    /// Asks for the password of sudo, once for all nodes.
    async fn ask(&mut self, prompt: &SafeText) -> Option<oneshot::Receiver<Answer>> {
        let jobs = &self.state.order.plan.jobs;
        let (Some(asked), Some(first)) = (&self.asked, jobs.first()) else {
            self.control.abort(NOBODY);
            return None;
        };
        let question = Question::Sudo {
            prompt: prompt.clone(),
            nodes: jobs.len(),
        };
        let (question, answer) = Asked::of(first.node.id.clone(), question);
        if asked.send(question).await.is_err() {
            self.control.abort(NOBODY);
        }
        Some(answer)
    }

    fn give_password(&self, answer: Option<Answer>) {
        let secret = match answer {
            Some(Answer::Secrets(secrets) | Answer::ForAll(secrets)) => secrets.into_iter().next(),
            _ => None,
        };
        match secret {
            Some(secret) => self.control.give_password(secret),
            None => self.control.abort("no password was given for sudo"),
        }
    }
}

const NOBODY: &str = "sudo asks for a password, and nobody is there to give it";

/// The answer; nothing where it was declined. Never while nothing is asked.
async fn answered(password: &mut Option<oneshot::Receiver<Answer>>) -> Option<Answer> {
    let answer = match password {
        Some(waiting) => waiting.await.ok(),
        None => std::future::pending().await,
    };
    *password = None;
    answer
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
