//! `sshoal trust`: what is known of host keys and what the servers show, as text or JSON.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::Usage;
use crate::{
    fleet::keys::{Answer, Change, Done, Finding},
    node::NodeId,
    ssh::{Error, KnownKey, Standing, Step, Worth},
};

/// Show, accept, replace or forget host keys; on a terminal, offer to accept new ones. Exit code 0: all are known; 1: one is new, changed or revoked, or known_hosts failed; 2: usage error; 3: else, a node can't be reached.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Trust {
    /// Node sets; several are united. All nodes without one.
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
    /// Write the keys of new hosts to known_hosts, bastions on the way first.
    #[arg(long)]
    pub accept: bool,
    /// Write the keys of changed hosts in the place of the known ones, after a question; needs a SET.
    #[arg(long)]
    pub replace: bool,
    /// Don't ask before replacing.
    #[arg(short, long, requires = "replace")]
    pub yes: bool,
    /// Take the keys of these nodes out of known_hosts, without connecting; needs a SET.
    #[arg(long, conflicts_with_all = ["accept", "replace"])]
    pub forget: bool,
    /// Print a JSON array.
    #[arg(long)]
    pub json: bool,
}

impl Trust {
    /// Refuses to touch known keys of all nodes by leaving a word out.
    pub fn check(&self) -> Result<(), Usage> {
        let option = match self {
            Self { replace: true, .. } => "--replace",
            Self { forget: true, .. } => "--forget",
            _ => return Ok(()),
        };
        if self.sets.is_empty() {
            let reason = format!("{option} needs a SET; `@*` is all nodes");
            return Err(Usage(reason));
        }
        Ok(())
    }

    /// What it is to do to the known keys; nothing where it only looks.
    pub fn change(&self) -> Option<Change> {
        match self {
            Self { forget: true, .. } => Some(Change::Forget),
            Self { accept: true, .. } => Some(Change::Accept),
            Self { replace: true, .. } => Some(Change::Replace),
            _ => None,
        }
    }
}

/// All findings, for people or for scripts.
pub fn report(trust: &Trust, findings: &[Finding]) -> String {
    if trust.json {
        let all: Vec<_> = findings.iter().map(Finding::to_json).collect();
        return format!("{:#}\n", Value::from(all));
    }
    findings.iter().map(Finding::text).collect()
}

/// How a finding counts for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Known, or made so.
    Good,
    /// Not reached.
    Unreached,
    /// To be looked into.
    Bad,
}

impl Finding {
    /// How it counts.
    pub fn weight(&self) -> Weight {
        match (&self.done, &self.answer) {
            (Done::Failed(_), _) => Weight::Bad,
            (Done::Accepted | Done::Replaced(_) | Done::Forgotten(_), _)
            | (Done::Nothing, Answer::Unasked | Answer::Unneeded) => Weight::Good,
            (Done::Nothing, Answer::Failed(error)) if error.step == Step::HostKey => Weight::Bad,
            (Done::Nothing, Answer::Failed(_)) => Weight::Unreached,
            (Done::Nothing, Answer::Shown(shown)) => match shown.standing {
                Standing::Known | Standing::Certified(_) => Weight::Good,
                Standing::New | Standing::Changed(_) | Standing::Revoked(_) => Weight::Bad,
            },
        }
    }

    /// True where something was done, or is to be.
    pub fn is_telling(&self) -> bool {
        self.weight() != Weight::Good || !matches!(self.done, Done::Nothing)
    }

