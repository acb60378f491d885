//! Runs `sshoal trust`: asks the servers for their keys, changes known_hosts where told to, says how it went.

use std::{
    io::{self, IsTerminal, Write as _, stdin},
    sync::Arc,
};

use color_eyre::eyre::Result;
use tokio::sync::mpsc;

use super::{
    Context,
    ask::{self, Person},
    exit,
};
use crate::{
    cli,
    command::{
        Usage, select,
        trust::{Trust, Weight, report},
    },
    config::Paths,
    exec::record::Actor,
    fleet::keys::{self, Change, Done, Finding, Register, find, settle, visits},
    node::Node,
    ssh::{Asked, Connector},
};

/// Why a walk is not gone to its end.
enum Stop {
    /// The person, or a signal, ended it with this exit code.
    Ended(u8),
    Usage(Usage),
    /// Changes can't be written down, so none is made.
    Unwritten(String),
}

impl From<u8> for Stop {
    fn from(code: u8) -> Self {
        Self::Ended(code)
    }
}

struct Walk<'a> {
    trust: &'a Trust,
    connector: &'a Connector,
    register: &'a Register,
    paths: &'a Paths,
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
    let paths = context.paths.clone();
    let register = Register {
        audit: paths.audit(),
        actor: Actor {
            name: context.ssh().user,
            origin: "cli".to_owned(),
        },
    };
    let walk = Walk {
        trust,
        connector: &connector,
        register: &register,
        paths: &paths,
        person,
        asks,
        may_ask: stdin().is_terminal() && !context.args.global.batch,
    };
    let walked = walk.run(&nodes).await;
    connector.close().await;
    match walked {
        Ok(findings) => {
            context.print(&report(trust, &findings))?;
            // Keys may have been taken on the way, before anything of ours was changed.
            let is_changed = findings.iter().any(|f| !matches!(f.done, Done::Nothing));
            let _ = is_changed.then(|| cli::create_state(&paths));
            if let Err(why) = register.note(&findings).await {
                let why = format!("sshoal: the change is not written down: {why}");
                writeln!(context.console.err, "{why}")?;
                return Ok(exit::BROKEN);
            }
            Ok(code(&findings))
        }
        Err(Stop::Unwritten(why)) => {
            writeln!(context.console.err, "sshoal: no key was changed: {why}")?;
            Ok(exit::BROKEN)
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
        let mut found: Vec<&mut Finding> = found.iter_mut().map(|(_, finding)| finding).collect();
        if self.trust.forget {
            self.alter(Change::Forget, &mut found).await?;
        }
        if self.trust.accept {
            self.alter(Change::Accept, &mut found).await?;
        }
        if self.trust.replace && self.may_replace(&found).await? {
            self.alter(Change::Replace, &mut found).await?;
        }
        Ok(())
    }

    /// Changes only what can be written down.
    async fn alter(&self, change: Change, found: &mut [&mut Finding]) -> Result<(), Stop> {
        if !found.iter().any(|finding| finding.is_for(change)) {
            return Ok(());
        }
        let made = cli::create_state(self.paths);
        made.map_err(|error| Stop::Unwritten(unmade(self.paths, &error)))?;
        self.register.ready().await.map_err(Stop::Unwritten)?;
        keys::change(self.connector, change, found).await;
        Ok(())
    }

    /// Shows both keys of each changed host and asks, unless told not to.
    async fn may_replace(&mut self, found: &[&mut Finding]) -> Result<bool, Stop> {
        let changed = found.iter().filter(|f| f.is_for(Change::Replace));
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
        let is_meant = |f: &&mut Finding| f.behind.is_none() && f.is_for(Change::Accept);
        let mut new: Vec<&mut Finding> = findings.iter_mut().filter(is_meant).collect();
        let texts: Vec<String> = new.iter().map(|finding| finding.text()).collect();
        if !texts.is_empty() && self.agrees(&texts, "Accept the new keys of").await? {
            self.alter(Change::Accept, &mut new).await?;
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

fn unmade(paths: &Paths, error: &io::Error) -> String {
    let folder = paths.audit();
    let folder = folder.display();
    format!(
        "the audit log can't be made in {folder}: {error}; XDG_STATE_HOME=FOLDER names another place"
    )
}

fn code(findings: &[Finding]) -> u8 {
    match findings.iter().map(Finding::weight).max() {
        None | Some(Weight::Good) => exit::OK,
        Some(Weight::Unreached) => exit::UNREACHED,
        Some(Weight::Bad) => exit::TROUBLE,
    }
}
