//! Sources that may have ended the sampler: the next one leaves the likeliest of them alone.

use super::sampler::Hello;

/// Optional sources by the likelihood that reading them ends the sampler.
const SUSPECTS: [(&str, &[&str]); 5] = [
    ("amd", &["amd"]),
    (
        "pressure",
        &["pressure/cpu", "pressure/memory", "pressure/io"],
    ),
    (
        "medium",
        &[
            "vmstat",
            "net/snmp",
            "net/sockstat",
            "net/sockstat6",
            "sys/fs/file-nr",
        ],
    ),
    ("traffic", &["net/dev", "diskstats"]),
    ("zfs", &["spl/kstat/zfs/arcstats"]),
];

/// The one of them that is cards.
const AMD: usize = 0;

/// Indices of [`SUSPECTS`] that are left alone.
#[derive(Debug, Default)]
pub(super) struct Suspects(Vec<usize>);

impl Suspects {
    /// Their sources.
    pub(super) fn withheld(&self) -> Vec<&'static str> {
        let withheld = self.0.iter().filter_map(|i| SUSPECTS.get(*i));
        withheld.flat_map(|(_, files)| *files).copied().collect()
    }

    /// True where cards of AMD are left alone.
    pub(super) fn has_withheld_amd(&self) -> bool {
        self.0.contains(&AMD)
    }

    /// Leaves another one alone that this node has; false when there is none. `medium`: it ended as the medium sources were
    /// asked for.
    pub(super) fn withhold(&mut self, hello: Option<&Hello>, medium: bool) -> bool {
        let order = if medium {
            [2, 0, 4, 1, 3]
        } else {
            [0, 4, 1, 2, 3]
        };
        let mut order = order.into_iter();
        let next = order.find(|i| !self.0.contains(i) && hello.is_some_and(|hello| has(hello, *i)));
        self.0.extend(next);
        next.is_some()
    }
}

/// True where the node has something of this suspect.
fn has(hello: &Hello, suspect: usize) -> bool {
    let Some((_, files)) = SUSPECTS.get(suspect) else {
        return false;
    };
    let found = |file: &&str| {
        let mut sources = hello.sources.iter();
        sources.any(|source| source.as_str() == *file)
    };
    if suspect == AMD {
        !hello.amd.is_empty()
    } else {
        files.iter().any(found)
    }
}
