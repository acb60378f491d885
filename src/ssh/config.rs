//! What ssh_config says of a name: asked of `ssh -G`, or read here where there is no ssh.

mod ask;
mod cache;
mod files;
mod glob;
mod keys;
mod listing;
mod pattern;
mod resolver;
mod said;
mod subset;
pub(super) mod tokens;
mod users;
mod words;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub(super) use files::{Stamp, has_settled, stamp, stamp_of};
pub use listing::{Listing, list};
pub(super) use pattern::in_list as is_in_list;
pub(super) use resolver::Resolver;

use russh::MethodKind;

use super::{
    Error, Step,
    algorithms::Algorithms,
    methods::Methods,
    transport::socket::{Family, Socket},
};
use crate::node::{HostKeyPolicy, Node, Transport, hop};
use ask::Failure;
use said::{Asked, Said};
use tokens::{Lookup, Tokens, expand_path};

/// Which ssh_config counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SshConfig {
    /// None.
    #[default]
    Off,
    /// Files.
    On(Source),
}

/// Where ssh_config is, and how it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Only this file (`-F`); `None`: the user's own, then the system's.
    pub file: Option<PathBuf>,
    /// The user's home folder, as ssh has it: by the password file.
    pub home: PathBuf,
    /// The user's login, as ssh has it: by the password file.
    pub user: String,
    /// The file in which answers of `ssh -G` are kept; `None`: in memory only.
    pub cache: Option<PathBuf>,
    /// The ssh that is asked; `None`: there is none, and sshoal reads the files by itself.
    pub program: Option<PathBuf>,
}

/// What ssh_config says of a name; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    /// `HostName`.
    pub(super) host: Option<String>,
    /// `Port`.
    pub(super) port: Option<u16>,
    /// `User`.
    pub(super) user: Option<String>,
    /// `IdentityFile`, where somebody said one; `none` is an empty list.
    pub(super) identities: Option<Vec<PathBuf>>,
    /// `CertificateFile`.
    pub(super) certificates: Vec<PathBuf>,
    /// `IdentitiesOnly`.
    pub(super) identities_only: bool,
    /// `IdentityAgent`: a socket, or none at all.
    pub(super) agent: Option<Agent>,
    /// `ProxyJump`, from here to the host.
    pub(super) jump: Vec<Arc<Node>>,
    /// `ProxyCommand`, its tokens not yet replaced.
    pub(super) proxy_command: Option<String>,
    /// `ProxyUseFdpass`: the command hands over a socket and ends.
    pub(super) proxy_hands_over: bool,
    /// `UserKnownHostsFile` and `GlobalKnownHostsFile`.
    pub(super) known_hosts: Option<Vec<PathBuf>>,
    /// `HashKnownHosts`.
    pub(super) hash_known_hosts: bool,
    /// `HostKeyAlias`.
    pub(super) host_key_alias: Option<String>,
    /// `StrictHostKeyChecking`.
    pub(super) host_keys: Option<HostKeyPolicy>,
    /// `ConnectTimeout`.
    pub(super) connect_timeout: Option<Duration>,
    /// `ServerAliveInterval`.
    pub(super) alive_interval: Option<Duration>,
    /// `ServerAliveCountMax`.
    pub(super) alive_max: Option<usize>,
    /// `Ciphers` and the like.
    pub(super) algorithms: Algorithms,
    /// `PreferredAuthentications`, `PubkeyAuthentication` and the like, `NumberOfPasswordPrompts`.
    pub(super) methods: Methods,
    /// `BindAddress`, `AddressFamily`, `TCPKeepAlive`.
    pub(super) socket: Socket,
}

/// Which agent is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Agent {
    /// None.
    Off,
    /// The one behind this socket.
    Socket(PathBuf),
}

/// Where a login that nobody names comes from, and what names are taken literally.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

impl SshConfig {
    /// What is said of a node. Processes are started only where the files may say something of it.
    pub(super) async fn resolve(
        &self,
        node: &Node,
        resolver: &Resolver,
    ) -> Result<Resolved, Error> {
        let Self::On(source) = self else {
            return Ok(Resolved::default());
        };
        if node.transports == [Transport::Local] {
            return Ok(Resolved::default());
        }
        let asked = asked(node).map_err(|reason| refused(node, &reason))?;
        let answer = resolver.said(asked.clone(), node.ssh_config.clone()).await;
        let said = answer.map_err(|failure| match failure {
            Failure::Refused(reason) => refused(node, &reason),
            Failure::Stuck(reason) => Error::new(Step::Config, transport(node), &reason)
                .advise("try again, or leave ssh_config out: -F none"),
        })?;
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut resolved = Resolved::of(&said, &asked, source, &variable)
            .map_err(|reason| refused(node, &reason))?;
        // As `ssh -F`: the bastions are looked up in the same file.
        for hop in &mut resolved.jump {
            Arc::make_mut(hop).ssh_config.clone_from(&node.ssh_config);
        }
        Ok(resolved)
    }
}

