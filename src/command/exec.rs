//! `sshoal exec`: one command on many nodes; the arguments, and the plan that they make.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use clap::Args;

use super::{Usage, select, status::duration};
use crate::{
    exec::{
        ExitPolicy, Template, pick,
        plan::{Batches, FANOUT, Job, KEEP, Options, Plan, Strategy},
    },
    inventory::Inventory,
    node::Node,
};

/// Run a command on nodes: `sshoal exec gpu[01-16] -- nvidia-smi -L`. Lines come live, with the node's name before them; Ctrl-C cancels what has not begun, a second one ends what runs, a third leaves at once. Exit code 0: all well; 1: a command failed; 2: usage error, or not confirmed; 3: a node was not reached; 4: stopped by --strategy; 74: the output or the audit log can't be written; 130: cancelled.
#[derive(Args, Clone, Debug)]
pub struct Exec {
    /// Node sets; several are united. With --node, --group or --all: the command, if it has no options.
    #[arg(value_name = "SET")]
    pub words: Vec<String>,
    /// Shell text; several words are joined by blanks, as with ssh. `{name}`, `{host}` and `{rank}` stand for the node's
    /// own, quoted.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Which nodes and what, from what is known.
    #[command(flatten)]
    pub choice: Choice,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
    /// What is printed.
    #[command(flatten)]
    pub show: Show,
}

/// Which nodes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Which nodes")]
pub struct Choice {
    /// Node sets; may be given more than once.
    #[arg(short = 'w', long = "node", value_name = "SET")]
    pub nodes: Vec<String>,
    /// Groups.
    #[arg(short = 'g', long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// All nodes of the inventory.
    #[arg(short = 'a', long)]
    pub all: bool,
    /// Not these.
    #[arg(short = 'x', long = "exclude", value_name = "SET")]
    pub exclude: Vec<String>,
    /// Those whose live state is so: `load<1 & gpu.util<5`, in the language of the dashboard's filter.
    #[arg(long = "where", value_name = "FILTER")]
    pub live: Option<String>,
    /// So many of them, chosen at random.
    #[arg(long, value_name = "K")]
    pub pick: Option<usize>,
    /// Those that failed in this run of the audit log, with its command where none is given.
    #[arg(long, value_name = "RUN")]
    pub only_failed: Option<String>,
}

/// How it is run.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "How")]
pub struct Manner {
    /// Commands that run at once. Nodes that don't answer hold no place.
    #[arg(short = 'f', long, value_name = "N", default_value_t = FANOUT)]
    pub fanout: usize,
    /// Time for the command on each node; 0 is without end [default: `command_timeout` of the node, 30 s].
    #[arg(short = 'u', long, value_name = "SECONDS", value_parser = limit)]
    pub timeout: Option<Duration>,
    /// Time for each part of the way to a node: to connect and exchange keys, then to log in; what a person takes to answer counts for none [default: `connect_timeout` of the node for the first, else 5 s to connect, and 10 s for each other part].
    #[arg(short = 't', long, value_name = "SECONDS", value_parser = duration)]
    pub connect_timeout: Option<Duration>,
    /// Login, instead of the node's own.
    #[arg(short = 'l', long, value_name = "USER")]
    pub user: Option<String>,
    /// Further attempts at nodes that can't be reached, after 1, 2, 4 ... s.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retries: u32,
    /// The command does no harm twice: where its connection is lost, it is sent again.
    #[arg(long)]
    pub idempotent: bool,
    /// What a failure means for nodes that have not begun: `continue`, `abort-first`, `abort-after=N`.
    #[arg(long, value_name = "STRATEGY", default_value = "continue", value_parser = strategy)]
    pub strategy: Strategy,
    /// One part after the other: so many nodes, or `10%` of them.
    #[arg(long, value_name = "N|P%", value_parser = batches)]
    pub serial: Option<Batches>,
    /// The folder to run in.
    #[arg(long, value_name = "FOLDER")]
    pub cwd: Option<String>,
    /// A variable for the command: `--env K=V`, or `--env K` with the value that it has here.
    #[arg(short = 'e', long = "env", value_name = "K=V", value_parser = variable)]
    pub variables: Vec<(String, Option<String>)>,
    /// The command's input; `-` is standard input, which is given to the nodes unasked where it is no terminal.
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// Leave standard input alone.
    #[arg(short = 'n', long)]
    pub no_stdin: bool,
    /// As root, by sudo; its password is asked once, and given to a node only behind a prompt that nobody there could know before. Wrong once, it ends the run.
    #[arg(long)]
    pub sudo: bool,
    /// On a terminal: both outputs come as one, lines end in CR LF.
    #[arg(long, conflicts_with = "stdin")]
    pub pty: bool,
    /// Send the command as it is: for servers that are no shells. Nothing ends it but its connection.
    #[arg(long, conflicts_with_all = ["cwd", "variables", "sudo"])]
    pub plain: bool,
    /// Ask nothing before.
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// Run nothing: print the nodes, how they were chosen, and the exact command.
    #[arg(long)]
    pub dry_run: bool,
}

