//! `sshoal daemon roll`: the arguments, and the batches that they come to.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::{Value, json};

use super::{Usage, daemon::is_name, status::duration};
use crate::{
    daemon::{
        Action, Manner,
        roll::{Batch, GateBy, Options, Past, Sequence, Share, Steps, Text, Wish, batches},
        script,
    },
    exec::{
        Template,
        guard::{Ask, Verdict, judge},
        plan,
    },
    node::{Daemon, Node, set::NodeSet},
};

#[cfg(test)]
#[path = "rolling_tests.rs"]
mod tests;

/// Restart a daemon on nodes, one batch after the other, so that enough of them stay up. Keys: p pauses, r resumes, P promotes the canaries, a aborts; `sshoal roll` does the same from elsewhere. The first Ctrl-C lets what is in flight end and leaves, the second cuts it; `sshoal roll resume` goes on, after a crash too. Exit code 0: all nodes are rolled; 1: stopped by failures; 2: usage error, or not confirmed; 3: nodes were not reached; 4: aborted; 74: the journal can't be written; 130: interrupted.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["daemon", "command"]))]
pub struct Rolling {
    /// A node set.
    #[arg(value_name = "SET")]
    pub set: String,
    /// The daemon, as `daemons:` of hosts.yaml names it, or as its manager does.
    #[arg(value_name = "DAEMON")]
    pub daemon: Option<String>,
    /// Run this on each node in place of the restart. `{name}`, `{host}` and `{rank}` stand for the node's own, quoted.
    #[arg(long, value_name = "CMD")]
    pub command: Option<String>,
    /// Which nodes when.
    #[command(flatten)]
    pub pace: Pace,
    /// What is done besides.
    #[command(flatten)]
    pub steps: Commands,
    /// What stops it.
    #[command(flatten)]
    pub limits: Limits,
    /// As root, by sudo; its password is asked once.
    #[arg(long)]
    pub sudo: bool,
    /// Time for each step on a node; 0 is without end.
    #[arg(short = 'u', long, value_name = "SECONDS", default_value = "300", value_parser = limit)]
    pub timeout: Duration,
    /// Time to connect [default: `connect_timeout` of the node, 5 s].
    #[arg(short = 't', long, value_name = "SECONDS", value_parser = duration)]
    pub connect_timeout: Option<Duration>,
    /// Login, instead of the node's own.
    #[arg(short = 'l', long, value_name = "USER")]
    pub user: Option<String>,
    /// Print the batches, and do nothing.
    #[arg(long)]
    pub plan: bool,
    /// A JSON object a line.
    #[arg(long)]
    pub json: bool,
    /// Ask nothing before.
    #[arg(short = 'y', long)]
    pub yes: bool,
}

/// Which nodes when.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Which nodes when")]
pub struct Pace {
    /// Sizes of the batches, numbers or shares of all nodes (rounded down, 1 at least); the last one repeats: `1,10%,25%`. Can be written `--batch` as well: never to be asked is -B here.
    #[arg(long, value_name = "LIST", default_value = "1", value_delimiter = ',')]
    pub batches: Vec<Share>,
    /// So many nodes come first, then it waits to be told that they are good.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub canary: usize,
    /// Go on unasked where all canaries are well.
    #[arg(long, requires = "canary")]
    pub auto_promote: bool,
    /// In what order.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    pub order: Order,
    /// The same seed, the same order of `--order shuffle`.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// One value of this label after the other, as with racks: no batch has nodes of two. Those without it come as one more.
    #[arg(long, value_name = "LABEL")]
    pub spread: Option<String>,
    /// Between the beginnings of two nodes, at least.
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = limit)]
    pub stagger: Duration,
}