fn refused(node: &Node, reason: &str) -> Error {
    Error::new(
        Step::Config,
        transport(node),
        &format!("ssh_config: {reason}"),
    )
    .advise("correct that line, or leave ssh_config out: -F none")
    .for_good()
}

fn transport(node: &Node) -> Transport {
    node.transports
        .first()
        .copied()
        .unwrap_or(Transport::Direct)
}

/// What is asked about a node. Its texts become arguments, so that they are looked at once more.
fn asked(node: &Node) -> Result<Asked, String> {
    let name = node.id.as_str();
    let address = (node.address != name).then(|| node.address.clone());
    let odd = |c: char| c.is_control() || c.is_whitespace() || "/@\"'`\\$;&|<>(){}".contains(c);
    for host in [Some(name), address.as_deref()].into_iter().flatten() {
        if host.is_empty() || host.starts_with('-') || host.contains(odd) {
            return Err(format!("`{}` is not a host name", host.escape_debug()));
        }
    }
    if let Some(user) = &node.user
        && (user.is_empty() || user.starts_with('-') || user.contains(char::is_control))
    {
        return Err(format!("`{}` is not a login", user.escape_debug()));
    }
    Ok(Asked {
        name: name.to_owned(),
        address,
        user: node.user.clone(),
        port: node.port,
    })
}

impl Resolved {
    /// What it comes to: defaults of ssh count as nothing said, tokens are replaced.
    fn of(
        said: &Said,
        asked: &Asked,
        source: &Source,
        variable: Variable<'_>,
    ) -> Result<Self, String> {
        not_ours(said)?;
        let tokens = tokens(said, asked, source)?;
        let lookup = Lookup {
            variable,
            home: &users::home,
        };
        let path = |text: &String| expand_path(text, &tokens, lookup).map(PathBuf::from);
        let paths = |key: &str| -> Result<Vec<PathBuf>, String> {
            let named = said.all(key).iter().filter(|text| *text != "none");
            named.map(path).collect()
        };
        let interval = seconds(said, "serveraliveinterval");
        Ok(Self {
            host: said.one("hostname").map(str::to_owned),
            port: said.one("port").and_then(|port| port.parse().ok()),
            user: said.one("user").map(str::to_owned),
            identities: match said.all("identityfile") {
                [] => None,
                files if is_default_identities(files) => None,
                _ => Some(paths("identityfile")?),
            },
            certificates: paths("certificatefile")?,
            identities_only: said.one("identitiesonly") == Some("yes"),
            agent: agent(said.one("identityagent"), &tokens, lookup)?,
            jump: jump(said.one("proxyjump"))?,
            proxy_command: said
                .one("proxycommand")
                .filter(|command| !command.eq_ignore_ascii_case("none"))
                .map(str::to_owned),
            proxy_hands_over: said.one("proxyusefdpass") == Some("yes"),
            known_hosts: known_hosts(said, &source.home, paths)?,
            host_key_alias: said.one("hostkeyalias").map(str::to_owned),
            // Plain lines, where nothing is said: ssh reads them as well.
            hash_known_hosts: said.one("hashknownhosts") == Some("yes"),
            host_keys: host_keys(said.one("stricthostkeychecking")),
            connect_timeout: seconds(said, "connecttimeout"),
            alive_interval: interval,
            // Without an interval ssh never counts.
            alive_max: interval
                .and(said.one("serveralivecountmax"))
                .and_then(|count| count.parse().ok()),
            algorithms: Algorithms {
                ciphers: said.one("ciphers").map(str::to_owned),
                macs: said.one("macs").map(str::to_owned),
                kex: said.one("kexalgorithms").map(str::to_owned),
                host_keys: said.one("hostkeyalgorithms").map(str::to_owned),
            },
            methods: methods(said),
            socket: Socket {
                bind: said.one("bindaddress").map(str::to_owned),
                family: match said.one("addressfamily") {
                    Some("inet") => Family::Four,
                    Some("inet6") => Family::Six,
                    _ => Family::Any,
                },
                keepalive: said.one("tcpkeepalive") != Some("no"),
            },
        })
    }
}

fn tokens(said: &Said, asked: &Asked, source: &Source) -> Result<Tokens, String> {
    let (host, user) = (said.one("hostname"), said.one("user"));
    let text = |text: Option<&str>, or: &str| text.unwrap_or(or).to_owned();
    let port = said.one("port").and_then(|port| port.parse().ok());
    let jump = jump(said.one("proxyjump"))?;
    let is_hash = |hash: &&str| hash.len() == 40 && hash.chars().all(|c| c.is_ascii_hexdigit());
    Ok(Tokens {
        host: text(host.or(asked.address.as_deref()), &asked.name),
        original: asked.name.clone(),
        port: port.or(asked.port).unwrap_or(22),
        user: text(user.or(asked.user.as_deref()), &source.user),
        local_user: source.user.clone(),
        home: source.home.display().to_string(),
        alias: text(said.one("hostkeyalias"), &asked.name),
        local_host: rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned(),
        uid: rustix::process::getuid().as_raw(),
        jump: jump
            .last()
            .map_or_else(String::new, |hop| hop.address.clone()),
        hash: said.one(said::HASH).filter(is_hash).map(str::to_owned),
    })
}

