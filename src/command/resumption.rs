//! A roll that an earlier process has left, read back from its journal.

use clap::{Args as _, FromArgMatches as _};

use super::{Usage, rolling::Rolling};
use crate::{
    daemon::roll::{Batch, Past, Trace, VERSION, Wish},
    inventory::Inventory,
    node::text::SafeText,
    store::roll::{Header, Stored},
};

/// The words that it began with.
pub fn rolling(header: &Header) -> Result<Rolling, Usage> {
    if header.version != VERSION {
        let text = format!("roll {} was begun by another version of sshoal", header.id);
        return Err(Usage(text));
    }
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

/// The rest of it, with the nodes and batches of the journal: what the inventory says now of the set changes nothing.
/// None where nothing is left.
pub fn wish(
    stored: &Stored,
    rolling: &Rolling,
    inventory: &Inventory,
) -> Result<Option<Wish>, Usage> {
    let header = &stored.header;
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
    let records = stored.lines.iter().map(|line| &line.record);
    let past = Past::of(header.nodes.len(), records);
    if past.nodes.iter().all(|trace| *trace == Trace::Done) {
        return Ok(None);
    }
    let batches = header.batches.iter().map(Batch::from).collect();
    Ok(Some(Wish {
        resumes: Some(header.id.clone()),
        past,
        ..rolling.wish_in(nodes, batches)?
    }))
}

/// What is said where nothing is left.
pub fn nothing_left(header: &Header) -> String {
    format!("roll {} is done: nothing is left", header.id)
}
