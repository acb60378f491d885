//! Where a log comes from. Pure.

use std::sync::Arc;

use crate::node::Daemon;

/// One thing that is wanted of a node; a glob, or a daemon whose manager isn't known, is looked for on the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The system's log: the journal, else syslog.
    System,
    /// A unit of systemd.
    Unit(String),
    /// A unit of the login's own.
    UserUnit(String),
    /// Files by a pattern of the shell.
    File(String),
    /// A container of docker or podman.
    Container(String),
    /// What a command of the user's prints.
    Command(String),
    /// The log that goes with a daemon.
    Daemon(Arc<Daemon>),
}

impl Source {
    /// As it is named before anything is known of the node.
    pub fn name(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Unit(name) | Self::UserUnit(name) | Self::Container(name) => name,
            Self::File(pattern) => pattern,
            Self::Command(text) => text,
            Self::Daemon(daemon) => &daemon.name,
        }
    }
}
