//! Whether a server's key is taken: `known_hosts` decides, and for an unknown host the node's policy and, where there is one, a person.

use std::{io, path::PathBuf};

use russh::keys::PublicKey;
use tokio::{sync::watch, task::spawn_blocking};

use super::{
    Answer, Error, Question, Step,
    connector::Shared,
    known_hosts::{self, Host, Key, Known, Remembered, Verdict},
    pool::Wanted,
    prompt::{Asker, Unanswered},
};
use crate::node::{HostKeyPolicy, NodeId, Transport};

/// Judges the host keys of one connection.
#[derive(Debug)]
pub(super) struct Judge {
    node: NodeId,
    transport: Transport,
    host: Host,
    files: Vec<PathBuf>,
    known: Known,
    policy: HostKeyPolicy,
    /// While a person is asked, the deadline of key exchange rests.
    asker: Asker,
}

impl Judge {
    /// Reads what is known of the host.
    pub(super) async fn new(wanted: &Wanted, shared: &Shared) -> Result<Self, Error> {
        let (target, transport) = (&wanted.target, wanted.path.transport());
        let host = target.known_as.clone();
        let files = target.known_hosts.clone();
        let (paths, wanted) = (files.clone(), host.clone());
        let known = blocking(move || Known::lookup(&paths, &wanted))
            .await
            .map_err(|error| {
                refuse(transport, &format!("can't read known hosts: {error}"))
                    .advise("make the file readable: an unreadable one never counts as empty")
            })?;
        Ok(Self {
            node: target.node.clone(),
            transport,
            host,
            files,
            known,
            policy: target.host_keys,
            asker: Asker::new(shared.asker.clone(), target.node.clone()),
        })
    }

    /// Algorithms of the keys known for this host.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = &str> {
        self.known.algorithms()
    }

    /// Tells when a person is being asked.
    pub(super) fn asking(&self) -> watch::Receiver<usize> {
        self.asker.asking()
    }

    /// Takes the key or says why not.
    pub(super) async fn check(&self, key: &PublicKey) -> Result<(), Error> {
        let key = wire(key).ok_or_else(|| self.refuse("the host key can't be read"))?;
        match self.known.verdict(&key) {
            Verdict::Match => Ok(()),
            Verdict::Revoked(entry) => {
                let reason = format!(
                    "REVOKED HOST KEY {} {}, marked in {}",
                    key.algorithm,
                    key.fingerprint(),
                    entry.place()
                );
                Err(self
                    .refuse(&reason)
                    .advise("whoever holds this key may be an impostor"))
            }
            Verdict::Changed(entry) => Err(self.changed(&key, entry)),
            Verdict::Unknown => self.meet(&key).await,
        }
    }

    fn changed(&self, key: &Key, entry: &known_hosts::Entry) -> Error {
        let known = entry.key();
        let reason = format!(
            "HOST KEY CHANGED: the server shows {} {}, {} holds {} {}",
            key.algorithm,
            key.fingerprint(),
            entry.place(),
            known.algorithm,
            known.fingerprint()
        );
        let advice = format!(
            "if the machine was set up anew, check the key and run: ssh-keygen -R '{}' -f {}",
            self.host.label(),
            entry.file().display()
        );
        self.refuse(&reason).advise(&advice)
    }

    async fn meet(&self, key: &Key) -> Result<(), Error> {
        let unknown = format!(
            "unknown host key {} {} of {}",
            key.algorithm,
            key.fingerprint(),
            self.host.label()
        );
        let accepted = match self.policy {
            HostKeyPolicy::Strict => {
                let advice = "host_keys is strict: add the key to known_hosts first";
                return Err(self.refuse(&unknown).advise(advice));
            }
            HostKeyPolicy::AcceptNew => true,
            HostKeyPolicy::Ask => self.ask(key, &unknown).await?,
        };
        if !accepted {
            return Err(self.refuse(&format!("{unknown}: declined")));
        }
        self.remember(key).await
    }

    async fn ask(&self, key: &Key, unknown: &str) -> Result<bool, Error> {
        let question = Question::HostKey {
            host: self.host.label().as_str().into(),
            algorithm: key.algorithm.as_str().into(),
            fingerprint: key.fingerprint().as_str().into(),
        };
        match self.asker.ask(question).await {
            Ok(answer) => Ok(answer == Answer::Yes),
            Err(Unanswered::Nobody) => Err(self
                .refuse(unknown)
                .advise("run with --accept-new, or connect once with ssh")),
            Err(Unanswered::Late) => {
                let mut error = self.refuse(&format!("{unknown}: nobody answered"));
                error.permanent = false;
                Err(error)
            }
        }
    }

    /// Writes the key down. Another connection to this host may have asked meanwhile; what it wrote counts.
    async fn remember(&self, key: &Key) -> Result<(), Error> {
        let (files, host, new) = (self.files.clone(), self.host.clone(), key.clone());
        match blocking(move || known_hosts::remember(&files, &host, &new)).await {
            Ok(Remembered::Added | Remembered::Already) => Ok(()),
            Ok(Remembered::Conflict) => Err(self.refuse(
                "known_hosts was given another key for this host while this one was asked about",
            )),
            Err(error) => {
                // The key was accepted; that it will be asked for again harms nobody.
                tracing::warn!("{}: host key not remembered: {error}", self.node);
                Ok(())
            }
        }
    }

    fn refuse(&self, reason: &str) -> Error {
        refuse(self.transport, reason)
    }
}

fn refuse(transport: Transport, reason: &str) -> Error {
    Error::new(Step::HostKey, transport, reason).for_good()
}

fn wire(key: &PublicKey) -> Option<Key> {
    let algorithm = key.algorithm().as_str().to_owned();
    let blob = key.to_bytes().ok()?;
    Some(Key { algorithm, blob })
}

/// Files may lie on a slow disk: off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}
