//! Programs of this machine that tests are run against.

use std::{env, path::PathBuf};

/// The path of a program that the test can't do without. `None`, said loudly, where it is missing, unless
/// `SSHOAL_REQUIRE_PEERS=1` makes that a failure.
pub(crate) fn peer(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file());
    if found.is_none() {
        let required = env::var_os("SSHOAL_REQUIRE_PEERS").is_some_and(|value| value == "1");
        assert!(!required, "{name} is required and not installed");
        eprintln!("SKIPPED: {name} is not installed");
    }
    found
}
