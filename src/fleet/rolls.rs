//! The rolls of this fleet: starts them, passes orders on, and keeps what the last ones have come to.

mod rolled;
mod task;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, mpsc, watch},
    task::{Id, JoinError, JoinSet},
    time::timeout,
};

pub use rolled::{Happening, Last, Rolled, Turn};

use super::{clock::Clock, shown::Shown, sudo::Sudo, supervise::Logbook};
use crate::{
    daemon::roll::Wish,
    exec::Control,
    ssh::{Asked, Connector},
    store::{self, audit::RunId, roll::Note},
};

/// Rolls that are over and still shown; older ones are dropped.
const KEPT: usize = 10;

/// Orders that wait for a roll to take them; a person gives few.
const NOTES: usize = 16;

/// For nodes that are in flight to end when the fleet does.
const FAREWELL: Duration = Duration::from_secs(4);

/// For what is cut then.
const CUT: Duration = Duration::from_secs(3);

/// The owner of all rolls.
pub(super) struct Rolls {
    clock: Clock,
    connector: Connector,
    logbook: Option<Arc<Logbook>>,
    asked: Option<mpsc::Sender<Asked>>,
    live: Vec<Live>,
    tasks: JoinSet<()>,
    news: Arc<Notify>,
}

/// A roll that is shown.
struct Live {
    id: RunId,
    task: Id,
    control: Control,
    notes: mpsc::Sender<Note>,
    shown: watch::Receiver<Arc<Rolled>>,
    is_broken: bool,
}

impl Live {
    fn rolled(&self, clock: Clock) -> Arc<Rolled> {
        let mut rolled = Arc::clone(&self.shown.borrow());
        if self.is_broken && rolled.is_going() {
            let why = "an internal error; the log says more";
            Arc::make_mut(&mut rolled).refuse(why, clock.now());
        }
        rolled
    }

    fn is_going(&self) -> bool {
        !self.is_broken && self.shown.borrow().is_going()
    }
}

impl Rolls {
    pub(super) fn new(
        clock: Clock,
        connector: Connector,
        logbook: Option<Arc<Logbook>>,
        asked: Option<mpsc::Sender<Asked>>,
    ) -> Self {
        Self {
            clock,
            connector,
            logbook,
            asked,
            live: Vec::new(),
            tasks: JoinSet::new(),
            news: Arc::default(),
        }
    }

    /// Resolves when there is something new to show. Cancel-safe.
    pub(super) async fn changed(&mut self) {
        tokio::select! {
            biased;
            Some(ended) = self.tasks.join_next() => self.ended(ended),
            () = self.news.notified() => {}
        }
    }

    pub(super) fn start(&mut self, wish: Arc<Wish>) {
        let new = || RunId::new(store::now_ms());
        let id = wish.resumes.clone().unwrap_or_else(new);
        // What is left of it is shown instead.
        self.forget(&id);
        let control = Control::default();
        let rolled = Arc::new(Rolled::new(id.clone(), wish, self.clock.now()));
        let news = Arc::clone(&self.news);
        let (show, shown) = Shown::new(Arc::clone(&rolled), news, task::SHOW_EVERY);
        let (notes, taken) = mpsc::channel(NOTES);
        let task = task::Task {
            rolled,
            logbook: self.logbook.clone(),
            connector: self.connector.clone(),
            clock: self.clock,
            control: control.clone(),
            sudo: Sudo::new(self.asked.clone(), control.clone()),
            shown: show,
        };
        let task = self.tasks.spawn(task.run(taken)).id();
        self.live.push(Live {
            id,
            task,
            control,
            notes,
            shown,
            is_broken: false,
        });
    }

    /// Passes an order on. One that is over takes none, and neither does one that has so many to take that this is no more
    /// than one of them.
    pub(super) fn steer(&self, id: &RunId, note: Note) {
        let live = self.live.iter().find(|live| live.id == *id);
        if let Some(live) = live {
            let _ = live.notes.try_send(note);
        }
    }

    /// Drops a roll that is over.
    pub(super) fn forget(&mut self, id: &RunId) {
        self.live.retain(|live| live.id != *id || live.is_going());
    }

    /// All that are shown, oldest first.
    pub(super) fn all(&mut self) -> Arc<Vec<Arc<Rolled>>> {
        let over = self.live.iter().filter(|live| !live.is_going()).count();
        let mut too_many = over.saturating_sub(KEPT);
        self.live.retain(|live| {
            let goes = too_many > 0 && !live.is_going();
            too_many -= usize::from(goes);
            !goes
        });
        let all = self.live.iter().map(|live| live.rolled(self.clock));
        Arc::new(all.collect())
    }

    fn ended(&mut self, ended: Result<(), JoinError>) {
        let Err(error) = ended else { return };
        tracing::error!(%error, "a roll broke");
        let live = self.live.iter_mut().find(|live| live.task == error.id());
        if let Some(live) = live {
            live.control.cancel_all();
            live.is_broken = true;
        }
    }

    /// Lets what is in flight end, cuts what takes too long, and waits for it. The journals say how far each got.
    pub(super) async fn stop(&mut self) {
        for live in &self.live {
            let _ = live.notes.try_send(Note::Interrupt);
        }
        if self.over_within(FAREWELL).await {
            return;
        }
        self.live.iter().for_each(|live| live.control.cancel_all());
        if !self.over_within(CUT).await {
            tracing::warn!("left rolls whose nodes did not end in time");
        }
        self.tasks.shutdown().await;
    }

    async fn over_within(&mut self, time: Duration) -> bool {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        timeout(time, all).await.is_ok()
    }
}
