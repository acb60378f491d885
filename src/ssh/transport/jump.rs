//! Through bastions: each is a shared connection of the pool, and connects to what comes after it by a name that it resolves itself.

use std::{sync::Arc, time::Instant};

use russh::ChannelOpenFailure;
use tokio::time::timeout;

use super::{
    Way, place,
    tunnel::{self, Refusal},
};
use crate::{
    node::{Node, Transport},
    ssh::{
        Error, Step, client,
        connection::Connection,
        connector::{Shared, most_telling},
        pool::{Lane, Wanted},
        target::{Path, Target},
        trail::Trail,
    },
};

/// Bastions behind bastions that are followed: nobody has so many, and who goes round in a circle has more.
pub(crate) const DEPTH: usize = 16;

/// An open connection to the bastion that stands before a server.
pub(crate) struct Bastion {
    connection: Arc<Connection>,
    /// `b1`, `b1 → b2`
    names: String,
}

/// The bastion that stands before what is wanted, where one does.
pub(crate) async fn bastion(
    wanted: &Wanted,
    shared: &Arc<Shared>,
) -> Result<Option<Bastion>, Error> {
    let Path::Jump(hops) = &wanted.path else {
        return Ok(None);
    };
    let Some((last, before)) = hops.split_last() else {
        return Err(failed(Step::Config, "no bastion is named").for_good());
    };
    no_circle(wanted, shared).await?;
    let started = Instant::now();
    let connection = reach(last, before, wanted.lane, shared)
        .await
        .map_err(|error| beyond(last, &error))?;
    // Whoever opened it: what a person took for it is no time of this way's own.
    let persons = started.elapsed().min(connection.waited());
    wanted.trail.wait(persons);
    let names: Vec<&str> = hops.iter().map(|hop| hop.id.as_str()).collect();
    Ok(Some(Bastion {
        connection,
        names: names.join(" → "),
    }))
}

/// A connection to a bastion: through those before it, the first by its own route.
async fn reach(
    bastion: &Node,
    before: &[Arc<Node>],
    lane: Lane,
    shared: &Shared,
) -> Result<Arc<Connection>, Error> {
    let mut target = shared.target(bastion).await?;
    // Found dead one question before those behind it, which then end for the true reason.
    target.keepalive.max = target.keepalive.max.saturating_sub(1).max(1);
    let target = Arc::new(target);
    let mut failures = Vec::new();
    for path in paths(&target, before) {
        if path == Path::Local {
            let reason = "it is this machine (transport local), which is no bastion";
            failures.push(Error::new(Step::Config, Transport::Local, reason).for_good());
            continue;
        }
        let wanted = Wanted {
            trail: Trail::default(),
            target: Arc::clone(&target),
            path,
            lane,
        };
        match shared.pool.connection(wanted).await {
            Ok(connection) => return Ok(connection),
            Err(error) if matches!(error.step, Step::HostKey | Step::Auth) => return Err(error),
            Err(error) => failures.push(error),
        }
    }
    Err(most_telling(&failures, &target.node))
}

fn paths(target: &Target, before: &[Arc<Node>]) -> Vec<Path> {
    if before.is_empty() {
        return target.paths.clone();
    }
    vec![Path::Jump(before.to_vec())]
}

/// Refuses bastions that stand behind each other: each would wait for the other for ever.
async fn no_circle(wanted: &Wanted, shared: &Shared) -> Result<(), Error> {
    let start = (wanted.target.as_ref().clone(), wanted.path.clone());
    let mut open = vec![(start, Vec::new())];
    while let Some(((target, path), mut trail)) = open.pop() {
        let Path::Jump(hops) = &path else { continue };
        let here = format!("{}@{}:{} {path}", target.user, target.host, target.port);
        let is_known = trail.iter().any(|(seen, _)| *seen == here);
        trail.push((here, target.node.clone()));
        if is_known || trail.len() > DEPTH {
            let names: Vec<&str> = trail.iter().map(|(_, node)| node.as_str()).collect();
            let reason = format!("bastions in a circle: {}", names.join(" behind "));
            return Err(failed(Step::Config, &reason)
                .advise("see jump in hosts.yaml and ProxyJump in ssh_config")
                .for_good());
        }
        // Only the first goes by its own route; the others go through those before them.
        let Some(first) = hops.first() else { continue };
        let next = shared.target(first).await;
        let next = next.map_err(|error| beyond(first, &error))?;
        for path in next.paths.clone() {
            open.push(((next.clone(), path), trail.clone()));
        }
    }
    Ok(())
}

