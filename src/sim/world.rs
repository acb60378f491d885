//! What all connections of a simulation see: the nodes, their faults, the clock and the keys.

use super::{
    Config,
    fault::Fault,
    model::{Model, Moment},
    pacer::Stream,
    profile::{Profile, Story},
    shell::{self, Ended},
    tools,
};
use russh::{
    Preferred,
    keys::{Algorithm, PrivateKey, PublicKey, key::safe_rng},
    server,
};
use std::{
    borrow::Cow,
    collections::HashMap,
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Everything shared; nothing in it changes but the faults.
pub(super) struct World {
    pub(super) nodes: Vec<Resident>,
    names: HashMap<String, usize>,
    started: Instant,
    speed: f64,
    pub(super) keys: Keys,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    pub(super) streams: mpsc::Sender<Stream>,
}

/// One node.
pub(super) struct Resident {
    pub(super) model: Model,
    pub(super) fault: watch::Sender<Option<Fault>>,
}

/// The throw-away keys, and the servers that show them.
pub(super) struct Keys {
    pub(super) host: PublicKey,
    pub(super) client: PrivateKey,
    pub(super) honest: Arc<server::Config>,
    pub(super) changed: Arc<server::Config>,
}

impl Keys {
    pub(super) fn new() -> io::Result<Self> {
        let key =
            || PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).map_err(io::Error::other);
        let host = key()?;
        Ok(Self {
            host: host.public_key().clone(),
            client: key()?,
            honest: Arc::new(server_config(host)),
            changed: Arc::new(server_config(key()?)),
        })
    }
}

/// A server for very many small connections that live as long as the simulation.
fn server_config(key: PrivateKey) -> server::Config {
    use russh::kex;
    const KEX: &[kex::Name] = &[
        kex::CURVE25519,
        kex::CURVE25519_PRE_RFC_8731,
        kex::EXTENSION_SUPPORT_AS_SERVER,
        kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
    ];
    server::Config {
        methods: [russh::MethodKind::PublicKey].as_slice().into(),
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![key],
        window_size: 64 << 10,
        channel_buffer_size: 4,
        event_buffer_size: 4,
        inactivity_timeout: None,
        nodelay: true,
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            ..Preferred::default()
        },
        ..server::Config::default()
    }
}

impl World {
    pub(super) fn new(config: Config, streams: mpsc::Sender<Stream>) -> io::Result<Self> {
        let Config { nodes, seed, speed } = config;
        let resident = |profile: Profile| {
            let profile = Arc::new(profile);
            let fault = watch::Sender::new(profile.fault);
            let model = Model::new(profile, seed);
            Resident { model, fault }
        };
        let nodes: Vec<Resident> = nodes.into_iter().map(resident).collect();
        let names = nodes.iter().enumerate();
        Ok(Self {
            names: names.map(|(i, n)| (n.name().to_owned(), i)).collect(),
            nodes,
            started: Instant::now(),
            speed,
            keys: Keys::new()?,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            streams,
        })
    }

    /// The node that a login name means.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(super) fn node(&self, index: usize) -> &Resident {
        self.nodes
            .get(index)
            .expect("indices come from `find` and from the list itself")
    }

    /// The present instant.
    pub(super) fn now(&self) -> Moment {
        let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Moment {
            time: self.started.elapsed().as_secs_f64() * self.speed,
            epoch: epoch.map_or(0, |since| since.as_secs()),
        }
    }
}

impl Resident {
    pub(super) fn name(&self) -> &str {
        &self.model.profile().name
    }

    /// Runs a command at once.
    pub(super) fn run(&self, command: &str, now: Moment) -> Ended {
        let tool = tools::run(command, &self.model, now);
        tool.unwrap_or_else(|| shell::run(command, self.name()))
    }

    /// What is wrong with it now.
    pub(super) fn fault(&self) -> Option<Fault> {
        *self.fault.borrow()
    }

    /// True while it can't be reached, by its fault or by its story.
    pub(super) fn refuses(&self, time: f64) -> bool {
        self.model.is_away(time) || self.fault().is_some_and(|fault| fault.refuses(time))
    }

    /// True when time alone may change [`Resident::refuses`].
    pub(super) fn comes_and_goes(&self) -> bool {
        self.model.profile().story == Some(Story::GoesAway)
            || matches!(self.fault(), Some(Fault::Away { .. }))
    }
}
