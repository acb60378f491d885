//! Runs `sshoal audit`: reads the log in the state folder, prints what is asked for. It never writes to it.

use std::io::Write as _;

use color_eyre::eyre::Result;

use super::{Context, exit};
use crate::{
    command::{
        self, Usage,
        audit::{Audit, Part, head, text, verdict},
    },
    node::set::NodeSet,
    store::{
        self,
        audit::{Filter, Reader, Stored, Verdict},
    },
};

pub(super) fn run(context: &mut Context, audit: &Audit) -> Result<u8> {
    let reader = Reader::open(&context.paths.audit())?;
    match audit.part {
        None => show(context, audit, &reader),
        Some(Part::Verify) => {
            let found = reader.verify()?;
            context.print(&verdict(&found))?;
            Ok(match found {
                Verdict::Whole(_) => exit::OK,
                Verdict::Broken(_) => exit::TROUBLE,
            })
        }
        Some(Part::Head) => {
            let end = reader.head()?;
            context.print(&head(end))?;
            Ok(exit::OK)
        }
    }
}

fn show(context: &mut Context, audit: &Audit, reader: &Reader) -> Result<u8> {
    let nodes = nodes(context, audit)?;
    let since = audit.since.map(|since| since.as_millis() as u64);
    let filter = Filter {
        since_ms: since.map(|since| store::now_ms().saturating_sub(since)),
        nodes,
        run: audit.run.clone(),
        // A node without a result has failed too: only whoever sees all results can tell.
        failed: false,
    };
    let records = read(context, reader, &filter)?;
    if let Some(run) = audit.run.as_ref().filter(|_| records.is_empty()) {
        let reason = format!("no run {run} in the audit log; `sshoal audit` lists them");
        return Err(Usage(reason).into());
    }
    let text = text(audit, &records, filter.nodes.as_ref());
    if text.is_empty() {
        writeln!(
            context.console.err,
            "sshoal: nothing like that in the audit log"
        )?;
    }
    context.print(&text)?;
    Ok(exit::OK)
}

/// Names that are no longer in the inventory are fine: the log remembers them.
fn nodes(context: &mut Context, audit: &Audit) -> Result<Option<NodeSet>> {
    if audit.node.is_empty() {
        return Ok(None);
    }
    let inventory = context.inventory()?;
    let set = command::parse(&context.sets(&audit.node)?, &inventory)?;
    Ok(Some(set))
}

fn read(context: &mut Context, reader: &Reader, filter: &Filter) -> Result<Vec<Stored>> {
    let mut records = Vec::new();
    for stored in reader.records(filter) {
        match stored {
            Ok(stored) => records.push(stored),
            Err(error) => writeln!(context.console.err, "sshoal: {error}")?,
        }
    }
    Ok(records)
}
