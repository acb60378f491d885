//! Words of the file to what they mean.

use super::{
    fault::Fault,
    keys::{MANAGERS, TRANSPORTS},
    layer::Layer,
    scalar::{self, quoted},
    tree::{Spot, Tree},
};
use crate::node::{Daemon, HostKeyPolicy, Manager, Secret, Sudo, Transport};

/// A daemon, short or long.
pub(super) fn daemon(layer: &Layer<'_, '_>, item: &Tree<'_>) -> Result<Daemon, Fault> {
    let text = |name: &str| {
        let spot = item.field(name).and_then(Tree::spot);
        spot.map(|spot| spot.text.to_string())
    };
    let written = match item.field("manager") {
        Some(value) => layer.value(value, manager)?,
        None => None,
    };
    let pidfile = text("pidfile");
    let implied = if pidfile.is_some() {
        Manager::Pidfile
    } else {
        Manager::Auto
    };
    let short = item.spot().map(|spot| spot.text.to_string());
    Ok(Daemon {
        name: short.or_else(|| text("name")).unwrap_or_default(),
        manager: written.unwrap_or(implied),
        pidfile,
        start: text("start"),
        stop: text("stop"),
        restart: text("restart"),
        status: text("status"),
        log: text("log"),
        log_command: text("log_command"),
    })
}

/// The name of a daemon, short or long, where it stands.
pub(super) fn daemon_name<'t, 'a>(item: &'t Tree<'a>) -> Option<&'t Spot<'a>> {
    item.spot().or_else(|| item.field("name")?.spot())
}

/// Where a secret comes from.
pub(super) fn secret(value: &Tree<'_>) -> Option<Secret> {
    let field = value.fields().first()?;
    let text = field.value.spot()?.text.to_string();
    Some(match field.key.name {
        "env" => Secret::Env(text),
        _ => Secret::Command(text),
    })
}

/// What to do with an unknown host key.
pub(super) fn host_keys(text: &str) -> Result<HostKeyPolicy, String> {
    match text {
        "ask" => Ok(HostKeyPolicy::Ask),
        "accept-new" => Ok(HostKeyPolicy::AcceptNew),
        "strict" => Ok(HostKeyPolicy::Strict),
        _ => Err(format!("{} is not a policy", quoted(text))),
    }
}

/// Whether sudo may be used.
pub(super) fn sudo(text: &str) -> Result<Sudo, String> {
    match text {
        "never" => Ok(Sudo::Never),
        "ask" => Ok(Sudo::Ask),
        _ => Err(format!("{} is neither never nor ask", quoted(text))),
    }
}

/// A way to reach a node.
pub(super) fn transport(text: &str) -> Result<Transport, String> {
    let all = [
        Transport::Direct,
        Transport::Local,
        Transport::Jump,
        Transport::ProxyCommand,
        Transport::Tailscale,
        Transport::Cloudflare,
    ];
    let word = scalar::word(TRANSPORTS, text)?;
    let found = all.into_iter().find(|transport| transport.as_str() == word);
    found.ok_or_else(|| format!("{} is not a transport", quoted(text)))
}

/// Who runs a daemon.
pub(super) fn manager(text: &str) -> Result<Manager, String> {
    Ok(match scalar::word(MANAGERS, text)? {
        "systemd" => Manager::Systemd,
        "systemd-user" => Manager::SystemdUser,
        "docker" => Manager::Docker,
        "podman" => Manager::Podman,
        "openrc" => Manager::Openrc,
        "runit" => Manager::Runit,
        "supervisor" => Manager::Supervisor,
        "launchd" => Manager::Launchd,
        "pidfile" => Manager::Pidfile,
        "custom" => Manager::Custom,
        _ => Manager::Auto,
    })
}
