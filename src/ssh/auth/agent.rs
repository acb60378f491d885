//! The SSH agent: its keys, and its signatures for a login.

use std::{
    io,
    path::Path,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use russh::keys::{
    self, HashAlg,
    agent::{AgentIdentity, AgentSessionBinding, client::AgentClient},
    key::parse_public_key,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::{Instant, timeout},
};

/// What needs nobody's touch takes an agent no longer; one that hangs must leave time for the key files.
const LISTING: Duration = Duration::from_secs(3);

/// For an agent that waits with another login of ours for somebody's touch or confirmation: most do one thing at a time.
const BUSY: Duration = Duration::from_secs(100);

/// Of the agent protocol (draft-ietf-sshm-ssh-agent, 6.1).
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;

/// As OpenSSH takes it.
const MAX_ANSWER: u32 = 256 << 10;

/// A connection to the agent. One per SSH connection: an agent binds each to the server that it signs for.
pub(super) struct Agent(AgentClient<UnixStream>);

/// Why there is no agent.
pub(super) enum Away {
    Gone(String),
    /// It may be waiting for a person, for somebody else.
    Silent,
}

/// How many signatures of agents were waited for so far, and how many of them came.
#[derive(Debug, Default)]
pub(in crate::ssh) struct Asked {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Asked {
    /// Until it is dropped, one more is waited for.
    fn one(&self) -> Waiting<'_> {
        self.begun.fetch_add(1, Ordering::AcqRel);
        Waiting(self)
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::Acquire)
    }

    /// True where one was waited for at any time since so many had ended.
    fn is_any_since(&self, ended: usize) -> bool {
        self.begun.load(Ordering::Acquire) > ended
    }
}

struct Waiting<'a>(&'a Asked);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
    }
}

impl Agent {
    /// Connects, tells the agent which server this is about, for keys that are restricted to destinations, and asks for its
    /// keys and certificates.
    pub(super) async fn open(
        path: &Path,
        binding: Option<&AgentSessionBinding>,
        asked: &Asked,
    ) -> Result<(Self, Vec<AgentIdentity>), Away> {
        let mut opened = pin!(Self::listed(path, binding));
        let end = Instant::now() + BUSY;
        loop {
            let ended = asked.ended();
            match timeout(LISTING, &mut opened).await {
                Ok(opened) => return opened.map_err(|error| Away::Gone(error.to_string())),
                Err(_) if asked.is_any_since(ended) && Instant::now() < end => {}
                Err(_) => return Err(Away::Silent),
            }
        }
    }

    async fn listed(
        path: &Path,
        binding: Option<&AgentSessionBinding>,
    ) -> io::Result<(Self, Vec<AgentIdentity>)> {
        let (mut client, mut stream) = dial(path).await?;
        if let Some(binding) = binding {
            match client.bind_session(binding, false).await {
                // An agent that doesn't know of binding says so and goes on.
                Ok(()) | Err(keys::Error::AgentFailure) => {}
                Err(_) => (client, stream) = dial(path).await?,
            }
        }
        let held = list(&mut stream).await?;
        Ok((Self(client), held))
    }

    /// Signs; the answer is `data` with the signature behind it.
    pub(super) async fn sign(
        &mut self,
        identity: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
        asked: &Asked,
    ) -> Result<Vec<u8>, keys::Error> {
        let _waiting = asked.one();
        self.0.sign_request(identity, hash, data).await
    }
}

/// A connection for the key library, and the same one for ourselves.
async fn dial(path: &Path) -> io::Result<(AgentClient<UnixStream>, UnixStream)> {
    let stream = UnixStream::connect(path).await?.into_std()?;
    let own = UnixStream::from_std(stream.try_clone()?)?;
    let stream = UnixStream::from_std(stream)?;
    Ok((AgentClient::connect(stream), own))
}

