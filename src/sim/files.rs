//! The files by which an ordinary client finds its way to the simulated nodes.

use super::{profile::Profile, world::Keys};
use crate::node::{Manager, set::NodeSet};
use russh::keys::ssh_key::LineEnding;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Where they were written.
#[derive(Clone, Debug)]
pub struct Files {
    /// The inventory.
    pub hosts: PathBuf,
    /// The host keys.
    pub known_hosts: PathBuf,
    /// The client's private key.
    pub identity: PathBuf,
}

/// Writes the files for nodes and their ports into `folder`.
pub(super) fn write(folder: &Path, nodes: &[(&Profile, u16)], keys: &Keys) -> io::Result<Files> {
    let files = Files {
        hosts: folder.join("hosts.yaml"),
        known_hosts: folder.join("known_hosts"),
        identity: folder.join("id_ed25519"),
    };
    fs::create_dir_all(folder)?;
    let key = keys.client.to_openssh(LineEnding::LF);
    write_private(&files.identity, key.map_err(io::Error::other)?.as_bytes())?;
    let host = keys.host.to_openssh().map_err(io::Error::other)?;
    let ports: BTreeSet<u16> = nodes.iter().map(|(_, port)| *port).collect();
    let mut known = String::new();
    for port in ports {
        let _ = writeln!(known, "[127.0.0.1]:{port} {host}");
    }
    fs::write(&files.known_hosts, known)?;
    fs::write(&files.hosts, inventory(nodes, &files.identity))?;
    Ok(files)
}

/// Creates `path` readable by its owner alone.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

fn inventory(nodes: &[(&Profile, u16)], identity: &Path) -> String {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for (_, port) in nodes {
        *counts.entry(*port).or_default() += 1;
    }
    let common = counts.iter().max_by_key(|(_, count)| **count);
    let common = common.map_or(22, |(port, _)| *port);
    let mut text = String::new();
    let _ = write!(
        text,
        "# Simulated nodes.\ndefaults:\n  port: {common}\n  identity: {}\n  transports: [direct]\n  host_keys: strict\n",
        quoted(&identity.to_string_lossy())
    );
    text.push_str(if nodes.is_empty() {
        "groups: {}\n"
    } else {
        "groups:\n"
    });
    let mut roles: BTreeMap<_, Vec<&Profile>> = BTreeMap::new();
    for (profile, _) in nodes {
        roles.entry(profile.role).or_default().push(profile);
    }
    for (role, members) in roles {
        let names = members.iter().map(|p| p.name.as_str());
        let _ = write!(
            text,
            "  {}:\n    hosts: \"{}\"\n    labels: {{role: {}}}\n",
            role.as_str(),
            NodeSet::from_names(names),
            role.as_str()
        );
    }
    text.push_str(if nodes.is_empty() {
        "hosts: {}\n"
    } else {
        "hosts:\n"
    });
    for (profile, port) in nodes {
        let name = &profile.name;
        let own = if *port == common {
            String::new()
        } else {
            format!(", port: {port}")
        };
        let daemons: Vec<String> = profile.daemons.iter().map(daemon).collect();
        let _ = writeln!(
            text,
            "  {name}: {{address: 127.0.0.1, user: {name}{own}, daemons: [{}]}}",
            daemons.join(", ")
        );
    }
    text
}

fn daemon((name, manager): &(String, Manager)) -> String {
    match manager {
        Manager::Docker => format!("{{name: {name}, manager: docker}}"),
        Manager::Systemd => format!("{{name: {name}, manager: systemd}}"),
        _ => name.clone(),
    }
}

/// A YAML string in single quotes, in which only the quote itself is special.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
