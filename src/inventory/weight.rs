//! What the settings of a node take in memory, counted before there are too many of them.

use std::mem::size_of;

use crate::node::{Daemon, Node};

/// Bytes that the settings of all hosts may come to: some KB of a file can stand for any number of them.
pub(super) const MAX: usize = 256 << 20;

/// Bytes of all that grows with what the file says of a node, near enough for a limit.
pub(super) fn of(node: &Node, jump: &[String]) -> usize {
    let route = &node.route;
    let alone = [&route.proxy_command, &route.tailscale, &node.user];
    let alone = alone.into_iter().flatten().map(String::len);
    let lists = node.groups.iter().chain(jump).map(|name| text(name));
    let paths = node.identity.iter().map(|path| path.as_os_str().len());
    let labels = node.labels.iter();
    let daemons: usize = node.daemons.iter().map(daemon).sum();
    daemons
        + node.prelude.len()
        + node.address.len()
        + alone.chain(lists).chain(paths).sum::<usize>()
        + labels
            .map(|(key, value)| text(key) + text(value))
            .sum::<usize>()
        + node
            .origins
            .iter()
            .map(|(_, origin)| text(origin))
            .sum::<usize>()
}

fn text(text: &str) -> usize {
    size_of::<String>() + text.len()
}

fn daemon(daemon: &Daemon) -> usize {
    let Daemon {
        name,
        manager: _,
        pidfile,
        start,
        stop,
        restart,
        status,
        log,
        log_command,
    } = daemon;
    let texts = [pidfile, start, stop, restart, status, log, log_command];
    let texts = texts.into_iter().flatten().map(String::len);
    size_of::<Daemon>() + name.len() + texts.sum::<usize>()
}
