//! One roll from its intent to its end: the engine, its two records, the person's password, and what is shown meanwhile.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::spawn_blocking};

use super::Rolled;
use crate::{
    daemon::roll::{Event, Finished, Order, Past, Reason, Start, drive},
    exec::Control,
    fleet::{
        clock::Clock,
        shown::Shown,
        sudo::Sudo,
        supervise::{Logbook, ledger::Ledger},
    },
    node::text::SafeText,
    ssh::Connector,
    store::{
        self,
        audit::{Counts, RunId},
        roll::{Error, Folder, Journal, Note},
    },
};

/// Happenings that may wait; nodes wait behind them.
const EVENTS: usize = 128;

/// Taken in at once.
const BATCH: usize = 64;

/// What is shown is at least this far apart.
pub(super) const SHOW_EVERY: Duration = Duration::from_millis(100);

/// All that a roll needs.
pub(super) struct Task {
    pub(super) rolled: Arc<Rolled>,
    pub(super) logbook: Option<Arc<Logbook>>,
    pub(super) connector: Connector,
    pub(super) clock: Clock,
    pub(super) control: Control,
    pub(super) sudo: Sudo,
    pub(super) shown: Shown<Rolled>,
}

/// A journal, and what it says of the nodes.
struct Opened {
    journal: Journal,
    past: Past,
}

impl Task {
    /// Drives it to its end. The engine's tasks end with this one.
    pub(super) async fn run(mut self, notes: mpsc::Receiver<Note>) {
        match self.open().await {
            Ok((ledger, opened)) => self.follow(ledger, opened, notes).await,
            Err(why) => {
                let now = self.clock.now();
                self.change().refuse(&format!("not begun: {why}"), now);
            }
        }
        self.show();
    }

    /// Writes down what was ordered, in the audit log and in a journal of its own.
    async fn open(&mut self) -> Result<(Ledger, Opened), SafeText> {
        let Some(logbook) = self.logbook.clone() else {
            return Err("there is no audit log to write it down in".into());
        };
        let (wish, now) = (Arc::clone(&self.rolled.wish), store::now_ms());
        let is_resumed = wish.resumes.is_some();
        // A run of the audit log has its own name: of a resumption that is another one.
        let run = if is_resumed {
            RunId::new(now)
        } else {
            self.rolled.id.clone()
        };
        if is_resumed {
            let opened = self.journal(&logbook, now).await?;
            self.change().was_done(&opened.past);
            let intent = wish.intent(run, &logbook.actor, &opened.past, now);
            return Ok((Ledger::open(&logbook, intent).await?, opened));
        }
        let intent = wish.intent(run, &logbook.actor, &Past::default(), now);
        let ledger = Ledger::open(&logbook, intent).await?;
        match self.journal(&logbook, now).await {
            Ok(opened) => Ok((ledger, opened)),
            Err(why) => {
                // What was meant to be begun has ended, for the log too.
                let _ = ledger.close(Counts::new()).await;
                Err(why)
            }
        }
    }

    /// The journal of a new roll, or that of one to go on with.
    async fn journal(&self, logbook: &Logbook, now: u64) -> Result<Opened, SafeText> {
        let (id, wish) = (self.rolled.id.clone(), &self.rolled.wish);
        let folder = Folder::new(&logbook.rolls);
        let header = wish.header(&id, &logbook.actor, &logbook.files);
        let is_resumed = wish.resumes.is_some();
        let opened = spawn_blocking(move || -> Result<_, Error> {
            if !is_resumed {
                let past = Past::default();
                // An old one that stays harms nobody.
                let _ = folder.tidy(now);
                return Ok((folder.begin(&header, now)?, past, true));
            }
            let (stored, journal) = folder.resume(&id, now)?;
            let records = stored.lines.iter().map(|line| &line.record);
            let past = Past::of(stored.header.nodes.len(), records);
            Ok((journal, past, stored.header.files() == header.files()))
        });
        let why = match opened.await {
            Ok(Ok((journal, past, true))) => return Ok(Opened { journal, past }),
            Ok(Ok((_, _, false))) => format!(
                "it was begun with another hosts.yaml, known_hosts or ssh_config; in a shell: sshoal roll resume {}",
                self.rolled.id
            ),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "an internal error; the log says more".to_owned(),
        };
        Err(why.as_str().into())
    }

    async fn follow(&mut self, mut ledger: Ledger, opened: Opened, notes: mpsc::Receiver<Note>) {
        let order = Arc::new(self.rolled.wish.order(&self.rolled.id));
        let (to, mut events) = mpsc::channel(EVENTS);
        let start = Start {
            order: Arc::clone(&order),
            past: opened.past,
            journal: opened.journal,
            pid: std::process::id(),
            connector: self.connector.clone(),
            control: self.control.clone(),
        };
        let mut drive = pin!(drive(start, notes, to));
        let mut finished: Option<Finished> = None;
        let mut counts = Counts::new();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                // Pending mostly: its own tasks do the work.
                done = &mut drive, if finished.is_none() => finished = Some(done),
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
                        self.take(&event, &order, (&mut ledger, &mut counts)).await;
                    }
                }
            }
            self.shown.soon();
        }
        let written = ledger.close(counts).await;
        self.note(written);
        let now = self.clock.now();
        let reason = finished.map_or(Reason::Broken, |finished| finished.reason);
        self.change().finish(reason, now);
    }

    async fn take(&mut self, event: &Event, order: &Order, kept: (&mut Ledger, &mut Counts)) {
        let (ledger, counts) = kept;
        match event {
            Event::Ended(_, end, _, result) => {
                ledger.add(result);
                *counts.entry(end.as_str().to_owned()).or_default() += 1;
            }
            Event::Password(prompt) => {
                let first = order.nodes.first().map(|node| node.id.clone());
                self.sudo.ask(prompt, first, order.nodes.len()).await;
            }
            _ => {}
        }
        let now = self.clock.now();
        self.change().apply(event, order, now);
    }

    fn change(&mut self) -> &mut Rolled {
        Arc::make_mut(&mut self.rolled)
    }

    fn note(&mut self, written: Result<(), SafeText>) {
        if let Err(why) = written {
            tracing::warn!(%why, "a record of a roll");
            self.change().trouble = Some(why);
        }
    }

    fn show(&mut self) {
        self.shown.show(Arc::clone(&self.rolled));
    }
}
