//! The owner of all node state: one actor, one poller per node, snapshots for whoever looks.

mod actor;
mod checkup;
mod clock;
mod event;
pub mod filter;
mod inquiry;
pub mod keys;
mod lane;
mod logs;
mod poller;
mod questions;
mod rolls;
mod sampling;
mod shown;
pub mod state;
mod sudo;
mod supervise;

use std::sync::Arc;

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

pub use checkup::{Checkup, Found, Trouble, checkup};
pub use clock::Clock;
pub use inquiry::{Answered, Inquiry, LogPage, LogWish, RollWish, walk};
pub use logs::{Followed, Saved};
pub use rolls::{Happening, Last, Rolled, Turn};
pub use state::{Counts, Link, Millis, NodeState, Sampler, Snapshot, Status};
pub use supervise::Logbook;

use self::{inquiry::Inquirer, questions::Questions, supervise::Supervisor};
use crate::{
    daemon::roll::Wish,
    exec::{Cancel, RunNumber, RunOrder},
    inventory::Inventory,
    node::NodeId,
    ssh::{Answer, Asked, Config, Connector, Prompt, PromptId},
    store::{audit::RunId, roll::Note},
};

/// Orders that may wait; whoever sends more waits.
const ORDERS: usize = 64;
/// Questions that may wait to be taken up; connections wait behind them.
const QUESTIONS: usize = 64;

/// Logins that may be told of at once; others are left out.
const PROGRESS: usize = 256;

/// What the fleet can be told to do.
#[derive(Clone, Debug)]
pub enum Order {
    /// These are the nodes from now on.
    Inventory(Arc<Inventory>),
    /// A trouble of our own to show, or none any more.
    Notice(Option<String>),
    /// This node is looked at closely.
    Focus(Option<NodeId>),
    /// Try these now, whatever their back-off: the connection where there is none, else the sampler that failed.
    Retry(Vec<NodeId>),
    /// The connections are looked at, or no longer.
    Connections(bool),
    /// The answer to a question.
    Answer(PromptId, Answer),
    /// Run a command; its state is in the snapshots from then on.
    Run(Arc<RunOrder>),
    /// End a run, or a part of it.
    CancelRun(RunNumber, Cancel),
    /// Show a run no longer that is over.
    ForgetRun(RunNumber),
    /// Write a run's output into files.
    SaveRun(RunNumber),
    /// Follow logs; their lines are in the snapshots from then on.
    Follow(Arc<crate::logs::Order>),
    /// Follow these no longer.
    Unfollow(Arc<crate::logs::Order>),
    /// Write these lines of followed logs into a file.
    SaveLines(Arc<crate::logs::Order>, Arc<Vec<u64>>),
    /// Roll a daemon; how it stands is in the snapshots from then on.
    Roll(Arc<Wish>),
    /// Order something of a roll.
    SteerRoll(RunId, Note),
    /// Show a roll no longer that is over.
    ForgetRoll(RunId),
    /// Look into something; the answer is in the snapshots from then on, for a while.
    Inquire(Arc<Inquiry>),
    /// Drop all passwords and decrypted keys; open connections stay.
    Forget,
}

/// Whether somebody is there to answer questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// A person, through [`Order::Answer`].
    Asked,
    /// Nobody: what would be asked is refused.
    None,
}

/// A running fleet; [`Fleet::stop`] ends it.
pub struct Fleet {
    orders: mpsc::Sender<Order>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    prompts: watch::Receiver<Arc<Vec<Prompt>>>,
    clock: Clock,
    cancel: CancellationToken,
    task: JoinSet<()>,
}

impl Fleet {
    /// Starts the actor; it has no node until it is given an inventory. Must be called within the runtime.
    pub fn start(ssh: Config, answers: Answers, clock: Clock) -> Self {
        Self::start_with(ssh, answers, clock, None)
    }

    /// The same with a book that runs are written down in. Without one, none is begun.
    pub fn start_with(
        ssh: Config,
        answers: Answers,
        clock: Clock,
        logbook: Option<Logbook>,
    ) -> Self {
        let (ask_to, asked) = mpsc::channel(QUESTIONS);
        let asker = (answers == Answers::Asked).then_some(ask_to);
        Self::run(ssh, (asker, asked), clock, logbook)
    }

    /// The same, with all questions put to `asker` and none to [`Fleet::prompts`]; without one, nobody is there to answer.
    pub fn start_asking(ssh: Config, asker: Option<mpsc::Sender<Asked>>, clock: Clock) -> Self {
        let (_, nothing) = mpsc::channel(1);
        Self::run(ssh, (asker, nothing), clock, None)
    }

    fn run(
        mut ssh: Config,
        (asker, asked): (Option<mpsc::Sender<Asked>>, mpsc::Receiver<Asked>),
        clock: Clock,
        logbook: Option<Logbook>,
    ) -> Self {
        let (order_to, orders) = mpsc::channel(ORDERS);
        let (progress_to, progress) = mpsc::channel(PROGRESS);
        let outside = inquiry::Outside {
            ssh: ssh.clone(),
            asker: asker.clone(),
        };
        ssh.progress = Some(progress_to);
        let (snapshot_to, snapshots) = watch::channel(Arc::default());
        let (prompt_to, prompts) = watch::channel(Arc::default());
        let cancel = CancellationToken::new();
        let connector = Connector::new(ssh, asker.clone());
        let inquirer = Inquirer::new(clock, connector.clone(), outside, logbook.as_ref());
        let supervisor = Supervisor::new(clock, connector.clone(), logbook, asker);
        let parts = (Questions::new(prompt_to), supervisor, inquirer);
        let outside = actor::Outside {
            orders,
            asked,
            progress,
            snapshots: snapshot_to,
            cancel: cancel.clone(),
        };
        let mut task = JoinSet::new();
        task.spawn(actor::Actor::new(clock, connector, outside, parts).run());
        Self {
            orders: order_to,
            snapshots,
            prompts,
            clock,
            cancel,
            task,
        }
    }

    /// Where to send orders.
    pub fn orders(&self) -> mpsc::Sender<Order> {
        self.orders.clone()
    }

    /// The newest snapshot, ten a second at most.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// The questions that wait for an answer.
    pub fn prompts(&self) -> watch::Receiver<Arc<Vec<Prompt>>> {
        self.prompts.clone()
    }

    /// The clock that [`Millis`] are counted by.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Ends every connection and waits for it.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        while self.task.join_next().await.is_some() {}
    }
}
