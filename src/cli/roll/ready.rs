//! All that comes before the first byte to a node: which nodes, what is asked, and what is written down.

use std::{fmt::Write as _, io::Write as _, sync::Arc};

use clap::{Args as _, FromArgMatches as _};
use color_eyre::eyre::Result;
use tokio::task::spawn_blocking;

use super::absolute;
use crate::{
    cli::{
        Context,
        ask::Person,
        exec::{
            confirm::{agrees, has_terminal},
            journal::Journal as Audit,
        },
        exit,
    },
    command::{
        Usage,
        roll::Resume,
        rolling::{Rolling, plan as planned, plan_json},
        select,
    },
    daemon::roll::{Batch, Order, Past, Trace},
    exec::guard::{Ask, confirmation, judge},
    node::{Node, text::SafeText},
    ssh::SshConfig,
    store::{
        self,
        audit::{Intent, RunId},
        roll::{self, Folder, Header, Journal, Stored},
    },
};

/// Of the journal's format.
const VERSION: u32 = 1;

/// All is said and agreed to; nothing was sent to a node.
pub(super) struct Ready {
    pub(super) id: RunId,
    pub(super) order: Arc<Order>,
    pub(super) past: Past,
    pub(super) journal: Journal,
    pub(super) audit: Option<Audit>,
    pub(super) what: SafeText,
    pub(super) json: bool,
}

/// Which nodes, and in what batches.
struct Selection {
    nodes: Vec<Arc<Node>>,
    names: Vec<String>,
    batches: Vec<Batch>,
}

/// `--plan`.
pub(super) fn plan(context: &mut Context, rolling: &Rolling) -> Result<u8> {
    let selection = chosen(context, rolling)?;
    // What is wrong with them is told here too.
    rolling.steps()?;
    let text = if rolling.json {
        let batches = plan_json(&selection.names, &selection.batches);
        format!("{batches:#}\n")
    } else {
        planned(&selection.names, &selection.batches)
    };
    context.print(&text)?;
    Ok(exit::OK)
}

/// A new roll. An exit code where nothing is to be done.
pub(super) async fn fresh(
    context: &mut Context,
    rolling: &Rolling,
    person: &mut Person,
) -> Result<Result<Ready, u8>> {
    let selection = chosen(context, rolling)?;
    let order_steps = rolling.steps()?;
    let past = Past::default();
    if !rolling.yes
        && let Some(code) = ask(context, rolling, &selection, (&past, person)).await?
    {
        return Ok(Err(code));
    }
    let id = RunId::new(store::now_ms());
    let header = header(context, rolling, &id, &selection);
    let audit = match audited(context, rolling, id.clone(), selection.names.clone()).await {
        Ok(audit) => audit,
        Err(text) => return refused(context, &text),
    };
    let folder = Folder::new(&context.paths.rolls());
    let begun = spawn_blocking(move || {
        let now = store::now_ms();
        // An old one that stays harms nobody.
        let _ = folder.tidy(now);
        folder.begin(&header, now)
    });
    let journal = match begun.await? {
        Ok(journal) => journal,
        Err(error) => return refused(context, &error.to_string()),
    };
    let order = Order {
        id: id.to_string(),
        nodes: selection.nodes,
        batches: selection.batches.into(),
        options: rolling.options(),
        steps: order_steps,
        manner: rolling.manner(),
    };
    Ok(Ok(Ready {
        id,
        order: Arc::new(order),
        past,
        journal,
        audit: Some(audit),
        what: rolling.what().into(),
        json: rolling.json,
    }))
}

