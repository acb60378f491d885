//! One attempt to open a connection: the way to the server, key exchange, login.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    Error, SessionInfo, Step,
    client::{self, Deadline},
    connection::{Connection, Origin},
    connector::Shared,
    pool::{Gate, Wanted},
    target::Path,
    transport::{
        Said, Way, cloudflare,
        direct::{self, To},
        jump::{self, Bastion},
        proxy_command, tailscale,
    },
    trust::Shown,
};
use crate::node::Transport;

/// A handshake that takes longer waits for the network or a person, and makes room for others.
const COMPUTES_FOR: Duration = Duration::from_millis(500);

/// A server that takes longer over a login must not keep its others waiting: a person may be asked about this one.
const COUNTS_FOR: Duration = Duration::from_secs(5);

/// Opens a connection. Dropped before its end, it leaves no task and no socket.
pub(super) async fn open(
    wanted: &Wanted,
    shared: &Arc<Shared>,
    gate: Gate,
) -> Result<Connection, Error> {
    let waited = wanted.trail.waited();
    // Before the gates: whoever waits for a bastion must not hold a place that the bastion's own handshake needs.
    let bastion = jump::bastion(wanted, shared).await?;
    let mut place = gate.enter().await;
    let mut attempt = pin!(attempt(wanted, shared, bastion, waited));
    tokio::select! {
        biased;
        result = &mut attempt => return result,
        () = sleep(COMPUTES_FOR) => place.step_aside(),
    }
    // A bastion doesn't count those who pass through.
    if !matches!(wanted.path, Path::Jump(_)) {
        tokio::select! {
            biased;
            result = &mut attempt => return result,
            () = sleep(COUNTS_FOR) => {}
        }
    }
    drop(place);
    attempt.await
}

/// Until here, a person was waited for `waited` long on this trail.
async fn attempt(
    wanted: &Wanted,
    shared: &Arc<Shared>,
    bastion: Option<Bastion>,
    waited: Duration,
) -> Result<Connection, Error> {
    let (started, before) = (Instant::now(), wanted.trail.waited());
    let way = way(wanted, shared, bastion).await?;
    let (peer, said) = (way.peer.clone(), way.said.clone());
    let transport = wanted.path.transport();
    wanted.trail.pass(Step::Connect, transport, || peer.clone());
    let deadline = Deadline::of(wanted, shared, started);
    let opened = client::open(way, wanted, shared, deadline).await;
    let opened = opened.map_err(|error| explained(error, said.as_ref()))?;
    let persons = wanted.trail.waited();
    let info = SessionInfo {
        transport,
        peer,
        ident: opened.ident.as_str().into(),
        user: wanted.target.user.clone(),
        auth: opened.auth,
        remark: opened.remark,
        setup: started
            .elapsed()
            .saturating_sub(persons.saturating_sub(before)),
    };
    let origin = Origin {
        node: wanted.target.node.clone(),
        trail: wanted.trail.untold(),
        waited: persons.saturating_sub(waited),
    };
    Ok(Connection::new(opened.link, info).of(origin))
}

/// Goes as far as the server's host key. Nobody logs in.
pub(super) async fn look(wanted: &Wanted, shared: &Arc<Shared>) -> Result<Shown, Error> {
    let bastion = jump::bastion(wanted, shared).await?;
    let _place = shared.pool.place(wanted.clone()).await?;
    let started = Instant::now();
    let way = way(wanted, shared, bastion).await?;
    let said = way.said.clone();
    let deadline = Deadline::of(wanted, shared, started);
    let shown = client::look(way, wanted, shared, deadline).await;
    shown.map_err(|error| explained(error, said.as_ref()))
}

/// In the words of the command behind the stream, where there is one.
fn explained(error: Error, said: Option<&Said>) -> Error {
    match said {
        Some(said) => said.explain(error),
        None => error,
    }
}

async fn way(
    wanted: &Wanted,
    shared: &Arc<Shared>,
    bastion: Option<Bastion>,
) -> Result<Way, Error> {
    if let Some(bastion) = bastion {
        return bastion.dial(wanted).await;
    }
    let target = &wanted.target;
    match &wanted.path {
        Path::Direct => {
            let to = To {
                host: &target.host,
                port: target.port,
                limit: target.connect_timeout,
                transport: Transport::Direct,
                socket: &target.socket,
            };
            direct::dial(to, &shared.names).await
        }
        Path::Tailscale(address) => tailscale::dial(address, target, shared).await,
        Path::ProxyCommand(text) => proxy_command::dial(text, target, shared),
        Path::ProxyFdpass => Err(proxy_command::refused()),
        Path::Cloudflare(settings) => cloudflare::dial(settings, shared).await,
        Path::Local | Path::Jump(_) => {
            let reason = "this way is not one to dial";
            Err(Error::new(Step::Config, wanted.path.transport(), reason).for_good())
        }
    }
}
