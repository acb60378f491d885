//! Opens sessions: tries a node's transports in its order and tells the most telling failure.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
};
use tokio_util::task::TaskTracker;

use super::{
    Asked, Config, Error, Evidence, Passed, Row, Session, SessionInfo, Step, Tried, auth,
    config::Resolver,
    keyring::Keyring,
    known_hosts::Shelf,
    pool::{Lane, Pool, Wanted},
    target::{Path, Target},
    trail::Trail,
    transport::{local::Shell, names::Names, secret, tailscale},
};
use crate::node::{Node, NodeId, Transport, text::SafeText};

/// Opens sessions to nodes, over connections that are kept. Cheap to clone; clones share all connections. When the last is dropped and the last session with it, they are cut.
#[derive(Clone, Debug)]
pub struct Connector(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    _owner: JoinSet<()>,
}

/// What all attempts of one connector share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) asker: Option<mpsc::Sender<Asked>>,
    pub(super) overruns: AtomicU64,
    pub(super) names: Names,
    pub(super) pool: Pool,
    pub(super) resolver: Resolver,
    /// Environment variables that no command of ours is given: they hold secrets of the inventory.
    pub(super) secrets: watch::Sender<BTreeSet<String>>,
    /// The tasks that look after commands.
    pub(super) children: TaskTracker,
    pub(super) tailnet: tailscale::Status,
    pub(super) vault: secret::Vault,
    pub(super) keyring: Keyring,
    /// What known_hosts files hold.
    pub(super) shelf: Shelf,
    /// What key files came to.
    pub(super) kept: auth::Kept,
    pub(super) habits: auth::Habits,
    /// Signatures that agents are asked for now.
    pub(super) asked: auth::Asked,
    /// Held while a security key waits for its touch.
    pub(super) touch: Semaphore,
}

impl Connector {
    /// A connector that puts its questions to `asker`; without one nobody can answer. Must be called within the runtime.
    pub fn new(config: Config, asker: Option<mpsc::Sender<Asked>>) -> Self {
        let (pool, requests) = Pool::new(config.limits);
        let (resolver, questions) = Resolver::new(&config.ssh_config);
        let (keyring, keepers) = Keyring::new();
        let shared = Arc::new(Shared {
            config,
            asker,
            overruns: AtomicU64::new(0),
            names: Names::default(),
            pool,
            resolver,
            secrets: watch::channel(BTreeSet::new()).0,
            children: TaskTracker::new(),
            tailnet: tailscale::Status::default(),
            vault: secret::Vault::default(),
            keyring,
            shelf: Shelf::default(),
            kept: auth::Kept::default(),
            habits: auth::Habits::default(),
            asked: auth::Asked::default(),
            touch: Semaphore::new(1),
        });
        let mut owner = JoinSet::new();
        for keeper in keepers {
            owner.spawn(keeper);
        }
        owner.spawn(requests.run(Arc::downgrade(&shared)));
        questions.map(|questions| owner.spawn(questions.run()));
        Self(Arc::new(Inner {
            shared,
            _owner: owner,
        }))
    }

    /// A session by the first of the node's transports that works. Dropped before its end, the call leaves nothing behind.
    pub async fn connect(&self, node: &Node) -> Result<Session, Error> {
        self.open(node, Lane::Control, &Trail::default(), |_| true)
            .await
            .result
    }

    /// The same over connections that carry bulk only, one channel each: files, output without end. The reader sets the pace, and the sampler never waits behind it.
    pub async fn connect_bulk(&self, node: &Node) -> Result<Session, Error> {
        self.open(node, Lane::Bulk, &Trail::default(), |_| true)
            .await
            .result
    }

    /// Tries those of the node's transports that `allows` lets through, in their order.
    pub async fn attempt(&self, node: &Node, allows: impl Fn(Transport) -> bool) -> Attempt {
        self.open(node, Lane::Control, &Trail::default(), allows)
            .await
    }

    /// As [`Connector::connect`], telling `watcher` of each step that is passed.
    pub async fn watched(&self, node: &Node, watcher: mpsc::Sender<Passed>) -> Attempt {
        self.open(node, Lane::Control, &Trail::to(watcher), |_| true)
            .await
    }

    async fn open(
        &self,
        node: &Node,
        lane: Lane,
        trail: &Trail,
        allows: impl Fn(Transport) -> bool,
    ) -> Attempt {
        self.hold_back([node]);
        let target = match self.0.shared.target(node).await {
            Ok(target) => Arc::new(target),
            Err(error) => return Attempt::failed(error),
        };
        let mut attempt = Attempt::nothing(node, &target);
        if let Some(first) = target.paths.first() {
            trail.pass(Step::Config, first.transport(), || target.summary());
        }
        let mut failures: Vec<Error> = Vec::new();
        for path in target.paths.iter().filter(|p| allows(p.transport())) {
            let (transport, started) = (path.transport(), Instant::now());
            let waited = trail.waited();
            let result = self.by(&target, path, lane, trail).await;
            let result = result.map_err(|error| error.about(&target.node));
            let waited = trail.waited().saturating_sub(waited);
            attempt.waited += waited;
            let outcome = result
                .as_ref()
                .map(|_| started.elapsed().saturating_sub(waited));
            attempt.tried.push(Tried {
                transport,
                outcome: outcome.map_err(Clone::clone),
            });
            match result {
                Err(error) if !is_final(&error) => failures.push(error),
                decided => {
                    attempt.result = decided;
                    return attempt;
                }
            }
        }
        if !failures.is_empty() {
            attempt.result = Err(most_telling(&failures, &node.id));
        }
        attempt
    }

