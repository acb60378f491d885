//! What the palette offers for the word under the cursor: commands, options, nodes, groups, units, files, themes.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use super::{
    fuzzy::Fuzzy,
    known::{Named, columns, earlier, files, groups, nodes, rolls, runs, terms, units},
};
use crate::{
    command::{
        registry::{self, Entry, Kind, Parts, SHORT, kind, offered},
        words::{Word, words},
    },
    exec::RunState,
    fleet::Rolled,
    inventory::Inventory,
    ui::theme::Theme,
};

/// As many are looked at as anybody would walk through.
const MOST: usize = 200;

/// Letters after which words of help are looked at too.
const TELLING: usize = 3;

/// One text that could stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Bytes of the line that it takes the place of.
    pub span: Range<usize>,
    /// What it puts there.
    pub text: String,
    /// What it is.
    pub help: String,
    /// Characters of the text that were typed.
    pub hits: Vec<u32>,
}

/// What there is to choose from.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Nodes, groups, units, labels.
    pub inventory: &'a Inventory,
    /// Runs of this dashboard, the newest last.
    pub runs: &'a [Arc<RunState>],
    /// Rolls of this dashboard, the newest last.
    pub rolls: &'a [Arc<Rolled>],
    /// Lines that were run, the newest last.
    pub history: &'a [String],
    /// Nothing may be changed.
    pub read_only: bool,
}

/// The word that is completed, and what can stand there.
struct Place<'a> {
    /// Bytes of the line.
    span: Range<usize>,
    stem: &'a str,
    named: Vec<Named>,
}

/// The offers for a line with the cursor at this byte, the best first.
pub(super) fn offers(line: &str, cursor: usize, known: &Known<'_>) -> Vec<Offer> {
    let before = line.get(..cursor).unwrap_or(line);
    let start = before.len() - before.trim_start().len();
    let typed = before.get(start..).unwrap_or_default();
    if let Some(text) = typed.strip_prefix(SHORT) {
        return if known.read_only {
            Vec::new()
        } else {
            shell(text, start + SHORT.len_utf8(), known)
        };
    }
    let (name, rest) = registry::parts(typed);
    if rest.is_empty() {
        // All of the word, also what stands after the cursor.
        let (name, _) = registry::parts(line.get(start..).unwrap_or_default());
        return commands(name, start..start + name.len(), known);
    }
    let Some(entry) = registry::entry(name).filter(|entry| is_open(entry, known)) else {
        return Vec::new();
    };
    arguments(entry, rest, start + name.len(), known)
}

fn is_open(entry: &Entry, known: &Known<'_>) -> bool {
    !(known.read_only && entry.is_action)
}

/// Commands by their names; then those whose line of help says what is typed.
fn commands(typed: &str, span: Range<usize>, known: &Known<'_>) -> Vec<Offer> {
    let open: Vec<&Entry> = offered().filter(|entry| is_open(entry, known)).collect();
    let mut fuzzy = Fuzzy::new(typed);
    let by_name = fuzzy.ranked(open.iter().copied(), |entry| entry.name);
    let offer = |(entry, hits): (&Entry, Vec<u32>)| Offer {
        span: span.clone(),
        text: entry.name.to_owned(),
        help: entry.help().to_owned(),
        hits,
    };
    let mut all: Vec<Offer> = by_name.into_iter().map(offer).collect();
    let typed = typed.to_lowercase();
    for entry in open.iter().filter(|_| typed.len() >= TELLING) {
        let mut told = entry.help().split_whitespace();
        let is_told = told.any(|word| word.to_lowercase().starts_with(&typed));
        if is_told && all.iter().all(|offer| offer.text != entry.name) {
            all.push(offer((entry, Vec::new())));
        }
    }
    all
}

fn arguments(entry: &Entry, rest: &str, at: usize, known: &Known<'_>) -> Vec<Offer> {
    if entry.name == "filter" {
        return ranked(filter(rest, at, known));
    }
    let is_exec = entry.name == "exec";
    let parts = is_exec.then(|| Parts::of(rest, entry));
    let command = parts
        .as_ref()
        .and_then(|parts| rest.get(parts.command.clone()));
    if let (Some(parts), Some(text)) = (&parts, command.filter(|text| !text.is_empty())) {
        let mut all = Vec::new();
        let is_first = parts.head.end == parts.command.start && !text.trim_end().contains(' ');
        if is_first && !text.ends_with(' ') {
            all = targets(text, at + parts.command.start, known);
        }
        all.extend(shell(text, at + parts.command.start, known));
        return all;
    }
    let all = words(rest);
    let word = all.last().filter(|word| word.span.end == rest.len());
    let (stem, start) = word.map_or(("", rest.len()), |word| {
        (
            rest.get(word.span.clone()).unwrap_or_default(),
            word.span.start,
        )
    });
    let earlier = all.len() - usize::from(word.is_some());
    let earlier = all.get(..earlier).unwrap_or_default();
    let place = argument(entry, earlier, (stem, at + start), known);
    let mut offers = ranked(place);
    let is_value = |word: &Word| registry::wants_value(&word.text, &entry.clap());
    if is_exec && stem.is_empty() && !earlier.last().is_some_and(is_value) {
        // Without it, the nodes would be the command.
        for offer in offers
            .iter_mut()
            .filter(|offer| !offer.text.starts_with('-'))
        {
            offer.text = format!("{} -- ", offer.text.trim_end());
        }
        offers.extend(shell("", at + start, known));
    }
    offers
}

