//! Opening an SSH connection by russh: settings, then key exchange and login under deadlines, and what a failure means.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use russh::{
    Preferred, SshId, cipher,
    client::{self, Handle},
    compression,
    keys::{Algorithm, EcdsaCurve, HashAlg},
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Error, Evidence, Keepalive, Step,
    algorithms::is_extension,
    auth,
    connector::Shared,
    events::{Events, Fault, describe},
    host_key::Judge,
    link::{Life, Link},
    pool::{Lane, Wanted},
    prompt::Asker,
    transport::{
        Way,
        ahead::Ahead,
        stream::{Head, Tap},
    },
    trust::Shown,
};
use crate::node::{Transport, text::SafeText};

/// AES-GCM first: with AES instructions it costs half of `ChaCha20` (measured), and Terrapin doesn't touch it.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

/// Kinds of host key, best first. No SHA-1 (`ssh-rsa`).
const HOST_KEYS: [Algorithm; 6] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP256,
    },
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP384,
    },
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP521,
    },
    Algorithm::Rsa {
        hash: Some(HashAlg::Sha512),
    },
    Algorithm::Rsa {
        hash: Some(HashAlg::Sha256),
    },
];

/// A channel's window where no bulk is carried: more brings nothing.
const WINDOW: u32 = 2 << 20;

/// The window of a channel that carries bulk from afar: 2 MiB would cap a stream at 21 MiB/s where the round trip takes 40 ms (measured).
const BULK_WINDOW: u32 = 16 << 20;

/// Bytes read ahead of russh: on a bulk connection two packets, as more leaves the processor's cache (measured), and
/// elsewhere a frame's.
const READ_AHEAD: (usize, usize) = (64 << 10, 4 << 10);

/// Smaller packets cost CPU, larger ones bring nothing (measured).
const PACKET: u32 = 32 << 10;

/// Messages of a channel inside russh, before our own queue: 512 KiB at worst. Its default of 100 is 3.2 MiB.
const CHANNEL_BUFFER: usize = 16;

/// A net under the keepalives, which run only after login. Their answers reset it, where they come more often.
const INACTIVITY: Duration = Duration::from_secs(90);

/// A connection that is logged in.
pub(super) struct Opened {
    pub(super) link: Link,
    pub(super) ident: String,
    pub(super) auth: SafeText,
    pub(super) remark: SafeText,
}

/// Of the server's greeting and the key exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    /// As it is told.
    limit: Duration,
    /// What is left of it.
    left: Duration,
}

impl Deadline {
    /// A time to connect that somebody chose is for all from the first step, at `started`, as ssh's `ConnectTimeout`.
    pub(super) fn of(wanted: &Wanted, shared: &Shared, started: Instant) -> Self {
        if let Some(limit) = wanted.target.chosen_timeout {
            let left = limit.saturating_sub(started.elapsed());
            return Self { limit, left };
        }
        let limit = shared.config.kex_timeout;
        Self { limit, left: limit }
    }
}

/// Exchanges keys and logs in. Dropped before its end, it leaves no task and no socket.
pub(super) async fn open(
    way: Way,
    wanted: &Wanted,
    shared: &Arc<Shared>,
    deadline: Deadline,
) -> Result<Opened, Error> {
    let stop = CancellationToken::new();
    let guard = stop.clone().drop_guard();
    let transport = wanted.path.transport();
    let (look, take) = shared.kept.look(&wanted.target);
    let judge = judge(wanted, shared, take).await?;
    let remark = judge.remark();
    let (mut handle, life, ident) = exchange(way, wanted, judge, (&stop, deadline)).await?;
    if let Some(progress) = &shared.config.progress {
        // A screen that misses a step shows the next one.
        let _ = progress.try_send(wanted.target.node.clone());
    }
    let asker = Asker::new(
        shared.asker.clone(),
        wanted.target.node.clone(),
        wanted.trail.clone(),
    );
    let limit = shared.config.auth_timeout;
    let terms = auth::Terms {
        wanted,
        shared,
        asker: &asker,
        life: &life,
        look,
    };
    let auth = tokio::select! {
        biased;
        done = auth::login(&mut handle, terms) => match done {
            Err(error) if error.permanent => {
                return Err(error.judged_by(Evidence::of_login(&wanted.target).await));
            }
            done => done?,
        },
        () = overdue(asker.asking(), limit) => {
            let reason = format!("not logged in within {} s", limit.as_secs_f32());
            return Err(Error::new(Step::Auth, transport, &reason)
                .advise("the server takes its time: its name look-ups or its login services may hang"));
        }
    };
    let link = Link::new(handle, life, guard, Arc::clone(shared), wanted);
    let remark = remark.borrow().clone();
    Ok(Opened {
        link,
        ident,
        auth,
        remark,
    })
}

