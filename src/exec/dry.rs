//! How a plan would be run, in lines for `--dry-run`. Pure.

use std::time::Duration;

use super::{
    plan::{Batches, Options, Plan},
    record,
};
use crate::{node::set::NodeSet, store::audit::redact};

/// Batches that are named; there may be as many as nodes.
const SHOWN: usize = 50;

/// Folder, variables, sudo, terminal, batches, strategy, time and retries. Values are shown as the audit log would have them.
pub fn manner(plan: &Plan) -> Vec<String> {
    let options = &plan.options;
    let mut lines = Vec::new();
    lines.extend(
        options
            .folder
            .as_ref()
            .map(|folder| format!("In: {folder}")),
    );
    let variables = options.variables.iter();
    let variables = variables.map(|(name, value)| redact(&format!("{name}={value:?}")));
    let variables: Vec<String> = variables.collect();
    if !variables.is_empty() {
        lines.push(format!("With the variables: {}", variables.join(" ")));
    }
    lines.extend(options.is_sudo.then(|| "As root, by sudo".to_owned()));
    let terminal = options.terminal.map(|_| "On a terminal".to_owned());
    lines.extend(terminal);
    lines.push(format!("Strategy: {}", record::strategy(options)));
    lines.extend(batches(plan));
    lines.push(format!("At once: {} commands", options.fanout));
    lines.push(format!("Time for the command: {}", time(plan)));
    lines.push(match options.retries {
        0 => "Retries: none".to_owned(),
        retries => format!("Retries: {retries}, at nodes that can't be reached"),
    });
    lines
}

/// Which nodes come one after the other.
fn batches(plan: &Plan) -> Vec<String> {
    let Options { batches, .. } = plan.options;
    if batches == Batches::One {
        return Vec::new();
    }
    let size = batches.size(plan.jobs.len());
    let all = plan.jobs.chunks(size);
    let count = all.len();
    let mut lines: Vec<String> = (1..)
        .zip(all.take(SHOWN))
        .map(|(number, jobs)| {
            let nodes = NodeSet::from_names(jobs.iter().map(|job| job.node.id.as_str()));
            format!("Batch {number} of {count}: {nodes}")
        })
        .collect();
    if count > SHOWN {
        lines.push(format!("and {} batches more", count - SHOWN));
    }
    lines
}

fn time(plan: &Plan) -> String {
    let said = |time: Duration| match time.as_secs_f64() {
        0.0 => "without end".to_owned(),
        seconds => format!("{seconds} s"),
    };
    if let Some(limit) = plan.options.timeout {
        return said(limit);
    }
    let mut times: Vec<Duration> = plan
        .jobs
        .iter()
        .map(|job| job.node.command_timeout)
        .collect();
    times.sort_unstable();
    times.dedup();
    match times[..] {
        [time] => said(time),
        _ => "what each node has as command_timeout".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        exec::plan::{Job, Strategy},
        node::Node,
    };

    #[test]
    fn all_that_differs_is_told_and_no_secret() {
        let jobs = ["n1", "n2", "n3"].map(|name| Job {
            node: Arc::new(Node::blank(name)),
            command: "x".to_owned(),
        });
        let mut plan = Plan {
            jobs: jobs.into(),
            options: Options::default(),
        };
        assert_eq!(
            manner(&plan),
            [
                "Strategy: continue",
                "At once: 64 commands",
                "Time for the command: 30 s",
                "Retries: none"
            ]
        );
        let word = |text: &str| text.to_owned();
        plan.options = Options {
            variables: vec![
                (word("K"), word("a b")),
                (word("DB_PASS"), word("hunter2 x")),
            ],
            batches: Batches::Nodes(2),
            strategy: Strategy::AbortAfter(1),
            timeout: Some(Duration::ZERO),
            retries: 2,
            ..Options::default()
        };
        assert_eq!(
            manner(&plan),
            [
                "With the variables: K=\"a b\" DB_PASS=[redacted]",
                "Strategy: abort-first, serial 2",
                "Batch 1 of 2: n[1-2]",
                "Batch 2 of 2: n3",
                "At once: 64 commands",
                "Time for the command: without end",
                "Retries: 2, at nodes that can't be reached"
            ]
        );
    }
}
