//! Every command once: its name, its words, where it can be given, and what the dashboard does for it.

mod typed;

use std::{ffi::OsString, sync::LazyLock};

use clap::{Arg, Args, Command, FromArgMatches, error::ErrorKind};

use super::{
    Usage,
    audit::Audit,
    daemon::Daemon,
    demo::Demo,
    doctor::Doctor,
    exec::Exec,
    logs::Logs,
    nodes::Nodes,
    pool::Pool,
    roll::Roll,
    screen::{
        Columns, Filter, Forget, Help, Mark, Node, Quit, Retry, Rolls, Runs, Sort, Theme, Unmark,
        View,
    },
    status::Status,
    trust::Trust,
    words::words,
};

pub use typed::{Parts, wants_value};

/// Where a command can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the command line alone.
    Line,
    /// In the dashboard alone.
    Screen,
    /// On both.
    Both,
}

/// What a word of a command is, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A node set.
    Nodes,
    /// One node.
    Node,
    /// A group.
    Group,
    /// A file or a folder on a node.
    File,
    /// A theme.
    Theme,
    /// A column of the table.
    Column,
    /// A filter.
    Filter,
    /// The name of a command.
    Command,
    /// A run.
    Run,
    /// A roll.
    Roll,
    /// A daemon.
    Daemon,
    /// Shell text: programs, units, files.
    Shell,
    /// Any word.
    Word,
}

/// What the dashboard is to do.
#[derive(Clone, Debug)]
pub enum Intent {
    /// Run a command on nodes.
    Exec(Box<Exec>),
    /// Logs of nodes.
    Logs(Box<Logs>),
    /// Look at daemons, start, stop or restart them.
    Daemon(Box<Daemon>),
    /// The report of nodes' state.
    Status(Status),
    /// The list of nodes.
    Nodes(Nodes),
    /// The way to nodes.
    Doctor(Doctor),
    /// Host keys.
    Trust(Trust),
    /// The connections.
    Pool(Pool),
    /// Earlier runs.
    Audit(Audit),
    /// Filter by this.
    Filter(String),
    /// Order.
    Sort(Sort),
    /// Density.
    View(View),
    /// Colours.
    Theme(Theme),
    /// The menu of columns.
    Columns,
    /// The keys.
    Help,
    /// The runs of this dashboard.
    Runs,
    /// The rolls of this dashboard.
    Rolls,
    /// Rolls of all processes, and orders for them.
    Roll(Box<Roll>),
    /// Leave.
    Quit,
    /// Drop secrets.
    Forget,
    /// Connect now.
    Retry(Retry),
    /// A node's page.
    Node(Node),
    /// Mark.
    Mark(Mark),
    /// Unmark.
    Unmark(Unmark),
    /// A text to read, under a title.
    Text(String, String),
}

/// One command.
pub struct Entry {
    /// As it is typed.
    pub name: &'static str,
    /// Other names of it.
    pub aliases: &'static [&'static str],
    /// Where it can be given.
    pub place: Place,
    /// It may change something on a node: not with `--read-only`.
    pub is_action: bool,
    /// Adds its words to a command of clap.
    words: fn(Command) -> Command,
    /// Reads what follows its name.
    read: fn(&Entry, &str) -> Result<Intent, Usage>,
}