/// A roll that another process has left.
pub(super) async fn again(
    context: &mut Context,
    resume: &Resume,
    person: &mut Person,
) -> Result<Result<Ready, u8>> {
    let folder = Folder::new(&context.paths.rolls());
    let id = resume.id.clone();
    let read = spawn_blocking(move || folder.resume(&id, store::now_ms()));
    let (stored, journal) = match read.await? {
        Ok(found) => found,
        Err(error) => return refused(context, &error.to_string()),
    };
    let header = &stored.header;
    if header.version != VERSION {
        let text = format!("roll {} was begun by another version of sshoal", header.id);
        return Err(Usage(text).into());
    }
    let rolling = rolling(header)?;
    remembered(context, header);
    let selection = known(context, &rolling, header)?;
    let records = stored.lines.iter().map(|line| &line.record);
    let past = Past::of(header.nodes.len(), records);
    if let Some(code) = nothing_left(context, &stored, &past)? {
        return Ok(Err(code));
    }
    if !resume.yes
        && let Some(code) = ask(context, &rolling, &selection, (&past, person)).await?
    {
        return Ok(Err(code));
    }
    let left = left(&selection, &past);
    let run = RunId::new(store::now_ms());
    let audit = match audited(context, &rolling, run, left).await {
        Ok(audit) => audit,
        Err(text) => return refused(context, &text),
    };
    let order = Order {
        id: header.id.to_string(),
        nodes: selection.nodes,
        batches: selection.batches.into(),
        options: rolling.options(),
        steps: rolling.steps()?,
        manner: rolling.manner(),
    };
    Ok(Ok(Ready {
        id: header.id.clone(),
        order: Arc::new(order),
        past,
        journal,
        audit: Some(audit),
        what: rolling.what().into(),
        json: resume.json,
    }))
}

fn refused(context: &mut Context, text: &str) -> Result<Result<Ready, u8>> {
    writeln!(context.console.err, "sshoal: nothing was done: {text}")?;
    Ok(Err(exit::BROKEN))
}

fn chosen(context: &mut Context, rolling: &Rolling) -> Result<Selection> {
    let inventory = context.inventory()?.with_nodes()?;
    let sets = context.sets(std::slice::from_ref(&rolling.set))?;
    let nodes = select(&sets, &inventory)?;
    context.warn(&inventory)?;
    let nodes: Vec<_> = nodes.iter().map(|node| rolling.login(node)).collect();
    let batches = rolling.batches(&nodes)?;
    let names = nodes.iter().map(|node| node.id.to_string()).collect();
    Ok(Selection {
        nodes,
        names,
        batches,
    })
}

/// The nodes and batches of the journal: what the inventory says now of the set changes nothing.
fn known(context: &mut Context, rolling: &Rolling, header: &Header) -> Result<Selection> {
    let inventory = context.inventory()?.with_nodes()?;
    context.warn(&inventory)?;
    let mut nodes = Vec::new();
    for name in &header.nodes {
        let node = inventory.nodes.iter().find(|node| node.id.as_str() == name);
        let node = node.ok_or_else(|| {
            Usage(format!(
                "{}: not in the inventory any more, and part of the roll",
                SafeText::from(name.as_str())
            ))
        })?;
        nodes.push(rolling.login(node));
    }
    let batch = |batch: &roll::Batch| Batch {
        places: batch.places.clone(),
        is_canary: batch.is_canary,
        value: batch.value.clone(),
    };
    Ok(Selection {
        nodes,
        names: header.nodes.clone(),
        batches: header.batches.iter().map(batch).collect(),
    })
}

/// The words that it began with.
fn rolling(header: &Header) -> Result<Rolling, Usage> {
    let command = clap::Command::new("daemon roll").no_binary_name(true);
    let command = Rolling::augment_args(command);
    let matches = command.try_get_matches_from(&header.words);
    let read = matches.and_then(|matches| Rolling::from_arg_matches(&matches));
    read.map_err(|error| {
        let text = error.render().to_string();
        let text = text.trim();
        Usage(format!(
            "this sshoal doesn't understand its journal: {text}"
        ))
    })
}

/// Where nothing else is said now, the same files count as at its beginning.
fn remembered(context: &mut Context, header: &Header) {
    let global = &mut context.args.global;
    let keep = |flag: &mut Option<_>, kept: &Option<std::path::PathBuf>| {
        if flag.is_none() {
            flag.clone_from(kept);
        }
    };
    keep(&mut global.hosts, &header.hosts);
    keep(&mut global.known_hosts, &header.known_hosts);
    keep(&mut global.ssh_config, &header.ssh_config);
}

