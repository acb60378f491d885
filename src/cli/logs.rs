//! Runs `sshoal logs`: reads the logs of nodes, and prints them as one, or writes them to files.

mod collect;
mod print;
mod show;
mod tell;

use std::{sync::Arc, time::Duration};

use color_eyre::eyre::{Result, WrapErr as _};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{Context, ask, exec::signals::Signals};
use crate::{
    command::{Usage, logs::Logs, select},
    logs::{self, Event, Order},
    node::Node,
    ssh::Connector,
};

/// Happenings that wait; nodes wait behind them.
const EVENTS: usize = 64;

/// For what runs on nodes to be told to end, and for leave to be taken of servers.
const FAREWELL: Duration = Duration::from_secs(3);

/// What is being read.
struct Reading {
    order: Arc<Order>,
    events: mpsc::Receiver<Event>,
    signals: Signals,
    cancel: CancellationToken,
}

pub(super) async fn run(context: &mut Context, logs: &Logs) -> Result<u8> {
    let signals = Signals::listen().wrap_err("cannot listen for signals")?;
    let nodes = nodes(context, logs)?;
    let order = Arc::new(logs.order(&nodes)?);
    // Wrong patterns and folders are found before the first byte to a node.
    let filter = logs.filter()?;
    let collector = collect::collector(logs, &order)?;
    let (asker, mut person) = ask::person(context);
    let connector = Connector::new(context.ssh(), asker);
    let (to, events) = mpsc::channel(EVENTS);
    let cancel = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let following = logs::follow(Arc::clone(&order), connector.clone(), cancel.clone(), to);
    tasks.spawn(following);
    let reading = Reading {
        order,
        events,
        signals,
        cancel: cancel.clone(),
    };
    let work = async {
        match collector {
            Some(collector) => collect::run(context, reading, collector).await,
            None => show::run(context, logs, filter, reading).await,
        }
    };
    let code = person.meanwhile(work).await.unwrap_or_else(Ok);
    cancel.cancel();
    // Servers that are gone by now hold nothing up.
    let _ = timeout(FAREWELL, async {
        while tasks.join_next().await.is_some() {}
        connector.close().await;
    })
    .await;
    code
}

fn nodes(context: &mut Context, logs: &Logs) -> Result<Vec<Arc<Node>>> {
    if logs.sets.is_empty() {
        let text = "which nodes? Name them: sshoal logs SET";
        return Err(Usage(text.to_owned()).into());
    }
    if context.args.look.read_only && !logs.sources.commands.is_empty() {
        return Err(Usage("--read-only: no command is run".to_owned()).into());
    }
    let inventory = context.inventory()?.with_nodes()?;
    let nodes = select(&context.sets(&logs.sets)?, &inventory)?;
    context.warn(&inventory)?;
    Ok(nodes)
}
