//! Runs `sshoal doctor`: walks to all nodes at once, and prints each report in the order of the inventory.

use std::sync::Arc;

use color_eyre::eyre::Result;

use super::{Context, ask, exit};
use crate::{
    command::{
        doctor::{self, Doctor, Mark},
        select,
    },
    fleet::{Clock, walk},
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
    let checkups = walk(connector, nodes, Clock::start()).await;
    context.print(&doctor::report(doctor, &checkups, context.console.ascii))?;
    Ok(match checkups.iter().map(doctor::worst).max() {
        Some(Mark::End) => exit::UNREACHED,
        Some(Mark::Bad) => exit::TROUBLE,
        _ => exit::OK,
    })
}