/// Asks for the keys. The key library's own way gives up on all of them where one has a form that it doesn't know, or a
/// comment that isn't UTF-8.
async fn list(stream: &mut UnixStream) -> io::Result<Vec<AgentIdentity>> {
    stream.write_all(&[0, 0, 0, 1, REQUEST_IDENTITIES]).await?;
    let length = stream.read_u32().await?;
    if length > MAX_ANSWER {
        return Err(io::Error::other("its answer is no list of keys"));
    }
    let mut answer = vec![0; length as usize];
    stream.read_exact(&mut answer).await?;
    Ok(match answer.split_first() {
        Some((&IDENTITIES_ANSWER, list)) => identities(list),
        // It has nothing to say.
        _ => Vec::new(),
    })
}

fn identities(list: &[u8]) -> Vec<AgentIdentity> {
    // Their number, which the list itself tells too.
    let mut rest = list.get(4..).unwrap_or_default();
    let mut found = Vec::new();
    while let (Some(blob), Some(comment)) = (string(&mut rest), string(&mut rest)) {
        found.extend(identity(blob, comment));
    }
    found
}

/// A text with its length before it (RFC 4251, 5).
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (text, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = after;
    Some(text)
}

fn identity(blob: &[u8], comment: &[u8]) -> Option<AgentIdentity> {
    let key = parse_public_key(blob).ok()?;
    let comment = String::from_utf8_lossy(comment).into_owned();
    Some(match key.key_data().certificate() {
        Some(certificate) => AgentIdentity::Certificate {
            certificate: certificate.clone(),
            comment,
        },
        None => AgentIdentity::PublicKey { key, comment },
    })
}

#[cfg(test)]
mod tests {
    use tokio::{net::UnixListener, time::sleep};

    use super::*;

    const ED25519: &[u8] = b"\0\0\0\x0bssh-ed25519\0\0\0\x20xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

    fn answer(keys: &[(&[u8], &[u8])]) -> Vec<u8> {
        let string = |text: &[u8]| [&(text.len() as u32).to_be_bytes()[..], text].concat();
        let list = keys
            .iter()
            .flat_map(|(blob, comment)| [string(blob), string(comment)]);
        let count = (keys.len() as u32).to_be_bytes();
        let body = [
            &[IDENTITIES_ANSWER][..],
            &count,
            &list.collect::<Vec<_>>().concat(),
        ]
        .concat();
        string(&body)
    }

    #[test]
    fn one_key_that_can_not_be_read_takes_no_other_with_it() {
        let strange: &[u8] = b"\0\0\0\x05ssh-x\0\0\0\x01y";
        let keys = [
            (ED25519, &b"J\xf6rg"[..]),
            (strange, b"new"),
            (&ED25519[..30], b"cut"),
            (ED25519, b""),
        ];
        let found = identities(&answer(&keys)[5..]);
        let comments: Vec<&str> = found.iter().map(AgentIdentity::comment).collect();
        assert_eq!(comments, ["J\u{fffd}rg", ""]);
        assert!(identities(b"\0\0").is_empty() && identities(&[0xff; 40]).is_empty());
    }

    /// Answers after so many seconds.
    async fn slow(
        seconds: u64,
        asked: &Asked,
        waiting: Option<Waiting<'_>>,
    ) -> Result<usize, Away> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent");
        let listener = UnixListener::bind(&path).unwrap();
        let agent = async {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut request = [0; 5];
            client.read_exact(&mut request).await.unwrap();
            sleep(Duration::from_secs(seconds)).await;
            drop(waiting);
            client.write_all(&answer(&[(ED25519, b"")])).await.unwrap();
            client
        };
        tokio::select! {
            opened = Agent::open(&path, None, asked) => opened.map(|(_, held)| held.len()),
            () = async { agent.await; std::future::pending::<()>().await } => unreachable!(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_waits_for_somebodys_touch_is_waited_for() {
        let asked = Asked::default();
        assert!(matches!(slow(2, &asked, None).await, Ok(1)));
        assert!(matches!(slow(4, &asked, None).await, Err(Away::Silent)));
        assert!(matches!(slow(60, &asked, Some(asked.one())).await, Ok(1)));
        assert!(matches!(
            slow(200, &asked, Some(asked.one())).await,
            Err(Away::Silent)
        ));
        assert!(!asked.is_any_since(asked.ended()));
    }
}
