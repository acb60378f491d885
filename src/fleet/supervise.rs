//! The runs of this fleet: starts them, ends them, and keeps what the last ones have come to.

pub(in crate::fleet) mod ledger;
mod save;
mod task;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, mpsc, watch},
    task::{Id, JoinError, JoinSet},
    time::timeout,
};

use super::{clock::Clock, logs::Followers, rolls::Rolls, shown::Shown, sudo::Sudo};
use crate::{
    exec::{Cancel, Control, RunNumber, RunOrder, RunState, record::Actor},
    node::text::SafeText,
    ssh::{Asked, Connector},
    store::{self, audit::RunId, roll::Files},
};

/// Runs that are over and still shown; older ones are dropped.
const KEPT: usize = 20;

/// For commands to end when the fleet does: longer than a node has between TERM and KILL.
const FAREWELL: Duration = Duration::from_secs(7);

/// Where runs are written down.
#[derive(Clone, Debug)]
pub struct Logbook {
    /// The folder of the audit log.
    pub audit: PathBuf,
    /// Outputs are saved in the first of these folders that can be written to, each run in one of its own.
    pub outputs: Vec<PathBuf>,
    /// Who runs them.
    pub actor: Actor,
    /// The folder of the journals of rolls.
    pub rolls: PathBuf,
    /// What a roll that is resumed by another process has to have again.
    pub files: Files,
}

/// The owner of all runs.
pub(super) struct Supervisor {
    clock: Clock,
    connector: Connector,
    logbook: Option<Arc<Logbook>>,
    asked: Option<mpsc::Sender<Asked>>,
    runs: Vec<Live>,
    last: u64,
    tasks: JoinSet<()>,
    saves: JoinSet<(RunNumber, Saved)>,
    news: Arc<Notify>,
    /// The logs that are followed.
    pub(super) logs: Followers,
    /// The rolls.
    pub(super) rolls: Rolls,
}

/// Where an output was written to, or why not.
type Saved = Result<SafeText, SafeText>;

/// A run that is shown.
struct Live {
    number: RunNumber,
    task: Id,
    control: Control,
    shown: watch::Receiver<Arc<RunState>>,
    /// What its task doesn't know, over the newest that it has shown.
    saved: Option<Saved>,
    is_broken: bool,
}

impl Live {
    fn state(&self, now_ms: u64) -> Arc<RunState> {
        let mut state = Arc::clone(&self.shown.borrow());
        if self.saved.is_some() {
            Arc::make_mut(&mut state).saved.clone_from(&self.saved);
        }
        if self.is_broken && state.is_running() {
            Arc::make_mut(&mut state).refuse("an internal error; the log says more", now_ms);
        }
        state
    }

    fn is_running(&self) -> bool {
        !self.is_broken && self.shown.borrow().is_running()
    }
}

impl Supervisor {
    pub(super) fn new(
        clock: Clock,
        connector: Connector,
        logbook: Option<Logbook>,
        asked: Option<mpsc::Sender<Asked>>,
    ) -> Self {
        let logbook = logbook.map(Arc::new);
        Self {
            logs: Followers::new(clock, connector.clone(), logbook.clone(), asked.clone()),
            rolls: Rolls::new(clock, connector.clone(), logbook.clone(), asked.clone()),
            clock,
            connector,
            logbook,
            asked,
            runs: Vec::new(),
            last: 0,
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
            Some(ended) = self.tasks.join_next() => self.ended(ended),
            () = self.news.notified() => {}
            () = self.logs.changed() => {}
            () = self.rolls.changed() => {}
        }
    }

    pub(super) fn start(&mut self, order: Arc<RunOrder>) {
        self.last += 1;
        let number = RunNumber(self.last);
        let control = Control::default();
        let id = self.logbook.as_ref().map(|_| RunId::new(store::now_ms()));
        let name = id.as_ref().map_or("", RunId::as_str);
        let now = self.clock.now().0;
        let state = Arc::new(RunState::new(number, name, order, now));
        let news = Arc::clone(&self.news);
        let (show, shown) = Shown::new(Arc::clone(&state), news, task::SHOW_EVERY);
        let task = task::Task {
            id,
            state,
            control: control.clone(),
            connector: self.connector.clone(),
            clock: self.clock,
            logbook: self.logbook.clone(),
            sudo: Sudo::new(self.asked.clone(), control.clone()),
            shown: show,
        };
        let task = self.tasks.spawn(task.run()).id();
        self.runs.push(Live {
            number,
            task,
            control,
            shown,
            saved: None,
            is_broken: false,
        });
    }

    pub(super) fn cancel(&self, number: RunNumber, what: Cancel) {
        let Some(run) = self.runs.iter().find(|run| run.number == number) else {
            return;
        };
        match what {
            Cancel::Pending => run.control.cancel_pending(),
            Cancel::All => run.control.cancel_all(),
            Cancel::Node(place) => run.control.cancel_node(place),
        }
    }

    /// Drops a run that is over.
    pub(super) fn forget(&mut self, number: RunNumber) {
        self.runs
            .retain(|run| run.number != number || run.is_running());
    }

    /// Writes a run's output into a folder of its own.
    pub(super) fn save(&mut self, number: RunNumber) {
        let Some(run) = self.runs.iter_mut().find(|run| run.number == number) else {
            return;
        };
        let Some(logbook) = self.logbook.clone() else {
            run.saved = Some(Err("there is no folder to save it in".into()));
            return;
        };
        let state = run.state(self.clock.now().0);
        self.saves
            .spawn_blocking(move || (number, save::write(&logbook.outputs, &state)));
    }

    /// All runs that are shown, oldest first.
    pub(super) fn runs(&mut self) -> Arc<Vec<Arc<RunState>>> {
        let over = self.runs.iter().filter(|run| !run.is_running()).count();
        let mut too_many = over.saturating_sub(KEPT);
        self.runs.retain(|run| {
            let goes = too_many > 0 && !run.is_running();
            too_many -= usize::from(goes);
            !goes
        });
        let now = self.clock.now().0;
        Arc::new(self.runs.iter().map(|run| run.state(now)).collect())
    }

    fn saved(&mut self, saved: Result<(RunNumber, Saved), JoinError>) {
        let Ok((number, saved)) = saved else { return };
        let run = self.runs.iter_mut().find(|run| run.number == number);
        if let Some(run) = run {
            run.saved = Some(saved);
        }
    }

    fn ended(&mut self, ended: Result<(), JoinError>) {
        let Err(error) = ended else { return };
        tracing::error!(%error, "a run broke");
        let run = self.runs.iter_mut().find(|run| run.task == error.id());
        if let Some(run) = run {
            run.control.cancel_all();
            run.is_broken = true;
        }
    }

    /// Ends all commands and waits for it, and for what is being written.
    pub(super) async fn stop(&mut self) {
        self.runs.iter().for_each(|run| run.control.cancel_all());
        let (logs, rolls) = (self.logs.stop(), self.rolls.stop());
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let (runs, (), ()) = tokio::join!(timeout(FAREWELL, all), logs, rolls);
        if runs.is_err() {
            tracing::warn!("left runs that did not end in time");
        }
        self.tasks.shutdown().await;
        let saves = async { while self.saves.join_next().await.is_some() {} };
        // What is written by then is written.
        let _ = timeout(FAREWELL, saves).await;
    }
}
