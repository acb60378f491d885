//! The hosts that an ssh_config file names, for an inventory made of them.

use std::path::{Path, PathBuf};

use super::files::{Files, Item, Root};

/// The hosts of a file and of what it includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Names that `Host` lines give as they are: no wildcard, no negation; with file and line; each once.
    pub hosts: Vec<(String, String)>,
    /// The file and all that it includes, as far as they are there.
    pub files: Vec<PathBuf>,
    /// What can't be read, with file and line.
    pub faults: Vec<String>,
}

/// Lists the hosts of a file; `~` in its includes is `home`. Blocks.
pub fn list(file: &Path, home: &Path) -> Listing {
    let root = Root {
        path: file.to_owned(),
        home: Some(home.to_owned()),
        private: false,
        named: true,
    };
    let files = Files::read(&[root]);
    let mut seen = std::collections::HashSet::new();
    let mut hosts = Vec::new();
    for item in &files.items {
        let Item::Line(line, place) = item else {
            continue;
        };
        if line.key != "host" {
            continue;
        }
        for name in line.words.iter().flatten().filter(|name| is_concrete(name)) {
            if seen.insert(name.clone()) {
                let origin = format!("{} line {}", place.file.display(), place.line);
                hosts.push((name.clone(), origin));
            }
        }
    }
    let paths = files
        .stamps
        .into_iter()
        .filter(|(_, stamp)| stamp.is_some());
    Listing {
        hosts,
        files: paths.map(|(path, _)| path).collect(),
        faults: files.faults,
    }
}

fn is_concrete(name: &str) -> bool {
    !name.is_empty() && !name.contains(['*', '?', '!'])
}
