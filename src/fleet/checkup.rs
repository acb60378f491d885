//! One walk along the whole path to a node, for `sshoal doctor`: each step of the connection, then what is found there.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use super::Clock;
use crate::{
    metrics::{Feed, Meter, Signal, sampler},
    node::{Node, text::SafeText},
    ssh::{self, Connector, End, Error, Output, Passed, Session, SessionInfo, Step},
};

/// Steps that one attempt by every transport can pass.
const STEPS: usize = 64;

/// For each thing that is looked at on the node.
const PATIENCE: Duration = Duration::from_secs(15);

/// Of what the node prints, so much is read.
const MAX_BYTES: usize = 64 << 10;

/// A command of which every shell makes the same, and what it prints: then it was this one that ran.
const SAY: &str = "echo sshoal-said-this";
const SAID: &str = "sshoal-said-this";

/// Constant, and only reads: no tool that it finds is run.
const LOOK_AROUND: &str = r#"
echo "at=$(date +%s.%N 2>/dev/null || date +%s)"
echo "system=$(uname -srm 2>/dev/null)"
for tool in sudo rsync systemctl docker podman nvidia-smi rocm-smi; do
  found=$(command -v "$tool" 2>/dev/null) && echo "$tool=$found"
done
[ -d /run/systemd/system ] && echo "systemd=running"
exit 0
"#;

/// What came of a walk.
#[derive(Debug)]
pub struct Checkup {
    /// Who was visited.
    pub node: Arc<Node>,
    /// Steps of the connection that were passed, in order, with the time that each took where it can be told.
    pub passed: Vec<(Passed, Option<Duration>)>,
    /// Failures by transports that were tried before.
    pub detours: Vec<Error>,
    /// From the first step to the session, where there is one, without the time that a person took.
    pub setup: Duration,
    /// What was found, or where it ended.
    pub outcome: Result<Found, Error>,
}

/// What is wrong on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong, one line.
    pub what: SafeText,
    /// What to try; empty when there is nothing to say.
    pub advice: &'static str,
}

/// What was found on a node.
#[derive(Debug)]
pub struct Found {
    /// The session.
    pub info: Arc<SessionInfo>,
    /// From asking for a command to its end: mostly the login shell's start.
    pub shell: Result<Duration, Trouble>,
    /// The sampler's interpreter, or why there is none; nothing where none is wanted.
    pub sampler: Option<Result<SafeText, Trouble>>,
    /// Seconds that the node's clock is ahead of ours.
    pub skew: Option<f64>,
    /// Tools and other words, by name.
    pub words: BTreeMap<String, SafeText>,
}

/// Walks the path to one node.
pub async fn checkup(connector: &Connector, node: Arc<Node>, clock: Clock) -> Checkup {
    let (watcher, mut steps) = mpsc::channel(STEPS);
    let started = Instant::now();
    let attempt = connector.watched(&node, watcher).await;
    let setup = started.elapsed().saturating_sub(attempt.waited);
    let mut passed: Vec<Passed> = std::iter::from_fn(|| steps.try_recv().ok()).collect();
    let mut detours: Vec<Error> = attempt
        .tried
        .into_iter()
        .filter_map(|tried| tried.outcome.err())
        .collect();
    let outcome = match attempt.result {
        Ok(session) => {
            let used = session.info().transport;
            passed.retain(|step| step.step == Step::Config || step.transport == used);
            let found = look(&session, &node, clock).await;
            session.close().await;
            Ok(found)
        }
        Err(error) => {
            passed.retain(|step| step.step == Step::Config || step.transport == error.transport);
            detours.retain(|detour| detour.transport != error.transport);
            Err(error)
        }
    };
    passed.sort_by_key(|step| step.step);
    Checkup {
        node,
        passed: timed(passed),
        detours,
        setup,
        outcome,
    }
}

/// Banner and host key are parts of the key exchange, and come to light within it.
fn timed(steps: Vec<Passed>) -> Vec<(Passed, Option<Duration>)> {
    let mut before: Option<std::time::Instant> = None;
    let mut timed = Vec::with_capacity(steps.len());
    for step in steps {
        let is_part = matches!(step.step, Step::Banner | Step::HostKey);
        let took = before.filter(|_| !is_part);
        let took = took.map(|before| step.at.saturating_duration_since(before));
        before = if is_part { before } else { Some(step.at) };
        timed.push((step, took));
    }
    timed
}

async fn look(session: &Session, node: &Node, clock: Clock) -> Found {
    let shell = shell(session).await;
    let sampler = if node.sampler {
        // As the dashboard does it: a restricted shell refuses `exec`.
        let found = match sampler(session, node, clock, sampler::COMMAND).await {
            Err(_) => sampler(session, node, clock, sampler::COMMAND_PLAIN).await,
            found => found,
        };
        Some(found.map_err(untold))
    } else {
        None
    };
    let before = clock.reading().epoch_s;
    let text = ran(session, sampler::COMMAND_PLAIN, LOOK_AROUND).await;
    let text = text.map(|(text, _)| text).unwrap_or_default();
    let after = clock.reading().epoch_s;
    let mut words = words(&text);
    let there = words.remove("at").and_then(|at| seconds(at.as_str()));
    Found {
        info: session.info().clone(),
        shell,
        sampler,
        skew: there.map(|there| ahead(there, before, after)),
        words,
    }
}

/// Nothing while it lies between the times that the answer may be from.
fn ahead(there: f64, before: f64, after: f64) -> f64 {
    (there - after).max(0.0) + (there - before).min(0.0)
}

