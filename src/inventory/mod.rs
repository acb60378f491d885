//! The nodes there are: sources to a checked list of nodes and groups.

mod brackets;
mod draft;
mod duration;
mod endpoint;
mod fault;
mod frame;
mod groups;
mod hosts_yaml;
mod jumps;
pub mod keys;
mod kind;
mod layer;
mod open;
mod page;
mod reader;
mod rules;
mod scalar;
mod scan;
mod ssh_config;
mod syntax;
mod tree;
mod watch;
mod weight;
mod words;
mod zip;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) use duration::positive as duration;
pub use fault::Error;
pub(crate) use keys::nearest;
pub use open::read;
pub use page::page;
pub(crate) use scalar::quoted;
pub use watch::Watch;

use crate::node::{
    Node, NodeId, Transport,
    set::{Groups, MAX_NAMES},
    valid_name,
};

/// The largest file that is read.
pub const MAX_BYTES: u64 = 8 << 20;

/// The most hosts that a file may name. Both caps are there for the memory of the machine that reads, and a host with its
/// settings takes ten times what a name takes: either cap comes to some 130 MB.
pub const MAX_HOSTS: usize = MAX_NAMES / 10;

/// All nodes, in file order, with their groups.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// In the order of the file, node sets expanded.
    pub nodes: Vec<Arc<Node>>,
    /// Group name to members, in file order.
    pub groups: BTreeMap<String, Vec<NodeId>>,
    /// Where it was read from; `None` for this machine alone.
    pub file: Option<PathBuf>,
    /// Line and column of the file's `hosts`, or else its `sources`, counted from 1.
    pub hosts_at: (usize, usize),
    /// What else was read, to watch too.
    pub sources: Vec<PathBuf>,
    /// What was strange but not wrong, one line each.
    pub warnings: Vec<String>,
    /// Where a file was looked for in vain, as a person writes it; empty where there is one.
    pub looked_in: Vec<String>,
}

/// Where the inventory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// A file; it exists unless the user named it.
    File(PathBuf),
    /// No file: this machine alone.
    ThisMachine,
}

impl Located {
    /// The file, to watch.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::ThisMachine => None,
        }
    }
}

/// Finds the inventory: `--hosts`, `$SSHOAL_HOSTS`, `hosts.yaml` in `cwd`, `hosts.yaml` in sshoal's `config_dir`.
pub fn locate(flag: Option<&Path>, env: Option<&OsStr>, cwd: &Path, config_dir: &Path) -> Located {
    let env = env.filter(|value| !value.is_empty()).map(Path::new);
    if let Some(named) = flag.or(env) {
        return Located::File(named.to_path_buf());
    }
    let mut usual = usual(cwd, config_dir).into_iter();
    // A link that leads nowhere or a folder of that name is reported by `load`, not passed over.
    let found = usual.find(|file| file.symlink_metadata().is_ok());
    found.map_or(Located::ThisMachine, Located::File)
}

/// Where the inventory is looked for when nobody names it.
pub fn usual(cwd: &Path, config_dir: &Path) -> [PathBuf; 2] {
    [cwd, config_dir].map(|folder| folder.join("hosts.yaml"))
}

/// Loads the inventory; blocks on the file.
pub fn load(located: &Located) -> Result<Inventory, Error> {
    let Located::File(path) = located else {
        return Ok(this_machine());
    };
    let bytes = read(path).map_err(|said| Error::unread(path, said))?;
    parse(path, &bytes, std::env::home_dir())
}

fn parse(path: &Path, bytes: &[u8], home: Option<PathBuf>) -> Result<Inventory, Error> {
    let wrong = |text: &str, fault| Error::wrong(path.to_path_buf(), text, fault);
    let text = scan::text(bytes).map_err(|(shown, fault)| wrong(&shown, fault))?;
    let places = layer::Places::of(path, home);
    let mut inventory = hosts_yaml::read(text, &places).map_err(|fault| wrong(text, fault))?;
    inventory.file = Some(path.to_path_buf());
    Ok(inventory)
}

fn this_machine() -> Inventory {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy();
    let name = if valid_name(&name) {
        &*name
    } else {
        "localhost"
    };
    let mut node = Node::blank(name);
    node.transports = vec![Transport::Local];
    Inventory {
        nodes: vec![Arc::new(node)],
        ..Inventory::default()
    }
}

impl Inventory {
    /// This inventory, for whoever needs nodes: one that names none is an error.
    pub fn with_nodes(self) -> Result<Self, Error> {
        match &self.file {
            Some(path) if self.nodes.is_empty() => Err(Error::Empty {
                path: path.clone(),
                at: self.hosts_at,
                warnings: self.warnings,
            }),
            _ => Ok(self),
        }
    }

    /// Why there is this machine alone, where nobody wished so.
    pub fn lack(&self) -> Option<String> {
        let places = self.looked_in.join(", ");
        (!places.is_empty()).then(|| format!("no hosts.yaml found, looked in {places}"))
    }

    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.iter().find(|node| node.id.as_str() == name)
    }
}

impl Groups for Inventory {
    fn group(&self, name: &str) -> Option<Vec<String>> {
        let members = self.groups.get(name)?;
        Some(members.iter().map(ToString::to_string).collect())
    }

    fn names(&self) -> Vec<String> {
        self.groups.keys().cloned().collect()
    }

    fn all(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.id.to_string()).collect()
    }
}

#[cfg(test)]
mod tests;
