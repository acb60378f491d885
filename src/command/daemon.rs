//! `sshoal daemon`: daemons of nodes looked at, started, stopped and restarted; the arguments, and the plan that they make.

pub mod report;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use clap::{Args, Subcommand, ValueEnum};

use super::{Usage, exec, rolling::Rolling, status::duration};
use crate::{
    daemon::{Action, Manner, readable, script},
    exec::{
        guard::{Verdict, judge},
        plan::{Batches, FANOUT, Job, Options, Plan},
    },
    node::{Daemon as Definition, Manager, Node},
};

/// Bytes of a node's answer that are kept: many daemons, each with its lines of log.
const KEEP: usize = 256 << 10;

/// Look at daemons of nodes, start, stop or restart them: `sshoal daemon restart web[1-3] nginx`. What each manager says afterwards counts, not what the command printed. Exit code 0: all as wanted; 1: a daemon is not; 2: usage error, or not confirmed; 3: a node was not reached; 74: the output or the audit log can't be written; 130: cancelled.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Daemon {
    /// What to do.
    #[command(subcommand)]
    pub part: Part,
}

/// All at once, or one batch after the other.
#[derive(Subcommand, Clone, Debug)]
#[expect(
    missing_docs,
    reason = "a line here would take the place of that of the arguments"
)]
pub enum Part {
    #[command(flatten)]
    Act(Verb),
    Roll(Box<Rolling>),
}

/// What is done with daemons.
#[derive(Subcommand, Clone, Debug)]
pub enum Verb {
    /// How they are; of one node with the last lines of log of those that failed.
    Status(Act),
    /// Have them run.
    Start(Act),
    /// Have them not run.
    Stop(Act),
    /// Have them run anew.
    Restart(Act),
}

/// Which daemons, and how.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Act {
    /// The nodes.
    #[arg(value_name = "SET")]
    pub set: String,
    /// The daemons [default: all that hosts.yaml names for the node]. One that it doesn't name is looked for with each manager.
    #[arg(value_name = "DAEMON")]
    pub daemons: Vec<String>,
    /// Who runs them, instead of what hosts.yaml says.
    #[arg(long, value_enum, value_name = "MANAGER")]
    pub manager: Option<By>,
    /// As root, by sudo; its password is asked once. User managers are asked as the login all the same.
    #[arg(long)]
    pub sudo: bool,
    /// Time for each daemon to be as wanted.
    #[arg(short = 'u', long, value_name = "SECONDS", default_value = "30", value_parser = duration)]
    pub timeout: Duration,
    /// How long it has to stay up before it counts as up.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = settle)]
    pub settle: Duration,
    /// Nodes at once.
    #[arg(short = 'f', long, value_name = "N", default_value_t = FANOUT)]
    pub fanout: usize,
    /// One part after the other: so many nodes, or `10%` of them.
    #[arg(long, value_name = "N|P%", value_parser = exec::batches)]
    pub serial: Option<Batches>,
    /// A JSON object for each daemon, and a summary.
    #[arg(long)]
    pub json: bool,
    /// Ask nothing before.
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// Run nothing: print the nodes, and the script of each.
    #[arg(long)]
    pub dry_run: bool,
}

/// The managers by name.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the word of `Manager`")]
pub enum By {
    Auto,
    Systemd,
    SystemdUser,
    Docker,
    Podman,
    Openrc,
    Runit,
    Supervisor,
    Launchd,
    Pidfile,
    Custom,
}

impl From<By> for Manager {
    fn from(by: By) -> Self {
        match by {
            By::Auto => Self::Auto,
            By::Systemd => Self::Systemd,
            By::SystemdUser => Self::SystemdUser,
            By::Docker => Self::Docker,
            By::Podman => Self::Podman,
            By::Openrc => Self::Openrc,
            By::Runit => Self::Runit,
            By::Supervisor => Self::Supervisor,
            By::Launchd => Self::Launchd,
            By::Pidfile => Self::Pidfile,
            By::Custom => Self::Custom,
        }
    }
}

impl Verb {
    /// The action.
    pub fn action(&self) -> Action {
        match self {
            Self::Status(_) => Action::Status,
            Self::Start(_) => Action::Start,
            Self::Stop(_) => Action::Stop,
            Self::Restart(_) => Action::Restart,
        }
    }