/// What a word of a command can be, by the words before it.
fn argument<'a>(
    entry: &Entry,
    earlier: &[Word],
    (stem, at): (&'a str, usize),
    known: &Known<'_>,
) -> Place<'a> {
    let (clap, earlier) = part(entry.clap(), earlier);
    if clap.has_subcommands() && earlier.is_empty() && !stem.starts_with('-') {
        return parts(&clap, stem, at);
    }
    let all: Vec<clap::Arg> = clap.get_arguments().cloned().collect();
    let named = |option: &str| {
        all.iter().find(|arg| {
            let is_long = option
                .strip_prefix("--")
                .is_some_and(|long| arg.get_long() == Some(long));
            let is_short = option.len() == 2 && option.chars().nth(1) == arg.get_short();
            is_long || (is_short && option.starts_with('-'))
        })
    };
    let before = earlier
        .last()
        .filter(|word| registry::wants_value(&word.text, &clap));
    let arg = if let Some(before) = before {
        named(&before.text)
    } else if let Some((option, value)) = stem
        .split_once('=')
        .filter(|(option, _)| option.starts_with("--"))
    {
        let at = at + option.len() + 1;
        return named(option).map_or_else(|| nothing(at), |arg| value_of(arg, (value, at), known));
    } else if stem.starts_with('-') {
        let options = all.iter().filter_map(|arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            Some((format!("--{}", arg.get_long()?), help))
        });
        return Place {
            span: at..at + stem.len(),
            stem,
            named: options.collect(),
        };
    } else {
        let is_option = |word: &&Word| word.text.starts_with('-');
        let position = earlier.iter().filter(|word| !is_option(word)).count();
        let mut positional = all
            .iter()
            .filter(|arg| arg.is_positional() && !arg.is_last_set());
        let count = positional.clone().count();
        positional.nth(position.min(count.saturating_sub(1)))
    };
    arg.map_or_else(|| nothing(at), |arg| value_of(arg, (stem, at), known))
}

/// The command that words lead to, and those of them that are its own: of `restart @web`, the second.
fn part(mut clap: clap::Command, mut words: &[Word]) -> (clap::Command, &[Word]) {
    while let Some((first, rest)) = words.split_first() {
        let Some(part) = clap.find_subcommand(&first.text).cloned() else {
            break;
        };
        (clap, words) = (part, rest);
    }
    (clap, words)
}

/// What a command can do: `restart`, `stop`.
fn parts<'a>(clap: &clap::Command, stem: &'a str, at: usize) -> Place<'a> {
    let named = clap.get_subcommands().map(|part| {
        let help = part.get_about().map(ToString::to_string);
        (part.get_name().to_owned(), help.unwrap_or_default())
    });
    Place {
        span: at..at + stem.len(),
        stem,
        named: named.collect(),
    }
}

fn nothing(at: usize) -> Place<'static> {
    Place {
        span: at..at,
        stem: "",
        named: Vec::new(),
    }
}

fn value_of<'a>(arg: &clap::Arg, (stem, at): (&'a str, usize), known: &Known<'_>) -> Place<'a> {
    let named = match kind(arg) {
        Kind::Nodes => return set(stem, at, known),
        Kind::Filter => return filter(stem, at, known),
        Kind::Node => nodes(known.inventory),
        Kind::Group => {
            let own = groups(known.inventory).into_iter();
            own.map(|(name, help)| (name.trim_start_matches('@').to_owned(), help))
                .collect()
        }
        Kind::File => files(known.history),
        Kind::Theme => Theme::names()
            .map(|name| (name.to_owned(), String::new()))
            .collect(),
        Kind::Column => columns(),
        Kind::Command => offered()
            .map(|entry| (entry.name.to_owned(), entry.help().to_owned()))
            .collect(),
        Kind::Shell => Vec::new(),
        Kind::Daemon => units(known.inventory),
        Kind::Roll => rolls(known.rolls),
        // Of the audit log, only their names there.
        Kind::Run => runs(known.runs, arg.get_id() == "run"),
        Kind::Word => {
            let values = arg.get_possible_values().into_iter();
            let named = values.map(|value| {
                let help = value
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                (value.get_name().to_owned(), help)
            });
            named.collect()
        }
    };
    Place {
        span: at..at + stem.len(),
        stem,
        named,
    }
}

