//! Through the tailnet: plain TCP to the peer's address, and where the `tailscale` command is there, what it knows of the peer first.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

use super::{
    Way,
    capture::{capture, command},
    direct::{self, To},
    socket::Socket,
    tailnet::{Known, Tailnet},
};
use crate::{
    node::Transport,
    ssh::{Error, Step, connector::Shared, target::Target},
};

/// For `tailscale status`, which asks a process of this machine.
const STATUS_TIMEOUT: Duration = Duration::from_secs(2);

/// So long an answer holds for all nodes.
const FRESH: Duration = Duration::from_secs(10);

/// About 2 KiB a peer: enough for some thousand of them.
const STATUS_BYTES: usize = 16 << 20;

/// What is known of the tailnet, shared by all nodes.
#[derive(Debug)]
pub(crate) struct Status {
    latest: watch::Sender<Option<(Instant, Answer)>>,
    /// One process at a time; whoever comes meanwhile waits for its answer.
    turn: Semaphore,
}

/// What `tailscale status` said.
#[derive(Clone, Debug)]
enum Answer {
    /// There is no such command here.
    Absent,
    /// It failed, for this reason.
    Failed(String),
    Known(Arc<Tailnet>),
}

impl Default for Status {
    fn default() -> Self {
        Self {
            latest: watch::channel(None).0,
            turn: Semaphore::new(1),
        }
    }
}

/// Dials the peer, unless it is known to be away.
pub(crate) async fn dial(address: &str, target: &Target, shared: &Shared) -> Result<Way, Error> {
    let answer = shared.tailnet.answer(shared).await;
    let host = match &answer {
        Answer::Known(tailnet) => host(address, tailnet)?,
        Answer::Absent | Answer::Failed(_) => address.to_owned(),
    };
    let to = To {
        host: &host,
        port: target.port,
        limit: target.connect_timeout,
        transport: Transport::Tailscale,
        // What ssh_config says of the socket is about the way by its own address.
        socket: &Socket::USUAL,
    };
    let way = direct::dial(to, &shared.names).await;
    let way = way.map_err(|error| match answer {
        Answer::Failed(reason) => error.advise(&format!("tailscale status: {reason}")),
        _ => error,
    })?;
    let peer = match way.peer.parse::<SocketAddr>() {
        Ok(at) if at.ip().to_string() != address => format!("{address} ({at})"),
        _ => way.peer,
    };
    Ok(Way { peer, ..way })
}

/// Where to connect to, or why not at all.
fn host(address: &str, tailnet: &Tailnet) -> Result<String, Error> {
    let failed = |reason: &str| Error::new(Step::Connect, Transport::Tailscale, reason);
    if let Some(state) = tailnet.not_running() {
        let reason = format!("tailscale is not running on this machine: {state}");
        return Err(failed(&reason).advise("run: tailscale up"));
    }
    match tailnet.find(address) {
        Known::Unknown => Ok(address.to_owned()),
        Known::Online(ip) => Ok(ip
            .as_ref()
            .map_or_else(|| address.to_owned(), IpAddr::to_string)),
        Known::Offline(since) => {
            let since = since.map(|since| format!(" since {since}"));
            let reason = format!("peer {address} is offline{}", since.unwrap_or_default());
            Err(failed(&reason).advise("see tailscale status"))
        }
    }
}

impl Status {
    async fn answer(&self, shared: &Shared) -> Answer {
        if let Some(answer) = self.fresh() {
            return answer;
        }
        // The semaphore is never closed.
        let _turn = self.turn.acquire().await;
        if let Some(answer) = self.fresh() {
            return answer;
        }
        let answer = ask(shared).await;
        self.latest
            .send_replace(Some((Instant::now(), answer.clone())));
        answer
    }

    fn fresh(&self) -> Option<Answer> {
        let latest = self.latest.borrow();
        let (at, answer) = latest.as_ref()?;
        (at.elapsed() < FRESH).then(|| answer.clone())
    }
}

async fn ask(shared: &Shared) -> Answer {
    let mut command = command("tailscale", &shared.secrets.borrow());
    command.args(["status", "--json"]);
    let captured = match capture(command, STATUS_TIMEOUT, STATUS_BYTES).await {
        Ok(captured) => captured,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Answer::Absent,
        Err(error) => return Answer::Failed(error.to_string()),
    };
    // It fails where the backend is stopped, and prints what it knows all the same.
    match Tailnet::parse(&captured.stdout) {
        Ok(tailnet) => Answer::Known(Arc::new(tailnet)),
        Err(_) if !captured.status.success() && !captured.said.as_str().is_empty() => {
            Answer::Failed(captured.said.to_string())
        }
        Err(error) => Answer::Failed(format!("unreadable answer: {error}")),
    }
}
