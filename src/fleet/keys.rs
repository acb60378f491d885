//! Host keys of nodes: what is known of them, what their servers show, and known_hosts changed by that.

mod register;

use std::sync::Arc;

pub use register::Register;
use tokio::task::JoinSet;

use crate::{
    node::{Node, NodeId, text::SafeText},
    ssh::{Connector, Error, KnownKey, Place, Shown, Standing, Worth},
};

/// What there is to say of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The node.
    pub node: Arc<Node>,
    /// The name that its keys are filed under.
    pub host: SafeText,
    /// What was known before anything was done.
    pub known: Vec<KnownKey>,
    /// What came of it.
    pub answer: Answer,
    /// What was done to known_hosts.
    pub done: Done,
    /// It is only a bastion, looked at because it stands before this node.
    pub behind: Option<NodeId>,
    /// What the commands of advice need to mean the same nodes and host keys.
    pub flags: SafeText,
}

/// What came of asking a node's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was not asked.
    Unasked,
    /// It showed this key.
    Shown(Shown),
    /// No SSH leads there.
    Unneeded,
    /// It can't be reached, or known_hosts can't be read.
    Failed(Error),
}

/// What was done to `known_hosts`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Done {
    /// Nothing.
    #[default]
    Nothing,
    /// The shown key was written.
    Accepted,
    /// It was written in the place of these lines.
    Replaced(Vec<Place>),
    /// These lines went.
    Forgotten(Vec<Place>),
    /// It could not be done.
    Failed(Error),
}

/// What is to be done to the known keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Write those of new hosts.
    Accept,
    /// Write those of changed hosts in the place of the known ones.
    Replace,
    /// Take the known ones out.
    Forget,
}

/// A node to look at.
#[derive(Clone, Debug)]
pub struct Visit {
    node: Arc<Node>,
    /// The bastions before it.
    pub depth: usize,
    /// Only a bastion, on the way to this node.
    behind: Option<NodeId>,
}

impl Finding {
    /// What was shown, where it is a change.
    pub fn change(&self) -> Option<&Shown> {
        self.shown()
            .filter(|shown| matches!(shown.standing, Standing::Changed(_)))
    }

    /// What was shown, where nothing is known of the host.
    pub fn news(&self) -> Option<&Shown> {
        self.shown().filter(|shown| shown.standing == Standing::New)
    }

    /// What its server shows.
    pub fn shown(&self) -> Option<&Shown> {
        match &self.answer {
            Answer::Shown(shown) => Some(shown),
            _ => None,
        }
    }

    /// True where this change would do something to it.
    pub fn is_for(&self, change: Change) -> bool {
        matches!(self.done, Done::Nothing)
            && match change {
                Change::Accept => self.news().is_some(),
                Change::Replace => self.change().is_some() && self.behind.is_none(),
                // What was asked is not meant to go.
                Change::Forget => matches!(self.answer, Answer::Unasked),
            }
    }
}

/// The nodes, and before them those bastions on their ways that are not among them.
pub async fn visits(connector: &Connector, nodes: &[Arc<Node>], asks: bool) -> Vec<Visit> {
    let mut tasks = JoinSet::new();
    for (index, node) in nodes.iter().enumerate() {
        let (connector, node) = (connector.clone(), Arc::clone(node));
        tasks.spawn(async move {
            // What is wrong with its settings is told when it is looked at.
            let way = if asks {
                connector.bastions(&node).await.unwrap_or_default()
            } else {
                Vec::new()
            };
            (index, node, way)
        });
    }
    let mut ways = tasks.join_all().await;
    ways.sort_by_key(|(index, ..)| *index);
    let (mut bastions, mut visits) = (Vec::<Visit>::new(), Vec::new());
    for (_, node, way) in ways {
        visits.push(Visit {
            depth: way.len(),
            behind: None,
            node: Arc::clone(&node),
        });
        for (depth, bastion) in way.into_iter().enumerate() {
            let is_there = bastions.iter().any(|visit| visit.node == bastion);
            if !is_there && !nodes.contains(&bastion) {
                bastions.push(Visit {
                    node: bastion,
                    depth,
                    behind: Some(node.id.clone()),
                });
            }
        }
    }
    bastions.extend(visits);
    bastions
}

