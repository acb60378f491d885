//! Runs `sshoal trust`: asks the servers for their keys, changes known_hosts where told to, says how it went.

use std::{
    io::{BufRead, IsTerminal, Write, stdin},
    sync::Arc,
};

use color_eyre::eyre::Result;
use tokio::task::JoinSet;

use super::{Context, exit};
use crate::{
    command::{
        Usage, select,
        trust::{Answer, Done, Finding, Trust, Weight},
    },
    node::{Node, text::SafeText},
    ssh::{Connector, Error},
};

pub(super) async fn run(context: &mut Context, trust: &Trust) -> Result<u8> {
    trust.check()?;
    let inventory = context.inventory()?;
    let nodes = select(&trust.sets, &inventory)?;
    context.warn(&inventory)?;
    // Nobody is asked: what is accepted is said by the options.
    let connector = Connector::new(context.ssh(), None);
    let mut findings = find(&connector, &nodes, !trust.forget).await;
    if trust.forget {
        forget(&connector, &mut findings).await;
    }
    if trust.accept {
        accept(&connector, &mut findings).await;
    }
    if trust.replace && may_replace(context, trust, &findings)? {
        replace(&connector, &mut findings).await;
    }
    connector.close().await;
    context.print(&report(trust, &findings))?;
    Ok(code(&findings))
}

/// All at once: the connector limits how many handshakes run.
async fn find(connector: &Connector, nodes: &[Arc<Node>], asks: bool) -> Vec<Finding> {
    let mut tasks = JoinSet::new();
    for (index, node) in nodes.iter().enumerate() {
        let (connector, node) = (connector.clone(), Arc::clone(node));
        tasks.spawn(async move { (index, finding(&connector, node, asks).await) });
    }
    let mut found = tasks.join_all().await;
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, finding)| finding).collect()
}

async fn finding(connector: &Connector, node: Arc<Node>, asks: bool) -> Finding {
    let (host, known, answer) = match connector.known_keys(&node).await {
        Err(error) => (SafeText::default(), Vec::new(), Answer::Failed(error)),
        Ok((host, known)) if !asks => (host, known, Answer::Unasked),
        Ok((host, known)) => {
            let answer = match connector.host_key(&node).await {
                Ok(Some(shown)) => Answer::Shown(shown),
                Ok(None) => Answer::Unneeded,
                Err(error) => Answer::Failed(error),
            };
            (host, known, answer)
        }
    };
    Finding {
        node,
        host,
        known,
        answer,
        done: Done::Nothing,
    }
}

async fn forget(connector: &Connector, findings: &mut [Finding]) {
    for finding in findings {
        if matches!(finding.answer, Answer::Unasked) {
            let gone = connector.forget(&finding.node).await;
            finding.done = done(gone.map(Done::Forgotten));
        }
    }
}

async fn accept(connector: &Connector, findings: &mut [Finding]) {
    for finding in findings {
        if let Some(shown) = finding.news() {
            let written = connector.remember(&finding.node, shown).await;
            finding.done = done(written.map(|_| Done::Accepted));
        }
    }
}

async fn replace(connector: &Connector, findings: &mut [Finding]) {
    for finding in findings {
        if let Some(shown) = finding.change() {
            let gone = connector.replace(&finding.node, shown).await;
            finding.done = done(gone.map(Done::Replaced));
        }
    }
}

fn done(result: Result<Done, Error>) -> Done {
    result.unwrap_or_else(Done::Failed)
}

/// Shows both keys of each changed host and asks, unless told not to.
fn may_replace(context: &mut Context, trust: &Trust, findings: &[Finding]) -> Result<bool> {
    let changed: Vec<&Finding> = findings.iter().filter(|f| f.change().is_some()).collect();
    if changed.is_empty() || trust.yes {
        return Ok(!changed.is_empty());
    }
    if !stdin().is_terminal() {
        let reason = "--replace asks on a terminal; there is none, so add --yes";
        return Err(Usage(reason.to_owned()).into());
    }
    let err = &mut context.console.err;
    for finding in &changed {
        write!(err, "{}", finding.text())?;
    }
    write!(
        err,
        "Replace the known keys of {} nodes? [y/N] ",
        changed.len()
    )?;
    err.flush()?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}

fn report(trust: &Trust, findings: &[Finding]) -> String {
    if trust.json {
        let all: Vec<_> = findings.iter().map(Finding::to_json).collect();
        return format!("{:#}\n", serde_json::Value::from(all));
    }
    findings.iter().map(Finding::text).collect()
}

fn code(findings: &[Finding]) -> u8 {
    match findings.iter().map(Finding::weight).max() {
        None | Some(Weight::Good) => exit::OK,
        Some(Weight::Unreached) => exit::UNREACHED,
        Some(Weight::Bad) => exit::TROUBLE,
    }
}
