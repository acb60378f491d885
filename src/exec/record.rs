//! A run as the audit log has it. Pure.

use super::{
    NodeResult, Outcome, RunOrder,
    plan::{Batches, Options, Strategy},
};
use crate::store::audit::{Counts, Hash, Intent, RunId, RunResult};

/// Who runs something, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user of this system; of a visitor, their key too.
    pub name: String,
    /// `cli`, `dashboard`, `serve`.
    pub origin: String,
}

/// What is written down before the first byte goes to a node.
pub fn intent(run: &RunId, order: &RunOrder, actor: &Actor, now_ms: u64) -> Intent {
    let jobs = order.plan.jobs.iter();
    Intent {
        run: run.clone(),
        actor: actor.name.clone(),
        origin: actor.origin.clone(),
        command: order.command.clone(),
        selector: order.selector.clone(),
        nodes: jobs.map(|job| job.node.id.to_string()).collect(),
        strategy: strategy(&order.plan.options),
        at_ms: now_ms,
    }
}

/// `continue`, `abort-first`, `abort-after=3, serial 10%`.
pub fn strategy(options: &Options) -> String {
    let strategy = match options.strategy {
        Strategy::Continue => "continue".to_owned(),
        Strategy::AbortAfter(1) => "abort-first".to_owned(),
        Strategy::AbortAfter(most) => format!("abort-after={most}"),
    };
    match options.batches {
        Batches::One => strategy,
        Batches::Nodes(nodes) => format!("{strategy}, serial {nodes}"),
        Batches::Percent(percent) => format!("{strategy}, serial {percent}%"),
    }
}

/// How it ended on a node.
pub fn result(run: &RunId, result: &NodeResult, now_ms: u64) -> RunResult {
    let outcome = &result.outcome;
    let has_begun = result.transport.is_some();
    let digest = |capture: &super::Capture| {
        // Of nothing the digest is zero here, and in the log that of no bytes.
        let bytes = if capture.total == 0 {
            Hash::of(b"")
        } else {
            Hash::from(capture.digest)
        };
        has_begun.then_some(bytes)
    };
    RunResult {
        run: run.clone(),
        node: result.node.to_string(),
        outcome: outcome.as_str().to_owned(),
        reason: outcome.reason().to_owned(),
        code: match outcome {
            Outcome::Ok => Some(0),
            Outcome::Exit(code) => Some(*code),
            _ => None,
        },
        signal: match outcome {
            Outcome::Signal(name) => Some(name.clone()),
            _ => None,
        },
        out_bytes: result.stdout.total,
        err_bytes: result.stderr.total,
        duration_ms: result.duration.as_millis() as u64,
        attempts: result.attempts,
        transport: result.transport.map(|way| way.as_str().to_owned()),
        left: result
            .left
            .as_ref()
            .map(|left| left.iter().map(|left| left.pid).collect()),
        out_sha256: digest(&result.stdout),
        err_sha256: digest(&result.stderr),
        at_ms: now_ms,
    }
}

/// How many nodes had each outcome.
pub fn counts<'a>(results: impl IntoIterator<Item = &'a NodeResult>) -> Counts {
    let mut counts = Counts::new();
    for result in results {
        *counts
            .entry(result.outcome.as_str().to_owned())
            .or_default() += 1;
    }
    counts
}
