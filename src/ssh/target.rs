//! Where a connection goes and as whom, with everything settled: hosts.yaml over ssh_config over the defaults. Pure.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use super::{
    Config,
    algorithms::Algorithms,
    config::{Agent, Resolved},
    known_hosts::{Book, Host},
    methods::Methods,
    transport::socket::Socket,
};
use crate::node::{Cloudflare, HostKeyPolicy, Node, NodeId, Transport};

/// For name resolution plus TCP connect, where nobody says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One server and login, as one node reaches it.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The node that it is about, for questions and messages.
    pub(super) node: NodeId,
    /// Host name or address.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    /// The name under which its keys are filed, by whichever way it is reached.
    pub(super) known_as: Host,
    /// Files read for host keys; the first is written to.
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) hash_known_hosts: bool,
    pub(super) host_keys: HostKeyPolicy,
    pub(super) agent: Option<PathBuf>,
    /// Key files, tried in this order.
    pub(super) identities: Vec<PathBuf>,
    /// Somebody chose these files: a missing one is told.
    pub(super) identities_named: bool,
    /// Of the agent's keys only theirs are offered.
    pub(super) identities_only: bool,
    pub(super) certificates: Vec<PathBuf>,
    /// For name resolution and connect.
    pub(super) connect_timeout: Duration,
    /// The same where somebody chose it: then it is for banner and key exchange too, as ssh's.
    pub(super) chosen_timeout: Option<Duration>,
    pub(super) keepalive: Keepalive,
    pub(super) algorithms: Algorithms,
    /// What a login may use.
    pub(super) methods: Methods,
    /// Of the way by its own address.
    pub(super) socket: Socket,
    /// The ways to try, best first.
    pub(super) paths: Vec<Path>,
}

/// Tells one way of entering and judging a server from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    known_as: Host,
    known_hosts: Vec<PathBuf>,
    host_keys: HostKeyPolicy,
    agent: Option<PathBuf>,
    identities: Vec<PathBuf>,
    identities_only: bool,
    certificates: Vec<PathBuf>,
    methods: Methods,
    socket: Socket,
}

/// How a silent peer is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Silence before a question.
    pub interval: Duration,
    /// Questions without an answer before the peer is given up.
    pub max: usize,
}

impl Default for Keepalive {
    /// Three intervals of silence, of which two were asked about: a peer that is gone is found within 15 s, for 57 µs
    /// of CPU a question (measured). As `ServerAliveCountMax`, `max` counts the questions.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            max: 2,
        }
    }
}

/// One way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// No SSH: this machine.
    Local,
    /// TCP to the host and port.
    Direct,
    /// Through bastions, from here to the host.
    Jump(Vec<Arc<Node>>),
    /// Through a command's standard input and output; its tokens are not yet replaced.
    ProxyCommand(String),
    /// A command that would hand over a socket and end (`ProxyUseFdpass`): refused.
    ProxyFdpass,
    /// TCP to this address or name in the tailnet.
    Tailscale(String),
    /// Through `cloudflared access ssh`.
    Cloudflare(Cloudflare),
}

impl Target {
    /// Settles what is said of a node.
    pub(super) fn settle(node: &Node, resolved: &Resolved, config: &Config) -> Self {
        let host = resolved.host.as_ref().unwrap_or(&node.address).clone();
        let port = node.port.or(resolved.port).unwrap_or(22);
        let user = node.user.as_ref().or(resolved.user.as_ref());
        let alias = resolved.host_key_alias.as_ref();
        let known_as = alias.map_or_else(|| Host::new(&host, port), |name| Host::new(name, 22));
        let policy = node.host_keys.or(resolved.host_keys).unwrap_or_default();
        let (identities, identities_named) = identities(node, resolved, config);
        let timeout = node.connect_timeout.or(resolved.connect_timeout);
        Self {
            node: node.id.clone(),
            port,
            user: user.unwrap_or(&config.user).clone(),
            known_as,
            known_hosts: known_hosts(resolved, config),
            hash_known_hosts: resolved.hash_known_hosts,
            host_keys: match policy {
                HostKeyPolicy::Ask if config.accept_new => HostKeyPolicy::AcceptNew,
                policy => policy,
            },
            agent: match &resolved.agent {
                None => config.agent.clone(),
                Some(Agent::Off) => None,
                Some(Agent::Socket(path)) => Some(path.clone()),
            },
            identities,
            identities_named,
            identities_only: !node.identity.is_empty() || resolved.identities_only,
            certificates: resolved.certificates.clone(),
            connect_timeout: timeout.unwrap_or(CONNECT_TIMEOUT),
            chosen_timeout: timeout,
            keepalive: Keepalive {
                interval: resolved.alive_interval.unwrap_or(config.keepalive.interval),
                max: resolved.alive_max.unwrap_or(config.keepalive.max),
            },
            algorithms: resolved.algorithms.clone(),
            methods: resolved.methods.clone(),
            socket: resolved.socket.clone(),
            paths: paths(node, resolved),
            host,
        }
    }
}