/// `1790000000.123`; a `date` without nanoseconds leaves its letters there.
fn seconds(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.'));
    let (number, rest) = text.split_at(digits.unwrap_or(text.len()));
    let number: f64 = number.trim_end_matches('.').parse().ok()?;
    // A whole second is half over, for all that is known.
    Some(
        number
            + if rest.is_empty() && text.contains('.') {
                0.0
            } else {
                0.5
            },
    )
}

/// `name=value` lines.
fn words(text: &str) -> BTreeMap<String, SafeText> {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    let plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    lines
        .filter(|(name, value)| plain(name) && !value.is_empty())
        .map(|(name, value)| (name.to_owned(), SafeText::line(value, 120)))
        .collect()
}

/// Whether it is our command that runs, and not another in its place.
async fn shell(session: &Session) -> Result<Duration, Trouble> {
    let started = Instant::now();
    let (text, end) = ran(session, SAY, "")
        .await
        .map_err(|what| Trouble { what, advice: "" })?;
    let took = started.elapsed();
    let said = text.lines().map(str::trim);
    if said.clone().any(|line| line == SAID) {
        return Ok(took);
    }
    let first = said.into_iter().find(|line| !line.is_empty());
    let printed = first.map_or_else(|| "nothing".to_owned(), |line| format!("`{line}`"));
    Err(instead(&end, &printed))
}

/// What came in the place of our command.
fn instead(end: &End, printed: &str) -> Trouble {
    let (what, advice) = match end {
        End::Exit(0) => (
            format!("something else ran in the place of our command, and printed {printed}"),
            "see ForceCommand in its sshd_config, and `command=` at your key in authorized_keys there",
        ),
        End::Exit(code) => (
            format!("`echo` ended with exit code {code}, and printed {printed}"),
            "see the account's login shell in /etc/passwd there, and ForceCommand in its sshd_config",
        ),
        End::Signal(name) => (format!("`echo` was killed by {name}"), ""),
        End::Lost => ("`echo` ended without a word".to_owned(), ""),
    };
    Trouble {
        what: SafeText::line(&what, 200),
        advice,
    }
}

/// Why there is no sampler, and what to try.
fn untold(what: SafeText) -> Trouble {
    Trouble {
        what,
        advice: "see whether `ssh NODE exec sh` runs there; `sampler: false` in hosts.yaml does without",
    }
}

fn told(error: &Error) -> SafeText {
    error.to_string().as_str().into()
}

/// What a command prints, up to a limit, and how it ends.
async fn ran(session: &Session, command: &str, input: &str) -> Result<(String, End), SafeText> {
    let reading = async {
        let mut channel = session.exec(command).await.map_err(|error| told(&error))?;
        channel
            .write(input.as_bytes())
            .await
            .map_err(|error| told(&error))?;
        channel.end_input().await;
        let mut bytes = Vec::new();
        loop {
            match channel.next().await {
                Output::Stdout(more) if bytes.len() < MAX_BYTES => bytes.extend_from_slice(&more),
                Output::Stdout(_) | Output::Stderr(_) => {}
                Output::End(end) => {
                    return Ok((String::from_utf8_lossy(&bytes).into_owned(), end));
                }
            }
        }
    };
    timeout(PATIENCE, reading)
        .await
        .unwrap_or_else(|_| Err("no answer in time".into()))
}

/// Starts the sampler as the dashboard does, and waits for its greeting.
async fn sampler(
    session: &Session,
    node: &Node,
    clock: Clock,
    command: &str,
) -> Result<SafeText, SafeText> {
    let nonce = format!("{:016x}", ssh::hash(node.id.as_str(), clock.now().0 as u32));
    let mut meter = Meter::new(node, &nonce);
    let mut complaint = SafeText::default();
    let greeting = async {
        let mut channel = session.exec(command).await.map_err(|error| told(&error))?;
        let program = meter.program();
        channel
            .write(program.as_bytes())
            .await
            .map_err(|error| told(&error))?;
        loop {
            let bytes = match channel.next().await {
                Output::Stdout(bytes) => bytes,
                Output::Stderr(bytes) => {
                    complaint = SafeText::line(String::from_utf8_lossy(&bytes).trim(), 120);
                    continue;
                }
                Output::End(_) => {
                    let said = Some(complaint).filter(|line| !line.as_str().is_empty());
                    let said = said.or_else(|| meter.instead_of_hello());
                    return Err(said.unwrap_or_else(|| "it ended without a word".into()));
                }
            };
            for signal in meter.feed(Feed::Fast, &bytes, clock.reading()) {
                match signal {
                    Signal::Hello { kind } => return Ok(kind),
                    Signal::NoSampler(why) => return Err(why),
                    _ => {}
                }
            }
        }
    };
    timeout(PATIENCE, greeting)
        .await
        .unwrap_or_else(|_| Err("no greeting in time".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_is_read() {
        assert_eq!(seconds("1790000000.250000000"), Some(1_790_000_000.25));
        assert_eq!(seconds("1790000000"), Some(1_790_000_000.5));
        assert_eq!(seconds("1790000000.%N"), Some(1_790_000_000.5));
        assert_eq!(seconds("1790000000.N"), Some(1_790_000_000.5));
        assert_eq!(seconds("date: unknown"), None);
    }

    #[test]
    fn a_clock_within_the_answers_time_is_right() {
        assert!(ahead(10.5, 10.0, 11.0).abs() < 1e-9);
        assert!((ahead(13.0, 10.0, 11.0) - 2.0).abs() < 1e-9);
        assert!((ahead(9.0, 10.0, 11.0) + 1.0).abs() < 1e-9);
    }

    #[test]
    fn only_words_are_taken() {
        let found = words("motd says x=1\nrsync=/usr/bin/rsync\nEVIL=1\nsudo=\n");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["rsync"]);
    }
}