    /// Its words.
    pub fn act(&self) -> &Act {
        match self {
            Self::Status(act) | Self::Start(act) | Self::Stop(act) | Self::Restart(act) => act,
        }
    }
}

impl Act {
    /// For these nodes and daemons, and as usual else.
    pub fn new(set: String, daemons: Vec<String>) -> Self {
        Self {
            set,
            daemons,
            manager: None,
            sudo: false,
            timeout: Manner::default().wait,
            settle: Manner::default().settle,
            fanout: FANOUT,
            serial: None,
            json: false,
            yes: false,
            dry_run: false,
        }
    }

    /// The daemons of a node: those that are named, else all that hosts.yaml has.
    pub fn on(&self, node: &Node) -> Vec<Definition> {
        let known = |name: &String| {
            let known = node.daemons.iter().find(|daemon| daemon.name == *name);
            known.cloned().unwrap_or_else(|| Definition {
                name: name.clone(),
                ..Definition::default()
            })
        };
        let mut daemons: Vec<Definition> = match &self.daemons[..] {
            [] => node.daemons.clone(),
            names => names.iter().map(known).collect(),
        };
        for daemon in &mut daemons {
            daemon.manager = self.manager.map_or(daemon.manager, Manager::from);
        }
        daemons
    }

    /// What is waited for, and how long.
    pub fn manner(&self) -> Manner {
        Manner {
            wait: self.timeout,
            settle: self.settle,
            ..Manner::default()
        }
    }

    /// The plan for these nodes, in their order; those without any of the daemons have no part in it.
    pub fn plan(&self, action: Action, nodes: &[Arc<Node>]) -> Result<Plan, Usage> {
        if let Some(name) = self.daemons.iter().find(|name| !is_name(name)) {
            let text =
                format!("`{name}` can't be a daemon's name: letters, digits and ._-@:/+ only");
            return Err(Usage(text));
        }
        let manner = self.manner();
        let chosen = nodes.iter().map(|node| (node, self.on(node)));
        let chosen: Vec<_> = chosen.filter(|(_, daemons)| !daemons.is_empty()).collect();
        let most = chosen.iter().map(|(_, daemons)| daemons.len()).max();
        let Some(most) = most else {
            let text =
                "no daemons: hosts.yaml names none for these nodes; name them behind the node set";
            return Err(Usage(text.to_owned()));
        };
        let jobs = chosen.into_iter().map(|(node, daemons)| Job {
            node: Arc::clone(node),
            command: script(&daemons, action, &manner),
        });
        Ok(Plan {
            jobs: jobs.collect(),
            options: Options {
                is_sudo: self.sudo,
                fanout: self.fanout.max(1),
                batches: self.serial.unwrap_or(Batches::One),
                timeout: Some(manner.limit(most)),
                keep: KEEP,
                ..Options::default()
            },
        })
    }

    /// What is run on a node, for a person to read.
    pub fn readable(&self, action: Action, node: &Node) -> String {
        readable(&self.on(node), action, &self.manner())
    }

    /// What is done in a few words: `restart nginx`; the script says it in many.
    pub fn brief(&self, action: Action) -> String {
        let names = match &self.daemons[..] {
            [] => "all daemons".to_owned(),
            names => names.join(" "),
        };
        format!("{} {names}", action.as_str())
    }
}

/// What is to be asked before: as for the same words to systemctl, which the guard knows.
pub fn verdict(action: Action, act: &Act, nodes: &[Arc<Node>]) -> Verdict {
    let daemons = nodes.iter().flat_map(|node| act.on(node));
    let names: BTreeSet<String> = daemons.map(|daemon| daemon.name).collect();
    let names: Vec<String> = names.into_iter().collect();
    let text = format!("systemctl {} {}", action.as_str(), names.join(" "));
    judge(&text, nodes)
}

/// As hosts.yaml has it: nothing that a manager could take for an option, or a reader of its answer for two words.
pub(super) fn is_name(name: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "._-@:/+".contains(c);
    !name.is_empty() && name.len() <= 253 && !name.starts_with('-') && name.chars().all(is_fit)
}

/// A duration; 0 is a look alone.
fn settle(text: &str) -> Result<Duration, String> {
    match text {
        "0" => Ok(Duration::ZERO),
        text => duration(text),
    }
}