/// Exchanges keys and leaves once the server has shown its own.
pub(super) async fn look(
    way: Way,
    wanted: &Wanted,
    shared: &Shared,
    deadline: Deadline,
) -> Result<Shown, Error> {
    let stop = CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    let mut judge = judge(wanted, shared, || ()).await?;
    let shown = judge.look();
    let ended = exchange(way, wanted, judge, (&stop, deadline)).await;
    let shown = shown.borrow().clone();
    match (shown, ended) {
        (Some(shown), _) => Ok(shown),
        (None, Err(error)) => Err(error),
        (None, Ok(_)) => Err(no_key(wanted.path.transport())),
    }
}

fn no_key(transport: Transport) -> Error {
    Error::new(Step::HostKey, transport, "the server showed no host key")
}

/// Reads what is known of the host, then does `more`.
async fn judge(
    wanted: &Wanted,
    shared: &Shared,
    more: impl FnOnce() + Send + 'static,
) -> Result<Judge, Error> {
    timeout(shared.config.kex_timeout, Judge::new(wanted, shared, more))
        .await
        .unwrap_or_else(|_| {
            let reason = "the known_hosts files could not be read in time";
            Err(Error::new(Step::HostKey, wanted.path.transport(), reason))
        })
}

type Exchanged = (Handle<Events>, Life, String);

async fn exchange(
    way: Way,
    wanted: &Wanted,
    judge: Judge,
    (stop, deadline): (&CancellationToken, Deadline),
) -> Result<Exchanged, Error> {
    let transport = wanted.path.transport();
    let mut settings = settings(&judge, wanted);
    settings.window_size = window(wanted.lane, way.round_trip);
    let algorithms = wanted.target.algorithms.apply(&mut settings.preferred);
    algorithms.map_err(|reason| Error::new(Step::Config, transport, &reason).for_good())?;
    let settings = Arc::new(settings);
    let asking = judge.asking();
    let ahead = match wanted.lane {
        Lane::Bulk => READ_AHEAD.0,
        Lane::Control => READ_AHEAD.1,
    };
    let (tap, head) = Tap::new(Box::new(Ahead::new(way.stream, ahead)), stop);
    let heard = tap.heard();
    let (events, ended) = Events::new(judge, stop.clone(), wanted);
    let opened = tokio::select! {
        biased;
        done = client::connect_stream(settings, tap, events) => {
            done.map_err(|fault| explain(fault, &head.borrow(), transport))
        }
        ident = outdated(head.clone()) => Err(other_version(&ident, transport)),
        () = overdue(asking, deadline.left) => Err(silent(&head.borrow(), deadline.limit, transport)),
    };
    let ident = head.borrow().ident().map(str::to_owned);
    if let Some(ident) = ident.as_ref().filter(|ident| is_version_2(ident)) {
        wanted.trail.pass(Step::Banner, transport, || ident.clone());
    }
    let life = Life::new(stop.clone(), ended, heard);
    Ok((opened?, life, ident.unwrap_or_default()))
}

/// The window of a channel. For bulk it grows with the distance, 2 MiB for each millisecond of round trip: all that the
/// window allows beyond the way's own capacity piles up in sshd, which then moves it about (half of the speed, measured).
pub(super) fn window(lane: Lane, round_trip: Option<Duration>) -> u32 {
    match (lane, round_trip) {
        (Lane::Control, _) => WINDOW,
        (Lane::Bulk, None) => BULK_WINDOW,
        (Lane::Bulk, Some(distance)) => {
            let millis = u32::try_from(distance.as_millis()).unwrap_or(u32::MAX);
            WINDOW.saturating_mul(millis.max(1)).min(BULK_WINDOW)
        }
    }
}

fn settings(judge: &Judge, wanted: &Wanted) -> client::Config {
    let keepalive = wanted.target.keepalive;
    let asks = !keepalive.interval.is_zero();
    client::Config {
        client_id: SshId::Standard(Cow::Borrowed(concat!(
            "SSH-2.0-sshoal_",
            env!("CARGO_PKG_VERSION")
        ))),
        maximum_packet_size: PACKET,
        channel_buffer_size: CHANNEL_BUFFER,
        preferred: Preferred {
            key: Cow::Owned(host_key_order(&judge.algorithms().collect::<Vec<_>>())),
            host_key_certificates: if judge.wants_certificate() {
                Cow::Borrowed(&HOST_KEYS)
            } else {
                Cow::Borrowed(&[])
            },
            cipher: Cow::Borrowed(CIPHERS),
            compression: Cow::Borrowed(&[compression::NONE]),
            ..Preferred::DEFAULT
        },
        keepalive_interval: asks.then_some(keepalive.interval),
        keepalive_max: keepalive.max,
        inactivity_timeout: asks.then(|| patience(keepalive)),
        ..client::Config::default()
    }
}

/// Silence that not even keepalives broke.
fn patience(keepalive: Keepalive) -> Duration {
    let questions = u32::try_from(keepalive.max).unwrap_or(u32::MAX);
    let longest = keepalive
        .interval
        .saturating_mul(questions.saturating_add(2));
    INACTIVITY.max(longest)
}