    /// The verdict in a word.
    pub fn word(&self) -> &'static str {
        match (&self.done, &self.answer) {
            (Done::Failed(_), _) => "failed",
            (Done::Accepted, _) => "accepted",
            (Done::Replaced(_), _) => "replaced",
            (Done::Forgotten(lines), _) if lines.is_empty() => "not known",
            (Done::Forgotten(_), _) => "forgotten",
            (Done::Nothing, Answer::Unasked) => "not asked",
            (Done::Nothing, Answer::Unneeded) => "no SSH",
            (Done::Nothing, Answer::Failed(error)) => match error.step {
                Step::HostKey => "failed",
                _ => "unreachable",
            },
            (Done::Nothing, Answer::Shown(shown)) => word(&shown.standing),
        }
    }

    /// A line for the node, then one for each key.
    pub fn text(&self) -> String {
        let mut text = format!("{}  {}", self.node.id, self.word());
        if self.host.as_str() != self.node.id.as_str() {
            let _ = write!(text, "  ({})", self.host);
        }
        if let Some(node) = &self.behind {
            let _ = write!(text, "  bastion of {node}");
        }
        text.push('\n');
        if let Some(shown) = self.shown() {
            let (algorithm, fingerprint) = (&shown.algorithm, &shown.fingerprint);
            let by = signed_by(&shown.standing);
            let _ = writeln!(text, "    shows   {algorithm} {fingerprint}{by}");
        }
        for key in &self.known {
            let kind = kind(key.worth);
            let (algorithm, fingerprint, place) = (&key.algorithm, &key.fingerprint, &key.place);
            let _ = writeln!(text, "    {kind:<7} {algorithm} {fingerprint} {place}");
        }
        for line in self.remarks() {
            let _ = writeln!(text, "    {line}");
        }
        text
    }

    /// What is to be said besides the keys.
    fn remarks(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(shown) = self.shown().filter(|s| !s.remark.as_str().is_empty()) {
            lines.push(shown.remark.to_string());
        }
        if let Answer::Failed(error) = &self.answer {
            lines.extend(complaint(error));
        }
        match &self.done {
            Done::Nothing => lines.extend(self.shown().and_then(|s| self.advice(&s.standing))),
            Done::Accepted => {}
            Done::Replaced(places) | Done::Forgotten(places) => {
                lines.extend(places.iter().map(|place| format!("removed {place}")));
            }
            Done::Failed(error) => lines.extend(complaint(error)),
        }
        lines
    }

    fn advice(&self, standing: &Standing) -> Option<String> {
        // A bastion may be no node of the inventory: its key goes with the node that it stands before.
        let node = self.behind.as_ref().unwrap_or(&self.node.id);
        match standing {
            Standing::Known | Standing::Certified(_) => None,
            Standing::Changed(_) if self.behind.is_some() => Some(format!(
                "set up anew, or somebody in between? Compare the fingerprint on the machine itself, then: ssh-keygen -R '{}'",
                self.host
            )),
            Standing::New => Some(format!(
                "compare the fingerprint on the machine itself, then: sshoal trust {node} --accept{}",
                self.flags
            )),
            Standing::Changed(_) => Some(format!(
                "set up anew, or somebody in between? Compare the fingerprint on the machine itself, then: sshoal trust {node} --replace{}",
                self.flags
            )),
            Standing::Revoked(place) => Some(format!(
                "{place} forbids this key: whoever shows it may be an impostor"
            )),
        }
    }

    /// For scripts.
    pub fn to_json(&self) -> Value {
        let known: Vec<Value> = self.known.iter().map(known_json).collect();
        let shown = self.shown().map(|shown| {
            json!({
                "algorithm": shown.algorithm.as_str(),
                "fingerprint": shown.fingerprint.as_str(),
                "transport": shown.transport.as_str(),
                "verdict": word(&shown.standing),
                "remark": shown.remark.as_str(),
            })
        });
        let error = match (&self.done, &self.answer) {
            (Done::Failed(error), _) | (_, Answer::Failed(error)) => Some(error.to_string()),
            _ => None,
        };
        let removed = match &self.done {
            Done::Replaced(places) | Done::Forgotten(places) => places.as_slice(),
            _ => &[],
        };
        let removed: Vec<String> = removed.iter().map(ToString::to_string).collect();
        json!({
            "node": self.node.id.as_str(),
            "host": self.host.as_str(),
            "state": self.word(),
            "known": known,
            "shown": shown,
            "removed": removed,
            "bastion_of": self.behind.as_ref().map(NodeId::as_str),
            "error": error,
        })
    }
}

fn complaint(error: &Error) -> impl Iterator<Item = String> {
    let advice = error.advice.to_string();
    [error.to_string(), advice]
        .into_iter()
        .filter(|line| !line.is_empty())
}

fn word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Known => "known",
        Standing::Certified(_) => "certified",
        Standing::New => "new",
        Standing::Changed(_) => "CHANGED",
        Standing::Revoked(_) => "REVOKED",
    }
}

fn signed_by(standing: &Standing) -> String {
    match standing {
        Standing::Certified(place) => format!(", its certificate signed by {place}"),
        _ => String::new(),
    }
}

fn kind(worth: Worth) -> &'static str {
    match worth {
        Worth::HostKey => "known",
        Worth::Authority => "CA",
        Worth::Revoked => "revoked",
    }
}

fn known_json(key: &KnownKey) -> Value {
    json!({
        "file": key.place.file.display().to_string(),
        "line": key.place.line,
        "kind": kind(key.worth),
        "algorithm": key.algorithm.as_str(),
        "fingerprint": key.fingerprint.as_str(),
    })
}
