//! `sshoal logs`: the logs of many nodes as one; the arguments, and the order that they make.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::{Usage, status::duration};
use crate::{
    exec::guard::{Ask, Verdict, judge},
    logs::{Filter, MOST_STREAMS, Order, Since, Source, Tail, Target, filter},
    node::{Daemon, Node},
};

/// Lines of each log that are shown where nobody says how many.
const LINES: u64 = 100;

/// Where `--collect` writes.
pub const COLLECTED: &str = "collected_logs";

/// Show logs of many nodes as one, in the order of their times: `sshoal logs @web --unit nginx -f`. Without a source: the system's log. The clocks of nodes are set right by the way; what comes too late for its place is marked. Exit code 0: all was had, or Ctrl-C with --follow; 1: a node doesn't have what was asked for; 2: usage error, or not confirmed; 3: a node was not reached, or lost; 4: sudo did not take the password; 74: the output can't be written; 130: cancelled.
#[derive(Args, Clone, Debug, Default)]
pub struct Logs {
    /// Node sets; several are united, `-` reads them from standard input.
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
    /// Of what.
    #[command(flatten)]
    pub sources: Sources,
    /// How much of it.
    #[command(flatten)]
    pub part: Part,
    /// What is printed.
    #[command(flatten)]
    pub show: Show,
}

/// Of what; each may be given more than once.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Of what (each may be given more than once)")]
pub struct Sources {
    /// A unit of systemd, from the journal.
    #[arg(short, long = "unit", value_name = "UNIT", value_parser = name)]
    pub units: Vec<String>,
    /// A unit of the login's own.
    #[arg(long = "user-unit", value_name = "UNIT", value_parser = name)]
    pub user_units: Vec<String>,
    /// Files on the nodes, `'/var/log/nginx/*.log'`; a new one that fits is taken in, and one that is replaced is followed
    /// by its name.
    #[arg(long = "file", value_name = "GLOB", value_parser = name)]
    pub files: Vec<String>,
    /// A container of docker or podman.
    #[arg(long = "container", value_name = "CONTAINER", value_parser = name)]
    pub containers: Vec<String>,
    /// A daemon: the log that its entry in the inventory names, else what its manager has.
    #[arg(long = "daemon", value_name = "DAEMON", value_parser = name)]
    pub daemons: Vec<String>,
    /// What a command prints: `'dmesg -T'`.
    #[arg(long = "command", value_name = "COMMAND", value_parser = name)]
    pub commands: Vec<String>,
}

/// How much of it.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "How much")]
pub struct Part {
    /// The last so many lines of each log, or `all` [default: 100; all with --since or --collect].
    #[arg(short = 'n', long, value_name = "N", value_parser = lines)]
    pub lines: Option<u64>,
    /// Nothing older: `10m`, `2h`, `2026-11-21T21:50:00Z`, or `21:50` by the clock on the node's wall.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Since>,
    /// And what comes from now on, until Ctrl-C.
    #[arg(short, long)]
    pub follow: bool,
    /// Lines in which this is found; one of several is enough.
    #[arg(long, value_name = "REGEX")]
    pub grep: Vec<String>,
    /// No lines in which this is found.
    #[arg(long, value_name = "REGEX")]
    pub exclude: Vec<String>,
    /// Lines that say of themselves that they matter so much, or more.
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub level: Option<Level>,
    /// Read logs as root, by sudo; its password is asked once.
    #[arg(long)]
    pub sudo: bool,
    /// Don't ask before a command of --command that may change something.
    #[arg(short, long)]
    pub yes: bool,
    /// Logs that are read at once, of all nodes together.
    #[arg(long, value_name = "N", default_value_t = MOST_STREAMS)]
    pub max_streams: usize,
}

/// What is printed.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct Show {
    /// A JSON object a line: node, source, time, level, late, text.
    #[arg(long)]
    pub json: bool,
    /// No names before lines.
    #[arg(short = 'N', long)]
    pub no_prefix: bool,
    /// How long a line waits for earlier ones of slower nodes, with --follow.
    #[arg(long, value_name = "MS", default_value_t = 300)]
    pub hold: u64,
    /// Write each log to a file, DIR/NODE-SOURCE.log, byte for byte [default DIR: collected_logs].
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = COLLECTED,
          conflicts_with_all = ["follow", "json", "grep", "exclude", "level"])]
    pub collect: Option<PathBuf>,
}