/// Every command, in the order in which they are offered.
pub const ENTRIES: &[Entry] = &[
    Entry {
        is_action: true,
        ..both("exec", Exec::augment_args, |entry, rest| {
            typed::exec(entry, rest).map(|exec| Intent::Exec(Box::new(exec)))
        })
    },
    both("logs", Logs::augment_args, |entry, rest| {
        entry.parse(rest).map(|logs| Intent::Logs(Box::new(logs)))
    }),
    both("daemon", Daemon::augment_args, |entry, rest| {
        entry
            .parse(rest)
            .map(|daemon| Intent::Daemon(Box::new(daemon)))
    }),
    screen("filter", Filter::augment_args, |_, rest| {
        Ok(Intent::Filter(rest.trim().to_owned()))
    }),
    screen("node", Node::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Node)
    }),
    screen("mark", Mark::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Mark)
    }),
    screen("unmark", Unmark::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Unmark)
    }),
    screen("runs", Runs::augment_args, |entry, rest| {
        entry.parse::<Runs>(rest).map(|_| Intent::Runs)
    }),
    screen("rolls", Rolls::augment_args, |entry, rest| {
        entry.parse::<Rolls>(rest).map(|_| Intent::Rolls)
    }),
    both("roll", Roll::augment_args, |entry, rest| {
        entry.parse(rest).map(|roll| Intent::Roll(Box::new(roll)))
    }),
    both("status", Status::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Status)
    }),
    both("nodes", Nodes::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Nodes)
    }),
    both("doctor", Doctor::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Doctor)
    }),
    both("trust", Trust::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Trust)
    }),
    both("audit", Audit::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Audit)
    }),
    both("pool", Pool::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Pool)
    }),
    screen("retry", Retry::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Retry)
    }),
    screen("view", View::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::View)
    }),
    screen("sort", Sort::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Sort)
    }),
    screen("columns", Columns::augment_args, |entry, rest| {
        entry.parse::<Columns>(rest).map(|_| Intent::Columns)
    }),
    screen("theme", Theme::augment_args, |entry, rest| {
        entry.parse(rest).map(Intent::Theme)
    }),
    screen("forget", Forget::augment_args, |entry, rest| {
        entry.parse::<Forget>(rest).map(|_| Intent::Forget)
    }),
    screen("help", Help::augment_args, help),
    Entry {
        aliases: &["q"],
        ..screen("quit", Quit::augment_args, |entry, rest| {
            entry.parse::<Quit>(rest).map(|_| Intent::Quit)
        })
    },
    Entry {
        place: Place::Line,
        ..both("demo", Demo::augment_args, |_, _| {
            let text = "demo is a command of the command line: sshoal demo";
            Err(Usage(text.to_owned()))
        })
    },
];

type Words = fn(Command) -> Command;
type Read = fn(&Entry, &str) -> Result<Intent, Usage>;

const fn both(name: &'static str, words: Words, read: Read) -> Entry {
    Entry {
        name,
        aliases: &[],
        place: Place::Both,
        is_action: false,
        words,
        read,
    }
}

const fn screen(name: &'static str, words: Words, read: Read) -> Entry {
    Entry {
        place: Place::Screen,
        ..both(name, words, read)
    }
}

/// Stands for `exec`, with the rest of the line as it is.
pub const SHORT: char = '!';

/// The entries of the dashboard.
pub fn offered() -> impl Iterator<Item = &'static Entry> {
    ENTRIES.iter().filter(|entry| entry.place != Place::Line)
}

/// The entry of a name, an alias, or the beginning of one name alone.
pub fn entry(name: &str) -> Option<&'static Entry> {
    let is_named = |entry: &&Entry| entry.name == name || entry.aliases.contains(&name);
    let begins = || {
        let mut all = offered().filter(|entry| !name.is_empty() && entry.name.starts_with(name));
        all.next().filter(|_| all.next().is_none())
    };
    ENTRIES.iter().find(is_named).or_else(begins)
}

/// A line in two: its command, and what follows it.
pub fn parts(line: &str) -> (&str, &str) {
    let line = line.trim_start();
    let end = line.find(|c: char| c.is_whitespace());
    line.split_at(end.unwrap_or(line.len()))
}

/// What a line asks for. With [`SHORT`] first, all else is the text of a command.
pub fn read(line: &str) -> Result<Intent, Usage> {
    let line = line.trim();
    if let Some(text) = line.strip_prefix(SHORT) {
        return typed::short(text).map(|exec| Intent::Exec(Box::new(exec)));
    }
    let (name, rest) = parts(line);
    match entry(name) {
        Some(entry) => (entry.read)(entry, rest),
        None => Err(Usage(match nearest(name) {
            Some(known) => format!("no command `{name}`; did you mean `{known}`?"),
            None => format!("no command `{name}`; Tab shows all, and !{name} runs it on nodes"),
        })),
    }
}

