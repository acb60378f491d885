//! Every key of hosts.yaml, once: where it stands, what it takes, its default, what it does.

pub use super::kind::Kind;

/// A mapping of the file that has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The file itself.
    File,
    /// `defaults`.
    Defaults,
    /// One entry of `groups`.
    Group,
    /// One entry of `hosts`.
    Host,
    /// The long form of one entry of `daemons`.
    Daemon,
    /// `cloudflare`.
    Cloudflare,
    /// Where a secret comes from.
    Secret,
    /// One entry of `sources`.
    Source,
    /// `mapped_yaml`.
    MappedYaml,
    /// `sql`.
    Sql,
    /// `deploy`.
    Deploy,
    /// One entry of `alerts`.
    Alert,
}

impl Scope {
    /// In the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::File,
        Self::Defaults,
        Self::Group,
        Self::Host,
        Self::Daemon,
        Self::Cloudflare,
        Self::Secret,
        Self::Source,
        Self::MappedYaml,
        Self::Sql,
        Self::Deploy,
        Self::Alert,
    ];

    /// How messages and the documentation call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "the file",
            Self::Defaults => "defaults",
            Self::Group => "a group",
            Self::Host => "a host",
            Self::Daemon => "a daemon",
            Self::Cloudflare => "cloudflare",
            Self::Secret => "a secret",
            Self::Source => "a source",
            Self::MappedYaml => "mapped_yaml",
            Self::Sql => "sql",
            Self::Deploy => "deploy",
            Self::Alert => "an alert",
        }
    }

    /// Its keys, in the order of the documentation.
    pub fn keys(self) -> impl Iterator<Item = &'static Key> {
        KEYS.iter().filter(move |key| key.scopes.contains(&self))
    }

    /// One of its keys.
    pub fn key(self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }
}

/// One key.
#[derive(Debug)]
pub struct Key {
    /// The mappings that have it.
    pub scopes: &'static [Scope],
    /// The key itself.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds without it, in words; empty when that is nothing.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// The mapping is wrong without it.
    pub required: bool,
    /// In `hosts`, a range in the value is zipped with the names.
    pub zipped: bool,
}

const fn key(
    scopes: &'static [Scope],
    name: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
) -> Key {
    Key {
        scopes,
        name,
        kind,
        default,
        doc,
        required: false,
        zipped: false,
    }
}

impl Key {
    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn zipped(mut self) -> Self {
        self.zipped = true;
        self
    }
}

const FILE: &[Scope] = &[Scope::File];
const NODE: &[Scope] = &[Scope::Defaults, Scope::Group, Scope::Host];
const HOST: &[Scope] = &[Scope::Host];
const DAEMON: &[Scope] = &[Scope::Daemon];
const ALERT: &[Scope] = &[Scope::Alert];
const DEPLOY: &[Scope] = &[Scope::Deploy];

/// The ways to reach a node, as hosts.yaml writes them.
pub(super) const TRANSPORTS: &[&str] = &[
    "direct",
    "local",
    "jump",
    "proxy_command",
    "tailscale",
    "cloudflare",
];

/// The managers of daemons, as hosts.yaml writes them.
pub(super) const MANAGERS: &[&str] = &[
    "auto",
    "systemd",
    "systemd-user",
    "docker",
    "podman",
    "openrc",
    "runit",
    "supervisor",
    "launchd",
    "pidfile",
    "custom",
];