/// How much a line has to matter.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they would stand in the list of values")]
pub enum Level {
    Trace,
    Debug,
    Info,
    #[value(alias = "warning")]
    Warn,
    #[value(alias = "err")]
    Error,
    #[value(alias = "crit")]
    Critical,
}

impl From<Level> for crate::logs::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warning,
            Level::Error => Self::Error,
            Level::Critical => Self::Critical,
        }
    }
}

impl Logs {
    /// What is to be read of these nodes, where nobody is asked and nothing is written down.
    pub fn order(&self, nodes: &[Arc<Node>]) -> Result<Order, Usage> {
        match self.verdict(nodes) {
            Some(verdict) if verdict.mutating || verdict.asks != Ask::Nothing => {
                let command = self.commands();
                Err(Usage(format!(
                    "--command {command}: it may change something on nodes; !{command} runs it here, `sshoal logs` follows it"
                )))
            }
            _ => Ok(self.agreed(nodes)),
        }
    }

    /// The same, once somebody has agreed to what [`Logs::verdict`] asks.
    pub fn agreed(&self, nodes: &[Arc<Node>]) -> Order {
        let part = &self.part;
        let all = part.since.is_some() || self.show.collect.is_some();
        let lines = part.lines.or_else(|| (!all).then_some(LINES));
        let targets = nodes.iter().map(|node| Target {
            node: Arc::clone(node),
            sources: self.sources.of(node),
        });
        Order {
            targets: targets.collect(),
            tail: Tail {
                lines: lines.filter(|lines| *lines < u64::MAX),
                since: part.since,
            },
            is_followed: part.follow,
            is_sudo: part.sudo,
            is_raw: self.show.collect.is_some(),
            hold: Duration::from_millis(self.show.hold),
            most_streams: part.max_streams,
        }
    }

    /// What of it is shown.
    pub fn filter(&self) -> Result<Filter, Usage> {
        let patterns = |option: &str, patterns: &[String]| {
            let patterns = patterns.iter().map(|pattern| {
                let wrong = |why| Usage(format!("{option} {pattern}: {why}"));
                filter::exact(pattern).map_err(wrong)
            });
            patterns.collect::<Result<Vec<_>, _>>()
        };
        Ok(Filter {
            grep: patterns("--grep", &self.part.grep)?,
            exclude: patterns("--exclude", &self.part.exclude)?,
            level: self.part.level.map(Into::into),
            ..Filter::default()
        })
    }

    /// What the commands may do, and what to ask before; nothing where there are none. A log is read and nothing is
    /// changed: what may change one node alone is asked about too.
    pub fn verdict(&self, nodes: &[Arc<Node>]) -> Option<Verdict> {
        if self.sources.commands.is_empty() {
            return None;
        }
        let mut verdict = judge(&self.commands(), nodes);
        if self.part.yes {
            verdict.asks = Ask::Nothing;
        } else if verdict.mutating && verdict.asks == Ask::Nothing {
            verdict.asks = Ask::YesNo;
        }
        Some(verdict)
    }

    /// All commands of the user's own, a line each.
    pub fn commands(&self) -> String {
        self.sources.commands.join("\n")
    }

    /// More than one log of a node may come of it.
    pub fn has_several(&self) -> bool {
        let sources = &self.sources;
        let named = [
            &sources.units,
            &sources.user_units,
            &sources.files,
            &sources.containers,
            &sources.daemons,
            &sources.commands,
        ];
        let named: usize = named.iter().map(|names| names.len()).sum();
        named > 1
            || sources
                .files
                .iter()
                .any(|file| file.contains(['*', '?', '[']))
    }
}

impl Sources {
    /// For one node, whose own entry says what a daemon is.
    fn of(&self, node: &Node) -> Vec<Source> {
        let mut all = Vec::new();
        all.extend(self.units.iter().cloned().map(Source::Unit));
        all.extend(self.user_units.iter().cloned().map(Source::UserUnit));
        all.extend(self.files.iter().cloned().map(Source::File));
        all.extend(self.containers.iter().cloned().map(Source::Container));
        all.extend(self.daemons.iter().map(|name| daemon(node, name)));
        all.extend(self.commands.iter().cloned().map(Source::Command));
        if all.is_empty() {
            all.push(Source::System);
        }
        all
    }
}