fn nearest(name: &str) -> Option<&'static str> {
    let close = |known: &str| strsim::damerau_levenshtein(known, name);
    let best = offered().map(|entry| (close(entry.name), entry.name)).min();
    best.filter(|(far, _)| *far <= 2).map(|(_, name)| name)
}

fn help(entry: &Entry, rest: &str) -> Result<Intent, Usage> {
    let Some(name) = entry.parse::<Help>(rest)?.command else {
        return Ok(Intent::Help);
    };
    let about = self::entry(&name).ok_or_else(|| Usage(format!("no command `{name}`")))?;
    let text = about.clap().render_long_help().to_string();
    Ok(Intent::Text(about.name.to_owned(), text))
}

impl Entry {
    /// The first sentence of what it does, without a full stop.
    pub fn help(&self) -> &'static str {
        static ALL: LazyLock<Vec<String>> = LazyLock::new(|| {
            let about = |entry: &Entry| {
                let text = entry.clap().get_about().map(ToString::to_string);
                let text = text.unwrap_or_default();
                let first = text.split(". ").next().unwrap_or_default();
                first.trim_end_matches('.').to_owned()
            };
            ENTRIES.iter().map(about).collect()
        });
        let at = ENTRIES.iter().position(|other| other.name == self.name);
        at.and_then(|at| ALL.get(at)).map_or("", String::as_str)
    }

    /// Its name and its words: `theme <THEME>`.
    pub fn usage(&self) -> String {
        if self.name == "exec" {
            return "exec [OPTIONS] [SET... --] COMMAND".to_owned();
        }
        let text = self.clap().render_usage().to_string();
        let text = text.strip_prefix("Usage: ").unwrap_or(&text);
        text.lines().next().unwrap_or_default().trim().to_owned()
    }

    /// Its arguments and options.
    pub fn arguments(&self) -> Vec<Arg> {
        self.clap().get_arguments().cloned().collect()
    }

    /// As clap knows it.
    pub fn clap(&self) -> Command {
        (self.words)(
            Command::new(self.name)
                .no_binary_name(true)
                .bin_name(self.name),
        )
    }

    /// Reads the words after its name.
    fn parse<A: FromArgMatches>(&self, rest: &str) -> Result<A, Usage> {
        let words = words(rest);
        if let Some(open) = words.last().filter(|word| word.is_open) {
            return Err(Usage(format!("a quote is not closed: {}", open.text)));
        }
        self.matched(words.into_iter().map(|word| word.text.into()))
    }

    fn matched<A: FromArgMatches>(
        &self,
        words: impl Iterator<Item = OsString>,
    ) -> Result<A, Usage> {
        let matches = self.clap().try_get_matches_from(words);
        let read = matches.and_then(|matches| A::from_arg_matches(&matches));
        read.map_err(|error| said(&error, self))
    }
}

/// What clap says, in a line: it means a command line, and there is none.
fn said(error: &clap::Error, entry: &Entry) -> Usage {
    if matches!(error.kind(), ErrorKind::DisplayHelp) {
        return Usage(format!("{}; more with: help {}", entry.usage(), entry.name));
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let lines = text.lines().take_while(|line| !line.starts_with("Usage:"));
    let lines: Vec<&str> = lines.map(str::trim).filter(|l| !l.is_empty()).collect();
    Usage(lines.join(" "))
}

/// What an argument takes, by the word that stands for it.
pub fn kind(arg: &Arg) -> Kind {
    let names = arg.get_value_names().unwrap_or_default();
    match names.first().map(|name| name.as_str()) {
        Some("SET") => Kind::Nodes,
        Some("NODE") => Kind::Node,
        Some("GROUP") => Kind::Group,
        Some("FILE" | "DIR" | "FOLDER") => Kind::File,
        Some("THEME") => Kind::Theme,
        Some("COLUMN") => Kind::Column,
        Some("FILTER" | "EXPRESSION") => Kind::Filter,
        Some("NAME") => Kind::Command,
        Some("COMMAND") => Kind::Shell,
        Some("RUN") => Kind::Run,
        Some("ROLL") => Kind::Roll,
        Some("DAEMON") => Kind::Daemon,
        _ => Kind::Word,
    }
}

#[cfg(test)]
mod tests;