impl Bastion {
    /// Has it connect to the server, within the deadline for connects.
    pub(crate) async fn dial(&self, wanted: &Wanted) -> Result<Way, Error> {
        let target = &wanted.target;
        let to = (target.host.as_str(), target.port);
        let window = client::window(wanted.lane, None);
        let opening = tunnel::open(&self.connection, &self.names, to, window);
        let server = place(&target.host, target.port);
        let tunnel = timeout(target.connect_timeout, opening)
            .await
            .map_err(|_| self.overdue(&server, target))?
            .map_err(|refusal| explain(&self.names, &server, refusal))?;
        Ok(Way {
            stream: Box::new(tunnel),
            peer: format!("{} → {server}", self.names),
            said: None,
            round_trip: None,
        })
    }

    fn overdue(&self, server: &str, target: &Target) -> Error {
        let limit = target.connect_timeout.as_secs_f32();
        let reason = format!("{server} did not answer it within {limit} s");
        through(&self.names, Step::Connect, &reason)
            .advise("check that the machine is up and that the bastion may reach it")
    }
}

fn failed(step: Step, reason: &str) -> Error {
    Error::new(step, Transport::Jump, reason)
}

fn through(names: &str, step: Step, reason: &str) -> Error {
    failed(step, &format!("through bastion {names}: {reason}"))
}

/// A bastion that can't be reached: another way to the node may do without it, so its refused login is not the node's.
fn beyond(bastion: &Node, error: &Error) -> Error {
    Error {
        advice: error.advice.clone(),
        permanent: error.permanent,
        busy: error.busy,
        evidence: error.evidence.clone(),
        ..through(bastion.id.as_str(), Step::Connect, &error.to_string())
    }
}

/// What a bastion's refusal means.
fn explain(names: &str, server: &str, refusal: Refusal) -> Error {
    let (failure, words) = match refusal {
        Refusal::Lost(reason) => return through(names, Step::Connect, &reason),
        Refusal::Said(failure, words) => (failure, words),
    };
    // All that sshd says where it has nothing to say.
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = words.into_iter().filter(|said| *said != "open failed");
    let words = words.collect::<Vec<_>>();
    let said = match words.join(" or ") {
        said if said.is_empty() => String::new(),
        said => format!(": {said}"),
    };
    match failure {
        ChannelOpenFailure::AdministrativelyProhibited => {
            let reason = format!("it may not connect to {server}{said}");
            through(names, Step::Connect, &reason)
                .advise("see AllowTcpForwarding, PermitOpen and DisableForwarding in its sshd_config, and `restrict` at your key there")
                .for_good()
        }
        ChannelOpenFailure::ConnectFailed
            if !words.is_empty() && words.iter().all(|said| is_unknown_name(said)) =>
        {
            through(
                names,
                Step::Resolve,
                &format!("it can't resolve {server}{said}"),
            )
            .advise("the name is looked up at the bastion, not here")
        }
        ChannelOpenFailure::ConnectFailed => through(
            names,
            Step::Connect,
            &format!("it can't connect to {server}{said}"),
        )
        .advise(
            "check that sshd runs there, and that the bastion may reach it by this name and port",
        ),
        ChannelOpenFailure::UnknownChannelType => {
            through(names, Step::Connect, "it knows no forwarding").for_good()
        }
        ChannelOpenFailure::ResourceShortage => through(
            names,
            Step::Connect,
            &format!("it is short of resources{said}"),
        ),
        ChannelOpenFailure::Other { reason, .. } => {
            through(names, Step::Connect, &format!("{reason}{said}"))
        }
    }
}

/// What the resolvers of glibc, musl, macOS and the BSDs say of a name that they can't resolve.
fn is_unknown_name(said: &str) -> bool {
    let said = said.to_lowercase();
    let signs = [
        "not known",
        "name resolution",
        "does not resolve",
        "no address associated",
        "name does not",
        "unknown host",
        "nodename nor servname",
        "non-recoverable failure",
    ];
    signs.iter().any(|sign| said.contains(sign))
}

#[cfg(test)]
#[path = "jump_tests.rs"]
mod tests;
