//! Which nodes and which command: from what was typed, from the audit log, by live state, by chance.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    hash::{BuildHasher as _, RandomState},
    io::Write as _,
    sync::Arc,
    time::Duration,
};

use color_eyre::eyre::Result;
use tokio::{sync::mpsc, task::spawn_blocking};

use crate::{
    cli::{Context, ask::Person, fleet},
    command::{Usage, exec::Exec, status::is_settled},
    fleet::{Link, Millis, NodeState, filter::Filter},
    inventory::Inventory,
    node::{
        Node,
        quote::{is_plain_word, quoted},
        set::NodeSet,
    },
    ssh::Asked,
    store::audit::{Reader, RunId},
};

/// For the state of the nodes to be known, `--where`.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is run where.
pub(in crate::cli) struct Chosen {
    pub(in crate::cli) command: String,
    /// In the order of the inventory; never empty.
    pub(in crate::cli) nodes: Vec<Arc<Node>>,
    /// How they were chosen, as typed.
    pub(in crate::cli) selector: String,
    /// Their places in the run that is repeated: `{rank}` stays what it was.
    pub(in crate::cli) ranks: HashMap<String, usize>,
}

/// What an earlier run leaves to be done.
struct Again {
    command: Option<String>,
    nodes: HashSet<String>,
    ranks: HashMap<String, usize>,
}

/// Chooses. An exit code when the person, or a signal, ends it.
pub(super) async fn choose(
    context: &mut Context,
    exec: &Exec,
    asker: Option<mpsc::Sender<Asked>>,
    person: &mut Person,
) -> Result<Result<Chosen, u8>> {
    let (typed, sets) = exec.split();
    let selector = selector(exec, &sets);
    let again = match &exec.choice.only_failed {
        Some(run) => Some(again(context, run, typed.is_none()).await?),
        None => None,
    };
    let command = typed.or_else(|| again.as_ref().and_then(|again| again.command.clone()));
    let Some(command) = command else {
        let text = "which command? It stands behind `--`: sshoal exec SET -- COMMAND";
        return Err(Usage(text.to_owned()).into());
    };
    let inventory = context.inventory()?.with_nodes()?;
    let sets = match &again {
        Some(again) if sets.is_empty() && !exec.choice.all => vec![names(&again.nodes)],
        _ => context.sets(&sets)?,
    };
    let mut nodes = exec.targets(&sets, &inventory)?;
    context.warn(&inventory)?;
    nodes
        .retain(|node| (again.as_ref()).is_none_or(|again| again.nodes.contains(node.id.as_str())));
    let mut nodes = nodes.iter().map(|node| exec.login(node)).collect();
    if let Some(text) = &exec.choice.live {
        let filter = Filter::parse(text, &inventory)
            .map_err(|error| Usage(format!("--where {text}: {error}")))?;
        let narrowed = Inventory { nodes, ..inventory };
        nodes = match live(context, narrowed, &filter, asker, person).await? {
            Ok(nodes) => nodes,
            Err(code) => return Ok(Err(code)),
        };
    }
    let nodes = exec.picked(nodes, RandomState::new().hash_one(0));
    if nodes.is_empty() {
        return Err(Usage("no node is left of the selection: nothing was run".to_owned()).into());
    }
    Ok(Ok(Chosen {
        command,
        nodes,
        selector,
        ranks: again.map(|again| again.ranks).unwrap_or_default(),
    }))
}

fn names(nodes: &HashSet<String>) -> String {
    NodeSet::from_names(nodes.iter().map(String::as_str)).to_string()
}