/// All keys.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key(FILE, "defaults", Kind::Map(Scope::Defaults), "", "holds for every host; a group overrides it, a host overrides both"),
    key(FILE, "groups", Kind::Named(Scope::Group), "", "named sets of hosts, with settings for all of them; later groups override earlier ones"),
    key(FILE, "hosts", Kind::Named(Scope::Host), "", "the hosts; a key may be a node set such as `gpu[01-16]`"),
    key(FILE, "sources", Kind::List(&Kind::Map(Scope::Source)), "", "more nodes from elsewhere"),
    key(FILE, "deploy", Kind::Map(Scope::Deploy), "", "what `deploy` copies, and where to"),
    key(FILE, "alerts", Kind::List(&Kind::Map(Scope::Alert)), "", "rules that raise an alert"),
    key(FILE, "store", Kind::Store, "sqlite", "where history and audit are kept"),
    key(&[Scope::Group], "hosts", Kind::OneOrList(&Kind::NodeSet), "", "the members: a node set of hosts of this file, with operators and `@group`"),
    key(HOST, "address", Kind::Host, "the host's name", "what is dialled").zipped(),
    key(NODE, "user", Kind::User, "what ssh_config says, else the local user", "the login").zipped(),
    key(NODE, "port", Kind::Port, "what ssh_config says, else 22", "TCP port of sshd").zipped(),
    key(NODE, "identity", Kind::OneOrList(&Kind::Path), "what ssh_config says, else the agent's keys, then ssh's own files", "private keys; lists append; relative to hosts.yaml"),
    key(NODE, "transports", Kind::List(&Kind::Word(TRANSPORTS)), "tailscale, direct, cloudflare", "tried in this order, each only where configured; `direct` goes through `jump` or `proxy_command` where one is set; see below for a host without an address"),
    key(NODE, "transport", Kind::Word(TRANSPORTS), "", "short for a list of one; `local` means this machine, without SSH"),
    key(NODE, "jump", Kind::OneOrList(&Kind::Hop), "", "the bastion, or the chain of them from here to the host, `[b1, b2]` or `b1,b2`; `none` also where ssh_config names one").zipped(),
    key(NODE, "proxy_command", Kind::Script, "", "a command whose stdin and stdout are the connection; %h, %p, %r, %n stand for address, port, login, name; `none` also where ssh_config names one"),
    key(HOST, "tailscale", Kind::Host, "", "address or name in the tailnet").zipped(),
    key(NODE, "cloudflare", Kind::Map(Scope::Cloudflare), "", "Cloudflare Access"),
    key(NODE, "host_keys", Kind::Word(&["ask", "accept-new", "strict"]), "what ssh_config says, else ask", "what to do with an unknown host key; a changed one is always refused"),
    key(NODE, "connect_timeout", Kind::Duration, "what ssh_config says, else 5s to connect and 10s for the rest", "deadline of name resolution, TCP connect, the server's greeting and the key exchange together"),
    key(NODE, "command_timeout", Kind::Timeout, "30s", "deadline of a command"),
    key(NODE, "prelude", Kind::Script, "", "run before commands, jobs and shells"),
    key(NODE, "sudo", Kind::Word(&["never", "ask"]), "never", "whether a command may ask for the sudo password"),
    key(NODE, "interval", Kind::Interval, "auto", "how often a node is sampled; auto: 1s to 50 nodes, 2s to 200, 5s beyond"),
    key(NODE, "sampler", Kind::Bool, "true", "false: the node is connected to, and never sampled"),
    key(NODE, "protected", Kind::Bool, "false", "mutating actions ask for a typed word"),
    key(NODE, "labels", Kind::Pairs, "", "free `key: value` pairs; they merge"),
    key(NODE, "daemons", Kind::List(&Kind::NameOrMap(Scope::Daemon)), "", "watched daemons; lists append"),
    key(DAEMON, "name", Kind::DaemonName, "", "unit, container or service name").required(),
    key(DAEMON, "manager", Kind::Word(MANAGERS), "auto", "who runs it; auto: found on the node"),
    key(DAEMON, "pidfile", Kind::NodePath, "", "its pid file; implies manager pidfile"),
    key(DAEMON, "start", Kind::Script, "", "starts it (manager custom or pidfile); it has to leave the daemon running in the background"),
    key(DAEMON, "stop", Kind::Script, "", "stops it (manager custom)"),
    key(DAEMON, "restart", Kind::Script, "stop, then start", "restarts it (manager custom)"),
    key(DAEMON, "status", Kind::Script, "", "exit 0 means running (manager custom)"),
    key(DAEMON, "log", Kind::NodePath, "what its manager has", "its log file"),
    key(DAEMON, "log_command", Kind::Script, "", "prints the last lines of its log, where that is no file"),
    key(&[Scope::Cloudflare], "hostname", Kind::Host, "", "public host name of the tunnel").zipped(),
    key(&[Scope::Cloudflare], "token_id", Kind::Secret, "", "id of the service token"),
    key(&[Scope::Cloudflare], "token_secret", Kind::Secret, "", "secret of the service token"),
    key(&[Scope::Secret], "env", Kind::Name, "", "an environment variable that holds it"),
    key(&[Scope::Secret], "command", Kind::Text, "", "a command that prints it"),
    key(&[Scope::Source], "ssh_config", Kind::Path, "", "the hosts that an ssh_config file names, and files that it includes: `Host` without wildcards"),
    key(&[Scope::Source], "mapped_yaml", Kind::Map(Scope::MappedYaml), "", "the hosts of another YAML file"),
    key(&[Scope::Source], "sql", Kind::Map(Scope::Sql), "", "the rows of a query"),
    key(&[Scope::Source], "prometheus", Kind::Url, "", "the targets of a Prometheus server"),
    key(&[Scope::MappedYaml], "file", Kind::Path, "", "the file").required(),
    key(&[Scope::MappedYaml], "at", Kind::Text, "", "the key that holds the hosts"),
    key(&[Scope::Sql], "url", Kind::Secret, "", "the database").required(),
    key(&[Scope::Sql], "query", Kind::Text, "default", "the query"),
    key(DEPLOY, "source", Kind::Path, ".", "the folder that is copied"),
    key(DEPLOY, "dest", Kind::NodePath, "", "where it goes on the node").required(),
    key(DEPLOY, "exclude", Kind::List(&Kind::Text), "", "what is left out"),
    key(DEPLOY, "after", Kind::List(&Kind::Script), "", "commands run on the node afterwards"),
    key(ALERT, "name", Kind::Name, "", "its name").required(),
    key(ALERT, "expr", Kind::Text, "", "a comparison such as `gpu.temp >= 85`").required(),
    key(ALERT, "for", Kind::Timeout, "0", "how long it has to hold"),
    key(ALERT, "severity", Kind::Word(&["info", "warning", "critical"]), "warning", "how bad it is"),
    key(ALERT, "hint", Kind::Text, "", "what to do about it"),
];

/// Longer words are not compared: each comparison takes the product of both lengths.
const LONGEST_TYPO: usize = 64;

/// The candidate that a mistyped word most likely meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.len() > LONGEST_TYPO {
        return None;
    }
    let folded = word.to_ascii_lowercase().replace('-', "_");
    let distance = |candidate: &str| {
        let candidate = candidate.to_ascii_lowercase().replace('-', "_");
        strsim::osa_distance(&folded, &candidate)
    };
    let near = candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate));
    let (far, best) = near.min_by_key(|(far, _)| *far)?;
    (far <= (best.len().max(3) / 3).min(3)).then_some(best)
}
