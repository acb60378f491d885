//! Through a command of the user's own (`ProxyCommand`), as `ssh` starts it.

use rustix::{process::getuid, system::uname};

use super::{Way, capture::command, child, place};
use crate::{
    node::Transport,
    ssh::{
        Error, Step,
        config::tokens::{Tokens, expand},
        connector::Shared,
        known_hosts::Host,
        target::Target,
    },
};

/// Starts the command. `exec` spares the shell, as with `ssh`.
pub(crate) fn dial(text: &str, target: &Target, shared: &Shared) -> Result<Way, Error> {
    let failed = |reason: &str| Error::new(Step::Config, Transport::ProxyCommand, reason);
    let shell = expand(text, &tokens(target, shared)).map_err(|reason| {
        failed(&format!("proxy command: {reason}"))
            .advise("see proxy_command in hosts.yaml, or ProxyCommand in ssh_config")
            .for_good()
    })?;
    let mut command = command("sh", &shared.secrets.borrow());
    command.arg("-c").arg(format!("exec {shell}"));
    let (pipe, said) = child::start(command, Transport::ProxyCommand, advice, &shared.children)
        .map_err(|error| failed(&format!("sh: {error}")))?;
    let name = shell.split_whitespace().next().unwrap_or_default();
    Ok(Way {
        stream: Box::new(pipe),
        peer: format!("{name} → {}", place(&target.host, target.port)),
        said: Some(said),
        round_trip: None,
    })
}

/// What is said of `ProxyUseFdpass`.
pub(crate) fn refused() -> Error {
    let reason = "ProxyUseFdpass is not supported";
    Error::new(Step::Config, Transport::ProxyCommand, reason)
        .advise("take a command that carries the connection on its stdin and stdout")
        .for_good()
}

fn tokens(target: &Target, shared: &Shared) -> Tokens {
    let original = target.node.as_str().to_owned();
    let alias = if target.known_as == Host::new(&target.host, target.port) {
        original.clone()
    } else {
        target.known_as.label()
    };
    let home = std::env::home_dir().unwrap_or_default();
    Tokens {
        host: target.host.clone(),
        original,
        port: target.port,
        user: target.user.clone(),
        local_user: shared.config.user.clone(),
        home: home.to_string_lossy().into_owned(),
        alias,
        local_host: uname().nodename().to_string_lossy().into_owned(),
        uid: getuid().as_raw(),
        // Whoever is behind a command is behind no bastion.
        jump: String::new(),
        hash: None,
    }
}

fn advice(said: &str) -> &'static str {
    if said.contains("not found") {
        return "the proxy command is not installed here, or not on PATH";
    }
    "it is the proxy command that failed: try it in a shell"
}
