//! TCP to `address:port`: every address of the name is tried, each with a short head start over the next.

use std::{io, net::SocketAddr, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout_at},
};

use super::{Way, names::Names};
use crate::{
    node::Transport,
    ssh::{Error, Step},
};

/// Before the next address is tried beside the one that hasn't answered (RFC 8305 recommends 250 ms).
const HEAD_START: Duration = Duration::from_millis(250);

/// A peer that acknowledges nothing for so long is gone. SSH keepalives find it as soon, but they stop where the socket
/// takes no more, as in the middle of an upload.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

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
}

/// Dials the host within the limit.
pub(crate) async fn dial(target: To<'_>, names: &Names) -> Result<Way, Error> {
    let deadline = Instant::now() + target.limit;
    let addresses = resolve(target, names).await?;
    let Reached {
        stream,
        peer,
        round_trip,
    } = timeout_at(deadline, race(&addresses))
        .await
        .unwrap_or_else(|_| Err(vec![]))
        .map_err(|errors| unreachable(target, &addresses, &errors))?;
    tune(&stream);
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
    found.map_err(|error| {
        if error.kind() == io::ErrorKind::TimedOut {
            return overdue(target, Step::Resolve);
        }
        let reason = format!("{}: {error}", target.host);
        Error::new(Step::Resolve, target.transport, &reason)
            .advise("check the node's address, or the resolver of this machine")
    })
}

async fn race(addresses: &[SocketAddr]) -> Result<Reached, Vec<(SocketAddr, io::Error)>> {
    let mut attempts = FuturesUnordered::new();
    let mut waiting = addresses.iter().copied();
    let mut errors = Vec::new();
    loop {
        let more = waiting
            .next()
            .map(|address| attempts.push(attempt(address)));
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

async fn attempt(peer: SocketAddr) -> Result<Reached, (SocketAddr, io::Error)> {
    let started = Instant::now();
    match TcpStream::connect(peer).await {
        Ok(stream) => Ok(Reached {
            stream,
            peer,
            round_trip: started.elapsed(),
        }),
        Err(error) => Err((peer, error)),
    }
}

/// Nagle's algorithm costs 45 ms per command; the rest finds dead peers. A socket without an option still works.
fn tune(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(15))
        .with_interval(Duration::from_secs(5));
    let socket = SockRef::from(stream);
    let tuned = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keepalive));
    #[cfg(target_os = "linux")]
    let tuned = tuned.and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED)));
    if let Err(error) = tuned {
        tracing::debug!("socket options: {error}");
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
        let reached = race(&[refused, open]).await.unwrap();
        assert_eq!(reached.peer, open);
    }

    /// Trap: russh leaves Nagle's algorithm on.
    #[tokio::test]
    async fn what_is_sent_leaves_at_once_and_must_be_acknowledged() {
        let (_listener, open) = listener().await;
        let Reached { stream, .. } = race(&[open]).await.unwrap();
        tune(&stream);
        assert!(stream.nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(
            SockRef::from(&stream).tcp_user_timeout().unwrap(),
            Some(UNACKNOWLEDGED)
        );
    }

    #[tokio::test]
    async fn all_refusals_are_told() {
        let (gone, refused) = listener().await;
        drop(gone);
        let errors = race(&[refused, refused]).await.err().unwrap();
        assert_eq!(errors.len(), 2);
    }

    #[tokio::test]
    async fn a_name_without_address_fails_to_resolve() {
        let target = To {
            host: "no-such-name.invalid",
            port: 22,
            limit: Duration::from_secs(5),
            transport: Transport::Direct,
        };
        let error = dial(target, &Names::default()).await.err().unwrap();
        assert_eq!((error.step, error.permanent), (Step::Resolve, false));
    }
}