    async fn by(
        &self,
        target: &Arc<Target>,
        path: &Path,
        lane: Lane,
        trail: &Trail,
    ) -> Result<Session, Error> {
        if *path == Path::Local {
            return Ok(local(target));
        }
        let wanted = Wanted {
            target: Arc::clone(target),
            path: path.clone(),
            lane,
            trail: trail.clone(),
        };
        let started = Instant::now();
        let connection = self.pool().connection(wanted.clone()).await?;
        if !connection.is_of(trail) {
            trail.wait(started.elapsed().min(connection.waited()));
            trail.pass(Step::Session, path.transport(), || {
                connection.shared_by(&target.node)
            });
        }
        Ok(Session::ssh(connection, wanted, self.clone()))
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.0.shared.pool
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    /// All connections, the oldest first.
    pub async fn table(&self) -> Vec<Row> {
        self.pool().table().await
    }

    /// Forgets all passwords and decrypted keys, and what was read from files; open connections stay.
    pub async fn forget_secrets(&self) {
        self.0.shared.kept.forget();
        self.0.shared.shelf.forget();
        self.0.shared.keyring.forget().await;
    }

    /// Takes leave of all servers and waits until everything is gone.
    pub async fn close(&self) {
        self.pool().close().await;
        self.0.shared.children.close();
        self.0.shared.children.wait().await;
    }

    /// Keeps the secrets that these nodes have in our environment from all commands started from now on.
    pub fn hold_back<'a>(&self, nodes: impl IntoIterator<Item = &'a Node>) {
        let more = secret::variables(nodes);
        self.0.shared.secrets.send_if_modified(|names| {
            let before = names.len();
            names.extend(more);
            names.len() > before
        });
    }

    /// What the commands of advice need to mean the same nodes and host keys.
    pub fn flags(&self) -> &SafeText {
        &self.0.shared.config.flags
    }

    /// Channels that were closed because nobody read their output.
    pub fn overruns(&self) -> u64 {
        self.0.shared.overruns.load(Ordering::Relaxed)
    }
}

/// What an attempt to reach a node came to.
#[derive(Debug)]
pub struct Attempt {
    /// The session, or the most telling failure.
    pub result: Result<Session, Error>,
    /// What was tried, in order.
    pub tried: Vec<Tried>,
    /// All ways that the node has, best first.
    pub plan: Vec<Transport>,
    /// Of the time that it took, for a person.
    pub waited: Duration,
}

impl Attempt {
    fn failed(error: Error) -> Self {
        Self {
            result: Err(error),
            tried: Vec::new(),
            plan: Vec::new(),
            waited: Duration::ZERO,
        }
    }

    fn nothing(node: &Node, target: &Target) -> Self {
        Self {
            plan: target.paths.iter().map(Path::transport).collect(),
            ..Self::failed(most_telling(&[], &node.id))
        }
    }
}

/// A server that refuses this host key or login is the node's own answer: no second way around it.
fn is_final(error: &Error) -> bool {
    matches!(error.step, Step::HostKey | Step::Auth)
}

impl Shared {
    /// Where a node is and as whom it is entered, with all that is said of it anywhere.
    pub(super) async fn target(&self, node: &Node) -> Result<Target, Error> {
        let resolved = self.config.ssh_config.resolve(node, &self.resolver).await?;
        Ok(Target::settle(node, &resolved, &self.config))
    }
}

fn local(target: &Target) -> Session {
    let info = SessionInfo {
        transport: Transport::Local,
        peer: String::new(),
        ident: SafeText::default(),
        user: target.user.clone(),
        auth: "this machine".into(),
        remark: SafeText::default(),
        setup: Duration::ZERO,
    };
    Session::local(Shell::new(), info)
}
/// The failure that got furthest; it names the others.
pub(super) fn most_telling(failures: &[Error], node: &NodeId) -> Error {
    // Of equals, the first: it is the way that the node prefers.
    let chosen = (0..failures.len())
        .rev()
        .max_by_key(|index| failures.get(*index).map(|error| error.step as u8));
    let Some(error) = chosen.and_then(|index| failures.get(index)) else {
        let reason = format!("{node} has no transport that is configured");
        return Error::new(Step::Config, Transport::Direct, &reason).for_good();
    };
    let others = failures.iter().enumerate();
    let others = others.filter(|(index, _)| Some(*index) != chosen);
    let mut told = vec![error.reason.to_string()];
    told.extend(others.map(|(_, error)| error.to_string()));
    Error {
        reason: told.join("; ").as_str().into(),
        permanent: failures.iter().all(|error| error.permanent),
        busy: failures.iter().any(|error| error.busy),
        evidence: Evidence::all(failures.iter().map(|error| &error.evidence)),
        ..error.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(step: Step, transport: Transport) -> Error {
        Error::new(step, transport, step.as_str())
    }

    #[test]
    fn the_failure_that_got_furthest_is_told_first() {
        let node = Node::blank("web1");
        let told = most_telling(
            &[
                failure(Step::Connect, Transport::Tailscale),
                failure(Step::Kex, Transport::Direct),
                failure(Step::Config, Transport::Jump),
            ],
            &node.id,
        );
        assert_eq!(told.transport, Transport::Direct);
        assert_eq!(
            told.reason.as_str(),
            "key exchange; connect (tailscale): connect; config (jump): config"
        );
        assert_eq!(most_telling(&[], &node.id).step, Step::Config);
        let lasting = failure(Step::Kex, Transport::Direct).for_good();
        assert!(most_telling(&[lasting.clone(), lasting.clone()], &node.id).permanent);
        let passing = failure(Step::Connect, Transport::Jump);
        assert!(!most_telling(&[lasting, passing], &node.id).permanent);
    }
}
