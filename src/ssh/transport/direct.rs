//! TCP to `address:port`: every address of the name is tried, each with a short head start over the next.

use std::{io, net::SocketAddr, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout_at},
};

use super::{
    Way,
    names::Names,
    socket::{self, Family, Socket},
};
use crate::{
    node::Transport,
    ssh::{Error, Step},
};

/// Before the next address is tried beside the one that hasn't answered (RFC 8305 recommends 250 ms).
const HEAD_START: Duration = Duration::from_millis(250);

/// Where to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct To<'a> {
    /// Host name or address.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// For name resolution and connect together.
    pub(crate) limit: Duration,
    /// By which way, for messages.
    pub(crate) transport: Transport,
    pub(crate) socket: &'a Socket,
}

/// Dials the host within the limit.
pub(crate) async fn dial(target: To<'_>, names: &Names) -> Result<Way, Error> {
    let deadline = Instant::now() + target.limit;
    let addresses = resolve(target, names).await?;
    let bind = local(target, names).await?;
    let Reached {
        stream,
        peer,
        round_trip,
    } = timeout_at(deadline, race(&addresses, bind.as_deref()))
        .await
        .unwrap_or_else(|_| Err(vec![]))
        .map_err(|errors| unreachable(target, &addresses, &errors))?;
    socket::tune(&stream, target.socket.keepalive);
    Ok(Way {
        stream: Box::new(stream),
        peer: peer.to_string(),
        said: None,
        round_trip: Some(round_trip),
    })
}

/// An address that has answered.
struct Reached {
    stream: TcpStream,
    peer: SocketAddr,
    /// What TCP's own handshake took.
    round_trip: Duration,
}

async fn resolve(target: To<'_>, names: &Names) -> Result<Vec<SocketAddr>, Error> {
    let found = names.resolve(target.host, target.port, target.limit).await;
    let mut found = found.map_err(|error| {
        if error.kind() == io::ErrorKind::TimedOut {
            return overdue(target, Step::Resolve);
        }
        let reason = format!("{}: {error}", target.host);
        Error::new(Step::Resolve, target.transport, &reason)
            .advise("check the node's address, or the resolver of this machine")
    })?;
    let family = target.socket.family;
    found.retain(|address| family.admits(address));
    if found.is_empty() {
        return Err(foreign(target, family));
    }
    Ok(found)
}

fn foreign(target: To<'_>, family: Family) -> Error {
    let (word, kind) = family.words();
    let reason = format!("{} has no {kind}address", target.host);
    Error::new(Step::Resolve, target.transport, &reason).advise(&format!(
        "ssh_config says AddressFamily {word} for this host"
    ))
}

/// The addresses of this machine to connect from, where somebody chose them.
async fn local(target: To<'_>, names: &Names) -> Result<Option<Vec<SocketAddr>>, Error> {
    let Some(name) = &target.socket.bind else {
        return Ok(None);
    };
    let found = names.resolve(name, 0, target.limit).await;
    found.map(Some).map_err(|error| {
        let reason = format!("BindAddress {name}: {error}");
        Error::new(Step::Resolve, target.transport, &reason)
            .advise("name an address of this machine in ssh_config")
    })
}

async fn race(
    addresses: &[SocketAddr],
    bind: Option<&[SocketAddr]>,
) -> Result<Reached, Vec<(SocketAddr, io::Error)>> {
    let mut attempts = FuturesUnordered::new();
    let mut waiting = addresses.iter().copied();
    let mut errors = Vec::new();
    loop {
        let more = waiting
            .next()
            .map(|address| attempts.push(attempt(address, bind)));
        tokio::select! {
            biased;
            Some(result) = attempts.next() => match result {
                Ok(reached) => return Ok(reached),
                Err(failed) => errors.push(failed),
            },
            () = sleep(HEAD_START), if more.is_some() => {}
            else => return Err(errors),
        }
    }
}

async fn attempt(
    peer: SocketAddr,
    bind: Option<&[SocketAddr]>,
) -> Result<Reached, (SocketAddr, io::Error)> {
    let started = Instant::now();
    match socket::connect(peer, bind).await {
        Ok(stream) => Ok(Reached {
            stream,
            peer,
            round_trip: started.elapsed(),
        }),
        Err(error) => Err((peer, error)),
    }
}

fn overdue(target: To<'_>, step: Step) -> Error {
    let limit = target.limit.as_secs_f32();
    let what = match step {
        Step::Resolve => format!("{} did not resolve within {limit} s", target.host),
        _ => format!(
            "{}:{} did not answer within {limit} s",
            target.host, target.port
        ),
    };
    Error::new(step, target.transport, &what)
}

/// One sentence for all addresses that failed; none means that time ran out.
fn unreachable(target: To<'_>, tried: &[SocketAddr], errors: &[(SocketAddr, io::Error)]) -> Error {
    if errors.is_empty() {
        return overdue(target, Step::Connect)
            .advise("check that the machine is up and that no firewall drops the port");
    }
    let each: Vec<String> = errors
        .iter()
        .map(|(address, error)| format!("{address}: {}", plain(error)))
        .collect();
    let advice = if errors
        .iter()
        .all(|(_, error)| error.kind() == io::ErrorKind::ConnectionRefused)
    {
        "nothing listens there: check the port, and that sshd runs"
    } else if let Some(name) = &target.socket.bind {
        &format!("ssh_config says BindAddress {name} for this host: check that this machine has it")
    } else if tried.len() > 1 {
        "every address of the name was tried"
    } else {
        "check the address and the route to it"
    };
    Error::new(Step::Connect, target.transport, &each.join("; ")).advise(advice)
}

/// The error without the system's number.
pub(in crate::ssh) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_refuses() {
        let (gone, refused) = listener().await;
        drop(gone);
        let (_listener, open) = listener().await;
        let reached = race(&[refused, open], None).await.unwrap();
        assert_eq!(reached.peer, open);
    }

    #[tokio::test]
    async fn all_refusals_are_told() {
        let (gone, refused) = listener().await;
        drop(gone);
        let errors = race(&[refused, refused], None).await.err().unwrap();
        assert_eq!(errors.len(), 2);
    }

    #[tokio::test]
    async fn a_name_without_address_fails_to_resolve() {
        let target = To {
            host: "no-such-name.invalid",
            port: 22,
            limit: Duration::from_secs(5),
            transport: Transport::Direct,
            socket: &Socket::USUAL,
        };
        let error = dial(target, &Names::default()).await.err().unwrap();
        assert_eq!((error.step, error.permanent), (Step::Resolve, false));
    }
}
