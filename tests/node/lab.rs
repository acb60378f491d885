//! One real server, one fleet with one node, and what is seen of both.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use sshoal::{
    fleet::{Answers, Checkup, Clock, Fleet, NodeState, Order},
    inventory::Inventory,
    metrics,
    node::Node,
    ssh::{Config, Connector},
};
use tokio::time::timeout;

use crate::support::sshd::Sshd;

/// Far above what anything here takes: only a hang meets it.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A server whose commands run with folders of their own, and carry a mark by which they are found.
pub(crate) struct Lab {
    pub(crate) server: Sshd,
    folder: tempfile::TempDir,
}

/// A process on the node.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) id: String,
    pub(crate) line: String,
}

impl Lab {
    /// A server with more lines of sshd_config; `None` where there is no sshd.
    pub(crate) fn new(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("home");
        let bin = folder.path().join("bin");
        fs::create_dir(&home).expect("a home");
        fs::create_dir(&bin).expect("a folder for programs");
        // A login script that talks must not matter.
        let noise = "echo welcome; echo oops >&2\n";
        fs::write(home.join(".bashrc"), noise).expect("a login script");
        let path = std::env::var("PATH").unwrap_or_default();
        let environment = format!(
            "SetEnv HOME={} PATH={}:{path} SSHOAL_TEST_MARK={}",
            home.display(),
            bin.display(),
            folder.path().display()
        );
        let server = Sshd::with(&[&[environment.as_str()], options].concat())?;
        Some(Self { server, folder })
    }

    /// What commands find under this name.
    pub(crate) fn install(&self, name: &str, program: &Path) {
        symlink(program, self.folder.path().join("bin").join(name)).expect("a link");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command lines of what runs for a session of it now.
    pub(crate) fn running(&self) -> Vec<String> {
        self.processes().into_iter().map(|p| p.line).collect()
    }

    /// What runs for a session of it now.
    pub(crate) fn processes(&self) -> Vec<Process> {
        let mark = format!("SSHOAL_TEST_MARK={}\0", self.folder.path().display());
        let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
        let marked = |folder: &PathBuf| {
            let environment = fs::read(folder.join("environ")).unwrap_or_default();
            environment
                .windows(mark.len())
                .any(|part| part == mark.as_bytes())
        };
        let process = |folder: PathBuf| {
            let words = fs::read(folder.join("cmdline")).unwrap_or_default();
            let name = folder.file_name().unwrap_or_default();
            Process {
                id: name.to_string_lossy().into_owned(),
                line: String::from_utf8_lossy(&words).replace('\0', " "),
            }
        };
        processes
            .map(|e| e.path())
            .filter(marked)
            .map(process)
            .collect()
    }

    /// A walk along the whole path to it.
    pub(crate) async fn checkup(&self) -> Checkup {
        self.server.trust();
        let connector = Connector::new(self.server.config(), None);
        let node = Arc::new(self.server.node());
        sshoal::fleet::checkup(&connector, node, Clock::start()).await
    }

    /// A fleet on it, which knows its host key.
    pub(crate) async fn fleet(&self, change: impl FnOnce(&mut Node)) -> Fleet {
        self.server.trust();
        let mut node = self.server.node();
        change(&mut node);
        fleet(self.server.config(), Answers::None, node).await
    }
}

/// A fleet with this node.
pub(crate) async fn fleet(config: Config, answers: Answers, node: Node) -> Fleet {
    let fleet = Fleet::start(config, answers, Clock::start());
    adopt(&fleet, node).await;
    fleet
}

/// Has this node alone in its inventory from now on.
pub(crate) async fn adopt(fleet: &Fleet, node: Node) {
    let inventory = Inventory {
        nodes: vec![Arc::new(node)],
        ..Inventory::default()
    };
    let order = Order::Inventory(Arc::new(inventory));
    let sent = fleet.orders().send(order).await;
    sent.expect("the fleet takes orders");
}

/// Waits until the node is as wanted; panics with what it is when it never is.
pub(crate) async fn until(
    fleet: &Fleet,
    what: &str,
    wanted: impl Fn(&NodeState) -> bool,
) -> Arc<NodeState> {
    let mut snapshots = fleet.snapshots();
    let found = timeout(
        SOON,
        snapshots.wait_for(|s| s.nodes.first().is_some_and(|n| wanted(n))),
    );
    let node = match found.await {
        Ok(Ok(snapshot)) => snapshot.nodes.first().cloned(),
        _ => None,
    };
    let last = fleet.snapshots().borrow().nodes.first().cloned();
    node.unwrap_or_else(|| unreachable!("never {what}: {last:#?}"))
}

/// A field's value.
pub(crate) fn value(state: &NodeState, field: &str) -> Option<f64> {
    state.value(metrics::field(field).expect("a field"))
}

/// Waits until `done`; for states of the system that nothing tells of.
pub(crate) async fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < SOON, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