fn header(context: &Context, rolling: &Rolling, id: &RunId, selection: &Selection) -> Header {
    let global = &context.args.global;
    let file = |path: &Option<std::path::PathBuf>| path.as_deref().map(absolute);
    // `none` is no file.
    let ssh_config = match context.ssh().ssh_config {
        SshConfig::Off => global.ssh_config.clone(),
        SshConfig::On(_) => file(&global.ssh_config),
    };
    let batch = |batch: &Batch| roll::Batch {
        places: batch.places.clone(),
        is_canary: batch.is_canary,
        value: batch.value.clone(),
    };
    Header {
        id: id.clone(),
        version: VERSION,
        actor: context.ssh().user,
        words: rolling.words(),
        hosts: context.located().file().map(absolute),
        known_hosts: file(&global.known_hosts),
        ssh_config,
        nodes: selection.names.clone(),
        batches: selection.batches.iter().map(batch).collect(),
    }
}

/// The names of nodes that are not done.
fn left(selection: &Selection, past: &Past) -> Vec<String> {
    let is_left = |place: usize| past.nodes.get(place) != Some(&Trace::Done);
    let names = selection.names.iter().enumerate();
    names
        .filter(|(place, _)| is_left(*place))
        .map(|(_, name)| name.clone())
        .collect()
}

fn nothing_left(context: &mut Context, stored: &Stored, past: &Past) -> Result<Option<u8>> {
    if past.nodes.iter().any(|trace| *trace != Trace::Done) {
        return Ok(None);
    }
    let id = &stored.header.id;
    writeln!(
        context.console.err,
        "sshoal: roll {id} is done: nothing is left"
    )?;
    Ok(Some(exit::OK))
}

async fn audited(
    context: &Context,
    rolling: &Rolling,
    run: RunId,
    nodes: Vec<String>,
) -> Result<Audit, String> {
    let options = rolling.options();
    let batches: Vec<String> = options.batches.iter().map(ToString::to_string).collect();
    let intent = Intent {
        run,
        actor: context.ssh().user,
        origin: "cli".to_owned(),
        command: format!("daemon roll {}\n{}", rolling.what(), rolling.commands()),
        selector: rolling.set.clone(),
        nodes,
        strategy: format!(
            "roll, batches {}, max-failures {}",
            batches.join(","),
            options.max_failures
        ),
        at_ms: store::now_ms(),
    };
    let begun = Audit::begin(&context.paths, intent).await;
    begun.map_err(|refusal| refusal.text(&context.paths))
}

/// Asks; an exit code where the roll is not to be.
async fn ask(
    context: &mut Context,
    rolling: &Rolling,
    selection: &Selection,
    (past, person): (&Past, &mut Person),
) -> Result<Option<u8>> {
    let commands = rolling.commands();
    let mut verdict = judge(&commands, &selection.nodes);
    if verdict.asks == Ask::Nothing && selection.nodes.len() > 1 {
        verdict.asks = Ask::YesNo;
    }
    if verdict.asks == Ask::Nothing {
        return Ok(None);
    }
    let mut lines = confirmation(&commands, &selection.nodes, &verdict);
    let question = lines.pop().unwrap_or_default();
    let mut text =
        lines.join("\n") + "\nBatches:\n" + &planned(&selection.names, &selection.batches);
    let done = past.nodes.iter().filter(|trace| **trace == Trace::Done);
    let done = done.count();
    if done > 0 {
        let _ = writeln!(text, "{done} of them are done, and not repeated.");
    }
    if !has_terminal(context) {
        let why = "a roll is not begun without a confirmation, and there is nobody to ask; --yes gives it beforehand";
        return Err(Usage(format!("{why}\n{text}")).into());
    }
    write!(context.console.err, "{text}")?;
    match agrees(person, &question, &verdict.asks).await {
        Ok(true) => return Ok(None),
        Ok(false) => {}
        Err(code) => return Ok(Some(code)),
    }
    writeln!(
        context.console.err,
        "sshoal: not confirmed: nothing was done"
    )?;
    Ok(Some(exit::USAGE))
}
