//! The command line as clap sees it.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    command::{
        audit::Audit,
        daemon::Daemon,
        demo::Demo,
        doctor::Doctor,
        exec::Exec,
        logs::Logs,
        nodes::Nodes,
        pool::Pool,
        roll::Roll,
        status::{self, Status},
        trust::Trust,
    },
    config::Flags,
    tui::depth::Choice,
    ui::{theme::Depth, view::fleet::Density},
};

/// See, drive and mend a cluster over plain SSH. Without a command: the dashboard.
#[derive(Parser, Debug)]
#[command(name = "sshoal", version, max_term_width = 100)]
pub struct Cli {
    /// What to do; the dashboard without one.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// Options of the dashboard.
    #[command(flatten)]
    pub look: Look,
}

/// The words of a command line, with `--watch 5` and `-w5` written as `--watch=5`. Clap alone would take any word after
/// `--watch`, and so the node of `status --watch web1`; here only a duration belongs to it. After `daemon roll`, `--batch`
/// is `--batches`, since the option of every command has that name too.
pub fn words(raw: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut raw = raw.into_iter().peekable();
    let mut words = Vec::new();
    let (mut is_status, mut is_daemon, mut is_roll) = (false, false, false);
    while let Some(word) = raw.next() {
        if word == "--" {
            words.push(word);
            break;
        }
        is_status |= word == "status" && !is_daemon;
        is_roll |= word == "roll" && is_daemon;
        is_daemon |= word == "daemon";
        let is_watch = is_status && (word == "--watch" || word == "-w");
        let beside = word.to_str().and_then(|w| w.strip_prefix("-w"));
        let beside = beside.filter(|rest| is_status && status::is_duration(rest));
        let seconds = match beside {
            Some(rest) => Some(OsString::from(rest)),
            None => raw.next_if(|next| is_watch && next.to_str().is_some_and(status::is_duration)),
        };
        let sizes = word.to_str().and_then(|w| w.strip_prefix("--batch"));
        let sizes = sizes.filter(|rest| is_roll && (rest.is_empty() || rest.starts_with('=')));
        words.push(match seconds {
            None if sizes.is_some() => format!("--batches{}", sizes.unwrap_or_default()).into(),
            Some(seconds) => {
                let mut watch = OsString::from("--watch=");
                watch.push(seconds);
                watch
            }
            None => word,
        });
    }
    words.extend(raw);
    words
}

/// The commands. What each does is said at its arguments: the palette reads the same.
#[derive(Subcommand, Debug)]
#[expect(
    missing_docs,
    reason = "a line here would take the place of that of the arguments"
)]
pub enum Command {
    Status(Status),
    Exec(Box<Exec>),
    Logs(Box<Logs>),
    Daemon(Daemon),
    Roll(Roll),
    Doctor(Doctor),
    Trust(Trust),
    Nodes(Nodes),
    Pool(Pool),
    Audit(Audit),
    /// Try the dashboard on simulated nodes: a real SSH server on loopback, nothing else is touched.
    Demo {
        /// What to simulate.
        #[command(flatten)]
        demo: Demo,
        /// Options of its dashboard.
        #[command(flatten)]
        look: Look,
    },
}

/// Options of every command.
#[derive(Args, Clone, Debug, Default)]
pub struct Global {
    /// The inventory [default: $SSHOAL_HOSTS, ./hosts.yaml, ~/.config/sshoal/hosts.yaml, else this machine alone].
    #[arg(long, global = true, value_name = "FILE")]
    pub hosts: Option<PathBuf>,
    /// Accept and remember unknown host keys; a changed one is refused all the same.
    #[arg(long, global = true)]
    pub accept_new: bool,
    /// Never ask, neither for host keys nor for passwords: what would be asked is refused.
    #[arg(short = 'B', long, global = true)]
    pub batch: bool,
    /// Read and write host keys here only [default: ssh's own files].
    #[arg(long, global = true, value_name = "FILE")]
    pub known_hosts: Option<PathBuf>,
    /// Obey this ssh_config only; `none` is none [default: ~/.ssh/config, /etc/ssh/ssh_config].
    #[arg(short = 'F', long, global = true, value_name = "FILE")]
    pub ssh_config: Option<PathBuf>,
    /// How many colours.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Colour,
    /// Draw with ASCII only [default: on a console of Linux, on a VT100, and where LC_ALL, LC_CTYPE or LANG is not of UTF-8].
    #[arg(
        long,
        global = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub ascii: Option<bool>,
}

impl Global {
    /// For `config`.
    pub fn flags(&self) -> Flags {
        Flags {
            hosts: self.hosts.clone(),
            known_hosts: self.known_hosts.clone(),
            accept_new: self.accept_new,
            ssh_config: self.ssh_config.clone(),
        }
    }
}

/// Options of the dashboard.
#[derive(Args, Clone, Debug, Default)]
pub struct Look {
    /// A theme's name, or a base16 file of your own [default: $SSHOAL_THEME, else the last one chosen, else tomorrow-night].
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Start with this density [default: the last one chosen, else the one that fits].
    #[arg(long, value_enum, value_name = "DENSITY")]
    pub view: Option<View>,
    /// Start with this filter.
    #[arg(long, value_name = "EXPRESSION")]
    pub filter: Option<String>,
    /// Change nothing on any node: no command is run or cancelled, no host key accepted.
    #[arg(long)]
    pub read_only: bool,
}

impl Look {
    /// These options, and `outer` ones where nothing is said: before or after `demo` is the same.
    pub(super) fn or(self, outer: &Self) -> Self {
        Self {
            theme: self.theme.or_else(|| outer.theme.clone()),
            view: self.view.or(outer.view),
            filter: self.filter.or_else(|| outer.filter.clone()),
            read_only: self.read_only || outer.read_only,
        }
    }
}