fn daemon(node: &Node, name: &str) -> Source {
    let known = node.daemons.iter().find(|daemon| daemon.name == name);
    let daemon = known.cloned().unwrap_or_else(|| Daemon {
        name: name.to_owned(),
        ..Daemon::default()
    });
    Source::Daemon(Arc::new(daemon))
}

/// Anything but an option, which a program on the node would take for one of its own.
fn name(text: &str) -> Result<String, String> {
    match text {
        "" => Err("a name is missing".to_owned()),
        text if text.starts_with('-') || text.contains(['\0', '\n']) => {
            Err("a name doesn't begin with a dash, and is one line".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

fn lines(text: &str) -> Result<u64, String> {
    match text {
        "all" => Ok(u64::MAX),
        text => text
            .parse()
            .map_err(|_| "a number of lines, or all".to_owned()),
    }
}

fn since(text: &str) -> Result<Since, String> {
    if let Some(clock) = clock(text) {
        return Ok(clock);
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Since::At(time.as_microsecond()));
    }
    duration(text).map(Since::Ago).map_err(|_| {
        "a time such as 10m, 2h, 1d, 21:50, or 2026-11-21T21:50:00Z with its zone".to_owned()
    })
}

/// `21:50`.
fn clock(text: &str) -> Option<Since> {
    let (hour, minute) = text.split_once(':')?;
    let is_clock = hour.len() <= 2 && minute.len() == 2;
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (is_clock && hour < 24 && minute < 60).then_some(Since::Clock(hour, minute))
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches as _};

    use super::*;

    fn read(line: &str) -> Result<Logs, String> {
        let command = Logs::augment_args(Command::new("logs").no_binary_name(true));
        let words = line.split(' ').filter(|word| !word.is_empty());
        let matches = command.try_get_matches_from(words);
        matches
            .and_then(|matches| Logs::from_arg_matches(&matches))
            .map_err(|error| error.to_string())
    }

    fn order(line: &str) -> Order {
        let node = Node {
            daemons: vec![Daemon {
                name: "web".to_owned(),
                log: Some("/srv/web.log".to_owned()),
                ..Daemon::default()
            }],
            ..Node::blank("a")
        };
        read(line).unwrap().order(&[Arc::new(node)]).unwrap()
    }

    #[test]
    fn the_last_lines_or_all_since_then() {
        for (line, lines, since) in [
            ("a", Some(100), None),
            ("a -n 5", Some(5), None),
            ("a -n all", None, None),
            (
                "a --since 10m",
                None,
                Some(Since::Ago(Duration::from_mins(10))),
            ),
            ("a --since 9:05 -n 7", Some(7), Some(Since::Clock(9, 5))),
            (
                "a --since 1970-01-01T00:00:01+01:00",
                None,
                Some(Since::At(-3_599_000_000)),
            ),
            ("a --collect", None, None),
            ("a --collect out -n 3", Some(3), None),
        ] {
            assert_eq!(order(line).tail, Tail { lines, since }, "{line}");
        }
        for line in [
            "a --since soon",
            "a --since 25:00",
            "a --since 2026-11-21",
            "a -n -1",
            "a --collect -f",
            "a --unit -x",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn sources_are_those_named_else_the_system() {
        assert_eq!(order("a").targets[0].sources, [Source::System]);
        let sources = &order("a -u x --file /l/* --daemon web --daemon other").targets[0].sources;
        assert_eq!(
            sources[..2],
            [
                Source::Unit("x".to_owned()),
                Source::File("/l/*".to_owned())
            ]
        );
        let logs: Vec<Option<&str>> = sources[2..]
            .iter()
            .map(|source| match source {
                Source::Daemon(daemon) => daemon.log.as_deref(),
                other => unreachable!("{other:?}"),
            })
            .collect();
        assert_eq!(logs, [Some("/srv/web.log"), None]);
    }

    #[test]
    fn a_command_that_may_change_something_is_not_run_unasked() {
        let nodes = [Arc::new(Node::blank("a"))];
        assert!(read("a --command dmesg").unwrap().order(&nodes).is_ok());
        for line in ["a --command reboot", "a --command reboot --yes"] {
            let wrong = read(line).unwrap().order(&nodes).unwrap_err();
            assert!(wrong.0.contains("!reboot runs it here"), "{wrong}");
        }
    }

    #[test]
    fn a_bad_pattern_is_named() {
        let wrong = read("a --exclude (").unwrap().filter().unwrap_err();
        assert_eq!(wrong.0, "--exclude (: unclosed group");
    }
}