impl Target {
    /// Where its host keys are filed.
    pub(super) fn book(&self) -> Book {
        Book {
            files: self.known_hosts.clone(),
            host: self.known_as.clone(),
            hashed: self.hash_known_hosts,
        }
    }
}

impl Target {
    /// The node, where a command on this way is given its name: then its address alone doesn't tell which server it is.
    pub(super) fn told_by_name(&self, path: &Path) -> Option<&NodeId> {
        let names = |command: &str| command.contains("%n") || command.contains("%k");
        matches!(path, Path::ProxyCommand(command) if names(command)).then_some(&self.node)
    }

    /// By what it is entered and judged.
    pub(super) fn terms(&self) -> Terms {
        Terms {
            known_as: self.known_as.clone(),
            known_hosts: self.known_hosts.clone(),
            host_keys: self.host_keys,
            agent: self.agent.clone(),
            identities: self.identities.clone(),
            identities_only: self.identities_only,
            certificates: self.certificates.clone(),
            methods: self.methods.clone(),
            socket: self.socket.clone(),
        }
    }

    /// `ops@10.0.3.7:22 by tailscale, direct`
    pub(super) fn summary(&self) -> String {
        if self.paths == [Path::Local] {
            return "this machine, without SSH".to_owned();
        }
        let ways: Vec<&str> = self.paths.iter().map(|p| p.transport().as_str()).collect();
        let (user, host, port) = (&self.user, &self.host, self.port);
        format!("{user}@{host}:{port} by {}", ways.join(", "))
    }
}

/// Key files, and whether somebody chose them.
fn identities(node: &Node, resolved: &Resolved, config: &Config) -> (Vec<PathBuf>, bool) {
    if !node.identity.is_empty() {
        return (node.identity.clone(), true);
    }
    match &resolved.identities {
        Some(files) => (files.clone(), true),
        None => (config.identities.clone(), false),
    }
}

/// `--known-hosts` counts for every node.
fn known_hosts(resolved: &Resolved, config: &Config) -> Vec<PathBuf> {
    match &resolved.known_hosts {
        Some(files) if !config.known_hosts_chosen => files.clone(),
        _ => config.known_hosts.clone(),
    }
}

/// The node's transports in its order, without those that it has no settings for. A node behind a bastion or a proxy
/// command is never dialled directly: the address may mean another machine here.
fn paths(node: &Node, resolved: &Resolved) -> Vec<Path> {
    let behind = behind(node, resolved);
    let mut transports = node.transports.clone();
    if !node.transports_chosen && behind.is_none() && is_name_only(node, resolved) {
        transports.sort_by_key(|transport| *transport == Transport::Direct);
    }
    let mut paths = Vec::new();
    for transport in &transports {
        let path = match transport {
            Transport::Local => Some(Path::Local),
            Transport::Direct => Some(behind.clone().unwrap_or(Path::Direct)),
            Transport::Jump | Transport::ProxyCommand => {
                behind.clone().filter(|path| path.transport() == *transport)
            }
            Transport::Tailscale => node.route.tailscale.clone().map(Path::Tailscale),
            Transport::Cloudflare => node.route.cloudflare.clone().map(Path::Cloudflare),
        };
        paths.extend(path.filter(|path| !paths.contains(path)));
    }
    paths
}

