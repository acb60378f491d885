//! Runs `sshoal trust`: asks the servers for their keys, changes known_hosts where told to, says how it went.

use std::{
    io::{IsTerminal, stdin},
    sync::Arc,
};

use color_eyre::eyre::Result;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    Context,
    ask::{self, Person},
    exit,
};
use crate::{
    command::{
        Usage, select,
        trust::{Answer, Done, Finding, Trust, Weight},
    },
    node::{Node, NodeId, text::SafeText},
    ssh::{Asked, Connector, Error, Worth},
};

/// Why a walk is not gone to its end.
enum Stop {
    /// The person, or a signal, ended it with this exit code.
    Ended(u8),
    Usage(Usage),
}

impl From<u8> for Stop {
    fn from(code: u8) -> Self {
        Self::Ended(code)
    }
}

/// A node to look at.
#[derive(Clone)]
struct Visit {
    node: Arc<Node>,
    /// The bastions before it.
    depth: usize,
    /// Only a bastion, on the way to this node.
    behind: Option<NodeId>,
}

struct Walk<'a> {
    trust: &'a Trust,
    connector: &'a Connector,
    person: Person,
    /// Somebody is there, and questions may stand between the lines that are printed.
    asks: bool,
    /// Somebody may at least be asked before keys are replaced.
    may_ask: bool,
}

pub(super) async fn run(context: &mut Context, trust: &Trust) -> Result<u8> {
    trust.check()?;
    let inventory = context.inventory()?.with_nodes()?;
    let nodes = select(&trust.sets, &inventory)?;
    context.warn(&inventory)?;
    let (asker, person) = ask::person(context);
    let asks = is_asked(asker.as_ref(), trust);
    let connector = Connector::new(context.ssh(), asker);
    connector.hold_back(nodes.iter().map(AsRef::as_ref));
    let walk = Walk {
        trust,
        connector: &connector,
        person,
        asks,
        may_ask: stdin().is_terminal() && !context.args.global.batch,
    };
    let walked = walk.run(&nodes).await;
    connector.close().await;
    match walked {
        Ok(findings) => {
            context.print(&report(trust, &findings))?;
            Ok(code(&findings))
        }
        Err(Stop::Ended(code)) => Ok(code),
        Err(Stop::Usage(usage)) => Err(usage.into()),
    }
}

/// Accepting is offered to who only looks, where what is printed is for people.
fn is_asked(asker: Option<&mpsc::Sender<Asked>>, trust: &Trust) -> bool {
    asker.is_some() && !(trust.accept || trust.replace || trust.forget || trust.json)
}

