//! The source `ssh_config`: the hosts that such a file names become nodes.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::{
    MAX_HOSTS,
    fault::Fault,
    layer::Places,
    scalar,
    tree::{Spot, Tree},
};
use crate::{node::valid_name, ssh};

/// Names that a warning shows before it only counts them.
const SHOWN: usize = 5;

/// What all sources of this kind came to.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) hosts: Vec<Host>,
    pub(super) warnings: Vec<String>,
    /// What was read.
    pub(super) files: Vec<PathBuf>,
}

/// One host of an ssh_config file.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: String,
    /// Where it stands.
    pub(super) origin: String,
    /// The file, where ssh would not read it by itself.
    pub(super) file: Option<PathBuf>,
}

/// Reads the sources of this kind; `names` are there already, and count before theirs. A file that is not there is a warning.
pub(super) fn read(
    sources: &[Tree<'_>],
    places: &Places,
    names: &[String],
) -> Result<Found, Fault> {
    let mut found = Found::default();
    let mut seen: HashSet<String> = names.iter().cloned().collect();
    for source in sources
        .iter()
        .filter_map(|source| source.field("ssh_config"))
    {
        let Some(spot) = source.spot() else { continue };
        let path = places.path(&spot.text).map_err(|why| spot.fault(why))?;
        found.add(&path, spot, places, &mut seen);
        if seen.len() > MAX_HOSTS {
            return Err(spot.fault(format!("there are more than {MAX_HOSTS} hosts")));
        }
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, path: &Path, spot: &Spot<'_>, places: &Places, seen: &mut HashSet<String>) {
        let home = places.home.as_deref().unwrap_or(Path::new("/"));
        let listing = ssh::list(path, home);
        let usual = path == home.join(".ssh/config");
        let file = (!usual).then(|| path.to_path_buf());
        let (mut twice, mut odd) = (Vec::new(), Vec::new());
        for (name, place) in listing.hosts {
            if !valid_name(&name) {
                odd.push(scalar::bad_name(&name));
            } else if seen.insert(name.clone()) {
                self.hosts.push(Host {
                    name,
                    origin: format!("source ssh_config, {place}"),
                    file: file.clone(),
                });
            } else {
                twice.push(name);
            }
        }
        let label = format!("source ssh_config {}", spot.text);
        let mut warn = |what: String| self.warnings.push(format!("{label}: {what}"));
        listing.faults.into_iter().for_each(&mut warn);
        if !odd.is_empty() {
            warn(format!("left out: {}", some(&odd, "; ")));
        }
        if !twice.is_empty() {
            warn(format!(
                "already there, the first counts: {}",
                some(&twice, ", ")
            ));
        }
        self.files.extend(listing.files);
        self.files.push(path.to_path_buf());
        self.files.dedup();
    }
}

/// The first of some texts, and how many more there are.
fn some(texts: &[String], gap: &str) -> String {
    let shown: Vec<&str> = texts.iter().take(SHOWN).map(String::as_str).collect();
    match texts.len().saturating_sub(SHOWN) {
        0 => shown.join(gap),
        more => format!("{} and {more} more", shown.join(gap)),
    }
}

#[cfg(test)]
#[path = "ssh_config_tests.rs"]
mod tests;