/// True for terminals that have no braille, no `✖`, no `◌`: their fonts hold a few hundred signs at most.
pub fn has_few_signs(term: &str) -> bool {
    matches!(term, "linux" | "vt100" | "vt102" | "vt220")
}

/// True where the locale has no more signs than ASCII: the first that is set of `LC_ALL`, `LC_CTYPE` and `LANG` counts, and
/// with none of them nothing is known.
pub fn is_ascii_locale<'a>(variables: impl IntoIterator<Item = &'a str>) -> bool {
    let mut set = variables.into_iter().filter(|value| !value.is_empty());
    set.next().is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        !value.contains("utf-8") && !value.contains("utf8")
    })
}

/// How many colours the terminal is given.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// By the terminal, and none with `NO_COLOR`.
    #[default]
    Auto,
    /// None.
    Never,
    /// The 16 ANSI colours.
    #[value(name = "16")]
    Ansi16,
    /// The 256-colour palette.
    #[value(name = "256")]
    Ansi256,
    /// 24 bits.
    Truecolor,
}

impl From<Colour> for Choice {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Auto => Self::Auto,
            Colour::Never => Self::Fixed(Depth::Mono),
            Colour::Ansi16 => Self::Fixed(Depth::Ansi16),
            Colour::Ansi256 => Self::Fixed(Depth::Ansi256),
            Colour::Truecolor => Self::Fixed(Depth::True),
        }
    }
}

/// Densities by name.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// A pane per node.
    Tiles,
    /// A row per node.
    Table,
    /// A cell per node.
    Heatmap,
}

impl From<View> for Density {
    fn from(view: View) -> Self {
        match view {
            View::Tiles => Self::Tiles,
            View::Table => Self::Table,
            View::Heatmap => Self::Heatmap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(line: &str) -> (Option<u128>, Vec<String>) {
        let line = line.split(' ').map(OsString::from);
        let cli = Cli::try_parse_from(words(line)).unwrap();
        let Some(Command::Status(status)) = cli.command else {
            unreachable!("every line here is one")
        };
        (status.watch.map(|watch| watch.as_millis()), status.sets)
    }

    #[test]
    fn batch_means_the_sizes_in_a_roll_and_never_to_be_asked_elsewhere() {
        let read = |line: &str| {
            let line = words(line.split(' ').map(OsString::from));
            Cli::try_parse_from(line).unwrap()
        };
        for line in ["--batch 1,25%", "--batch=1,25%", "--batches 1,25%"] {
            let cli = read(&format!("sshoal --batch daemon roll web nginx {line}"));
            let Some(Command::Daemon(daemon)) = cli.command else {
                unreachable!("every line here is one")
            };
            let crate::command::daemon::Part::Roll(rolling) = daemon.part else {
                unreachable!("every line here is one")
            };
            assert_eq!(rolling.pace.batches.len(), 2);
            assert!(cli.global.batch);
        }
        assert!(read("sshoal status roll --batch").global.batch);
    }

    #[test]
    fn a_duration_after_watch_belongs_to_it_and_a_node_does_not() {
        for (line, watch, sets) in [
            ("sshoal status", None, &[][..]),
            ("sshoal status --watch", Some(2_000), &[]),
            ("sshoal status -w", Some(2_000), &[]),
            ("sshoal status --watch 5", Some(5_000), &[]),
            ("sshoal status --watch=5", Some(5_000), &[]),
            ("sshoal status -w 5", Some(5_000), &[]),
            ("sshoal status -w5", Some(5_000), &[]),
            ("sshoal status -w=5", Some(5_000), &[]),
            ("sshoal status --watch 500ms web1", Some(500), &["web1"]),
            (
                "sshoal --ascii status web1 --watch 1m --json",
                Some(60_000),
                &["web1"],
            ),
            ("sshoal status --watch web1", Some(2_000), &["web1"]),
            ("sshoal status --watch=3 5", Some(3_000), &["5"]),
            ("sshoal status --watch -- 5", Some(2_000), &["5"]),
            ("sshoal status -- -w 5", None, &["-w", "5"]),
        ] {
            let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
            assert_eq!(seconds(line), (watch, sets), "{line}");
        }
    }

    #[test]
    fn the_first_locale_that_is_set_says_whether_there_is_more_than_ascii() {
        for (locale, is_ascii) in [
            (["", "", ""], false),
            (["C", "", "en_US.UTF-8"], true),
            (["", "POSIX", "en_US.UTF-8"], true),
            (["", "", "C"], true),
            (["", "", "de_DE.ISO-8859-1"], true),
            (["", "UTF-8", "C"], false),
            (["C.utf8", "C", "C"], false),
            (["en_US.UTF-8@x", "", ""], false),
        ] {
            assert_eq!(is_ascii_locale(locale), is_ascii, "{locale:?}");
        }
    }

    #[test]
    fn the_flag_for_ascii_takes_a_word_or_none() {
        let ascii = |words: &[&str]| Cli::parse_from(words).global.ascii;
        assert_eq!(ascii(&["sshoal"]), None);
        assert_eq!(ascii(&["sshoal", "--ascii", "status"]), Some(true));
        assert_eq!(ascii(&["sshoal", "status", "--ascii=false"]), Some(false));
    }

    #[test]
    fn other_commands_keep_their_words() {
        let line = ["sshoal", "nodes", "-w", "5", "status"].map(OsString::from);
        assert_eq!(words(line.clone()), line);
    }
}
