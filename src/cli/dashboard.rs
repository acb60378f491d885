//! Runs the dashboard: a fleet, the screen, and the inventory file watched beside them.

use std::{path::Path, sync::Arc};

use color_eyre::eyre::{Result, WrapErr};
use tokio::sync::mpsc;

use super::{Context, exit, fleet};
use crate::{
    command::Usage,
    fleet::{Answers, Order},
    inventory::{self, Located, Watch},
    ssh, tui,
    ui::{App, Settings, glyph::Glyphs, theme::Theme},
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
    let app = App::new(settings(context)?);
    context.warn(&inventory)?;
    let fleet = fleet::start(ssh, Answers::Asked, inventory).await;
    let depth = context.depth();
    let watched = keep_inventory(located, fleet.orders());
    let result = tokio::select! {
        biased;
        result = tui::run(app, &fleet, depth) => result,
        () = watched => Ok(()),
    };
    fleet.stop().await;
    result.wrap_err("the terminal failed")?;
    Ok(exit::OK)
}

fn settings(context: &Context) -> Result<Settings> {
    let look = &context.args.look;
    let name = look
        .theme
        .clone()
        .or_else(|| std::env::var("SSHOAL_THEME").ok());
    let theme =
        Theme::load(name.as_deref().unwrap_or(Theme::DEFAULT)).map_err(|e| Usage(e.to_string()))?;
    Ok(Settings {
        theme,
        glyphs: Glyphs {
            ascii: context.args.global.ascii,
        },
        density: look.view.map(Into::into),
        filter: look.filter.clone().unwrap_or_default(),
        ..Settings::default()
    })
}

/// Gives the fleet each new version of the file; a broken one leaves the old inventory and says where it is broken.
async fn keep_inventory(located: &Located, orders: mpsc::Sender<Order>) {
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
        for order in reload(located, file) {
            orders.send(order).await.ok();
        }
    }
}

fn reload(located: &Located, file: &Path) -> Vec<Order> {
    match inventory::load(located) {
        Ok(inventory) => {
            let notice = inventory.warnings.first().cloned();
            vec![Order::Inventory(Arc::new(inventory)), Order::Notice(notice)]
        }
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "kept the inventory");
            vec![Order::Notice(Some(format!(
                "kept the old inventory: {}",
                error.short()
            )))]
        }
    }
}