/// All at once: the connector limits how many handshakes run. Each with its place.
pub async fn find(
    connector: &Connector,
    visits: impl Iterator<Item = (usize, &Visit)>,
    asks: bool,
) -> Vec<(usize, Finding)> {
    let mut tasks = JoinSet::new();
    for (place, visit) in visits {
        let (connector, visit) = (connector.clone(), visit.clone());
        tasks.spawn(async move { (place, finding(&connector, visit, asks).await) });
    }
    tasks.join_all().await
}

async fn finding(connector: &Connector, visit: Visit, asks: bool) -> Finding {
    let Visit { node, behind, .. } = visit;
    let (host, known, answer) = match connector.known_keys(&node).await {
        Err(error) => (SafeText::default(), Vec::new(), Answer::Failed(error)),
        Ok((host, known)) if !asks => (host, known, Answer::Unasked),
        Ok((host, known)) => {
            let answer = match connector.host_key(&node).await {
                Ok(Some(shown)) => Answer::Shown(shown),
                Ok(None) => Answer::Unneeded,
                Err(error) => Answer::Failed(error),
            };
            (host, known, answer)
        }
    };
    Finding {
        node,
        host,
        known,
        answer,
        done: Done::Nothing,
        behind,
        flags: connector.flags().clone(),
    }
}

/// Marks those as accepted whose keys a person took while they were on the way to others.
pub async fn settle(connector: &Connector, findings: &mut [Finding]) {
    for finding in findings {
        let Some(shown) = finding.news() else {
            continue;
        };
        let fingerprint = shown.fingerprint.clone();
        let known = connector.known_keys(&finding.node).await;
        let is_it = known.is_ok_and(|(_, keys)| {
            let own = keys.iter().filter(|key| key.worth == Worth::HostKey);
            own.into_iter().any(|key| key.fingerprint == fingerprint)
        });
        if is_it {
            finding.done = Done::Accepted;
        }
    }
}

/// All of it without a word: the keys of these nodes and, where servers are asked, of the bastions on their ways that
/// there is something to say of.
pub async fn look(connector: &Connector, nodes: &[Arc<Node>], asks: bool) -> Vec<Finding> {
    let visits = visits(connector, nodes, asks).await;
    let deepest = visits.iter().map(|visit| visit.depth).max();
    let mut all = Vec::new();
    for depth in 0..=deepest.unwrap_or_default() {
        let here = visits.iter().enumerate();
        let here = here.filter(|(_, visit)| visit.depth == depth);
        all.extend(find(connector, here, asks).await);
    }
    all.sort_by_key(|(place, _): &(usize, Finding)| *place);
    let mut findings: Vec<Finding> = all.into_iter().map(|(_, finding)| finding).collect();
    settle(connector, &mut findings).await;
    findings.retain(|finding| finding.behind.is_none() || finding.news().is_some());
    findings
}

/// Does it to each that it is for.
pub async fn change(connector: &Connector, change: Change, findings: &mut [&mut Finding]) {
    let meant = findings.iter_mut().filter(|finding| finding.is_for(change));
    for finding in meant {
        let Finding { node, answer, .. } = &**finding;
        let outcome = match (change, answer) {
            (Change::Forget, _) => connector.forget(node).await.map(Done::Forgotten),
            (Change::Accept, Answer::Shown(shown)) => {
                let written = connector.remember(node, shown).await;
                written.map(|_| Done::Accepted)
            }
            (Change::Replace, Answer::Shown(shown)) => {
                connector.replace(node, shown).await.map(Done::Replaced)
            }
            _ => continue,
        };
        finding.done = outcome.unwrap_or_else(Done::Failed);
    }
}
