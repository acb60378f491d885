//! Runs `sshoal logs`: reads the logs of nodes, and prints them as one, or writes them to files.

mod collect;
mod print;
mod root;
mod show;
mod tell;
mod written;

use std::{
    io::{self, Write as _},
    sync::Arc,
    time::Duration,
};

use color_eyre::eyre::{Result, WrapErr as _};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use self::root::Root;
use super::{
    Context,
    ask::{self, Person},
    exec::{confirm::has_terminal, journal::Journal, signals::Signals},
};
use crate::{
    command::{Usage, logs::Logs, select},
    logs::{self, Event, Filter, Order, State, Sudo, collect::Collector},
    node::Node,
    ssh::{Asked, Connector},
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

/// All is said and agreed to; nothing was sent to a node.
struct Ready {
    order: Arc<Order>,
    filter: Filter,
    collector: Option<Collector>,
    journal: Option<Journal>,
}

/// What the reading has come to.
struct Done {
    code: u8,
    /// Not known where it was left.
    state: Option<State>,
}

impl Done {
    fn left(code: u8) -> Self {
        Self { code, state: None }
    }
}

pub(super) async fn run(context: &mut Context, logs: &Logs) -> Result<u8> {
    let mut signals = Signals::listen().wrap_err("cannot listen for signals")?;
    let (asker, mut person) = ask::person(context);
    let prepared = tokio::select! {
        biased;
        signal = signals.next() => Ok(Err(signal.code())),
        prepared = prepare(context, logs, &mut person) => prepared,
    };
    person.give_back().await;
    match prepared? {
        Ok(ready) => read(context, logs, ready, (asker, person), signals).await,
        Err(code) => Ok(code),
    }
}

/// All that comes before the first byte to a node. An exit code where nothing is to be read.
async fn prepare(
    context: &mut Context,
    logs: &Logs,
    person: &mut Person,
) -> Result<Result<Ready, u8>> {
    let nodes = nodes(context, logs)?;
    let order = Arc::new(logs.agreed(&nodes));
    // Wrong patterns and folders are found before the first byte to a node.
    let filter = logs.filter()?;
    let collector = collect::collector(logs, &order)?;
    let journal = match written::begin(context, logs, &nodes, person).await? {
        Ok(journal) => journal,
        Err(code) => return Ok(Err(code)),
    };
    Ok(Ok(Ready {
        order,
        filter,
        collector,
        journal,
    }))
}

async fn read(
    context: &mut Context,
    logs: &Logs,
    ready: Ready,
    (asker, mut person): (Option<mpsc::Sender<Asked>>, Person),
    signals: Signals,
) -> Result<u8> {
    let connector = Connector::new(context.ssh(), asker);
    let (to, events) = mpsc::channel(EVENTS);
    let cancel = CancellationToken::new();
    let order = ready.order;
    // Where nobody can be asked, what needs no password is read all the same.
    let has_root = logs.part.sudo && has_terminal(context);
    let root = has_root.then(Sudo::new);
    let root = root.map(|(sudo, questions)| Root {
        sudo,
        questions,
        is_dumb: context.console.is_dumb(),
    });
    let sudo = root.as_ref().map(|root| root.sudo.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(logs::follow_as_root(
        Arc::clone(&order),
        connector.clone(),
        cancel.clone(),
        to,
        sudo,
    ));
    let reading = Reading {
        order: Arc::clone(&order),
        events,
        signals,
        cancel: cancel.clone(),
    };
    let work = async {
        match ready.collector {
            Some(collector) => collect::run(context, reading, collector).await,
            None => show::run(context, logs, ready.filter, reading).await,
        }
    };
    let done = root::attend(work, &mut person, root).await;
    cancel.cancel();
    if let Some(journal) = ready.journal {
        let state = done.as_ref().ok().and_then(|done| done.state.as_ref());
        written::end(journal, &order, state).await;
    }
    // Servers that are gone by now hold nothing up.
    let _ = timeout(FAREWELL, async {
        while tasks.join_next().await.is_some() {}
        connector.close().await;
    })
    .await;
    done.map(|done| done.code)
}

/// The console's own was given to the screen. There is nobody to tell that nobody can be told.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "sshoal: {text}");
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
