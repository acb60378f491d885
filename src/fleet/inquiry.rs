//! What somebody wants looked into beside the sampling: the way to nodes, host keys, the audit log.

mod log;
mod roll;

use std::{path::PathBuf, sync::Arc};

use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinSet, spawn_blocking},
};

pub use log::{LogPage, LogWish};
pub use roll::RollWish;

use super::{
    Checkup, Clock, Logbook, checkup,
    keys::{self, Change, Finding, Register},
};
use crate::{
    node::Node,
    ssh::{Asked, Config, Connector},
    store::roll::{Steered, Stored},
};

/// Answers that are kept for whoever asked; older ones are dropped.
const KEPT: usize = 8;

/// What is asked. Two are the same where they are the same object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inquiry {
    /// The whole way to these.
    Ways(Vec<Arc<Node>>),
    /// What is known of these nodes' host keys, and what their servers show.
    Keys(Vec<Arc<Node>>),
    /// What is known of these nodes' host keys; no server is asked.
    KnownKeys(Vec<Arc<Node>>),
    /// Do this to what was found and confirmed.
    Change(Change, Vec<Finding>),
    /// The audit log.
    Log(LogWish),
    /// The rolls of all processes.
    Roll(RollWish),
}

/// What came of it.
#[derive(Debug)]
pub enum Answered {
    /// Each node's walk, in order.
    Ways(Vec<Checkup>),
    /// What was found.
    Keys(Vec<Finding>),
    /// What was done, and why it isn't written down where it isn't.
    Changed(Vec<Finding>, Option<String>),
    /// Of the audit log.
    Log(LogPage),
    /// The rolls that are kept, and what can't be read.
    Rolls(Vec<Stored>, Vec<String>),
    /// One roll.
    Roll(Box<Stored>),
    /// What became of an order for one.
    Steered(Steered),
    /// Nothing: why.
    Failed(String),
}

/// Walks to all at once: the connector limits how many handshakes run. In the order of the nodes.
pub async fn walk(connector: &Connector, nodes: &[Arc<Node>], clock: Clock) -> Vec<Checkup> {
    let mut tasks = JoinSet::new();
    for (index, node) in nodes.iter().enumerate() {
        let (connector, node) = (connector.clone(), Arc::clone(node));
        tasks.spawn(async move { (index, checkup(&connector, node, clock).await) });
    }
    let mut walked = tasks.join_all().await;
    walked.sort_by_key(|(index, _)| *index);
    walked.into_iter().map(|(_, checkup)| checkup).collect()
}

/// What a walk of its own begins with: what is open already would hide the way.
#[derive(Clone)]
pub(super) struct Outside {
    pub(super) ssh: Config,
    pub(super) asker: Option<mpsc::Sender<Asked>>,
}

impl Outside {
    async fn walk(self, nodes: &[Arc<Node>], clock: Clock) -> Vec<Checkup> {
        let connector = Connector::new(self.ssh, self.asker);
        connector.hold_back(nodes.iter().map(AsRef::as_ref));
        let walked = walk(&connector, nodes, clock).await;
        connector.close().await;
        walked
    }
}

/// Where things are written down.
#[derive(Clone)]
struct Records {
    register: Register,
    rolls: PathBuf,
}

/// The owner of all inquiries.
pub(super) struct Inquirer {
    clock: Clock,
    connector: Connector,
    outside: Outside,
    records: Option<Records>,
    asked: Vec<(Id, Arc<Inquiry>)>,
    tasks: JoinSet<Answered>,
    answers: Arc<Vec<(Arc<Inquiry>, Arc<Answered>)>>,
}

impl Inquirer {
    pub(super) fn new(
        clock: Clock,
        connector: Connector,
        outside: Outside,
        logbook: Option<&Logbook>,
    ) -> Self {
        let records = logbook.map(|logbook| Records {
            register: Register {
                audit: logbook.audit.clone(),
                actor: logbook.actor.clone(),
            },
            rolls: logbook.rolls.clone(),
        });
        Self {
            clock,
            connector,
            outside,
            records,
            asked: Vec::new(),
            tasks: JoinSet::new(),
            answers: Arc::default(),
        }
    }

