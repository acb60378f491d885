//! The logs that are followed: starts and ends each, and keeps what it has come to.

mod root;
mod save;
mod task;

use std::sync::Arc;

use tokio::{
    sync::{Notify, mpsc, watch},
    task::{JoinError, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{clock::Clock, shown::Shown, supervise::Logbook};
use crate::{
    logs::{Order, State},
    node::text::SafeText,
    ssh::{Asked, Connector},
};

/// For what runs on nodes to be ended when the fleet is.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(3);

/// Logs that are followed, as they stand. A clone is cheap.
#[derive(Clone, Debug)]
pub struct Followed {
    /// What was ordered; its place in memory is its name.
    pub order: Arc<Order>,
    /// Nodes, streams and lines.
    pub state: State,
    /// A sentence for the person, such as that there are too many streams.
    pub said: Option<SafeText>,
    /// Nothing more comes.
    pub is_over: bool,
    /// Where lines were written to, or why not.
    pub saved: Option<Saved>,
}

/// A file, or why there is none.
pub type Saved = Result<SafeText, SafeText>;

/// The owner of all of them.
pub(super) struct Followers {
    clock: Clock,
    connector: Connector,
    logbook: Option<Arc<Logbook>>,
    asked: Option<mpsc::Sender<Asked>>,
    live: Vec<Live>,
    tasks: JoinSet<()>,
    saves: JoinSet<(Arc<Order>, Saved)>,
    news: Arc<Notify>,
}

/// One that is shown.
struct Live {
    order: Arc<Order>,
    cancel: CancellationToken,
    shown: watch::Receiver<Arc<Followed>>,
    saved: Option<Saved>,
}

impl Live {
    fn followed(&self) -> Arc<Followed> {
        let mut followed = Arc::clone(&self.shown.borrow());
        if self.saved.is_some() {
            Arc::make_mut(&mut followed).saved.clone_from(&self.saved);
        }
        followed
    }
}

impl Followers {
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
            saves: JoinSet::new(),
            news: Arc::default(),
        }
    }

    /// Resolves when there is something new to show. Cancel-safe.
    pub(super) async fn changed(&mut self) {
        tokio::select! {
            biased;
            Some(saved) = self.saves.join_next() => self.saved(saved),
            Some(ended) = self.tasks.join_next() => note(&ended),
            () = self.news.notified() => {}
        }
    }

    pub(super) fn follow(&mut self, order: Arc<Order>) {
        let followed = Followed {
            state: State::new(&order),
            order: Arc::clone(&order),
            said: None,
            is_over: false,
            saved: None,
        };
        let (first, news) = (Arc::new(followed.clone()), Arc::clone(&self.news));
        let (show, shown) = Shown::new(first, news, task::SHOW_EVERY);
        let cancel = CancellationToken::new();
        let task = task::Task {
            followed,
            connector: self.connector.clone(),
            clock: self.clock,
            root: root::Root::of(&order, self.asked.as_ref()),
            cancel: cancel.clone(),
            shown: show,
        };
        self.tasks.spawn(task.run());
        self.live.push(Live {
            order,
            cancel,
            shown,
            saved: None,
        });
    }

    /// Ends what runs on nodes, and shows it no longer.
    pub(super) fn unfollow(&mut self, order: &Arc<Order>) {
        self.live.retain(|live| {
            let is_it = Arc::ptr_eq(&live.order, order);
            if is_it {
                live.cancel.cancel();
            }
            !is_it
        });
    }

    /// Writes these lines into a file, as far as they are still held.
    pub(super) fn save(&mut self, order: &Arc<Order>, numbers: Arc<Vec<u64>>) {
        let mut live = self.live.iter_mut();
        let Some(live) = live.find(|live| Arc::ptr_eq(&live.order, order)) else {
            return;
        };
        let Some(logbook) = self.logbook.clone() else {
            live.saved = Some(Err("there is no folder to save it in".into()));
            return;
        };
        let followed = live.followed();
        self.saves.spawn_blocking(move || {
            let saved = save::write(&logbook.outputs, &followed.state, &numbers);
            (Arc::clone(&followed.order), saved)
        });
    }

    /// All that are followed, oldest first.
    pub(super) fn all(&self) -> Arc<Vec<Arc<Followed>>> {
        Arc::new(self.live.iter().map(Live::followed).collect())
    }

    fn saved(&mut self, saved: Result<(Arc<Order>, Saved), JoinError>) {
        let Ok((order, saved)) = saved else { return };
        let mut live = self.live.iter_mut();
        if let Some(live) = live.find(|live| Arc::ptr_eq(&live.order, &order)) {
            live.saved = Some(saved);
        }
    }

    /// Ends all, and waits for it and for what is being written.
    pub(super) async fn stop(&mut self) {
        self.live.iter().for_each(|live| live.cancel.cancel());
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(FAREWELL, all).await.is_err() {
            tracing::warn!("left logs that did not end in time");
        }
        self.tasks.shutdown().await;
        let saves = async { while self.saves.join_next().await.is_some() {} };
        // What is written by then is written.
        let _ = timeout(FAREWELL, saves).await;
    }
}

fn note(ended: &Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "following a log broke");
    }
}