/// What is printed.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub struct Show {
    /// At the end, each different answer once under the names of its nodes, as a diff to the commonest.
    #[arg(short = 'b', long)]
    pub gather: bool,
    /// Own names, addresses and numbers make no difference to --gather.
    #[arg(long, requires = "gather")]
    pub mask: bool,
    /// With --gather: no diffs, every answer in full.
    #[arg(long, requires = "gather")]
    pub full: bool,
    /// A JSON object a line: what each node printed, how it ended, and a summary.
    #[arg(long, conflicts_with_all = ["gather", "quiet"])]
    pub json: bool,
    /// Write NODE.stdout and NODE.stderr there, byte for byte.
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Print failures and the summary only.
    #[arg(short = 'q', long)]
    pub quiet: bool,
    /// No `node: ` before lines.
    #[arg(short = 'N', long)]
    pub no_prefix: bool,
    /// How much of each output is kept for --gather, the JSON summary and the audit log: its beginning and its end. What is
    /// printed meanwhile is never cut.
    #[arg(long, value_name = "SIZE", default_value = "10KiB", value_parser = size)]
    pub max_output: usize,
    /// Exit code: `default`: 0 all well, 1 a command failed, 3 a node was not reached, 4 stopped by the strategy; `max`: the largest of all; `any`: 0 if one succeeded; `first`: that of the first node.
    #[arg(long, value_name = "RULE", default_value = "default", value_parser = exit_rule)]
    pub exit: ExitPolicy,
    /// The same as `--exit max`, as with clush and pdsh.
    #[arg(short = 'S', long)]
    pub maxrc: bool,
}

impl Exec {
    /// The command, one text, where one is given; and the node sets. Without `--`, words after -w, -g or -a are the command.
    pub fn split(&self) -> (Option<String>, Vec<String>) {
        let choice = &self.choice;
        let is_chosen = choice.all
            || choice.only_failed.is_some()
            || !choice.nodes.is_empty()
            || !choice.groups.is_empty();
        let (command, sets) = match (&self.command, &self.words) {
            (command, words) if command.is_empty() && is_chosen => (words, &[][..]),
            (command, words) => (command, words.as_slice()),
        };
        let groups = choice.groups.iter();
        let groups = groups.flat_map(|groups| groups.split(',').map(|name| format!("@{name}")));
        let all = sets.iter().chain(&choice.nodes).cloned().chain(groups);
        let command = command.join(" ");
        (
            (!command.trim().is_empty()).then_some(command),
            all.collect(),
        )
    }

    /// The nodes by name: all of them only with `--all`. Live state and chance come later.
    pub fn targets(&self, sets: &[String], inventory: &Inventory) -> Result<Vec<Arc<Node>>, Usage> {
        if sets.is_empty() && !self.choice.all {
            let text = "which nodes? Name them, or say --all: sshoal exec SET -- COMMAND";
            return Err(Usage(text.to_owned()));
        }
        let sets = if self.choice.all { &[] } else { sets };
        let mut nodes = select(sets, inventory)?;
        if !self.choice.exclude.is_empty() {
            let out: HashSet<_> = select(&self.choice.exclude, inventory)?
                .iter()
                .map(|node| node.id.clone())
                .collect();
            nodes.retain(|node| !out.contains(&node.id));
        }
        if nodes.is_empty() {
            return Err(Usage("no node is left of the selection".to_owned()));
        }
        Ok(nodes)
    }

    /// So many of them at random, where that is wanted.
    pub fn picked(&self, nodes: Vec<Arc<Node>>, seed: u64) -> Vec<Arc<Node>> {
        let Some(k) = self.choice.pick else {
            return nodes;
        };
        let places = pick(k, nodes.len(), seed);
        let chosen = places.iter().filter_map(|place| nodes.get(*place));
        chosen.cloned().collect()
    }

