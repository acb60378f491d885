//! Runs `sshoal pool`: connects to the nodes as the dashboard does, and prints the connections.

use std::{fmt::Write as _, io::Write as _, sync::Arc, time::Duration};

use color_eyre::eyre::Result;
use comfy_table::{CellAlignment, Table, presets};
use tokio::{sync::watch, time::timeout};

use super::{Context, ask, exit, fleet};
use crate::{
    command::{
        pool::{COLUMNS, Pool, Totals, cells, to_json},
        select,
        status::is_settled,
    },
    fleet::{Fleet, Link, Order},
    inventory::Inventory,
    ssh::Row,
};

/// The first column with numbers.
const NUMBERS: usize = 3;

/// For the connections to be told.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn run(context: &mut Context, pool: &Pool) -> Result<u8> {
    let inventory = context.inventory()?.with_nodes()?;
    let nodes = select(&context.sets(&pool.sets)?, &inventory)?;
    context.warn(&inventory)?;
    let narrowed = Inventory { nodes, ..inventory };
    let (asker, person) = ask::person(context);
    let fleet = fleet::start(context.ssh(), asker, Arc::new(narrowed)).await;
    let asking = person.asking();
    let code = person.beside(report(context, pool, &fleet, asking));
    let code = code.await;
    fleet.stop().await;
    code
}

async fn report(
    context: &mut Context,
    pool: &Pool,
    fleet: &Fleet,
    asking: watch::Receiver<bool>,
) -> Result<u8> {
    let snapshot = fleet::wait(fleet, pool.timeout, asking, is_settled).await;
    let rows = connections(fleet).await;
    let text = if pool.json {
        format!("{:#}\n", to_json(&rows))
    } else {
        table(&rows)
    };
    context.print(&text)?;
    let is_up = |link: &Link| matches!(link, Link::Up(_));
    for node in snapshot
        .nodes
        .iter()
        .filter(|n| !matches!(n.link, Link::Up(_)))
    {
        let (id, reason) = (&node.node.id, node.reason());
        writeln!(context.console.err, "sshoal: {id}: {reason}")?;
    }
    let all_up = snapshot.nodes.iter().all(|node| is_up(&node.link));
    Ok(if all_up { exit::OK } else { exit::TROUBLE })
}

async fn connections(fleet: &Fleet) -> Arc<Vec<Row>> {
    // The actor outlives this call, so its queue is open.
    fleet.orders().send(Order::Connections(true)).await.ok();
    let mut snapshots = fleet.snapshots();
    let told = snapshots.wait_for(|snapshot| snapshot.connections.is_some());
    let told = timeout(PATIENCE, told).await;
    let snapshot = told.ok().and_then(Result::ok);
    let rows = snapshot.and_then(|snapshot| snapshot.connections.clone());
    rows.unwrap_or_default()
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(COLUMNS);
    for row in rows {
        table.add_row(cells(row));
    }
    for number in NUMBERS..COLUMNS.len() {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        let _ = writeln!(text, "{}", line.trim());
    }
    let _ = writeln!(text, "{}", Totals::of(rows).line());
    text
}
