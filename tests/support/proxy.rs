//! A relay on the loopback that does to connections what networks do to them; settable while they last.

use std::{net::Ipv4Addr, time::Duration};

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// Pieces under way in one direction: with a delay, so much is in the pipe at once.
const UNDER_WAY: usize = 256;

/// What befalls every connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Each way.
    pub(crate) delay: Duration,
    /// Up to so much more, differently for each piece.
    pub(crate) jitter: Duration,
    /// Bytes a second, each way.
    pub(crate) rate: Option<u32>,
    /// To the server.
    pub(crate) up: Flow,
    /// From the server.
    pub(crate) down: Flow,
    /// Said in the server's place; then the connection is closed.
    pub(crate) instead: Option<Vec<u8>>,
}

/// What happens to one direction after so many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Flow {
    #[default]
    Open,
    /// No more is taken, until this changes.
    StallAfter(u64),
    /// Both sides see the end of the stream.
    CutAfter(u64),
    /// The client's side is reset.
    ResetAfter(u64),
}

/// The relay; it and its connections end when this is dropped.
pub(crate) struct Proxy {
    /// Where it listens on 127.0.0.1.
    pub(crate) port: u16,
    faults: watch::Sender<Faults>,
    _task: JoinSet<()>,
}

/// How a connection ended.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Closed,
    Reset,
}

impl Proxy {
    /// Relays to `server`, a port of the loopback.
    pub(crate) async fn start(server: u16, faults: Faults) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (faults, seen) = watch::channel(faults);
        let mut task = JoinSet::new();
        task.spawn(listen(listener, server, seen));
        Self {
            port,
            faults,
            _task: task,
        }
    }

    /// From now on, also for connections that are open.
    pub(crate) fn set(&self, faults: Faults) {
        self.faults.send_replace(faults);
    }
}

async fn listen(listener: TcpListener, server: u16, faults: watch::Receiver<Faults>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        connections.spawn(relay(client, server, faults.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn relay(mut client: TcpStream, port: u16, faults: watch::Receiver<Faults>) {
    let instead = faults.borrow().instead.clone();
    if let Some(text) = instead {
        let _ = client.write_all(&text).await;
        return;
    }
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else {
        return;
    };
    let (client_reads, client_writes) = client.split();
    let (server_reads, server_writes) = server.split();
    let end = tokio::select! {
        end = carry(client_reads, server_writes, |faults| faults.up, faults.clone()) => end,
        end = carry(server_reads, client_writes, |faults| faults.down, faults.clone()) => end,
    };
    if end == End::Reset {
        let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
    }
}

async fn carry(
    from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    flow: fn(&Faults) -> Flow,
    faults: watch::Receiver<Faults>,
) -> End {
    let (queue, queued) = mpsc::channel(UNDER_WAY);
    let taken = async { Ok(take(from, queue, flow, faults.clone()).await) };
    // What was taken before the end still arrives.
    match tokio::try_join!(taken, give(to, queued, faults.clone())) {
        Ok((end, ())) => end,
        Err(_) => End::Closed,
    }
}

async fn take(
    mut from: ReadHalf<'_>,
    queue: mpsc::Sender<(Instant, Vec<u8>)>,
    flow: fn(&Faults) -> Flow,
    mut faults: watch::Receiver<Faults>,
) -> End {
    let mut passed = 0;
    let mut piece = [0; 4096];
    for number in 0_u64.. {
        let now = faults.borrow_and_update().clone();
        let (end, limit) = match flow(&now) {
            Flow::Open => (None, u64::MAX),
            Flow::StallAfter(limit) => (None, limit),
            Flow::CutAfter(limit) => (Some(End::Closed), limit),
            Flow::ResetAfter(limit) => (Some(End::Reset), limit),
        };
        let room = limit.saturating_sub(passed).min(piece.len() as u64) as usize;
        if room == 0
            && let Some(end) = end
        {
            return end;
        }
        let read = tokio::select! {
            biased;
            Ok(()) = faults.changed() => continue,
            read = from.read(&mut piece[..room]), if room > 0 => read.unwrap_or(0),
            // The proxy is being dropped.
            else => return End::Closed,
        };
        if read == 0 {
            return End::Closed;
        }
        passed += read as u64;
        let jitter = now.jitter * (number * 7919 % 97) as u32 / 97;
        let due = Instant::now() + now.delay + jitter;
        if queue.send((due, piece[..read].to_vec())).await.is_err() {
            return End::Closed;
        }
    }
    End::Closed
}

async fn give(
    mut to: WriteHalf<'_>,
    mut queued: mpsc::Receiver<(Instant, Vec<u8>)>,
    faults: watch::Receiver<Faults>,
) -> std::io::Result<()> {
    while let Some((due, piece)) = queued.recv().await {
        sleep_until(due).await;
        to.write_all(&piece).await?;
        let rate = faults.borrow().rate;
        if let Some(rate) = rate {
            sleep(Duration::from_secs(piece.len() as u64) / rate).await;
        }
    }
    Ok(())
}