/// What is done besides.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "On each node")]
pub struct Commands {
    /// Run this before the restart; where it fails, the node is not restarted and has failed.
    #[arg(long, value_name = "CMD")]
    pub before: Option<String>,
    /// Run this after the restart.
    #[arg(long, value_name = "CMD")]
    pub after: Option<String>,
    /// The node is well when this exits 0 there [default: what the daemon's manager says].
    #[arg(long, value_name = "CMD")]
    pub gate: Option<String>,
    /// The node is well when this exits 0 here, with its name in $NODE and its address in $HOST.
    #[arg(long, value_name = "CMD", conflicts_with = "gate")]
    pub gate_local: Option<String>,
    /// Run this where a step failed or the gate stayed red.
    #[arg(long, value_name = "CMD")]
    pub on_fail: Option<String>,
    /// The gate must stay green for so long.
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = limit)]
    pub settle: Duration,
    /// The gate must turn green within this.
    #[arg(long, value_name = "SECONDS", default_value = "5m", value_parser = limit)]
    pub gate_timeout: Duration,
}

/// What stops it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "What stops it")]
pub struct Limits {
    /// So many nodes, or P% of them (rounded up), stay up; those that are down already count against it.
    #[arg(long, value_name = "N|P%")]
    pub min_up: Option<Share>,
    /// Stop when more nodes than this have failed; those that can't be reached count.
    #[arg(long, value_name = "N|P%", default_value = "0")]
    pub max_failures: Share,
    /// Nodes that can't be reached are no failures; they still count as down.
    #[arg(long)]
    pub ignore_unreachable: bool,
    /// No node begins later than this after the start. Waiting for a person doesn't count.
    #[arg(long, value_name = "SECONDS", value_parser = duration)]
    pub deadline: Option<Duration>,
}

/// Orders by name.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// That of the inventory.
    #[default]
    Inventory,
    /// The same backwards.
    Reverse,
    /// By name.
    Sorted,
    /// By chance.
    Shuffle,
}

impl Rolling {
    /// For the planner.
    pub fn options(&self) -> Options {
        let (pace, steps, limits) = (&self.pace, &self.steps, &self.limits);
        Options {
            batches: pace.batches.clone(),
            canary: pace.canary,
            auto_promote: pace.auto_promote,
            order: match pace.order {
                Order::Inventory => Sequence::Inventory,
                Order::Reverse => Sequence::Reverse,
                Order::Sorted => Sequence::Sorted,
                Order::Shuffle => Sequence::Shuffle(pace.seed),
            },
            spread: pace.spread.clone(),
            min_up: limits.min_up,
            max_failures: limits.max_failures,
            ignore_unreachable: limits.ignore_unreachable,
            stagger: ms(pace.stagger),
            settle: ms(steps.settle),
            gate_timeout: ms(steps.gate_timeout),
            deadline: limits.deadline.map(ms),
            has_on_fail: steps.on_fail.is_some(),
            ..Options::default()
        }
    }

    /// The batches of these nodes; an error where no node could ever begin.
    pub fn batches(&self, nodes: &[Arc<Node>]) -> Result<Vec<Batch>, Usage> {
        let options = self.options();
        if options.most_down(nodes.len()) == Some(0) {
            let share = options.min_up.unwrap_or(Share::Nodes(0));
            let all = nodes.len();
            let text = format!("--min-up {share} of {all} nodes leaves none that may be down");
            return Err(Usage(text));
        }
        let label = options.spread.as_deref();
        if let Some(label) = label.filter(|l| !nodes.iter().any(|n| n.labels.contains_key(*l))) {
            return Err(Usage(format!("--spread {label}: no node has this label")));
        }
        let nodes: Vec<&Node> = nodes.iter().map(|node| &**node).collect();
        Ok(batches(&nodes, &options))
    }

    /// What is done on each node.
    pub fn steps(&self) -> Result<Steps, Usage> {
        if let Some(name) = self.daemon.as_deref().filter(|name| !is_name(name)) {
            let text =
                format!("`{name}` can't be a daemon's name: letters, digits and ._-@:/+ only");
            return Err(Usage(text));
        }
        let own = |text: &Option<String>| text.as_deref().map(template);
        let gate = match (&self.steps.gate, &self.steps.gate_local, &self.daemon) {
            (Some(gate), _, _) => GateBy::OnNode(template(gate)),
            (None, Some(gate), _) => GateBy::Here(template(gate)),
            (None, None, Some(daemon)) => GateBy::OnNode(managed(daemon, Action::Status)),
            (None, None, None) => GateBy::Nothing,
        };
        let restart = match (&self.command, &self.daemon) {
            (Some(command), _) => template(command),
            (None, daemon) => managed(daemon.as_deref().unwrap_or_default(), Action::Restart),
        };
        Ok(Steps {
            before: own(&self.steps.before),
            restart,
            after: own(&self.steps.after),
            gate,
            on_fail: own(&self.steps.on_fail),
        })
    }