/// The nodes that did not succeed in an earlier run, those without a result too; and its command, where it is wanted.
async fn again(context: &Context, run: &str, wants_command: bool) -> Result<Again> {
    let run: RunId = run
        .parse()
        .map_err(|error| Usage(format!("--only-failed: {error}")))?;
    let folder = context.paths.audit();
    let name = run.clone();
    let read = spawn_blocking(move || {
        let reader = Reader::open(&folder)?;
        let intent = reader.intent_of(&name)?;
        Ok::<_, crate::store::audit::Error>((intent, reader.results_of(&name)?))
    });
    let (intent, results) = read.await??;
    let Some(intent) = intent else {
        let text = format!("no run {run} in the audit log; `sshoal audit` lists them");
        return Err(Usage(text).into());
    };
    let well: HashSet<&str> = results
        .iter()
        .filter(|result| result.is_ok())
        .map(|result| result.node.as_str())
        .collect();
    let left = intent
        .nodes
        .iter()
        .filter(|node| !well.contains(node.as_str()));
    let nodes: HashSet<String> = left.cloned().collect();
    if nodes.is_empty() {
        let text = format!("no node failed in run {run}: nothing to do");
        return Err(Usage(text).into());
    }
    if wants_command && intent.redacted {
        let text = format!(
            "the audit log keeps no secrets, and the command of run {run} had one: give it once more, behind `--`"
        );
        return Err(Usage(text).into());
    }
    // Commands that differ by rank are each other's complement: the same node gets the same one again. A repetition of a
    // repetition counts from the nodes of that one.
    let ranks = intent.nodes.iter().cloned().enumerate();
    Ok(Again {
        command: wants_command.then_some(intent.command),
        nodes,
        ranks: ranks.map(|(rank, node)| (node, rank)).collect(),
    })
}

/// Those whose state is known and as wanted; the others are named.
async fn live(
    context: &mut Context,
    inventory: Inventory,
    filter: &Filter,
    asker: Option<mpsc::Sender<Asked>>,
    person: &mut Person,
) -> Result<Result<Vec<Arc<Node>>, u8>> {
    let fleet = fleet::start(context.ssh(), asker, Arc::new(inventory)).await;
    let asking = person.asking();
    let waited = person.meanwhile(fleet::wait(&fleet, PATIENCE, asking, is_settled));
    let waited = waited.await;
    let now = fleet.clock().now();
    fleet.stop().await;
    let snapshot = match waited {
        Ok(snapshot) => snapshot,
        Err(code) => return Ok(Err(code)),
    };
    let nodes = snapshot.nodes.iter();
    let (known, unknown): (Vec<_>, Vec<_>) = nodes.partition(|node| is_known(node, now));
    for node in unknown {
        let (id, reason) = (&node.node.id, node.reason());
        let reason = if reason.is_empty() {
            node.state_text(now)
        } else {
            &reason
        };
        writeln!(
            context.console.err,
            "sshoal: {id}: left out, as its state is not known: {reason}"
        )?;
    }
    let fits = known.iter().filter(|node| filter.matches(node, now));
    Ok(Ok(fits.map(|node| Arc::clone(&node.node)).collect()))
}

/// True when it is up, and measured as far as it should be, and not long ago.
fn is_known(state: &NodeState, now: Millis) -> bool {
    let is_measured = state.complete && !state.is_stale(now);
    matches!(state.link, Link::Up(_)) && (is_measured || !state.node.sampler)
}

/// The part of the command line that chooses nodes.
fn selector(exec: &Exec, sets: &[String]) -> String {
    let word = |text: &str| {
        if is_plain_word(text) {
            text.to_owned()
        } else {
            quoted(text)
        }
    };
    let choice = &exec.choice;
    let mut text = if choice.all {
        "--all".to_owned()
    } else {
        sets.join(" ")
    };
    for set in &choice.exclude {
        let _ = write!(text, " -x {}", word(set));
    }
    if let Some(filter) = &choice.live {
        let _ = write!(text, " --where {}", word(filter));
    }
    if let Some(k) = choice.pick {
        let _ = write!(text, " --pick {k}");
    }
    if let Some(run) = &choice.only_failed {
        let _ = write!(text, " --only-failed {}", word(run));
    }
    text.trim_start().to_owned()
}