/// What changes whom ssh trusts, or the way it goes, and can't be done here: better no connection than another one.
fn not_ours(said: &Said) -> Result<(), String> {
    let named = |key| {
        said.one(key)
            .filter(|value| !value.eq_ignore_ascii_case("none"))
    };
    let keys = [
        ("knownhostscommand", "KnownHostsCommand"),
        ("revokedhostkeys", "RevokedHostKeys"),
    ];
    for (key, name) in keys {
        if named(key).is_some() {
            return Err(format!(
                "{name} is not supported, and without it a key may be trusted that ssh refuses: put `{name} none` for this host before that line, if that may be"
            ));
        }
    }
    match said.one("bindinterface") {
        Some(name) => Err(format!(
            "BindInterface {name} is not supported: name its address, as BindAddress"
        )),
        None => Ok(()),
    }
}

fn methods(said: &Said) -> Methods {
    let is_off = |kind| {
        let key = match kind {
            MethodKind::PublicKey => "pubkeyauthentication",
            MethodKind::KeyboardInteractive => "kbdinteractiveauthentication",
            MethodKind::Password => "passwordauthentication",
            _ => return false,
        };
        matches!(said.one(key), Some("no" | "false"))
    };
    let tries = said.one("numberofpasswordprompts");
    let tries = tries.and_then(|tries| tries.parse::<u32>().ok());
    let tries = tries.map(|tries| u8::try_from(tries).unwrap_or(u8::MAX));
    Methods::new(said.one("preferredauthentications"), is_off, tries)
}

/// ssh prints its own list where nobody named a file. To name all of it comes to the same.
fn is_default_identities(files: &[String]) -> bool {
    let usual = |file: &&str| files.iter().any(|named| named == file);
    files.iter().all(|file| file.starts_with("~/.ssh/id_"))
        && ["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"]
            .iter()
            .all(usual)
}

fn seconds(said: &Said, key: &str) -> Option<Duration> {
    let seconds: u64 = said.one(key)?.parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

fn host_keys(word: Option<&str>) -> Option<HostKeyPolicy> {
    match word? {
        "true" | "yes" => Some(HostKeyPolicy::Strict),
        // A changed key is refused here under each of them.
        "accept-new" | "false" | "no" | "off" => Some(HostKeyPolicy::AcceptNew),
        _ => None,
    }
}

fn agent(
    value: Option<&str>,
    tokens: &Tokens,
    lookup: Lookup<'_>,
) -> Result<Option<Agent>, String> {
    let socket = |path: String| Some(Agent::Socket(path.into()));
    Ok(match value {
        None | Some("SSH_AUTH_SOCK") => None,
        Some(none) if none.eq_ignore_ascii_case("none") => Some(Agent::Off),
        Some(value) => match value
            .strip_prefix('$')
            .filter(|name| !name.starts_with('{'))
        {
            Some(name) => (lookup.variable)(name).map_or(Some(Agent::Off), socket),
            None => socket(expand_path(value, tokens, lookup)?),
        },
    })
}

fn jump(chain: Option<&str>) -> Result<Vec<Arc<Node>>, String> {
    let chain = chain.filter(|chain| !chain.eq_ignore_ascii_case("none"));
    let hops = chain.into_iter().flat_map(|chain| chain.split(','));
    hops.map(|text| {
        let node = hop::node(text.trim()).filter(|node| !node.address.is_empty());
        node.map(Arc::new)
            .ok_or_else(|| format!("ProxyJump {}: not [user@]host[:port]", text.escape_debug()))
    })
    .collect()
}

/// Both lists, the user's first; nothing where they are ssh's own.
fn known_hosts(
    said: &Said,
    home: &Path,
    paths: impl Fn(&str) -> Result<Vec<PathBuf>, String>,
) -> Result<Option<Vec<PathBuf>>, String> {
    let usual = |folder: &Path, name: &str| {
        ["", "2"]
            .map(|number| folder.join(format!("{name}{number}")))
            .to_vec()
    };
    let (own, system) = (
        usual(&home.join(".ssh"), "known_hosts"),
        usual(Path::new("/etc/ssh"), "ssh_known_hosts"),
    );
    let of = |key: &str, usual: &Vec<PathBuf>| match said.all(key) {
        [] => Ok(usual.clone()),
        // The first is written to: `none` means that nothing is, not that the next one is.
        [none] if none == "none" && key.starts_with("user") => Ok(vec!["/dev/null".into()]),
        _ => paths(key),
    };
    let (named, global) = (
        of("userknownhostsfile", &own)?,
        of("globalknownhostsfile", &system)?,
    );
    let is_usual = named == own && global == system;
    Ok((!is_usual).then(|| [named, global].concat()))
}

#[cfg(test)]
#[path = "config/tests.rs"]
mod tests;

#[cfg(test)]
#[path = "config/peer_tests.rs"]
mod peer_tests;