    /// The roll of these nodes; an error where it can't be.
    pub fn wish(&self, nodes: &[Arc<Node>]) -> Result<Wish, Usage> {
        let nodes: Vec<_> = nodes.iter().map(|node| self.login(node)).collect();
        let batches = self.batches(&nodes)?;
        self.wish_in(nodes, batches)
    }

    /// The same in batches that are known.
    pub fn wish_in(&self, nodes: Vec<Arc<Node>>, batches: Vec<Batch>) -> Result<Wish, Usage> {
        Ok(Wish {
            resumes: None,
            past: Past::default(),
            what: self.what().into(),
            gate: self.gate().as_str().into(),
            set: self.set.clone(),
            nodes,
            batches: batches.into(),
            options: self.options(),
            steps: Arc::new(self.steps()?),
            manner: self.manner(),
            words: self.words(),
            commands: self.commands(),
        })
    }

    /// What says whether a node is well, for a person.
    fn gate(&self) -> String {
        match (&self.steps.gate, &self.steps.gate_local, &self.daemon) {
            (Some(gate), _, _) => gate.clone(),
            (None, Some(gate), _) => format!("here: {gate}"),
            (None, None, Some(daemon)) => format!("{daemon} by its manager"),
            (None, None, None) => "none".to_owned(),
        }
    }

    /// What is asked before it begins: more than one node is never rolled unasked.
    pub fn verdict(&self, nodes: &[Arc<Node>]) -> Verdict {
        let mut verdict = judge(&self.judged(), nodes);
        if verdict.asks == Ask::Nothing && nodes.len() > 1 {
            verdict.asks = Ask::YesNo;
        }
        verdict
    }

    /// How steps are run.
    pub fn manner(&self) -> plan::Options {
        plan::Options {
            is_sudo: self.sudo,
            timeout: Some(self.timeout),
            connect_timeout: self.connect_timeout,
            ..plan::Options::default()
        }
    }

    /// The node with the login that is wanted.
    pub fn login(&self, node: &Arc<Node>) -> Arc<Node> {
        match &self.user {
            None => Arc::clone(node),
            user => Arc::new(Node {
                user: user.clone(),
                ..Node::clone(node)
            }),
        }
    }

    /// Words that are read as this again: for another process that goes on with it.
    pub fn words(&self) -> Vec<String> {
        let (pace, steps, limits) = (&self.pace, &self.steps, &self.limits);
        let list: Vec<String> = pace.batches.iter().map(ToString::to_string).collect();
        let order = pace.order.to_possible_value();
        let text = |text: &Option<String>| text.clone();
        let time = |time: Duration| format!("{}ms", time.as_millis());
        // Zero has no unit here.
        let zero = |limit: Duration| match limit {
            Duration::ZERO => Some("0".to_owned()),
            limit => Some(time(limit)),
        };
        let values = [
            ("command", text(&self.command)),
            ("batches", Some(list.join(","))),
            ("canary", Some(pace.canary.to_string())),
            ("order", order.map(|order| order.get_name().to_owned())),
            ("seed", Some(pace.seed.to_string())),
            ("spread", text(&pace.spread)),
            ("stagger", zero(pace.stagger)),
            ("before", text(&steps.before)),
            ("after", text(&steps.after)),
            ("gate", text(&steps.gate)),
            ("gate-local", text(&steps.gate_local)),
            ("on-fail", text(&steps.on_fail)),
            ("settle", zero(steps.settle)),
            ("gate-timeout", zero(steps.gate_timeout)),
            ("min-up", limits.min_up.map(|share| share.to_string())),
            ("max-failures", Some(limits.max_failures.to_string())),
            ("deadline", limits.deadline.map(time)),
            ("timeout", zero(self.timeout)),
            ("connect-timeout", self.connect_timeout.map(time)),
            ("user", text(&self.user)),
        ];
        let flags = [
            ("auto-promote", pace.auto_promote),
            ("ignore-unreachable", limits.ignore_unreachable),
            ("sudo", self.sudo),
        ];
        let values = values.into_iter().filter_map(|(name, value)| {
            let value = value?;
            Some(format!("--{name}={value}"))
        });
        let flags = flags.into_iter().filter(|(_, is_set)| *is_set);
        let flags = flags.map(|(name, _)| format!("--{name}"));
        let named = ["--".to_owned(), self.set.clone()];
        let named = named.into_iter().chain(self.daemon.clone());
        values.chain(flags).chain(named).collect()
    }

