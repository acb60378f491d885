//! The TCP socket of a connection: its family, its local address, and the options that find dead peers.

use std::{io, net::SocketAddr, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

/// A peer that acknowledges nothing for so long is gone. SSH keepalives find it as soon, but they stop where the socket
/// takes no more, as in the middle of an upload.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

/// What ssh_config says of the socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::ssh) struct Socket {
    /// `BindAddress`: a host name or address of this machine.
    pub(in crate::ssh) bind: Option<String>,
    /// `AddressFamily`.
    pub(in crate::ssh) family: Family,
    /// `TCPKeepAlive`.
    pub(in crate::ssh) keepalive: bool,
}

/// Which addresses of a host count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::ssh) enum Family {
    /// All.
    #[default]
    Any,
    /// IPv4 only (`inet`).
    Four,
    /// IPv6 only (`inet6`).
    Six,
}

impl Socket {
    /// Where nobody says anything of it.
    pub(in crate::ssh) const USUAL: Self = Self {
        bind: None,
        family: Family::Any,
        keepalive: true,
    };
}

impl Default for Socket {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Family {
    pub(super) fn admits(self, address: &SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Four => address.is_ipv4(),
            Self::Six => address.is_ipv6(),
        }
    }

    /// Its word in ssh_config, and for a person.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Any => ("any", ""),
            Self::Four => ("inet", "IPv4 "),
            Self::Six => ("inet6", "IPv6 "),
        }
    }
}

/// Connects from the first of `bind` that is of the peer's family; from any address where it is `None`.
pub(super) async fn connect(
    peer: SocketAddr,
    bind: Option<&[SocketAddr]>,
) -> io::Result<TcpStream> {
    let Some(bind) = bind else {
        return TcpStream::connect(peer).await;
    };
    let alike = |from: &&SocketAddr| from.is_ipv4() == peer.is_ipv4();
    let Some(from) = bind.iter().find(alike) else {
        return Err(io::Error::other(
            "not from an address of the other IP version",
        ));
    };
    let socket = match peer {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    let bound = socket.bind(*from);
    bound.map_err(|error| {
        let reason = super::direct::plain(&error);
        io::Error::new(error.kind(), format!("not from {}: {reason}", from.ip()))
    })?;
    socket.connect(peer).await
}

/// Nagle's algorithm costs 45 ms per command; the rest finds dead peers. A socket without an option still works.
pub(super) fn tune(stream: &TcpStream, keepalive: bool) {
    let socket = SockRef::from(stream);
    let often = TcpKeepalive::new()
        .with_time(Duration::from_secs(15))
        .with_interval(Duration::from_secs(5));
    let mut tuned = stream.set_nodelay(true);
    if keepalive {
        tuned = tuned.and_then(|()| socket.set_tcp_keepalive(&often));
    }
    #[cfg(target_os = "linux")]
    let tuned = tuned.and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED)));
    if let Err(error) = tuned {
        tracing::debug!("socket options: {error}");
    }
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

    /// Trap: russh leaves Nagle's algorithm on.
    #[tokio::test]
    async fn what_is_sent_leaves_at_once_and_must_be_acknowledged() {
        let (_listener, open) = listener().await;
        for keepalive in [true, false] {
            let stream = connect(open, None).await.unwrap();
            tune(&stream, keepalive);
            assert!(stream.nodelay().unwrap());
            assert_eq!(SockRef::from(&stream).keepalive().unwrap(), keepalive);
            #[cfg(target_os = "linux")]
            assert_eq!(
                SockRef::from(&stream).tcp_user_timeout().unwrap(),
                Some(UNACKNOWLEDGED)
            );
        }
    }

    /// On Linux all of 127.0.0.0/8 is this machine's.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_local_address_is_the_one_that_was_named() {
        let (_listener, open) = listener().await;
        let from = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 0);
        let bind = [from("::1"), from("127.0.0.7")];
        let stream = connect(open, Some(&bind)).await.unwrap();
        assert_eq!(stream.local_addr().unwrap().ip(), bind[1].ip());
        let other = connect(open, Some(&bind[..1])).await.unwrap_err();
        assert!(other.to_string().contains("other IP version"), "{other}");
        let foreign = [from("192.0.2.1")];
        let error = connect(open, Some(&foreign)).await.unwrap_err();
        assert!(
            error.to_string().starts_with("not from 192.0.2.1: "),
            "{error}"
        );
    }

    #[test]
    fn a_family_takes_its_own_addresses() {
        let (four, six) = ("10.0.0.1:22".parse().unwrap(), "[::1]:22".parse().unwrap());
        assert!(Family::Any.admits(&four) && Family::Any.admits(&six));
        assert!(Family::Four.admits(&four) && !Family::Four.admits(&six));
        assert!(!Family::Six.admits(&four) && Family::Six.admits(&six));
    }
}
