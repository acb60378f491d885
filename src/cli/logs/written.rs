//! Commands of the user's own in the audit log: written down before they are sent, and how they went at the end.

use std::{io::Write as _, sync::Arc};

use color_eyre::eyre::Result;

use super::say;
use crate::{
    cli::{
        Context,
        ask::Person,
        exec::{confirm::confirmed, journal::Journal},
        exit,
    },
    command::logs::Logs,
    exec::{
        NodeResult, Outcome,
        guard::{Ask, confirmation},
    },
    logs::{
        End, Order, Phase, State,
        state::{NodeState, Reach, StreamState},
    },
    node::{Node, NodeId},
    store::{
        self,
        audit::{Counts, Intent, RunId},
    },
};

/// Asks what is to be asked before commands are run, and writes down that they are. An exit code where they are not.
pub(super) async fn begin(
    context: &mut Context,
    logs: &Logs,
    nodes: &[Arc<Node>],
    person: &mut Person,
) -> Result<Result<Option<Journal>, u8>> {
    let Some(verdict) = logs.verdict(nodes) else {
        return Ok(Ok(None));
    };
    if verdict.asks != Ask::Nothing {
        let mut lines = confirmation(&logs.commands(), nodes, &verdict);
        let by_sudo = logs.part.sudo.then(|| "As root, by sudo".to_owned());
        lines.splice(1..1, by_sudo);
        if let Some(code) = confirmed(context, lines, &verdict.asks, person).await? {
            return Ok(Err(code));
        }
    }
    match Journal::begin(&context.paths, intent(context, logs, nodes)).await {
        Ok(journal) => Ok(Ok(Some(journal))),
        Err(refusal) => {
            let text = refusal.text(&context.paths);
            if verdict.mutating {
                writeln!(context.console.err, "sshoal: nothing was run: {text}")?;
                return Ok(Err(exit::BROKEN));
            }
            let text = format!("this is not written down, as it only reads: {text}");
            writeln!(context.console.err, "sshoal: {text}")?;
            Ok(Ok(None))
        }
    }
}

fn intent(context: &Context, logs: &Logs, nodes: &[Arc<Node>]) -> Intent {
    let at_ms = store::now_ms();
    let commands = logs.sources.commands.iter();
    let commands: Vec<String> = commands.map(|c| format!("logs --command {c}")).collect();
    Intent {
        run: RunId::new(at_ms),
        actor: context.ssh().user,
        origin: "cli".to_owned(),
        command: commands.join("\n"),
        selector: logs.sets.join(","),
        nodes: nodes.iter().map(|node| node.id.to_string()).collect(),
        strategy: if logs.part.follow { "follow" } else { "" }.to_owned(),
        at_ms,
    }
}

/// Writes down how it went; of a reading that was left, nothing but that is known.
pub(super) async fn end(mut journal: Journal, order: &Order, state: Option<&State>) {
    let results: Vec<NodeResult> = match state {
        Some(state) => {
            let nodes = state.nodes.iter().enumerate();
            nodes
                .map(|(place, node)| of_node(place, node, state))
                .collect()
        }
        None => order
            .targets
            .iter()
            .map(|target| left(&target.node.id))
            .collect(),
    };
    let mut counts = Counts::new();
    for result in &results {
        *counts
            .entry(result.outcome.as_str().to_owned())
            .or_default() += 1;
        // All come at once, and go out together with the end.
        journal.result(result, 0);
    }
    if let Err(why) = journal.end(counts).await {
        say(&format!("{why}; this is not written down whole"));
    }
}

fn left(node: &NodeId) -> NodeResult {
    NodeResult::without_run(node, Outcome::Cancelled, 1)
}

fn of_node(place: usize, node: &NodeState, state: &State) -> NodeResult {
    let streams = state.streams.iter().filter(|stream| stream.place == place);
    let outcome = match &node.reach {
        Reach::Unreached(why) => Outcome::Refused(why.clone()),
        Reach::Connecting | Reach::Reached => Outcome::Cancelled,
        // The worst of them stands for all.
        Reach::Looked => streams
            .clone()
            .map(|stream| of_stream(stream))
            .max_by_key(weight)
            .unwrap_or(Outcome::Ok),
    };
    let mut result = NodeResult::without_run(&node.node, outcome, 1);
    result.stdout.total = streams.map(|stream| stream.bytes).sum();
    result
}

fn of_stream(stream: &StreamState) -> Outcome {
    let Phase::Closed(end) = &stream.phase else {
        return Outcome::Cancelled;
    };
    match end {
        End::Done => Outcome::Ok,
        End::Cancelled => Outcome::Cancelled,
        End::Lost(why) => Outcome::Lost(why.clone()),
        End::Failed(why) => match end.exit_code() {
            Some(code) => Outcome::Exit(code),
            None => Outcome::Unknown(why.clone()),
        },
    }
}

fn weight(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Ok => 0,
        Outcome::Cancelled => 1,
        Outcome::Lost(_) => 2,
        _ => 3,
    }
}