    /// What is done, for a person: `nginx`, or the command.
    pub fn what(&self) -> &str {
        let what = self.daemon.as_deref().or(self.command.as_deref());
        what.unwrap_or_default()
    }

    /// All commands, for a person.
    pub fn commands(&self) -> String {
        self.all(|daemon| format!("restart {daemon}, by its manager"))
    }

    /// The same for the guard, which knows systemctl.
    fn judged(&self) -> String {
        self.all(|daemon| format!("systemctl restart {daemon}"))
    }

    fn all(&self, restart: impl Fn(&str) -> String) -> String {
        let managed = || restart(self.daemon.as_deref().unwrap_or_default());
        let restart = self.command.clone().unwrap_or_else(managed);
        let steps = &self.steps;
        let before = steps.before.iter().cloned();
        let rest = [&steps.after, &steps.gate, &steps.on_fail];
        let rest = rest.into_iter().flatten().cloned();
        let all: Vec<String> = before.chain([restart]).chain(rest).collect();
        all.join("\n")
    }
}

/// The user's own text.
fn template(text: &str) -> Text {
    let template = Template::parse(text);
    Box::new(move |node, rank| template.fill(node, rank))
}

/// What the daemon's manager does: as hosts.yaml defines it for the node, else whichever manager knows the name.
fn managed(name: &str, action: Action) -> Text {
    let name = name.to_owned();
    Box::new(move |node, _| {
        let known = node.daemons.iter().find(|daemon| daemon.name == name);
        let daemon = known.cloned().unwrap_or_else(|| Daemon {
            name: name.clone(),
            ..Daemon::default()
        });
        script(&[daemon], action, &Manner::default())
    })
}

fn ms(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// A duration; 0 is one.
fn limit(text: &str) -> Result<Duration, String> {
    match text {
        "0" => Ok(Duration::ZERO),
        text => duration(text),
    }
}

/// The names of these places, folded.
pub fn names(nodes: &[String], places: &[usize]) -> NodeSet {
    let names = places.iter().filter_map(|place| nodes.get(*place));
    NodeSet::from_names(names.map(String::as_str))
}

/// A line for each batch.
pub fn plan(nodes: &[String], batches: &[Batch]) -> String {
    let mut text = String::new();
    for (at, batch) in batches.iter().enumerate() {
        let (count, names) = (batch.places.len(), names(nodes, &batch.places));
        let _ = write!(text, "{:>4}  {count:>4}  {names}", at + 1);
        if batch.is_canary {
            text += "  canary";
        }
        if let Some(value) = &batch.value {
            let _ = write!(text, "  ({value})");
        }
        text.push('\n');
    }
    text
}

/// The batches as JSON.
pub fn plan_json(nodes: &[String], batches: &[Batch]) -> Value {
    let batch = |batch: &Batch| {
        let names = batch.places.iter().filter_map(|place| nodes.get(*place));
        json!({
            "nodes": names.collect::<Vec<_>>(),
            "canary": batch.is_canary,
            "value": batch.value,
        })
    };
    batches.iter().map(batch).collect()
}
