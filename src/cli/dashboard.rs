//! Runs the dashboard: a fleet, the screen, and the inventory file watched beside them.

use std::{convert::Infallible, sync::Arc};

use color_eyre::eyre::{Result, WrapErr};
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{Context, exit, fleet, look};
use crate::{
    command::Usage,
    fleet::{Answers, Order},
    inventory::{self, Located, Watch},
    ssh,
    tui::{self, Ended, Screen, term},
    ui::App,
};

pub(super) async fn run(context: &mut Context) -> Result<u8> {
    let located = context.located();
    let ssh = context.ssh();
    open(context, &located, ssh).await
}

/// The dashboard on an inventory, until the person leaves.
pub(super) async fn open(context: &mut Context, located: &Located, ssh: ssh::Config) -> Result<u8> {
    let inventory = Arc::new(inventory::load(located)?);
    if !context.console.is_terminal {
        return Err(Usage(
            "the dashboard needs a terminal; `sshoal status` prints anywhere".to_owned(),
        )
        .into());
    }
    let named = look::named_theme(context)?;
    context.warn(&inventory)?;
    term::restore_on_panic();
    let (depth, term) = look::depth(context);
    let mut screen = Screen::local(depth, term.as_deref()).wrap_err("cannot take the terminal")?;
    let theme = look::theme(named, depth, &mut screen);
    let mut app = App::new(look::settings(context, theme));
    let answers = if context.args.global.batch {
        Answers::None
    } else {
        Answers::Asked
    };
    let fleet = fleet::start(ssh, answers, inventory).await;
    let watched = keep_inventory(located, fleet.orders());
    let ended = tokio::select! {
        biased;
        ended = tui::run(&mut app, &fleet, screen) => ended,
        never = watched => match never {},
    };
    fleet.stop().await;
    Ok(match ended.wrap_err("the terminal failed")? {
        Ended::Quit => exit::OK,
        Ended::Terminated => exit::TERMINATED,
        Ended::HungUp => exit::HUNG_UP,
    })
}

/// Gives the fleet each new version of the file; a broken one leaves the old inventory and says where it is broken.
async fn keep_inventory(located: &Located, orders: mpsc::Sender<Order>) -> Infallible {
    let Some(file) = located.file() else {
        return std::future::pending().await;
    };
    let mut watch = match Watch::start(file) {
        Ok(watch) => watch,
        Err(error) => {
            let notice = format!("{} is not watched: {error}", file.display());
            orders.send(Order::Notice(Some(notice))).await.ok();
            return std::future::pending().await;
        }
    };
    loop {
        watch.changed().await;
        // On this thread, a large file would hold up the screen.
        let located = located.clone();
        let read = spawn_blocking(move || reload(&located)).await;
        for order in read.unwrap_or_default() {
            orders.send(order).await.ok();
        }
    }
}

fn reload(located: &Located) -> Vec<Order> {
    match inventory::load(located) {
        Ok(inventory) => {
            let notice = inventory.warnings.first().cloned();
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
