//! Runs `sshoal doctor`: walks to all nodes at once, and prints each report in the order of the inventory.

use std::sync::Arc;

use color_eyre::eyre::Result;
use tokio::task::JoinSet;

use super::{Context, ask, exit};
use crate::{
    command::{
        doctor::{self, Doctor, Mark},
        select,
    },
    fleet::{Checkup, Clock, checkup},
    node::Node,
    ssh::Connector,
};

pub(super) async fn run(context: &mut Context, doctor: &Doctor) -> Result<u8> {
    let inventory = context.inventory()?.with_nodes()?;
    let nodes = select(&context.sets(&doctor.sets)?, &inventory)?;
    context.warn(&inventory)?;
    let (asker, person) = ask::person(context);
    let connector = Connector::new(context.ssh(), asker);
    connector.hold_back(nodes.iter().map(AsRef::as_ref));
    let code = person.beside(report(context, doctor, &connector, &nodes));
    let code = code.await;
    connector.close().await;
    code
}

async fn report(
    context: &mut Context,
    doctor: &Doctor,
    connector: &Connector,
    nodes: &[Arc<Node>],
) -> Result<u8> {
    let checkups = walk(connector, nodes).await;
    let text = if doctor.json {
        let all: Vec<_> = checkups.iter().map(doctor::to_json).collect();
        format!("{:#}\n", serde_json::Value::from(all))
    } else {
        let ascii = context.console.ascii;
        checkups.iter().map(|c| doctor::text(c, ascii)).collect()
    };
    context.print(&text)?;
    Ok(match checkups.iter().map(doctor::worst).max() {
        Some(Mark::End) => exit::UNREACHED,
        Some(Mark::Bad) => exit::TROUBLE,
        _ => exit::OK,
    })
}

/// All at once: the connector limits how many handshakes run.
async fn walk(connector: &Connector, nodes: &[Arc<Node>]) -> Vec<Checkup> {
    let clock = Clock::start();
    let mut tasks = JoinSet::new();
    for (index, node) in nodes.iter().enumerate() {
        let (connector, node) = (connector.clone(), Arc::clone(node));
        tasks.spawn(async move { (index, checkup(&connector, node, clock).await) });
    }
    let mut walked = tasks.join_all().await;
    walked.sort_by_key(|(index, _)| *index);
    walked.into_iter().map(|(_, checkup)| checkup).collect()
}
