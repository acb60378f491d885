//! `sshoal nodes`: the inventory, and node-set arithmetic on any names.

use std::{fmt::Write as _, sync::Arc};

use clap::Args;
use serde_json::{Value, json};

use super::{Usage, parse, select};
use crate::{
    inventory::Inventory,
    node::{Node, Transport},
};

/// List nodes, or compute with node sets: `gpu[01-16]!gpu03`, `@web&rack1-*`, `@web^@db`.
#[derive(Args, Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Nodes {
    /// Node sets; several are united, `-` reads them from standard input. All nodes without one.
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
    /// Print every name, also of nodes that are in no inventory.
    #[arg(short = 'e', long, group = "form")]
    pub expand: bool,
    /// Print the shortest form, also of nodes that are in no inventory.
    #[arg(short = 'f', long, group = "form")]
    pub fold: bool,
    /// Print how many names there are, also of nodes that are in no inventory.
    #[arg(short = 'c', long, group = "form")]
    pub count: bool,
    /// Between the names of --expand.
    #[arg(
        short = 'S',
        long,
        default_value = " ",
        requires = "expand",
        value_name = "TEXT"
    )]
    pub separator: String,
    /// Show where each setting of a node came from.
    #[arg(long, group = "form")]
    pub explain: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Nodes {
    /// True when it computes with any names, in an inventory or not.
    pub fn is_arithmetic(&self) -> bool {
        self.expand || self.fold || self.count
    }

    /// The whole output; `-` among the sets is replaced by then.
    pub fn report(&self, inventory: &Inventory) -> Result<String, Usage> {
        if self.is_arithmetic() {
            return self.arithmetic(inventory);
        }
        let chosen = select(&self.sets, inventory)?;
        if self.json {
            let all: Vec<Value> = chosen.iter().map(|n| to_json(n)).collect();
            return Ok(format!("{:#}\n", Value::from(all)));
        }
        Ok(if self.explain {
            explain(&chosen)
        } else {
            list(&chosen)
        })
    }

    fn arithmetic(&self, inventory: &Inventory) -> Result<String, Usage> {
        let all = ["@*".to_owned()];
        let set = parse(
            if self.sets.is_empty() {
                &all
            } else {
                &self.sets
            },
            inventory,
        )?;
        let names: Vec<String> = if self.expand {
            set.iter().collect()
        } else {
            Vec::new()
        };
        let (text, value) = if self.count {
            (set.len().to_string(), json!(set.len()))
        } else if self.fold {
            (set.to_string(), json!(set.to_string()))
        } else {
            (names.join(&unescape(&self.separator)), json!(names))
        };
        Ok(if self.json {
            format!("{value}\n")
        } else {
            format!("{text}\n")
        })
    }
}

/// `\n` and `\t` as people write them on a command line.
fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t")
}

/// The address of this machine, for persons and scripts: nothing is dialled.
const LOCAL: &str = "local";

fn is_local(node: &Node) -> bool {
    node.transports.first() == Some(&Transport::Local)
}

/// What is dialled, for scripts: `local`, or the address alone.
pub(crate) fn host(node: &Node) -> &str {
    if is_local(node) { LOCAL } else { &node.address }
}

/// How a person sees where a node is: `local`, or `user@address:port` without what is ordinary.
pub(crate) fn address(node: &Node) -> String {
    if is_local(node) {
        return LOCAL.to_owned();
    }
    let user = node
        .user
        .as_deref()
        .map(|u| format!("{u}@"))
        .unwrap_or_default();
    let port = match node.port {
        None | Some(22) => String::new(),
        Some(port) => format!(":{port}"),
    };
    format!("{user}{}{port}", node.address)
}

fn to_json(node: &Node) -> Value {
    json!({
        "node": node.id.as_str(),
        "address": host(node),
        "port": node.port,
        "user": node.user,
        "transports": node.transports.iter().map(|t| t.as_str()).collect::<Vec<_>>(),
        "groups": node.groups,
        "labels": node.labels,
        "daemons": node.daemons.iter().map(|d| &d.name).collect::<Vec<_>>(),
    })
}

fn list(nodes: &[Arc<Node>]) -> String {
    let rows: Vec<[String; 4]> = nodes.iter().map(|n| row(n)).collect();
    let header = ["NODE", "ADDRESS", "GROUPS", "LABELS"].map(str::to_owned);
    let mut width = [0; 3];
    for row in rows.iter().chain([&header]) {
        for (width, cell) in width.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    let mut text = String::new();
    for [name, address, groups, labels] in [header].iter().chain(&rows) {
        let [a, b, c] = width;
        let line = format!("{name:a$}  {address:b$}  {groups:c$}  {labels}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn row(node: &Node) -> [String; 4] {
    let labels: Vec<String> = node
        .labels
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    [
        node.id.to_string(),
        address(node),
        node.groups.join(","),
        labels.join(" "),
    ]
}

fn explain(nodes: &[Arc<Node>]) -> String {
    let mut text = String::new();
    for node in nodes {
        let _ = writeln!(text, "{}  {}", node.id, address(node));
        for (key, origin) in &node.origins {
            let _ = writeln!(text, "  {key:16} {origin}");
        }
    }
    text
}
