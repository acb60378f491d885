//! What ssh_config says of a name.

use std::{path::PathBuf, time::Duration};

use crate::node::HostKeyPolicy;

/// What ssh_config says of a name; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    /// `HostName`.
    pub(super) host: Option<String>,
    /// `Port`.
    pub(super) port: Option<u16>,
    /// `User`.
    pub(super) user: Option<String>,
    /// `IdentityFile`.
    pub(super) identities: Vec<PathBuf>,
    /// `CertificateFile`.
    pub(super) certificates: Vec<PathBuf>,
    /// `IdentitiesOnly`.
    pub(super) identities_only: bool,
    /// `IdentityAgent`: a socket, or none at all.
    pub(super) agent: Option<Agent>,
    /// `ProxyJump`, from here to the host, each `[user@]host[:port]`.
    pub(super) jump: Vec<String>,
    /// `ProxyCommand`, its tokens not yet replaced.
    pub(super) proxy_command: Option<String>,
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
}

/// Which agent is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Agent {
    /// None.
    Off,
    /// The one behind this socket.
    Socket(PathBuf),
}
