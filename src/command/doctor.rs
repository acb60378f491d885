//! `sshoal doctor`: where the path to a node ends, step by step, as text or JSON.

use std::{fmt::Write as _, time::Duration};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    fleet::{Checkup, Found, Trouble},
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
    /// What to try; empty when there is nothing to say.
    pub advice: String,
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

/// What to try where the sampler finds no awk.
const NO_AWK: &str =
    "install an awk there (mawk, gawk or busybox), on the PATH of commands without a terminal";

/// A clock that differs by less is right for all that logs and alerts need.
const SKEW: f64 = 1.0;

/// The report of one node.
pub fn lines(checkup: &Checkup) -> Vec<Line> {
    let mut lines: Vec<Line> = checkup.passed.iter().map(passed).collect();
    lines.extend(checkup.detours.iter().map(|e| failed(Mark::Detour, e)));
    match &checkup.outcome {
        Ok(found) => lines.extend(on_node(found)),
        Err(error) => lines.push(Line {
            advice: error.advice.to_string(),
            ..failed(Mark::End, error)
        }),
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
        advice: String::new(),
    }
}

fn failed(mark: Mark, error: &Error) -> Line {
    Line {
        mark,
        label: label(error.step),
        text: format!("{}: {}", error.transport.as_str(), error.reason),
        took: None,
        advice: String::new(),
    }
}

fn label(step: Step) -> &'static str {
    match step {
        Step::Config => "settings",
        other => other.as_str(),
    }
}

fn on_node(found: &Found) -> Vec<Line> {
    let mut lines = vec![match &found.shell {
        Ok(took) => Line {
            took: Some(*took),
            ..line(
                Mark::Good,
                "shell",
                "a login shell runs commands".to_owned(),
            )
        },
        Err(trouble) => bad("shell", trouble),
    }];
    lines.extend(found.sampler.as_ref().map(sampler));
    lines.extend(found.skew.map(clock));
    lines.extend(tools(found));
    lines
}

fn line(mark: Mark, label: &'static str, text: String) -> Line {
    Line {
        mark,
        label,
        text,
        took: None,
        advice: String::new(),
    }
}

fn bad(label: &'static str, trouble: &Trouble) -> Line {
    Line {
        advice: trouble.advice.to_owned(),
        ..line(Mark::Bad, label, trouble.what.to_string())
    }
}

fn sampler(sampler: &Result<SafeText, Trouble>) -> Line {
    match sampler {
        Ok(kind) if kind.as_str() == "sh" => {
            let what = "sh alone, without awk: load, uptime, CPU and memory only";
            Line {
                advice: NO_AWK.to_owned(),
                ..line(Mark::Detour, "sampler", what.to_owned())
            }
        }
        Ok(kind) => line(Mark::Good, "sampler", kind.to_string()),
        Err(trouble) => Line {
            text: format!("none: {}", trouble.what),
            ..bad("sampler", trouble)
        },
    }
}

fn clock(skew: f64) -> Line {
    if skew.abs() < SKEW {
        return line(Mark::Good, "clock", "as ours".to_owned());
    }
    Line {
        advice: "have a time service set it: chrony, or systemd-timesyncd".to_owned(),
        ..line(Mark::Bad, "clock", format!("{skew:+.1} s from ours"))
    }
}

fn tools(found: &Found) -> Vec<Line> {
    if found.words.is_empty() {
        return vec![line(Mark::Plain, "tools", "not told".to_owned())];
    }
    let word = |name: &str| found.words.get(name).map(SafeText::as_str);
    let system = word("system").map(|system| line(Mark::Plain, "system", system.to_owned()));
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
    let tools = line(Mark::Plain, "tools", tools.join("; "));
    system.into_iter().chain([tools]).collect()
}

/// All walks, for people or for scripts.
pub fn report(doctor: &Doctor, checkups: &[Checkup], ascii: bool) -> String {
    if doctor.json {
        let all: Vec<_> = checkups.iter().map(to_json).collect();
        return format!("{:#}\n", Value::from(all));
    }
    checkups.iter().map(|c| text(c, ascii)).collect()
}

/// For people: the node, then a line for each step, then what to try.
pub fn text(checkup: &Checkup, ascii: bool) -> String {
    let mut text = format!("{}\n", checkup.node.id);
    for line in lines(checkup) {
        let sign = sign(line.mark, ascii);
        let took = line.took.map(|took| format!("  {} ms", took.as_millis()));
        let (label, said, took) = (line.label, line.text, took.unwrap_or_default());
        let _ = writeln!(text, "  {sign} {label:<LABEL$}{said}{took}");
        if !line.advice.is_empty() {
            let _ = writeln!(text, "    {:<LABEL$}{}", "try", line.advice);
        }
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
                "advice": Some(&line.advice).filter(|advice| !advice.is_empty()),
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use super::*;
    use crate::{
        node::{Node, Transport},
        ssh::SessionInfo,
    };

    fn found(sampler: Result<SafeText, Trouble>) -> Checkup {
        let info = SessionInfo {
            transport: Transport::Local,
            peer: String::new(),
            ident: SafeText::default(),
            user: "ops".to_owned(),
            auth: SafeText::default(),
            remark: SafeText::default(),
            setup: Duration::ZERO,
        };
        Checkup {
            node: Arc::new(Node::blank("web1")),
            passed: Vec::new(),
            detours: Vec::new(),
            setup: Duration::ZERO,
            outcome: Ok(Found {
                info: Arc::new(info),
                shell: Ok(Duration::ZERO),
                sampler: Some(sampler),
                skew: None,
                words: BTreeMap::new(),
            }),
        }
    }

    #[test]
    fn a_sampler_without_awk_is_no_good_sign_and_advice_is_given() {
        let good = text(&found(Ok("mawk".into())), true);
        assert!(
            good.contains("+ sampler       mawk") && !good.contains("try"),
            "{good}"
        );
        let alone = found(Ok("sh".into()));
        let told = text(&alone, true);
        assert!(told.contains("! sampler       sh alone"), "{told}");
        assert!(told.contains("try           install an awk"), "{told}");
        assert_eq!(worst(&alone), Mark::Detour);
        assert_eq!(to_json(&alone)["steps"][1]["advice"], NO_AWK);
    }
}