    pub(super) fn start(&mut self, inquiry: Arc<Inquiry>) {
        let asked = Arc::clone(&inquiry);
        let (clock, connector) = (self.clock, self.connector.clone());
        let (outside, records) = (self.outside.clone(), self.records.clone());
        let task = self.tasks.spawn(async move {
            match &*asked {
                Inquiry::Ways(nodes) => Answered::Ways(outside.walk(nodes, clock).await),
                asked => answer(asked, &connector, records).await,
            }
        });
        let task = task.id();
        self.asked.push((task, inquiry));
    }

    /// Resolves when one more is answered; never while none is asked. Cancel-safe.
    pub(super) async fn changed(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.ended(ended),
            None => std::future::pending().await,
        }
    }

    fn ended(&mut self, ended: Result<(Id, Answered), JoinError>) {
        let (id, answered) = ended.unwrap_or_else(|error| {
            tracing::error!(%error, "an inquiry broke");
            let why = "an internal error; the log says more".to_owned();
            (error.id(), Answered::Failed(why))
        });
        let Some(at) = self.asked.iter().position(|(task, _)| *task == id) else {
            return;
        };
        let (_, inquiry) = self.asked.swap_remove(at);
        let answers = Arc::make_mut(&mut self.answers);
        answers.push((inquiry, Arc::new(answered)));
        let too_many = answers.len().saturating_sub(KEPT);
        answers.drain(..too_many);
    }

    /// The last that are answered, oldest first.
    pub(super) fn answers(&self) -> Arc<Vec<(Arc<Inquiry>, Arc<Answered>)>> {
        Arc::clone(&self.answers)
    }

    /// What is not answered by now never is; changes of known_hosts are each one rename.
    pub(super) async fn stop(&mut self) {
        self.tasks.shutdown().await;
    }
}

async fn answer(inquiry: &Inquiry, connector: &Connector, records: Option<Records>) -> Answered {
    match (inquiry, records) {
        (Inquiry::Keys(nodes), _) => Answered::Keys(keys::look(connector, nodes, true).await),
        (Inquiry::KnownKeys(nodes), _) => Answered::Keys(keys::look(connector, nodes, false).await),
        (Inquiry::Change(change, found), Some(records)) => {
            alter(connector, *change, found, &records.register).await
        }
        (Inquiry::Log(wish), Some(records)) => read(wish.clone(), records.register.audit).await,
        (Inquiry::Roll(wish), Some(records)) => kept(wish.clone(), records).await,
        _ => Answered::Failed("there is no audit log here".to_owned()),
    }
}

async fn alter(
    connector: &Connector,
    change: Change,
    found: &[Finding],
    register: &Register,
) -> Answered {
    if let Err(why) = register.ready().await {
        return Answered::Failed(format!("no key was changed: {why}"));
    }
    let mut findings = found.to_vec();
    let mut meant: Vec<&mut Finding> = findings.iter_mut().collect();
    keys::change(connector, change, &mut meant).await;
    let noted = register.note(&findings).await;
    Answered::Changed(findings, noted.err())
}

async fn kept(wish: RollWish, records: Records) -> Answered {
    let answer = move || roll::answer(&records.rolls, &wish, &records.register);
    match spawn_blocking(answer).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(error)) => Answered::Failed(error.to_string()),
        Err(_) => Answered::Failed("an internal error; the log says more".to_owned()),
    }
}

async fn read(wish: LogWish, folder: PathBuf) -> Answered {
    let page = spawn_blocking(move || log::read(&folder, &wish)).await;
    match page {
        Ok(Ok(page)) => Answered::Log(page),
        Ok(Err(error)) => Answered::Failed(error.to_string()),
        Err(_) => Answered::Failed("an internal error; the log says more".to_owned()),
    }
}
