//! One attempt to open a connection: the way to the server, key exchange, login.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    Error, SessionInfo, Step, client,
    connection::Connection,
    connector::Shared,
    pool::{Place, Wanted},
    target::Path,
    transport::{Way, direct},
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
    mut place: Place,
) -> Result<Connection, Error> {
    let mut attempt = pin!(attempt(wanted, shared));
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

async fn attempt(wanted: &Wanted, shared: &Arc<Shared>) -> Result<Connection, Error> {
    let started = Instant::now();
    let way = way(wanted, shared).await?;
    let peer = way.peer.clone();
    let opened = client::open(way, wanted, shared).await?;
    let info = SessionInfo {
        transport: wanted.path.transport(),
        peer,
        ident: opened.ident.as_str().into(),
        user: wanted.target.user.clone(),
        auth: opened.auth,
        remark: opened.remark,
        setup: started.elapsed(),
    };
    Ok(Connection::new(opened.link, info))
}

/// Goes as far as the server's host key. Nobody logs in.
pub(super) async fn look(wanted: &Wanted, shared: &Arc<Shared>) -> Result<Shown, Error> {
    let _place = shared.pool.place(wanted.clone()).await?;
    let way = way(wanted, shared).await?;
    client::look(way, wanted, shared).await
}

async fn way(wanted: &Wanted, shared: &Arc<Shared>) -> Result<Way, Error> {
    match &wanted.path {
        Path::Direct => direct::dial(&wanted.target, &shared.lookups).await,
        other => Err(unsupported(other.transport())),
    }
}

fn unsupported(transport: Transport) -> Error {
    let reason = format!(
        "{} is not supported by this version yet",
        transport.as_str()
    );
    Error::new(Step::Config, transport, &reason).for_good()
}
