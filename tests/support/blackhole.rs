//! An address that answers nothing, not even a connection request: a listener whose queue is full.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

/// Silent while it lives.
pub(crate) struct Blackhole {
    /// Of every address of the loopback.
    pub(crate) port: u16,
    _listener: Socket,
    _queued: Vec<TcpStream>,
}

impl Blackhole {
    pub(crate) fn dig() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        listener.bind(&any.into()).expect("a port");
        listener.listen(0).expect("a listener");
        let bound = listener.local_addr().expect("an address");
        let port = bound.as_socket().expect("an IP address").port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300));
        // Until the queue is full.
        let queued: Vec<_> = std::iter::from_fn(|| connect().ok()).take(8).collect();
        assert!(queued.len() < 8, "connections are still taken");
        Self {
            port,
            _listener: listener,
            _queued: queued,
        }
    }
}