/// The last operand of a node set.
fn set<'a>(text: &'a str, at: usize, known: &Known<'_>) -> Place<'a> {
    let depth = |text: &str| text.matches('[').count() > text.matches(']').count();
    let operators = text
        .char_indices()
        .filter(|(_, c)| matches!(c, ',' | '!' | '&' | '^'));
    let last = operators
        .rev()
        .find(|(at, _)| !depth(text.get(..*at).unwrap_or_default()));
    let start = last.map_or(0, |(at, c)| at + c.len_utf8());
    let stem = text.get(start..).unwrap_or_default();
    let mut named = groups(known.inventory);
    if !stem.starts_with('@') {
        named.extend(nodes(known.inventory));
    }
    Place {
        span: at + start..at + text.len(),
        stem,
        named,
    }
}

/// A word of the filter: fields, groups, labels; after its sign, its values.
fn filter<'a>(text: &'a str, at: usize, known: &Known<'_>) -> Place<'a> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '&' | '|' | '!' | '(' | ')' | ',');
    let start = text.rfind(is_end).map_or(0, |at| at + 1);
    let word = text.get(start..).unwrap_or_default();
    let plain = |names: &[&str]| {
        names
            .iter()
            .map(|name| ((*name).to_owned(), String::new()))
            .collect()
    };
    let value = word.split_once(['=', '<', '>']);
    let (stem, named) = match value {
        Some(("group", stem)) => {
            let own = groups(known.inventory).into_iter();
            (
                stem,
                own.map(|(name, help)| (name.trim_start_matches('@').to_owned(), help))
                    .collect(),
            )
        }
        Some(("daemon", stem)) => (stem, units(known.inventory)),
        Some(("state", stem)) => (
            stem,
            plain(&[
                "up",
                "down",
                "stale",
                "connecting",
                "asking",
                "refused",
                "idle",
            ]),
        ),
        Some(("status", stem)) => (stem, plain(&["ok", "info", "unknown", "warn", "critical"])),
        Some((label, stem)) => {
            let values = known
                .inventory
                .nodes
                .iter()
                .filter_map(|node| node.labels.get(label));
            let values: BTreeSet<&String> = values.collect();
            (
                stem,
                values
                    .into_iter()
                    .map(|value| (value.clone(), String::new()))
                    .collect(),
            )
        }
        None => (word, terms(known.inventory)),
    };
    let end = at + text.len();
    Place {
        span: end - stem.len()..end,
        stem,
        named,
    }
}

/// Node sets in the place of what may become one: `web` to `@web -- `.
fn targets(text: &str, at: usize, known: &Known<'_>) -> Vec<Offer> {
    let mut offers = ranked(set(text, at, known));
    for offer in &mut offers {
        offer.text.push_str(" -- ");
    }
    offers.truncate(MOST / 2);
    offers
}

/// Programs that take the name of a unit.
const UNIT_PROGRAMS: [&str; 8] = [
    "systemctl",
    "journalctl",
    "service",
    "rc-service",
    "sv",
    "docker",
    "podman",
    "supervisorctl",
];

/// The text of a command: at first whole commands that were run, then units and files.
fn shell(text: &str, at: usize, known: &Known<'_>) -> Vec<Offer> {
    let trimmed = text.trim_start();
    let start = at + text.len() - trimmed.len();
    if !trimmed.contains(char::is_whitespace) {
        let place = Place {
            span: start..at + text.len(),
            stem: trimmed,
            named: earlier(known.history),
        };
        return ranked(place);
    }
    let stem = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let takes_unit = trimmed
        .split_whitespace()
        .any(|word| UNIT_PROGRAMS.contains(&word));
    let mut named = if takes_unit {
        units(known.inventory)
    } else {
        Vec::new()
    };
    if !stem.is_empty() {
        named.extend(files(known.history));
        if !takes_unit {
            named.extend(units(known.inventory));
        }
    }
    if stem.starts_with('-') {
        named.clear();
    }
    let end = at + text.len();
    ranked(Place {
        span: end - stem.len()..end,
        stem,
        named,
    })
}

fn ranked(place: Place<'_>) -> Vec<Offer> {
    let Place { span, stem, named } = place;
    let found = Fuzzy::new(stem).ranked(named, |(text, _)| text);
    let offer = |((text, help), hits)| Offer {
        span: span.clone(),
        text,
        help,
        hits,
    };
    let others = found.into_iter().filter(|((text, _), _)| text != stem);
    let mut all: Vec<Offer> = others.map(offer).collect();
    // A group stands for all its nodes, however many of those fit better.
    all.sort_by_key(|offer| !offer.text.starts_with('@'));
    all.truncate(MOST);
    all
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