/// Kinds that are known for the host first: asked for another kind, a known host would look like one that changed.
fn host_key_order(known: &[&str]) -> Vec<Algorithm> {
    let mut order = HOST_KEYS.to_vec();
    order.sort_by_key(|algorithm| {
        let name = match algorithm {
            Algorithm::Rsa { .. } => "ssh-rsa",
            other => other.as_str(),
        };
        !known.contains(&name)
    });
    order
}

/// Resolves when `limit` has passed; it starts anew after a person was asked, who has a deadline of their own.
async fn overdue(mut asking: watch::Receiver<usize>, limit: Duration) {
    loop {
        tokio::select! {
            biased;
            gone = async { asking.wait_for(|asking| *asking > 0).await.is_err() } => if gone {
                return sleep(limit).await;
            },
            () = sleep(limit) => return,
        }
        if asking.wait_for(|asking| *asking == 0).await.is_err() {
            return sleep(limit).await;
        }
    }
}

fn silent(head: &Head, limit: Duration, transport: Transport) -> Error {
    let limit = limit.as_secs_f32();
    if head.ident().is_some() {
        let reason = format!("no key exchange within {limit} s");
        return Error::new(Step::Kex, transport, &reason);
    }
    let reason = match head.text() {
        text if text.is_empty() => format!("the port is open but silent for {limit} s"),
        text => format!("no SSH identification within {limit} s, but: {text}"),
    };
    Error::new(Step::Banner, transport, &reason).advise("check that it is sshd who listens there")
}

/// What a failed handshake means.
fn explain(fault: Fault, head: &Head, transport: Transport) -> Error {
    let error = match fault {
        Fault::Refused(error) => return error,
        Fault::Ssh(error) => error,
    };
    match head.ident() {
        None => no_ident(&head.text(), transport),
        Some(ident) if !is_version_2(ident) => other_version(ident, transport),
        Some(_) => kex_failed(&error, transport),
    }
}

/// Resolves with the identification of a server that speaks no version 2: it would wait for what never comes.
async fn outdated(mut head: watch::Receiver<Head>) -> String {
    let is_other = |head: &Head| head.ident().is_some_and(|ident| !is_version_2(ident));
    let found = head.wait_for(is_other).await;
    let ident = found.ok().and_then(|head| head.ident().map(str::to_owned));
    match ident {
        Some(ident) => ident,
        // Without a stream there is another end.
        None => std::future::pending().await,
    }
}

fn other_version(ident: &str, transport: Transport) -> Error {
    let reason = format!("the server speaks another protocol: {ident}");
    Error::new(Step::Banner, transport, &reason)
        .advise("version 1 of SSH is broken and no longer spoken: update the server there")
        .for_good()
}

fn is_version_2(ident: &str) -> bool {
    ident.starts_with("SSH-2.0-") || ident.starts_with("SSH-1.99-")
}

fn no_ident(text: &str, transport: Transport) -> Error {
    let (reason, advice) = match text {
        "" => (
            "closed before the server identified itself".to_owned(),
            "sshd may be limiting new connections (MaxStartups), or the address isn't allowed",
        ),
        text if text.starts_with("Not allowed at this time") => (
            text.to_owned(),
            "sshd has locked this address out for a while (PerSourcePenalties)",
        ),
        text if text.contains("MaxStartups") => (
            text.to_owned(),
            "too many connections are logging in at once; try again",
        ),
        // Said in part.
        text if text.starts_with("SSH-") || "SSH-".starts_with(text) => (
            format!("the connection ended after {text}, in the middle of the server's greeting"),
            "something on the way cuts connections: a firewall, or a proxy",
        ),
        text => (
            format!("not an SSH server, it says: {text}"),
            "check the port",
        ),
    };
    // A lock-out (PerSourcePenalties) lasts longer than anybody waits for an answer.
    let busy = text.is_empty() || text.contains("MaxStartups");
    let error = Error::new(Step::Banner, transport, &reason);
    error.advise(advice).of_busy(busy)
}

fn kex_failed(error: &russh::Error, transport: Transport) -> Error {
    match error {
        russh::Error::NoCommonAlgo { kind, ours, theirs } => {
            let kind = format!("{kind:?}").to_lowercase();
            let (ours, theirs) = (algorithms(ours), algorithms(theirs));
            let reason = format!(
                "no common {kind} algorithm; the server offers {theirs}; sshoal knows {ours}"
            );
            Error::new(Step::Kex, transport, &reason)
                .advise("update sshd, or allow one of these in its sshd_config")
                .for_good()
        }
        other => Error::new(Step::Kex, transport, &describe(other)),
    }
}

/// A list of names, without those that only tell of extensions.
fn algorithms(names: &[String]) -> String {
    let names = names.iter().map(String::as_str);
    let names: Vec<&str> = names.filter(|name| !is_extension(name)).collect();
    names.join(", ")
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
