//! Whether a server's key is taken: `known_hosts` decides, and for an unknown host the node's policy and, where there is one, a person.

use std::{
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use russh::keys::{Certificate, PublicKeyOrCertificate};
use tokio::{
    sync::{oneshot, watch},
    task::spawn_blocking,
    time::timeout,
};

use super::{
    Answer, Error, Evidence, Question, Step, TRUST,
    connector::Shared,
    known_hosts::{Book, Entry, Key, Known, Remembered, Shelf, Verdict, certificate},
    pool::Wanted,
    prompt::{Asker, Unanswered},
    trail::Trail,
    trust::{Shown, Standing},
};
use crate::node::{HostKeyPolicy, NodeId, Transport, text::SafeText};

/// For reading or writing known_hosts, the wait for its lock included.
const FILE_TIMEOUT: Duration = Duration::from_secs(10);

/// Judges the host keys of one connection.
#[derive(Debug)]
pub(super) struct Judge {
    node: NodeId,
    transport: Transport,
    book: Book,
    shelf: Shelf,
    known: Known,
    policy: HostKeyPolicy,
    /// While a person is asked, the deadline of key exchange rests.
    asker: Asker,
    /// What the person at the dashboard should know of how the key was taken.
    remark: watch::Sender<SafeText>,
    trail: Trail,
    /// For the commands of advice.
    flags: SafeText,
    /// Takes the key that the server shows, where nothing more than that is wanted.
    looking: Option<watch::Sender<Option<Shown>>>,
}

/// What known_hosts says of what a server shows.
struct Ruling<'a> {
    key: Key,
    verdict: Verdict<'a>,
    /// The authority's line, where a certificate vouches for the key.
    authority: Option<&'a Entry>,
    /// Why its certificate doesn't count.
    fault: Option<String>,
}

