//! `sshoal doctor`: where the path to a node ends, step by step, as text or JSON.

use std::{fmt::Write as _, time::Duration};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    fleet::{Checkup, Found},
    node::text::SafeText,
    ssh::{Error, Passed, Step},
};

/// Walk the whole path to nodes step by step, and say where it ends and what is found there. Exit code 0: all the way; 1: a step on the node failed; 2: usage error; 3: a node can't be reached.
#[derive(Args, Clone, Debug, Default)]
pub struct Doctor {
    /// Node sets; several are united, `-` reads them from standard input. All nodes without one.
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
    /// Print a JSON array.
    #[arg(long)]
    pub json: bool,
}

/// How one line of the report came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// As it should be.
    Good,
    /// Told for information.
    Plain,
    /// A failure beside the way.
    Detour,
    /// Something on the node fails.
    Bad,
    /// The path ends here.
    End,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How it came out.
    pub mark: Mark,
    /// What it is about.
    pub label: &'static str,
    /// What there is to say.
    pub text: String,
    /// Time since the line before.
    pub took: Option<Duration>,
}

/// Cells of a label.
const LABEL: usize = 14;

/// Tools that sshoal can make use of, with what for.
const TOOLS: [&str; 7] = [
    "sudo",
    "rsync",
    "systemctl",
    "docker",
    "podman",
    "nvidia-smi",
    "rocm-smi",
];

/// A clock that differs by less is right for all that logs and alerts need.
const SKEW: f64 = 1.0;

/// The report of one node.
pub fn lines(checkup: &Checkup) -> Vec<Line> {
    let mut lines: Vec<Line> = checkup.passed.iter().map(passed).collect();
    lines.extend(checkup.detours.iter().map(|e| failed(Mark::Detour, e)));
    match &checkup.outcome {
        Ok(found) => lines.extend(on_node(found)),
        Err(error) => lines.push(failed(Mark::End, error)),
    }
    lines
}

fn passed((step, took): &(Passed, Option<Duration>)) -> Line {
    let transport = step.transport.as_str();
    let text = match step.step {
        Step::Connect => format!("{transport} to {}", step.what),
        _ => step.what.to_string(),
    };
    Line {
        mark: Mark::Good,
        label: label(step.step),
        text,
        took: *took,
    }
}

fn failed(mark: Mark, error: &Error) -> Line {
    Line {
        mark,
        label: label(error.step),
        text: format!("{}: {}", error.transport.as_str(), error.reason),
        took: None,
    }
}

fn label(step: Step) -> &'static str {
    match step {
        Step::Config => "settings",
        other => other.as_str(),
    }
}

fn on_node(found: &Found) -> Vec<Line> {
    let line = |mark, label, text: String| Line {
        mark,
        label,
        text,
        took: None,
    };
    let mut lines = vec![match &found.shell {
        Ok(took) => Line {
            took: Some(*took),
            ..line(
                Mark::Good,
                "shell",
                "a login shell runs commands".to_owned(),
            )
        },
        Err(why) => line(Mark::Bad, "shell", why.to_string()),
    }];
    lines.extend(found.sampler.as_ref().map(|sampler| match sampler {
        Ok(kind) => line(Mark::Good, "sampler", kind.to_string()),
        Err(why) => line(Mark::Bad, "sampler", format!("none: {why}")),
    }));
    lines.extend(found.skew.map(|skew| {
        if skew.abs() < SKEW {
            line(Mark::Good, "clock", "as ours".to_owned())
        } else {
            line(Mark::Bad, "clock", format!("{skew:+.1} s from ours"))
        }
    }));
    if found.words.is_empty() {
        lines.push(line(Mark::Plain, "tools", "not told".to_owned()));
        return lines;
    }
    let word = |name: &str| found.words.get(name).map(SafeText::as_str);
    lines.extend(word("system").map(|system| line(Mark::Plain, "system", system.to_owned())));
    let systemd = if word("systemd").is_some() {
        "systemd runs"
    } else {
        "systemd does not run"
    };
    let (there, absent): (Vec<&str>, Vec<&str>) =
        TOOLS.iter().partition(|tool| word(tool).is_some());
    let mut tools = vec![systemd.to_owned()];
    tools.extend((!there.is_empty()).then(|| format!("has {}", there.join(", "))));
    tools.extend((!absent.is_empty()).then(|| format!("no {}", absent.join(", "))));
    lines.push(line(Mark::Plain, "tools", tools.join("; ")));
    lines
}

/// For people: the node, then a line for each step, then what to try.
pub fn text(checkup: &Checkup, ascii: bool) -> String {
    let mut text = format!("{}\n", checkup.node.id);
    for line in lines(checkup) {
        let sign = sign(line.mark, ascii);
        let took = line.took.map(|took| format!("  {} ms", took.as_millis()));
        let (label, said, took) = (line.label, line.text, took.unwrap_or_default());
        let _ = writeln!(text, "  {sign} {label:<LABEL$}{said}{took}");
    }
    if let Err(error) = &checkup.outcome
        && !error.advice.as_str().is_empty()
    {
        let _ = writeln!(text, "    {:<LABEL$}{}", "try", error.advice);
    }
    text
}

fn sign(mark: Mark, ascii: bool) -> &'static str {
    match (mark, ascii) {
        (Mark::Good, false) => "✓",
        (Mark::Good, true) => "+",
        (Mark::Plain, _) => " ",
        (Mark::Detour, false) => "▲",
        (Mark::Detour, true) => "!",
        (Mark::Bad | Mark::End, false) => "✗",
        (Mark::Bad | Mark::End, true) => "x",
    }
}

/// The worst that there is.
pub fn worst(checkup: &Checkup) -> Mark {
    let marks = lines(checkup).into_iter().map(|line| line.mark);
    marks.max().unwrap_or(Mark::Good)
}

/// For scripts.
pub fn to_json(checkup: &Checkup) -> Value {
    let steps: Vec<Value> = lines(checkup)
        .iter()
        .map(|line| {
            json!({
                "step": line.label,
                "ok": !matches!(line.mark, Mark::Bad | Mark::End | Mark::Detour),
                "text": line.text,
                "ms": line.took.map(|took| took.as_secs_f64() * 1e3),
            })
        })
        .collect();
    let error = checkup.outcome.as_ref().err();
    json!({
        "node": checkup.node.id.as_str(),
        "reached": checkup.outcome.is_ok(),
        "setup_ms": checkup.outcome.is_ok().then_some(checkup.setup.as_secs_f64() * 1e3),
        "steps": steps,
        "error": error.map(ToString::to_string),
        "advice": error.map(|error| error.advice.as_str()),
        "tools": checkup.outcome.as_ref().ok().map(|found| {
            let words = found.words.iter();
            words.map(|(name, value)| (name.clone(), json!(value.as_str()))).collect::<serde_json::Map<_, _>>()
        }),
    })
}
