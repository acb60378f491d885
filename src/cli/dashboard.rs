//! Runs the dashboard: a fleet, the screen, and the inventory file watched beside them.

use std::{
    convert::Infallible,
    io::{self, IsTerminal as _, Write as _},
    mem,
    path::{Path, PathBuf},
    sync::Arc,
};

use color_eyre::eyre::{Result, WrapErr};
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{Context, choices, exit, fleet, history, look};
use crate::{
    command::Usage,
    config::{Choices, history::History},
    exec::record::Actor,
    fleet::{Answers, Clock, Fleet, Logbook, Order, Rolled},
    inventory::{self, Inventory, Located, Watch},
    ssh,
    tui::{self, Ended, Screen, term},
    ui::{App, Settings},
};

/// Said at the start of the demo.
const GREETING: &str = "all is simulated: enter opens a node, l its log, ! runs a command";

pub(super) async fn run(context: &mut Context) -> Result<u8> {
    let located = context.located();
    let ssh = context.ssh();
    let kept = choices::load(&context.paths);
    open(context, &located, ssh, Some(&kept)).await
}

/// The dashboard on an inventory, until the person leaves. With what was chosen last time, what is chosen now is kept
/// too; without, nothing is.
pub(super) async fn open(
    context: &mut Context,
    located: &Located,
    ssh: ssh::Config,
    kept: Option<&Choices>,
) -> Result<u8> {
    let inventory = Arc::new(context.load(located)?.with_nodes()?);
    check(context, &inventory)?;
    let last = kept.cloned().unwrap_or_default();
    let named = look::named_theme(context, &last)?;
    let keys = look::keys(context)?;
    context.warn(&inventory)?;
    term::restore_on_panic();
    let (depth, term) = look::depth(context);
    let mut screen = Screen::local(depth, term.as_deref()).wrap_err("cannot take the terminal")?;
    let theme = look::theme(named, depth, &mut screen);
    let mut app = App::new(Settings {
        keys,
        history: kept.map_or_else(History::default, |_| history::load(&context.paths)),
        is_demo: kept.is_none(),
        ..look::settings(context, theme, &last)
    });
    if kept.is_none() {
        app.greet(GREETING);
    }
    let before = app.choices();
    let first = Arc::clone(&inventory);
    let answers = if context.args.global.batch {
        Answers::None
    } else {
        Answers::Asked
    };
    let logbook = logbook(context, located, kept.is_none());
    let fleet = Fleet::start_with(ssh, answers, Clock::start(), Some(logbook));
    fleet::give(&fleet, inventory).await;
    let notice = Order::Notice(left_out(&first));
    fleet.orders().send(notice).await.ok();
    let usual = context.usual();
    let watched = Box::pin(keep_inventory((located, usual), &first, fleet.orders()));
    let ended = tokio::select! {
        biased;
        ended = Box::pin(tui::run(&mut app, &fleet, screen)) => ended,
        never = watched => match never {},
    };
    if kept.is_some() {
        choices::save(&context.paths, &before, &app.choices());
        history::save(&context.paths, app.history());
    }
    let left = left(&fleet);
    fleet.stop().await;
    if kept.is_some() {
        for line in left {
            writeln!(context.console.err, "sshoal: {line}")?;
        }
    }
    Ok(match ended.wrap_err("the terminal failed")? {
        Ended::Quit => exit::OK,
        Ended::Terminated => exit::TERMINATED,
        Ended::HungUp => exit::HUNG_UP,
    })
}

/// Refuses what the screen can't be begun with.
fn check(context: &Context, inventory: &Inventory) -> Result<(), Usage> {
    look::filter(context, inventory)?;
    let why = match (context.console.is_terminal, io::stdin().is_terminal()) {
        (true, true) if context.console.is_dumb() => {
            "the dashboard draws on the whole screen, and by TERM this terminal can't; `sshoal status` prints once, `sshoal status --watch` again and again"
        }
        (true, true) => return Ok(()),
        (false, _) => "the dashboard needs a terminal; `sshoal status` prints anywhere",
        (true, false) => {
            "the dashboard needs a terminal for its keys, and standard input is none; `sshoal status` prints anywhere"
        }
    };
    Err(Usage(why.to_owned()))
}

/// How to go on with the rolls that this dashboard drives no longer.
fn left(fleet: &Fleet) -> Vec<String> {
    let snapshots = fleet.snapshots();
    let rolls = Arc::clone(&snapshots.borrow().rolls);
    let going = rolls.iter().filter(|rolled| rolled.is_going());
    let line = |rolled: &Arc<Rolled>| {
        let (id, what) = (&rolled.id, &rolled.wish.what);
        format!("the roll of {what} is left; to go on: sshoal roll resume {id}")
    };
    going.map(line).collect()
}

/// Where runs are written down; those of the demo beside its other files, which go with it.
fn logbook(context: &Context, located: &Located, is_demo: bool) -> Logbook {
    let folder = located.file().and_then(Path::parent);
    let (audit, rolls) = match folder.filter(|_| is_demo) {
        Some(folder) => (folder.join("audit"), folder.join("rolls")),
        None => (context.paths.audit(), context.paths.rolls()),
    };
    Logbook {
        audit,
        rolls,
        files: super::roll::files(context),
        outputs: vec![".".into(), context.paths.state.join("runs")],
        actor: Actor {
            name: context.ssh().user,
            origin: "dashboard".to_owned(),
        },
    }
}