    /// The whole plan. `{rank}` is a node's place, or in a repetition the one of `ranks`; `environment` gives the variables
    /// of this process.
    pub fn plan(
        &self,
        command: &str,
        nodes: &[Arc<Node>],
        ranks: &HashMap<String, usize>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Plan, Usage> {
        let template = Template::parse(command);
        let jobs = nodes.iter().enumerate().map(|(place, node)| {
            let rank = ranks.get(node.id.as_str()).copied().unwrap_or(place);
            Job {
                node: self.login(node),
                command: template.fill(node, rank),
            }
        });
        let manner = &self.manner;
        let mut variables = Vec::new();
        for (name, value) in &manner.variables {
            let value = value.clone().or_else(|| environment(name));
            let value = value.ok_or_else(|| Usage(format!("--env {name}: not set here")))?;
            variables.push((name.clone(), value));
        }
        Ok(Plan {
            jobs: jobs.collect(),
            options: Options {
                folder: manner.cwd.clone(),
                variables,
                input: None,
                is_sudo: manner.sudo,
                terminal: manner.pty.then_some((80, 24)),
                is_plain: manner.plain,
                fanout: manner.fanout.max(1),
                batches: manner.serial.unwrap_or(Batches::One),
                strategy: manner.strategy,
                timeout: manner.timeout,
                connect_timeout: manner.connect_timeout,
                retries: manner.retries,
                is_idempotent: manner.idempotent,
                keep: self.show.max_output,
                is_bulk: false,
            },
        })
    }

    /// The node with the login that is wanted.
    pub fn login(&self, node: &Arc<Node>) -> Arc<Node> {
        match &self.manner.user {
            None => Arc::clone(node),
            user => Arc::new(Node {
                user: user.clone(),
                ..Node::clone(node)
            }),
        }
    }

    /// How exit codes come about.
    pub fn exit_rule(&self) -> ExitPolicy {
        if self.show.maxrc {
            ExitPolicy::Max
        } else {
            self.show.exit
        }
    }
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            fanout: FANOUT,
            timeout: None,
            connect_timeout: None,
            user: None,
            retries: 0,
            idempotent: false,
            strategy: Strategy::Continue,
            serial: None,
            cwd: None,
            variables: Vec::new(),
            stdin: None,
            no_stdin: false,
            sudo: false,
            pty: false,
            plain: false,
            yes: false,
            dry_run: false,
        }
    }
}

impl Default for Show {
    fn default() -> Self {
        Self {
            gather: false,
            mask: false,
            full: false,
            json: false,
            output_dir: None,
            quiet: false,
            no_prefix: false,
            max_output: KEEP,
            exit: ExitPolicy::Default,
            maxrc: false,
        }
    }
}

/// A duration; 0 is without end.
fn limit(text: &str) -> Result<Duration, String> {
    match text {
        "0" => Ok(Duration::ZERO),
        text => duration(text),
    }
}

fn strategy(text: &str) -> Result<Strategy, String> {
    match text.split_once('=') {
        None if text == "continue" => Ok(Strategy::Continue),
        None if text == "abort-first" => Ok(Strategy::AbortAfter(1)),
        Some(("abort-after", number)) => match number.parse() {
            Ok(number @ 1..) => Ok(Strategy::AbortAfter(number)),
            _ => Err("a number of failures, 1 or more".to_owned()),
        },
        _ => Err("continue, abort-first or abort-after=N".to_owned()),
    }
}

pub(super) fn batches(text: &str) -> Result<Batches, String> {
    let wrong = || "a number of nodes, or a share of them such as 10%".to_owned();
    let (digits, is_share) = match text.strip_suffix('%') {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    match (digits.parse().map_err(|_| wrong())?, is_share) {
        (percent @ 1..=100, true) => Ok(Batches::Percent(percent)),
        (nodes @ 1.., false) => Ok(Batches::Nodes(nodes)),
        _ => Err(wrong()),
    }
}

fn variable(text: &str) -> Result<(String, Option<String>), String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_name =
        name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit());
    if !is_name {
        return Err(format!("`{name}` is no name of a variable"));
    }
    Ok((name.to_owned(), value))
}

/// `10KiB`, `1M`, `4096`: bytes; all units are powers of 1024, as with `head -c`.
fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err("a size such as 10KiB or 4M".to_owned()),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| "a size such as 10KiB or 4M".to_owned())?;
    number
        .checked_mul(factor)
        .ok_or_else(|| "too large".to_owned())
}

fn exit_rule(text: &str) -> Result<ExitPolicy, String> {
    ExitPolicy::parse(text).ok_or_else(|| "default, max, any or first".to_owned())
}

#[cfg(test)]
#[path = "exec_tests.rs"]
mod tests;
