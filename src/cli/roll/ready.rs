//! All that comes before the first byte to a node: which nodes, what is asked, and what is written down.

use std::{fmt::Write as _, io::Write as _, sync::Arc};

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
        Usage, resumption,
        roll::Resume,
        rolling::{Rolling, plan as planned, plan_json},
        select,
    },
    daemon::roll::{Order, Past, Wish},
    exec::{
        guard::{Ask, confirmation},
        record::Actor,
    },
    node::text::SafeText,
    ssh::SshConfig,
    store::{
        self,
        audit::RunId,
        roll::{Files, Folder, Header, Journal},
    },
};

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

/// `--plan`.
pub(super) fn plan(context: &mut Context, rolling: &Rolling) -> Result<u8> {
    let wish = chosen(context, rolling)?;
    let text = if rolling.json {
        let batches = plan_json(&wish.names(), &wish.batches);
        format!("{batches:#}\n")
    } else {
        planned(&wish.names(), &wish.batches)
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
    let wish = chosen(context, rolling)?;
    if !rolling.yes
        && let Some(code) = ask(context, rolling, &wish, person).await?
    {
        return Ok(Err(code));
    }
    let id = RunId::new(store::now_ms());
    let header = wish.header(&id, &actor(context), &files(context));
    let audit = match audited(context, &wish, id.clone()).await {
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
    Ok(Ok(Ready {
        order: Arc::new(wish.order(&id)),
        id,
        past: wish.past,
        journal,
        audit: Some(audit),
        what: wish.what,
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
    let rolling = resumption::rolling(header)?;
    remembered(context, header);
    let inventory = context.inventory()?.with_nodes()?;
    context.warn(&inventory)?;
    let Some(wish) = resumption::wish(&stored, &rolling, &inventory)? else {
        let text = resumption::nothing_left(header);
        writeln!(context.console.err, "sshoal: {text}")?;
        return Ok(Err(exit::OK));
    };
    if !resume.yes
        && let Some(code) = ask(context, &rolling, &wish, person).await?
    {
        return Ok(Err(code));
    }
    let run = RunId::new(store::now_ms());
    let audit = match audited(context, &wish, run).await {
        Ok(audit) => audit,
        Err(text) => return refused(context, &text),
    };
    Ok(Ok(Ready {
        id: header.id.clone(),
        order: Arc::new(wish.order(&header.id)),
        past: wish.past,
        journal,
        audit: Some(audit),
        what: wish.what,
        json: resume.json,
    }))
}

fn refused(context: &mut Context, text: &str) -> Result<Result<Ready, u8>> {
    writeln!(context.console.err, "sshoal: nothing was done: {text}")?;
    Ok(Err(exit::BROKEN))
}

fn chosen(context: &mut Context, rolling: &Rolling) -> Result<Wish> {
    let inventory = context.inventory()?.with_nodes()?;
    let sets = context.sets(std::slice::from_ref(&rolling.set))?;
    let nodes = select(&sets, &inventory)?;
    context.warn(&inventory)?;
    Ok(rolling.wish(&nodes)?)
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

/// What a resumption is to have again.
pub(in crate::cli) fn files(context: &Context) -> Files {
    let global = &context.args.global;
    let file = |path: &Option<std::path::PathBuf>| path.as_deref().map(absolute);
    // `none` is no file.
    let ssh_config = match context.ssh().ssh_config {
        SshConfig::Off => global.ssh_config.clone(),
        SshConfig::On(_) => file(&global.ssh_config),
    };
    Files {
        hosts: context.located().file().map(absolute),
        known_hosts: file(&global.known_hosts),
        ssh_config,
    }
}

fn actor(context: &Context) -> Actor {
    Actor {
        name: context.ssh().user,
        origin: "cli".to_owned(),
    }
}

async fn audited(context: &Context, wish: &Wish, run: RunId) -> Result<Audit, String> {
    let intent = wish.intent(run, &actor(context), &wish.past, store::now_ms());
    let begun = Audit::begin(&context.paths, intent).await;
    begun.map_err(|refusal| refusal.text(&context.paths))
}

/// Asks; an exit code where the roll is not to be.
async fn ask(
    context: &mut Context,
    rolling: &Rolling,
    wish: &Wish,
    person: &mut Person,
) -> Result<Option<u8>> {
    let commands = rolling.commands();
    let verdict = rolling.verdict(&wish.nodes);
    if verdict.asks == Ask::Nothing {
        return Ok(None);
    }
    let mut lines = confirmation(&commands, &wish.nodes, &verdict);
    let question = lines.pop().unwrap_or_default();
    let mut text = lines.join("\n") + "\nBatches:\n" + &planned(&wish.names(), &wish.batches);
    let done = wish.done();
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
