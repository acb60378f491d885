//! The simulated nodes of a scenario, the fleet on them, and the files between the two.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf, sync::Arc, time::Duration};

use sshoal::{
    fleet::{Answers, Clock, Fleet, Order},
    inventory::{self, Inventory, Located},
    node::set::{NoGroups, NodeSet},
    sim::{self, Fault, Files, Profile, Sim},
    ssh,
};

use crate::script::{Change, Scenario};

/// Everything that plays.
pub(crate) struct Stage {
    pub(crate) sim: Sim,
    pub(crate) fleet: Fleet,
    pub(crate) known_hosts: PathBuf,
    files: Files,
    folder: tempfile::TempDir,
    /// The entries of hosts.yaml.
    entries: BTreeMap<String, String>,
    /// Those that come later.
    later: BTreeMap<String, String>,
    comments: usize,
}

/// The names in a node set.
pub(crate) fn names(set: &str) -> Vec<String> {
    let set = NodeSet::parse(set, &NoGroups).expect("a node set");
    set.iter().collect()
}

fn profiles(scenario: &Scenario) -> Vec<Profile> {
    let mut profiles = Vec::new();
    for (set, nodes) in &scenario.nodes {
        let fault: Option<Fault> = nodes.fault.into();
        profiles.extend(names(set).iter().map(|name| Profile {
            fault,
            own_port: nodes.own_port,
            ..Profile::new(name)
        }));
    }
    profiles
}

impl Stage {
    /// Everything is set up, and no node is known to the fleet yet.
    pub(crate) async fn build(scenario: &Scenario) -> Self {
        let nodes = profiles(scenario);
        let config = sim::Config {
            nodes,
            ..sim::Config::default()
        };
        let sim = Sim::start(config).await.expect("a simulation");
        let folder = tempfile::tempdir().expect("a folder");
        let files = sim.write_files(folder.path()).expect("its files");
        let known_hosts = if scenario.known {
            files.known_hosts.clone()
        } else {
            folder.path().join("none_yet")
        };
        let answers = if scenario.asked {
            Answers::Asked
        } else {
            Answers::None
        };
        let fleet = Fleet::start(ssh_config(scenario, &known_hosts), answers, Clock::start());
        let mut stage = Self {
            sim,
            fleet,
            known_hosts,
            files,
            folder,
            entries: BTreeMap::new(),
            later: BTreeMap::new(),
            comments: 0,
        };
        stage.write_entries(scenario);
        stage
    }

    fn write_entries(&mut self, scenario: &Scenario) {
        for (set, nodes) in &scenario.nodes {
            for name in names(set) {
                let entry = self.entry(&name, &nodes.entry);
                let entries = if nodes.later {
                    &mut self.later
                } else {
                    &mut self.entries
                };
                entries.insert(name, entry);
            }
        }
    }

    fn entry(&self, name: &str, more: &str) -> String {
        let port = self.sim.port(name).expect("a simulated node");
        let comma = if more.is_empty() { "" } else { ", " };
        format!("{{address: 127.0.0.1, user: {name}, port: {port}{comma}{more}}}")
    }

    /// Changes hosts.yaml.
    pub(crate) fn change(&mut self, change: &Change) {
        let all = |set: &Option<String>| set.as_deref().map(names).unwrap_or_default();
        for name in all(&change.remove) {
            self.entries.remove(&name).expect("it was there");
        }
        for name in all(&change.add) {
            let entry = self.later.remove(&name).expect("it is for later");
            self.entries.insert(name, entry);
        }
        for (name, more) in &change.entries {
            self.entries.insert(name.clone(), self.entry(name, more));
        }
        self.comments += change.moved_by;
    }

    /// Gives the fleet what hosts.yaml says now.
    pub(crate) async fn load(&self) {
        let path = self.folder.path().join("mine.yaml");
        fs::write(&path, self.text()).expect("a file");
        let located: Located =
            inventory::locate(Some(&path), None, self.folder.path(), self.folder.path());
        let inventory: Inventory = inventory::load(&located).expect("an inventory");
        let order = Order::Inventory(Arc::new(inventory));
        self.fleet.orders().send(order).await.expect("a fleet");
    }

    fn text(&self) -> String {
        let mut text = "#\n".repeat(self.comments);
        let identity = self.files.identity.display();
        let _ = write!(
            text,
            "defaults:\n  identity: '{identity}'\n  transports: [direct]\nhosts:\n"
        );
        for (name, entry) in &self.entries {
            let _ = writeln!(text, "  {name}: {entry}");
        }
        text
    }
}

fn ssh_config(scenario: &Scenario, known_hosts: &std::path::Path) -> ssh::Config {
    let patience = Duration::from_secs_f64(scenario.patience);
    let limits = ssh::Limits {
        // One port stands for many machines here.
        per_server: 1000,
        ..ssh::Limits::default()
    };
    ssh::Config {
        limits,
        kex_timeout: patience,
        auth_timeout: patience,
        ..ssh::Config::apart(vec![known_hosts.to_owned()], "nobody")
    }
}