/// True where nobody said at which address the node is: to dial its name is a guess, and what it was given comes first.
fn is_name_only(node: &Node, resolved: &Resolved) -> bool {
    let is_name = |host: &String| host.eq_ignore_ascii_case(node.id.as_str());
    is_name(&node.address) && resolved.host.as_ref().is_none_or(is_name)
}

/// What the host stands behind, if anything.
fn behind(node: &Node, resolved: &Resolved) -> Option<Path> {
    let route = &node.route;
    let wanted = |transport| node.transports.contains(&transport);
    if !route.jump.is_empty() && (route.proxy_command.is_none() || wanted(Transport::Jump)) {
        return Some(Path::Jump(route.jump.clone()));
    }
    if let Some(command) = &route.proxy_command {
        return Some(Path::ProxyCommand(command.clone()));
    }
    if let Some(command) = &resolved.proxy_command {
        let path = if resolved.proxy_hands_over {
            Path::ProxyFdpass
        } else {
            Path::ProxyCommand(command.clone())
        };
        return (!route.no_proxy_command).then_some(path);
    }
    let is_behind = !resolved.jump.is_empty() && !route.no_jump;
    is_behind.then(|| Path::Jump(resolved.jump.clone()))
}

impl Path {
    /// The bastions, from here to the host, where it leads through any.
    pub(super) fn hops(&self) -> Option<&[Arc<Node>]> {
        match self {
            Self::Jump(hops) => Some(hops),
            _ => None,
        }
    }

    /// Its kind.
    pub(super) fn transport(&self) -> Transport {
        match self {
            Self::Local => Transport::Local,
            Self::Direct => Transport::Direct,
            Self::Jump(_) => Transport::Jump,
            Self::ProxyCommand(_) | Self::ProxyFdpass => Transport::ProxyCommand,
            Self::Tailscale(_) => Transport::Tailscale,
            Self::Cloudflare(_) => Transport::Cloudflare,
        }
    }
}

impl fmt::Display for Path {
    /// Tells one way to a server from another: `direct`, `jump b1=ops@10.0.0.1:22, b2=@b2:0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.transport().as_str())?;
        match self {
            Self::Local | Self::Direct | Self::ProxyFdpass => Ok(()),
            Self::Jump(hops) => hops.iter().enumerate().try_for_each(|(at, hop)| {
                f.write_str(if at == 0 { " " } else { ", " })?;
                let user = hop.user.as_deref().unwrap_or_default();
                let port = hop.port.unwrap_or_default();
                write!(f, "{}={user}@{}:{port}", hop.id, hop.address)?;
                if let Some(file) = &hop.ssh_config {
                    write!(f, " of {}", file.display())?;
                }
                if at == 0 { own_route(hop, f) } else { Ok(()) }
            }),
            Self::ProxyCommand(command) => write!(f, " {command}"),
            Self::Tailscale(address) => write!(f, " {address}"),
            Self::Cloudflare(cloudflare) => write!(f, " {}", cloudflare.hostname),
        }
    }
}

