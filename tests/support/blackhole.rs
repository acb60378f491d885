//! An address that answers nothing, not even a connection request: a listener whose queue is full.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

/// Silent while it lives.
pub(crate) struct Blackhole {
    /// Of 127.0.0.1.
    pub(crate) port: u16,
    _listener: Socket,
    _queued: Vec<TcpStream>,
}

impl Blackhole {
    pub(crate) fn dig() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        listener.bind(&any.into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300));
        // Until the queue is full.
        let queued: Vec<_> = std::iter::from_fn(|| connect().ok()).take(8).collect();
        assert!(queued.len() < 8, "connections are still taken");
        Self {
            port: address.port(),
            _listener: listener,
            _queued: queued,
        }
    }
}
