//! Through Cloudflare Access: `cloudflared` carries the connection on its standard input and output.

use std::io;

use super::{Way, capture::command, child, secret};
use crate::{
    node::{Cloudflare, Transport},
    ssh::{Error, Step, connector::Shared},
};

/// Starts `cloudflared`. A service token goes through its environment only: arguments are seen by everybody on this machine.
pub(crate) async fn dial(cloudflare: &Cloudflare, shared: &Shared) -> Result<Way, Error> {
    let names = shared.secrets.borrow().clone();
    let mut command = command("cloudflared", &names);
    let host = cloudflare.hostname.as_str();
    // A host name that starts with a dash is refused where it is read; this way it could not be an option either.
    command
        .arg("access")
        .arg("ssh")
        .arg(format!("--hostname={host}"));
    let token = [
        ("TUNNEL_SERVICE_TOKEN_ID", "token_id", &cloudflare.token_id),
        (
            "TUNNEL_SERVICE_TOKEN_SECRET",
            "token_secret",
            &cloudflare.token_secret,
        ),
    ];
    for (variable, key, source) in token {
        let Some(source) = source else { continue };
        let value = secret::read(source, &shared.vault, &names)
            .await
            .map_err(|reason| {
                failed(Step::Config, &format!("cloudflare {key}: {reason}"))
                    .advise("see cloudflare in hosts.yaml")
            })?;
        command.env(variable, value.as_str());
    }
    let (pipe, said) = child::start(command, Transport::Cloudflare, advice, &shared.children)
        .map_err(|error| not_started(&error))?;
    Ok(Way {
        stream: Box::new(pipe),
        peer: format!("cloudflared {host}"),
        said: Some(said),
        round_trip: None,
    })
}

fn failed(step: Step, reason: &str) -> Error {
    Error::new(step, Transport::Cloudflare, reason)
}

fn not_started(error: &io::Error) -> Error {
    if error.kind() != io::ErrorKind::NotFound {
        return failed(Step::Connect, &format!("cloudflared: {error}"));
    }
    failed(Step::Config, "cloudflared is not installed, or not on PATH")
        .advise("install cloudflared, or take cloudflare out of the node's transports")
        .for_good()
}

/// What to try for what it has said last.
fn advice(said: &str) -> &'static str {
    let said = said.to_lowercase();
    let has = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
    if has(&["browser", "log in", "login"]) {
        return "run `cloudflared access login https://HOSTNAME` once, or set a service token in hosts.yaml";
    }
    if has(&["bad handshake", "403", "forbidden", "unauthorized"]) {
        return "check the service token and the Access policy of the application";
    }
    if has(&["no such host", "lookup"]) {
        return "check cloudflare.hostname and the resolver of this machine";
    }
    if has(&["530", "1033", "origin"]) {
        return "check that the tunnel runs at the other end";
    }
    "see what `cloudflared access ssh` says in a shell"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cloudflared_says_becomes_advice() {
        let login = "A browser window should have opened at the following URL:\nhttps://x.cloudflareaccess.com/cdn-cgi";
        assert!(advice(login).contains("access login"));
        let refused = "ERR failed to connect to origin error=\"websocket: bad handshake\" originURL=https://ssh.example.com";
        assert!(advice(refused).contains("service token"));
        let unknown = "dial tcp: lookup ssh.example.com: no such host";
        assert!(advice(unknown).contains("resolver"));
    }
}
