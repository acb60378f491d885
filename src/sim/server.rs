//! The listening side: one shared port, ports of their own for nodes that must fail before the login name is known, one task per connection.

use super::{
    fault::Fault,
    visitor::Visitor,
    wire::{Ends, Wire},
    world::World,
};
use russh::server::run_stream;
use std::{future::pending, io, net::Ipv4Addr, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How often a node that comes and goes looks at the clock.
const LOOK: Duration = Duration::from_millis(50);
/// Deadline for a visitor's first line.
const GREETING: Duration = Duration::from_secs(30);
/// Deadline for a connection that was cut to notice it.
const FAREWELL: Duration = Duration::from_secs(2);
/// Connections that the kernel may hold for one port.
const BACKLOG: u32 = 1024;

/// A port of the loopback that stays ours while nothing listens on it.
pub(super) struct Port {
    address: SocketAddr,
    /// Bound and never listening: a connection is refused, and nobody else gets the port.
    _reserved: TcpSocket,
}

impl Port {
    /// Reserves a free port.
    pub(super) fn reserve() -> io::Result<Self> {
        let socket = Self::bound((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self {
            address: socket.local_addr()?,
            _reserved: socket,
        })
    }

    pub(super) fn number(&self) -> u16 {
        self.address.port()
    }

    fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        #[cfg(unix)]
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        Ok(socket)
    }

    /// Opens the port.
    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        Self::bound(self.address)?.listen(BACKLOG)
    }
}

/// Serves the port that most nodes share.
pub(super) async fn share(world: Arc<World>, port: Port, listener: TcpListener) {
    loop {
        tokio::select! { biased;
            () = world.stop.cancelled() => break,
            accepted = accept(Some(&listener)) => welcome(&world, accepted, None, &world.stop),
        }
    }
    drop(port);
}

/// Serves the port of one node: opens and closes it with the node.
pub(super) async fn gate(world: Arc<World>, port: Port, listener: TcpListener, node: usize) {
    let resident = world.node(node);
    let mut faults = resident.fault.subscribe();
    let mut listener = Some(listener);
    let mut open = world.stop.child_token();
    loop {
        let refuses = resident.refuses(world.now().time);
        if refuses && listener.take().is_some() {
            open.cancel();
        } else if !refuses && listener.is_none() {
            // Tried again soon where it fails.
            listener = port.listen().ok();
            open = world.stop.child_token();
        }
        let look = resident.comes_and_goes() || (listener.is_none() && !refuses);
        tokio::select! { biased;
            () = world.stop.cancelled() => break,
            Ok(()) = faults.changed() => {
                if faults.borrow_and_update().is_some_and(Fault::cuts) {
                    open.cancel();
                    open = world.stop.child_token();
                }
            }
            accepted = accept(listener.as_ref()) => welcome(&world, accepted, Some(node), &open),
            () = sleep(LOOK), if look => {}
        }
    }
}

/// The next connection; never where nothing listens.
async fn accept(listener: Option<&TcpListener>) -> Option<TcpStream> {
    let Some(listener) = listener else {
        return pending().await;
    };
    if let Ok((stream, _)) = listener.accept().await {
        return Some(stream);
    }
    // Out of file handles, most likely: let some be closed.
    sleep(LOOK).await;
    None
}

fn welcome(
    world: &Arc<World>,
    stream: Option<TcpStream>,
    node: Option<usize>,
    open: &CancellationToken,
) {
    let Some(stream) = stream else { return };
    // A visitor loses speed, not function, where this fails.
    let _ = stream.set_nodelay(true);
    let ends = Ends::under(open);
    let fault = node.and_then(|node| world.node(node).fault());
    let world = Arc::clone(world);
    let tasks = world.tasks.clone();
    match fault {
        Some(Fault::HangAfterAccept) => tasks.spawn(hang(stream, ends)),
        Some(Fault::GarbageBanner) => tasks.spawn(garbage(stream)),
        _ => tasks.spawn(visit(world, stream, node, ends)),
    };
}

/// Holds the connection until the visitor leaves.
async fn hang(mut stream: TcpStream, ends: Ends) {
    let mut sink = [0; 512];
    tokio::select! {
        () = ends.cut.cancelled() => {}
        () = async { while matches!(stream.read(&mut sink).await, Ok(1..)) {} } => {}
    }
}

/// Answers as no SSH server does.
async fn garbage(mut stream: TcpStream) {
    let mut answer = b"HTTP/1.1 400 Bad Request\r\nServer: sim\r\n\r\n".to_vec();
    answer.extend((0..4_096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 | 0x80));
    // A visitor that left early is fine.
    let _ = timeout(FAREWELL, stream.write_all(&answer)).await;
    let _ = timeout(FAREWELL, stream.shutdown()).await;
}

/// One SSH connection, from the first line to its end.
async fn visit(world: Arc<World>, stream: TcpStream, node: Option<usize>, ends: Ends) {
    let fault = node.and_then(|node| world.node(node).fault());
    let config = match fault {
        Some(Fault::ChangedHostKey) => &world.keys.changed,
        _ => &world.keys.honest,
    };
    let (known, who) = oneshot::channel();
    let visitor = Visitor::new(Arc::clone(&world), ends.clone(), node, known);
    let wire = Wire::new(stream, ends.clone());
    let Ok(Ok(mut session)) =
        timeout(GREETING, run_stream(Arc::clone(config), wire, visitor)).await
    else {
        return;
    };
    tokio::select! { biased;
        _ = &mut session => return,
        () = ends.cut.cancelled() => {}
        () = cutting_fault(&world, node, who) => {}
    }
    ends.cut.cancel();
    // Its wire fails now, so it ends at its next step.
    let _ = timeout(FAREWELL, session).await;
}

/// Waits for a fault that ends a connection on the shared port; a port of its own sees to that itself.
async fn cutting_fault(world: &World, node: Option<usize>, who: oneshot::Receiver<usize>) {
    let (None, Ok(node)) = (node, who.await) else {
        return pending().await;
    };
    let mut faults = world.node(node).fault.subscribe();
    while !faults.borrow_and_update().is_some_and(Fault::cuts) {
        if faults.changed().await.is_err() {
            return;
        }
    }
}