impl Judge {
    /// Reads what is known of the host. `more` is done after that on the same thread: to change threads costs more than
    /// to look at files.
    pub(super) async fn new(
        wanted: &Wanted,
        shared: &Shared,
        more: impl FnOnce() + Send + 'static,
    ) -> Result<Self, Error> {
        let (target, transport) = (&wanted.target, wanted.path.transport());
        let book = target.book();
        let trail = wanted.trail.clone();
        let wanted = book.clone();
        let (shelf, shared_shelf) = (shared.shelf.clone(), shared.shelf.clone());
        let look_up = move || shared_shelf.lookup(&wanted.files, &wanted.host);
        let known = blocking_then(look_up, more).await.map_err(|error| {
            unreadable(transport, &error).judged_by(Evidence::of_host(&shelf, &book, None))
        })?;
        Ok(Self {
            node: target.node.clone(),
            transport,
            book,
            shelf,
            known,
            policy: target.host_keys,
            asker: Asker::new(shared.asker.clone(), target.node.clone(), trail.clone()),
            remark: watch::channel(SafeText::default()).0,
            trail,
            flags: shared.config.flags.clone(),
            looking: None,
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

    /// Gives what the server shows, judged, and ends the connection there.
    pub(super) fn look(&mut self) -> watch::Receiver<Option<Shown>> {
        let (sender, shown) = watch::channel(None);
        self.looking = Some(sender);
        shown
    }

    /// True where certificates may vouch for the host.
    pub(super) fn wants_certificate(&self) -> bool {
        self.known.has_authority()
    }

    /// What is to be told of how the key was taken; empty when nothing is.
    pub(super) fn remark(&self) -> watch::Receiver<SafeText> {
        self.remark.subscribe()
    }

    /// Takes what the server shows or says why not.
    pub(super) async fn check(&self, shown: &PublicKeyOrCertificate) -> Result<(), Error> {
        let ruling = self.rule(shown)?;
        if let Some(looking) = &self.looking {
            looking.send_replace(Some(self.shown(&ruling)));
            return Err(self.refuse("only looked at"));
        }
        let Ruling { key, fault, .. } = &ruling;
        let judged = match ruling.verdict {
            Verdict::Match => Ok(()),
            Verdict::Revoked(entry) => Err(self.revoked(entry)),
            Verdict::Changed(entry) => Err(self.changed(key, entry)),
            Verdict::Unknown => self.meet(key).await,
        };
        judged.map_err(|error| with_fault(error, fault.as_deref()))?;
        self.tell(&ruling);
        Ok(())
    }

    fn tell(&self, ruling: &Ruling<'_>) {
        let what = || {
            let key = &ruling.key;
            let standing = match (ruling.verdict, ruling.authority) {
                (_, Some(entry)) => format!("certified by {}", entry.place()),
                (Verdict::Unknown, None) => "new, accepted".to_owned(),
                _ => format!("known as {}", self.book.host.label()),
            };
            format!("{} {}, {standing}", key.algorithm, key.fingerprint())
        };
        self.trail.pass(Step::HostKey, self.transport, what);
    }

    fn rule(&self, shown: &PublicKeyOrCertificate) -> Result<Ruling<'_>, Error> {
        let unreadable = || self.refuse("the host key can't be read");
        let key = certificate::wire(&shown.public_key()).ok_or_else(unreadable)?;
        let mut ruling = Ruling {
            verdict: self.known.verdict(&key),
            key,
            authority: None,
            fault: None,
        };
        if let Some(certificate) = shown.certificate() {
            self.rule_by(certificate, &mut ruling);
        }
        Ok(ruling)
    }

    /// A certificate that doesn't count leaves the plain key to be judged, as with ssh.
    fn rule_by<'a>(&'a self, shown: &Certificate, ruling: &mut Ruling<'a>) {
        let Some(signer) = certificate::authority(shown) else {
            return;
        };
        if let Some(entry) = self.known.revoked(&signer) {
            ruling.verdict = Verdict::Revoked(entry);
        }
        if matches!(ruling.verdict, Verdict::Revoked(_)) {
            return;
        }
        let Some(entry) = self.known.authority(&signer) else {
            ruling.fault = Some("no authority known for this host signed it".to_owned());
            return;
        };
        ruling.fault = certificate::fault(shown, &self.book.host, now());
        if ruling.fault.is_none() {
            ruling.authority = Some(entry);
            ruling.verdict = Verdict::Match;
        }
    }

    fn shown(&self, ruling: &Ruling<'_>) -> Shown {
        let standing = match (ruling.verdict, ruling.authority) {
            (Verdict::Match, Some(entry)) => Standing::Certified(entry.place()),
            (Verdict::Match, None) => Standing::Known,
            (Verdict::Unknown, _) => Standing::New,
            (Verdict::Changed(entry), _) => Standing::Changed(entry.place()),
            (Verdict::Revoked(entry), _) => Standing::Revoked(entry.place()),
        };
        let fault = ruling.fault.as_deref();
        let remark = fault.map(|fault| format!("its certificate doesn't count: {fault}"));
        Shown::new(
            self.transport,
            &ruling.key,
            standing,
            &remark.unwrap_or_default(),
        )
    }

    fn revoked(&self, entry: &Entry) -> Error {
        let key = entry.key();
        let reason = format!(
            "REVOKED HOST KEY {} {}, marked in {}",
            key.algorithm,
            key.fingerprint(),
            entry.place()
        );
        self.refuse(&reason)
            .advise("whoever holds this key may be an impostor")
    }

    fn changed(&self, key: &Key, entry: &Entry) -> Error {
        let known = entry.key();
        let reason = format!(
            "HOST KEY CHANGED: the server shows {} {}, {} holds {} {}",
            key.algorithm,
            key.fingerprint(),
            entry.place(),
            known.algorithm,
            known.fingerprint()
        );
        // ssh with StrictHostKeyChecking no goes on with a warning and without passwords.
        let advice = format!(
            "if the machine was set up anew, compare the fingerprint there, then: {TRUST} --replace{} (or ssh-keygen -R '{}' -f {}); \
             it is refused under each policy, --accept-new and StrictHostKeyChecking no too",
            self.flags,
            self.book.host.label(),
            entry.place().file.display()
        );
        self.refuse(&reason).advise(&advice)
    }

    async fn meet(&self, key: &Key) -> Result<(), Error> {
        let unknown = format!(
            "unknown host key {} {} of {}",
            key.algorithm,
            key.fingerprint(),
            self.book.host.label()
        );
        let accepted = match self.policy {
            HostKeyPolicy::Strict => {
                let advice = format!(
                    "host_keys is strict: compare the key and run: {TRUST} --accept{}",
                    self.flags
                );
                return Err(self.refuse(&unknown).advise(&advice));
            }
            HostKeyPolicy::AcceptNew => true,
            HostKeyPolicy::Ask => self.ask(key, &unknown).await?,
        };
        if !accepted {
            return Err(self.refuse(&format!("{unknown}: declined")));
        }
        self.remember(key, &unknown).await
    }

    async fn ask(&self, key: &Key, unknown: &str) -> Result<bool, Error> {
        let question = Question::HostKey {
            host: self.book.host.label().as_str().into(),
            algorithm: key.algorithm.as_str().into(),
            fingerprint: key.fingerprint().as_str().into(),
        };
        match self.asker.ask(question).await {
            Ok(answer) => Ok(answer == Answer::Yes),
            Err(Unanswered::Nobody) => {
                let advice = format!(
                    "compare it and run: {TRUST} --accept{}; or run with --accept-new",
                    self.flags
                );
                Err(self.refuse(unknown).advise(&advice))
            }
            Err(Unanswered::Late) => {
                let mut error = self.refuse(&format!("{unknown}: nobody answered"));
                error.permanent = false;
                Err(error)
            }
        }
    }

    /// Writes the key down. Another connection to this host may have asked meanwhile; what it wrote counts.
    async fn remember(&self, key: &Key, unknown: &str) -> Result<(), Error> {
        let (book, new) = (self.book.clone(), key.clone());
        match blocking(move || book.remember(&new)).await {
            Ok(Remembered::Added | Remembered::Already) => Ok(()),
            Ok(Remembered::Conflict) => Err(self.refuse(
                "known_hosts was given another key for this host while this one was asked about",
            )),
            Err(error) => self.unwritten(&error, unknown),
        }
    }

    /// A person's answer counts for this session. Nobody's doesn't: each connection would meet a new host and take any key.
    fn unwritten(&self, error: &io::Error, unknown: &str) -> Result<(), Error> {
        if self.policy == HostKeyPolicy::AcceptNew {
            let reason = format!("{unknown} can't be remembered: can't write {error}");
            return Err(self
                .refuse(&reason)
                .advise("make the file writable, or name another with --known-hosts"));
        }
        let remark = format!("host key accepted for this session only: can't write {error}");
        tracing::warn!("{}: {remark}", self.node);
        self.remark.send_replace(remark.as_str().into());
        Ok(())
    }

    fn refuse(&self, reason: &str) -> Error {
        let known = Some(self.known.clone());
        let evidence = Evidence::of_host(&self.shelf, &self.book, known);
        refuse(self.transport, reason).judged_by(evidence)
    }
}

fn refuse(transport: Transport, reason: &str) -> Error {
    Error::new(Step::HostKey, transport, reason).for_good()
}

/// An unreadable file is no empty one.
pub(super) fn unreadable(transport: Transport, error: &io::Error) -> Error {
    refuse(transport, &format!("can't read known hosts: {error}"))
        .advise("make the file readable: an unreadable one never counts as empty")
}

fn with_fault(error: Error, fault: Option<&str>) -> Error {
    let Some(fault) = fault else { return error };
    let reason = format!("{}; its certificate doesn't count: {fault}", error.reason);
    Error {
        reason: reason.as_str().into(),
        ..error
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Files may lie on a slow disk, or on one that hangs: off the runtime's threads, and not for ever.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    blocking_then(work, || ()).await
}

/// The same; then `more`, which nobody here waits for.
async fn blocking_then<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
    more: impl FnOnce() + Send + 'static,
) -> io::Result<T> {
    let (told, done) = oneshot::channel();
    spawn_blocking(move || {
        // Whoever asked may have lost patience.
        let _ = told.send(work());
        more();
    });
    match timeout(FILE_TIMEOUT, done).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => {
            let reason = format!("no answer within {} s", FILE_TIMEOUT.as_secs());
            Err(io::Error::new(io::ErrorKind::TimedOut, reason))
        }
    }
}