/// What the inventory says of the way to the first bastion: behind different ways, one address is two machines.
fn own_route(hop: &Node, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let route = &hop.route;
    let jump = (!route.jump.is_empty()).then(|| Path::Jump(route.jump.clone()));
    let ways = [
        jump,
        route.proxy_command.clone().map(Path::ProxyCommand),
        route.tailscale.clone().map(Path::Tailscale),
        route.cloudflare.clone().map(Path::Cloudflare),
    ];
    let mut ways = ways.iter().flatten();
    ways.try_for_each(|way| write!(f, " by ({way})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Route, hop};

    fn kinds(transports: &[Transport], route: Route, resolved: &Resolved) -> Vec<Transport> {
        let node = Node {
            transports: transports.to_vec(),
            route,
            ..Node::blank("web1")
        };
        let paths = paths(&node, resolved);
        paths.iter().map(Path::transport).collect()
    }

    #[test]
    fn only_configured_ways_are_tried() {
        use Transport::{Cloudflare, Direct, Tailscale};
        let all = [Tailscale, Direct, Cloudflare];
        let none = Resolved::default();
        assert_eq!(kinds(&all, Route::default(), &none), [Direct]);
        let route = Route {
            tailscale: Some("100.101.1.7".to_owned()),
            ..Route::default()
        };
        assert_eq!(kinds(&all, route, &none), [Tailscale, Direct]);
    }

    #[test]
    fn a_bare_name_is_dialled_after_all_that_was_given() {
        use Transport::{Cloudflare, Direct, Jump, Tailscale};
        let named = |host: &str| Resolved {
            host: Some(host.to_owned()),
            ..Resolved::default()
        };
        let node = Node {
            transports: vec![Tailscale, Direct, Cloudflare],
            route: Route {
                tailscale: Some("100.101.1.7".to_owned()),
                cloudflare: Some(crate::node::Cloudflare {
                    hostname: "ssh.example.com".to_owned(),
                    token_id: None,
                    token_secret: None,
                }),
                ..Route::default()
            },
            ..Node::blank("GPU07")
        };
        let order = |node: &Node, resolved: &Resolved| {
            let paths = paths(node, resolved);
            paths.iter().map(Path::transport).collect::<Vec<_>>()
        };
        // `ssh -G` gives the name itself, in small letters, where nothing is said.
        for nothing in [Resolved::default(), named("gpu07")] {
            assert_eq!(order(&node, &nothing), [Tailscale, Cloudflare, Direct]);
        }
        let usual = [Tailscale, Direct, Cloudflare];
        assert_eq!(order(&node, &named("10.0.3.7")), usual);
        let placed = Node {
            address: "10.0.3.7".to_owned(),
            ..node.clone()
        };
        assert_eq!(order(&placed, &Resolved::default()), usual);
        let chosen = Node {
            transports_chosen: true,
            ..node.clone()
        };
        assert_eq!(order(&chosen, &Resolved::default()), usual);
        let behind = Resolved {
            jump: vec![Arc::new(Node::blank("gate"))],
            ..Resolved::default()
        };
        assert_eq!(order(&node, &behind), [Tailscale, Jump, Cloudflare]);
    }

    #[test]
    fn one_address_behind_different_bastions_is_two_servers() {
        let gate = |behind: Option<&str>| Node {
            address: "10.0.0.1".to_owned(),
            route: Route {
                jump: behind.map(Node::blank).map(Arc::new).into_iter().collect(),
                ..Route::default()
            },
            ..Node::blank("gate")
        };
        let text = |hops: &[Node]| {
            let hops = hops.iter().cloned().map(Arc::new).collect();
            Path::Jump(hops).to_string()
        };
        assert_eq!(text(&[gate(None)]), "jump gate=@10.0.0.1:0");
        let others = [
            text(&[gate(Some("east"))]),
            text(&[gate(Some("west"))]),
            text(&[Node::blank("east"), gate(None)]),
        ];
        for (at, other) in others.iter().enumerate() {
            assert_ne!(*other, text(&[gate(None)]));
            assert!(!others[at + 1..].contains(other), "{other}");
        }
    }

    #[test]
    fn a_node_behind_something_is_never_dialled_directly() {
        use Transport::{Direct, Jump, ProxyCommand};
        let none = Resolved::default();
        let route = Route {
            jump: vec![Arc::new(Node::blank("bastion"))],
            ..Route::default()
        };
        assert_eq!(kinds(&[Direct], route.clone(), &none), [Jump]);
        assert_eq!(kinds(&[Jump, Direct], route, &none), [Jump]);
        let route = Route {
            proxy_command: Some("nc %h %p".to_owned()),
            ..Route::default()
        };
        assert_eq!(kinds(&[Direct], route, &none), [ProxyCommand]);
        let resolved = Resolved {
            jump: vec![Arc::new(hop::node("ops@gate:2222").expect("a hop"))],
            ..Resolved::default()
        };
        assert_eq!(kinds(&[Direct], Route::default(), &resolved), [Jump]);
        let off = Route {
            no_jump: true,
            ..Route::default()
        };
        assert_eq!(kinds(&[Direct], off, &resolved), [Direct]);
    }
}