/// Gives the fleet each new version of the file; a broken or empty one leaves the nodes there are and says why.
async fn keep_inventory(
    (located, usual): (&Located, [PathBuf; 2]),
    first: &Inventory,
    orders: mpsc::Sender<Order>,
) -> Infallible {
    let (mut nodes, mut sources) = (first.nodes.len(), first.sources.clone());
    let (file, mut is_new) = match located {
        Located::File(file) => (file.clone(), false),
        Located::ThisMachine => (appeared(usual).await, true),
    };
    let mut watch = match Watch::start(&file, &sources) {
        Ok(watch) => watch,
        Err(error) => {
            let notice = format!("{} is not watched: {error}", file.display());
            orders.send(Order::Notice(Some(notice))).await.ok();
            return std::future::pending().await;
        }
    };
    loop {
        if !mem::take(&mut is_new) {
            watch.changed().await;
        }
        // On this thread, a large file would hold up the screen.
        let located = Located::File(file.clone());
        let Ok(read) = spawn_blocking(move || inventory::load(&located)).await else {
            continue;
        };
        if let Ok(new) = &read {
            nodes = if new.nodes.is_empty() {
                nodes
            } else {
                new.nodes.len()
            };
            if new.sources != sources {
                sources.clone_from(&new.sources);
                // Where it can't be begun anew, the old one still sees the file itself.
                watch = Watch::start(&file, &sources).unwrap_or(watch);
            }
        }
        for order in reloaded(read, nodes) {
            orders.send(order).await.ok();
        }
    }
}

/// The first of these files that is there; waits for it.
async fn appeared(usual: [PathBuf; 2]) -> PathBuf {
    let [here, own] = &usual;
    // Where the current folder is gone, the other one may still get a file.
    let watch = Watch::start(here, std::slice::from_ref(own)).or_else(|_| Watch::start(own, &[]));
    let Ok(mut watch) = watch else {
        return std::future::pending().await;
    };
    loop {
        watch.changed().await;
        let mut files = usual.iter();
        if let Some(file) = files.find(|file| file.symlink_metadata().is_ok()) {
            return file.clone();
        }
    }
}

/// What a new version of the file means for a fleet of so many nodes.
fn reloaded(read: Result<Inventory, inventory::Error>, nodes: usize) -> Vec<Order> {
    match read {
        // Half-saved files look like this, and nobody wants to lose every connection to one.
        Ok(inventory) if inventory.nodes.is_empty() => {
            let file = inventory.file.as_deref().and_then(Path::file_name);
            let file = file.unwrap_or_default().display();
            let notice = match nodes {
                1 => format!("{file} names no nodes now: the 1 node stays until it names some"),
                _ => {
                    format!("{file} names no nodes now: the {nodes} nodes stay until it names some")
                }
            };
            vec![Order::Notice(Some(notice))]
        }
        Ok(inventory) => {
            let notice = left_out(&inventory);
            vec![Order::Inventory(Arc::new(inventory)), Order::Notice(notice)]
        }
        Err(error) => {
            tracing::warn!(%error, "kept the inventory");
            vec![Order::Notice(Some(format!(
                "kept the old inventory: {}",
                error.short()
            )))]
        }
    }
}

/// What of the inventory could not be read.
fn left_out(inventory: &Inventory) -> Option<String> {
    let first = inventory.warnings.first()?;
    Some(match inventory.warnings.len() {
        1 => first.clone(),
        all => format!("{first} (and {} more, which `sshoal nodes` tells)", all - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> (Option<usize>, Option<String>) {
        let file = tempfile::Builder::new()
            .suffix("hosts.yaml")
            .tempfile()
            .unwrap();
        std::fs::write(&file, text).unwrap();
        let read = inventory::load(&Located::File(file.path().into()));
        let (mut nodes, mut notice) = (None, None);
        for order in reloaded(read, 24) {
            match order {
                Order::Inventory(inventory) => nodes = Some(inventory.nodes.len()),
                Order::Notice(text) => notice = text,
                _ => unreachable!(),
            }
        }
        (nodes, notice)
    }

    #[tokio::test]
    async fn a_file_that_appears_is_picked_up() {
        let folder = tempfile::tempdir().unwrap();
        // The folder of the second one is not there yet either.
        let usual = inventory::usual(folder.path(), &folder.path().join("own"));
        let here = usual[0].clone();
        let (orders, mut heard) = mpsc::channel(8);
        let alone = inventory::load(&Located::ThisMachine).unwrap();
        let watched = keep_inventory((&Located::ThisMachine, usual), &alone, orders);
        let asked = async {
            tokio::task::yield_now().await;
            let mut seen = Vec::new();
            for text in ["hosts: {a: {}}", "hosts: {a: {}, b: {}}"] {
                std::fs::write(&here, text).unwrap();
                while let Some(order) = heard.recv().await {
                    if let Order::Inventory(inventory) = order {
                        seen.push(inventory.nodes.len());
                        break;
                    }
                }
            }
            seen
        };
        tokio::select! {
            never = watched => match never {},
            seen = asked => assert_eq!(seen, [1, 2]),
        }
    }

    #[test]
    fn a_file_that_became_empty_takes_no_node_away() {
        let kept = "hosts.yaml names no nodes now: the 24 nodes stay until it names some";
        for text in ["hosts: {}", "hosts:\n", "hosts: {}\ndefaults: {user: a}\n"] {
            let (nodes, notice) = after(text);
            assert_eq!(nodes, None, "{text}");
            assert!(notice.unwrap().ends_with(kept), "{text}");
        }
        for (text, said) in [("", "the file is empty"), ("host: {}", "unknown key")] {
            let (nodes, notice) = after(text);
            assert_eq!(nodes, None, "{text}");
            assert!(notice.unwrap().contains(said), "{text}");
        }
        assert_eq!(after("hosts: {a: {}}"), (Some(1), None));
    }
}