impl Walk<'_> {
    /// Bastions first, so that what is accepted of them opens the way to those behind.
    async fn run(mut self, nodes: &[Arc<Node>]) -> Result<Vec<Finding>, Stop> {
        let (connector, asks) = (self.connector, !self.trust.forget);
        let visits = visits(connector, nodes, asks);
        let visits = self.person.meanwhile(visits).await?;
        let deepest = visits.iter().map(|visit| visit.depth).max();
        let mut all: Vec<(usize, Finding)> = Vec::new();
        for depth in 0..=deepest.unwrap_or_default() {
            let here = visits.iter().enumerate();
            let here = here.filter(|(_, visit)| visit.depth == depth);
            let found = find(connector, here, asks);
            let mut found = self.person.meanwhile(found).await?;
            self.change(&mut found).await?;
            all.extend(found);
        }
        all.sort_by_key(|(place, _)| *place);
        let mut findings: Vec<Finding> = all.into_iter().map(|(_, finding)| finding).collect();
        if self.asks {
            self.offer(&mut findings).await?;
        }
        // A bastion that nobody named is told of only where there is something to say.
        findings.retain(|finding| finding.behind.is_none() || finding.is_telling());
        Ok(findings)
    }

    /// Does what was wished to what was found.
    async fn change(&mut self, found: &mut [(usize, Finding)]) -> Result<(), Stop> {
        let connector = self.connector;
        let mut found: Vec<&mut Finding> = found.iter_mut().map(|(_, finding)| finding).collect();
        if self.trust.forget {
            forget(connector, &mut found).await;
        }
        if self.trust.accept {
            accept(connector, &mut found).await;
        }
        found.retain(|finding| finding.behind.is_none());
        if self.trust.replace && self.may_replace(&found).await? {
            replace(connector, &mut found).await;
        }
        Ok(())
    }

    /// Shows both keys of each changed host and asks, unless told not to.
    async fn may_replace(&mut self, found: &[&mut Finding]) -> Result<bool, Stop> {
        let changed = found.iter().filter(|finding| finding.change().is_some());
        let texts: Vec<String> = changed.map(|finding| finding.text()).collect();
        if texts.is_empty() || self.trust.yes {
            return Ok(!texts.is_empty());
        }
        if !self.may_ask {
            let reason = "--replace asks on a terminal; there is none, so add --yes";
            return Err(Stop::Usage(Usage(reason.to_owned())));
        }
        let question = "Replace the known keys of";
        Ok(self.agrees(&texts, question).await?)
    }

    /// Offers to accept what is new. A bastion's key may have been accepted on the way.
    async fn offer(&mut self, findings: &mut [Finding]) -> Result<(), Stop> {
        let connector = self.connector;
        self.person.meanwhile(settle(connector, findings)).await?;
        let is_meant = |finding: &Finding| finding.behind.is_none() && finding.news().is_some();
        let mut new: Vec<&mut Finding> = findings.iter_mut().filter(|f| is_meant(f)).collect();
        new.retain(|finding| matches!(finding.done, Done::Nothing));
        let texts: Vec<String> = new.iter().map(|finding| finding.text()).collect();
        if !texts.is_empty() && self.agrees(&texts, "Accept the new keys of").await? {
            accept(connector, &mut new).await;
        }
        Ok(())
    }

    async fn agrees(&mut self, texts: &[String], question: &str) -> Result<bool, u8> {
        let count = texts.len();
        let nodes = if count == 1 { "node" } else { "nodes" };
        let text = format!("{}{question} {count} {nodes}? [y/N] ", texts.concat());
        self.person.agrees(text).await
    }
}

/// The nodes, and before them those bastions on their ways that are not among them.
async fn visits(connector: &Connector, nodes: &[Arc<Node>], asks: bool) -> Vec<Visit> {
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
async fn find(
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
    }
}

/// Marks those as accepted whose keys a person took while they were on the way to others.
async fn settle(connector: &Connector, findings: &mut [Finding]) {
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

async fn forget(connector: &Connector, findings: &mut [&mut Finding]) {
    for finding in findings {
        if matches!(finding.answer, Answer::Unasked) {
            let gone = connector.forget(&finding.node).await;
            finding.done = done(gone.map(Done::Forgotten));
        }
    }
}

async fn accept(connector: &Connector, findings: &mut [&mut Finding]) {
    for finding in findings {
        if let Some(shown) = finding.news() {
            let written = connector.remember(&finding.node, shown).await;
            finding.done = done(written.map(|_| Done::Accepted));
        }
    }
}

async fn replace(connector: &Connector, findings: &mut [&mut Finding]) {
    for finding in findings {
        if let Some(shown) = finding.change() {
            let gone = connector.replace(&finding.node, shown).await;
            finding.done = done(gone.map(Done::Replaced));
        }
    }
}

fn done(result: Result<Done, Error>) -> Done {
    result.unwrap_or_else(Done::Failed)
}

fn report(trust: &Trust, findings: &[Finding]) -> String {
    if trust.json {
        let all: Vec<_> = findings.iter().map(Finding::to_json).collect();
        return format!("{:#}\n", serde_json::Value::from(all));
    }
    findings.iter().map(Finding::text).collect()
}

fn code(findings: &[Finding]) -> u8 {
    match findings.iter().map(Finding::weight).max() {
        None | Some(Weight::Good) => exit::OK,
        Some(Weight::Unreached) => exit::UNREACHED,
        Some(Weight::Bad) => exit::TROUBLE,
    }
}
