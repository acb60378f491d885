//! What a node is: its name, how it is reached, what runs on it. Pure data, built by `inventory`.

pub mod hop;
pub mod quote;
pub mod set;
pub mod text;

use std::{borrow::Borrow, collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};

/// The unique name of a node. Only `[A-Za-z0-9._-]`, never starting with `-`; checked where it is built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// Wraps a name that [`valid_name`] accepted.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Borrow<str> for NodeId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// True for a name that is safe in a file name, an argument and on a screen.
pub fn valid_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 253 && !name.starts_with('-') && name.chars().all(in_names)
}

/// True for a character that names are made of.
pub fn in_names(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// One machine of the inventory, with every default already merged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its unique name.
    pub id: NodeId,
    /// Host name or IP address to dial; the node's name when nothing else is said.
    pub address: String,
    /// TCP port of sshd; `None` means what ssh_config says, else 22.
    pub port: Option<u16>,
    /// Login; `None` means what ssh_config says, else the local user.
    pub user: Option<String>,
    /// Private key files, tried in this order after the agent's keys.
    pub identity: Vec<PathBuf>,
    /// Ways to reach it, tried in this order.
    pub transports: Vec<Transport>,
    /// Somebody wrote that order.
    pub transports_chosen: bool,
    /// What the transports other than `direct` and `local` need.
    pub route: Route,
    /// The ssh_config file that speaks of it, where that isn't the usual one.
    pub ssh_config: Option<PathBuf>,
    /// What to do with an unknown host key; `None` means what ssh_config says, else ask.
    pub host_keys: Option<HostKeyPolicy>,
    /// Deadline for name resolution plus TCP connect; `None` means what ssh_config says, else 5 s.
    pub connect_timeout: Option<Duration>,
    /// Default deadline of a command; zero means none.
    pub command_timeout: Duration,
    /// Shell text run before commands, jobs and shells.
    pub prelude: String,
    /// Whether commands may ask for a sudo password.
    pub sudo: Sudo,
    /// How often it is sampled.
    pub interval: Interval,
    /// False for a node that is only connected to, never sampled.
    pub sampler: bool,
    /// Mutating actions ask for a typed word.
    pub protected: bool,
    /// Free `key: value` pairs.
    pub labels: BTreeMap<String, String>,
    /// Names of the groups that hold it, in file order.
    pub groups: Vec<String>,
    /// Watched daemons.
    pub daemons: Vec<Daemon>,
    /// Where each value came from, as `(key, "hosts gpu[01-16], line 12")`, for `nodes --explain`.
    pub origins: Vec<(&'static str, String)>,
}

impl Node {
    /// A node for which nothing is said.
    pub fn blank(name: &str) -> Self {
        Self {
            id: NodeId::new(name),
            address: name.to_owned(),
            port: None,
            user: None,
            identity: Vec::new(),
            transports: Vec::new(),
            transports_chosen: false,
            route: Route::default(),
            ssh_config: None,
            host_keys: None,
            connect_timeout: None,
            command_timeout: Duration::from_secs(30),
            prelude: String::new(),
            sudo: Sudo::default(),
            interval: Interval::default(),
            sampler: true,
            protected: false,
            labels: BTreeMap::new(),
            groups: Vec::new(),
            daemons: Vec::new(),
            origins: Vec::new(),
        }
    }
}

/// A way to reach a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP to `address:port`.
    Direct,
    /// No SSH at all: this machine.
    Local,
    /// Through one or more bastions.
    Jump,
    /// Through the standard input and output of a command.
    ProxyCommand,
    /// TCP to the node's tailnet address.
    Tailscale,
    /// Through `cloudflared access ssh`.
    Cloudflare,
}

impl Transport {
    /// The word used in hosts.yaml and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Local => "local",
            Self::Jump => "jump",
            Self::ProxyCommand => "proxy_command",
            Self::Tailscale => "tailscale",
            Self::Cloudflare => "cloudflare",
        }
    }
}

/// The settings of the indirect transports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Bastions from here to the node. The first is reached by its own route, each other one through the one before it.
    pub jump: Vec<Arc<Node>>,
    /// No bastion, whatever ssh_config says.
    pub no_jump: bool,
    /// A command whose stdio is the connection.
    pub proxy_command: Option<String>,
    /// No such command, whatever ssh_config says.
    pub no_proxy_command: bool,
    /// Address or name in the tailnet.
    pub tailscale: Option<String>,
    /// Cloudflare Access.
    pub cloudflare: Option<Cloudflare>,
}

/// A node behind Cloudflare Access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloudflare {
    /// The public host name of the tunnel.
    pub hostname: String,
    /// Service token id.
    pub token_id: Option<Secret>,
    /// Service token secret.
    pub token_secret: Option<Secret>,
}

/// Where a secret comes from; never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// An environment variable.
    Env(String),
    /// The first line that a command prints.
    Command(String),
}

/// What to do with a host key that known_hosts doesn't hold. A *changed* key is refused under each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostKeyPolicy {
    /// Ask where somebody can answer, else refuse.
    #[default]
    Ask,
    /// Accept and remember.
    AcceptNew,
    /// Refuse.
    Strict,
}

/// Whether sudo may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sudo {
    /// Never.
    #[default]
    Never,
    /// Ask for the password when a command wants it.
    Ask,
}

/// Sampling cadence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interval {
    /// By fleet size: 1 s to 50 nodes, 2 s to 200, 5 s beyond.
    #[default]
    Auto,
    /// Fixed.
    Every(Duration),
}

/// A daemon that is watched on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Daemon {
    /// Name on screens; the unit, container or service name too unless a manager-specific key says otherwise.
    pub name: String,
    /// Who runs it.
    pub manager: Manager,
    /// Path of a pid file (`pidfile` manager).
    pub pidfile: Option<String>,
    /// Shell text of the `custom` manager, and of `pidfile`.
    pub start: Option<String>,
    /// Shell text of the `custom` manager.
    pub stop: Option<String>,
    /// Shell text of the `custom` manager; stop and start without one.
    pub restart: Option<String>,
    /// Shell text of the `custom` manager; exit 0 means running.
    pub status: Option<String>,
    /// Log file.
    pub log: Option<String>,
    /// Shell text that prints the last lines of its log, instead of what its manager has.
    pub log_command: Option<String>,
}

/// Who starts and stops a daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manager {
    /// Found on the node.
    #[default]
    Auto,
    /// `systemctl`.
    Systemd,
    /// `systemctl --user`.
    SystemdUser,
    /// `docker`.
    Docker,
    /// `podman`.
    Podman,
    /// `rc-service`.
    Openrc,
    /// `sv`.
    Runit,
    /// `supervisorctl`.
    Supervisor,
    /// `launchctl`.
    Launchd,
    /// A pid file.
    Pidfile,
    /// Commands of the user's own.
    Custom,
}

impl Manager {
    /// The word used in hosts.yaml and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Systemd => "systemd",
            Self::SystemdUser => "systemd-user",
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Openrc => "openrc",
            Self::Runit => "runit",
            Self::Supervisor => "supervisor",
            Self::Launchd => "launchd",
            Self::Pidfile => "pidfile",
            Self::Custom => "custom",
        }
    }
}
