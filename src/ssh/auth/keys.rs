//! The public-key step: offers one key after the other, and asks for a passphrase only when the server would take the key.

use std::{collections::VecDeque, path::PathBuf, sync::Arc};

use russh::{
    client::AuthResult,
    keys::{Algorithm, HashAlg, PublicKey, agent::AgentIdentity},
};

use super::{
    Hint, Login, Verdict,
    agent::{Agent, Away},
    identity::{self, Files, Flaw, Private},
    kept::Wanted,
    offer::{self, By, Offer, Public},
    ready::ReadyKey,
    signing::{ByAgent, Signing, Unsigned},
};
use crate::ssh::{Answer, Error, Question, keyring::Found, prompt::Unanswered};

/// The keys still to try, and the agent that holds some of them.
pub(super) struct Keys {
    agent: Option<Agent>,
    queue: VecDeque<Offer>,
}

impl Keys {
    /// Takes the first one, where it is the one that is meant.
    pub(super) fn take_first(&mut self, is_meant: impl FnOnce(&Offer) -> bool) -> Option<Offer> {
        self.queue.front().filter(|first| is_meant(first))?;
        self.queue.pop_front()
    }
}

/// How a server takes RSA signatures.
#[derive(Clone, Copy)]
pub(super) enum Rsa {
    Sha1Only,
    Sha2(HashAlg),
}

impl Login<'_> {
    /// Until one is taken: the server decides how many it looks at. Called again after a step, it goes on with the keys that the server has not seen.
    pub(super) async fn try_keys(&mut self) -> Result<Verdict, Error> {
        let mut keys = match self.keys.take() {
            Some(keys) => keys,
            None => self.gather().await,
        };
        let mut verdict = Verdict::Rejected;
        while verdict == Verdict::Rejected
            && let Some(offer) = keys.queue.pop_front()
        {
            self.told.left = keys.queue.len();
            verdict = self.offer(offer, &mut keys).await?;
        }
        self.told.left = 0;
        self.keys = Some(keys);
        Ok(verdict)
    }

    pub(super) async fn gather(&mut self) -> Keys {
        let target = self.target;
        let looked = match self.look.take() {
            Some(look) => look.fresh().await,
            None => None,
        };
        let files = match looked {
            Some(files) => files,
            None => identity::load(Wanted::of(target), &self.shared.kept).await,
        };
        let (agent, held) = self.agent().await.unzip();
        let held = held.unwrap_or_default();
        self.tell_flaws(&files, &held);
        let (offers, notes) = offer::order(held, &files, target.identities_only);
        self.told.notes.extend(notes);
        Keys {
            agent,
            queue: offers.into(),
        }
    }

    fn tell_flaws(&mut self, files: &Files, held: &[AgentIdentity]) {
        self.told.notes.extend_from_slice(&files.notes);
        for file in &files.identities {
            let Private::Absent(flaw) = &file.private else {
                continue;
            };
            let public = file.public.as_ref();
            let is_held = public.is_some_and(|key| held.iter().any(|i| offer::is_of(i, key)));
            if is_held && matches!(flaw, Flaw::Public | Flaw::Token) {
                // That is how ssh is told which of the agent's keys to use.
                continue;
            }
            self.told.note(format!("{} {flaw}", file.name));
            let name = file.name.clone();
            match flaw {
                Flaw::Exposed => self.told.hint(Hint::Expose(name)),
                Flaw::Public => self.told.hint(Hint::NamePrivate(name)),
                Flaw::Token => self.told.hint(Hint::AddToken(name)),
                _ => {}
            }
        }
    }

    /// The agent and its keys.
    async fn agent(&mut self) -> Option<(Agent, Vec<AgentIdentity>)> {
        let Some(path) = self.target.agent.as_ref() else {
            self.told.hint(Hint::NoAgent);
            return None;
        };
        let binding = self.handle.agent_session_binding();
        // It may be waiting for a person, for another login.
        let _rest = self.asker.rest();
        match Agent::open(path, binding, &self.shared.asked).await {
            Ok((agent, held)) => {
                if held.is_empty() {
                    self.told.hint(Hint::EmptyAgent);
                }
                return Some((agent, held));
            }
            Err(Away::Gone(reason)) => {
                self.told.note(format!("agent: {reason}"));
                self.told.hint(Hint::DeadAgent);
            }
            Err(Away::Silent) => {
                self.told.note("agent: it does not answer");
                self.told.hint(Hint::Touch);
                self.told.is_late = true;
            }
        }
        None
    }

    pub(super) async fn offer(
        &mut self,
        mut offer: Offer,
        keys: &mut Keys,
    ) -> Result<Verdict, Error> {
        if let By::Locked(name, path) = &offer.by {
            let (name, path) = (name.clone(), path.clone());
            if !self.probe(&offer).await?.unwrap_or(true) {
                return Ok(Verdict::Rejected);
            }
            let public = match &offer.public {
                Public::Key(key) => Some(key.clone()),
                Public::Certificate(_) | Public::Unknown => None,
            };
            let Some(key) = self.unlocked(&name, path, public.as_ref()).await else {
                return Ok(Verdict::Rejected);
            };
            if matches!(offer.public, Public::Unknown) {
                offer.public = Public::Key(key.public_key().clone());
            }
            offer.by = By::File(key);
        }
        let agent = &mut keys.agent;
        let signing = match (&offer.by, agent.as_mut()) {
            (By::File(key), _) => Signing::File(Arc::clone(key)),
            (By::Agent(identity), Some(agent)) => Signing::Agent(ByAgent {
                agent,
                identity,
                patience: self.shared.config.agent_timeout,
                asked: &self.shared.asked,
                touch: offer.needs_touch().then_some(&self.shared.touch),
                asker: self.asker,
            }),
            // Its agent fell silent over another key.
            (By::Agent(_) | By::Locked(..), _) => return Ok(Verdict::Rejected),
        };
        match self.show(&offer, signing).await? {
            Ok(Verdict::Rejected) => Ok(Verdict::Rejected),
            Ok(verdict) => {
                if let (Verdict::In, Public::Key(key)) = (verdict, &offer.public) {
                    self.learn(key);
                }
                self.told.accepted.push(offer.name);
                Ok(verdict)
            }
            Err(Unsigned::Silent) => {
                let limit = self.shared.config.agent_timeout.as_secs_f32();
                let note = format!(
                    "{}: no signature within {limit} s; the agent may wait for a touch or a confirmation",
                    offer.name
                );
                self.told.note(note);
                self.told.hint(Hint::Touch);
                keys.agent = None;
                Ok(Verdict::Rejected)
            }
            Err(Unsigned::Failed(reason)) => {
                self.told.note(format!("{}: {reason}", offer.name));
                Ok(Verdict::Rejected)
            }
            Err(Unsigned::Wanted | Unsigned::Gone) => Err(self.ended().await),
        }
    }

    /// Whether the server would take a key; nothing where it can't be asked.
    async fn probe(&mut self, offer: &Offer) -> Result<Option<bool>, Error> {
        if matches!(offer.public, Public::Unknown) {
            return Ok(None);
        }
        match self.show(offer, Signing::Probe).await? {
            Ok(Verdict::Rejected) => Ok(Some(false)),
            Ok(_) | Err(Unsigned::Wanted) => Ok(Some(true)),
            Err(Unsigned::Failed(reason)) => {
                self.told
                    .note(format!("{} not offered: {reason}", offer.name));
                Ok(Some(false))
            }
            Err(Unsigned::Gone | Unsigned::Silent) => Err(self.ended().await),
        }
    }

    /// Shows the server a key, and signs if it would take it.
    async fn show(
        &mut self,
        offer: &Offer,
        mut signing: Signing<'_>,
    ) -> Result<Result<Verdict, Unsigned>, Error> {
        let hash = match self.hash(offer).await {
            Ok(hash) => hash,
            Err(reason) => return Ok(Err(Unsigned::Failed(reason.to_owned()))),
        };
        let user = &self.target.user;
        // Before the answer: the server may end the connection over it.
        self.told.offered.push(offer.name.clone());
        let result = match &offer.public {
            Public::Key(key) => {
                let key = key.clone();
                let shown = self
                    .handle
                    .authenticate_publickey_with(user, key, hash, &mut signing);
                shown.await
            }
            Public::Certificate(certificate) => {
                let certificate = (**certificate).clone();
                let shown = self.handle.authenticate_certificate_with(
                    user,
                    certificate,
                    hash,
                    &mut signing,
                );
                shown.await
            }
            Public::Unknown => return Ok(Ok(Verdict::Rejected)),
        };
        match result {
            Ok(result) => self.judged(Ok::<AuthResult, _>(result)).await.map(Ok),
            Err(Unsigned::Gone) => Ok(Err(Unsigned::Gone)),
            Err(unsigned) => {
                self.told.offered.pop();
                Ok(Err(unsigned))
            }
        }
    }

    /// The decrypted key: kept from before, or by the passphrase that a person tells.
    async fn unlocked(
        &mut self,
        name: &str,
        path: PathBuf,
        public: Option<&PublicKey>,
    ) -> Option<Arc<ReadyKey>> {
        let ring = &self.shared.keyring.keys;
        loop {
            match self.patiently(ring.find(path.clone())).await {
                Some(Found::Known(key)) => {
                    let is_other =
                        |public: &PublicKey| public.key_data() != key.public_key().key_data();
                    if !public.is_some_and(is_other) {
                        return Some(key);
                    }
                    // The file holds another key by now.
                    ring.spoilt(path.clone(), key).await;
                }
                Some(Found::Turn(turn)) => {
                    let (key, is_declined) = self.ask_passphrase(name, &path).await;
                    match &key {
                        Some(key) => turn.keep(Arc::clone(key)),
                        None if is_declined => turn.decline(),
                        None => {}
                    }
                    return key;
                }
                Some(Found::Declined) => {
                    self.told
                        .note(format!("the passphrase of {name} was declined"));
                    self.told.hint(Hint::AskAgain);
                    return None;
                }
                None => {
                    self.late(&format!("the passphrase of {name}"));
                    return None;
                }
            }
        }
    }

    /// The key, or whether it was declined.
    async fn ask_passphrase(
        &mut self,
        name: &str,
        path: &std::path::Path,
    ) -> (Option<Arc<ReadyKey>>, bool) {
        for attempt in 1..=self.target.methods.tries {
            let question = Question::Passphrase {
                user: self.target.user.as_str().into(),
                file: name.into(),
                attempt,
            };
            let passphrase = match self.asker.ask(question).await {
                Ok(Answer::Secrets(secrets) | Answer::ForAll(secrets)) => {
                    secrets.into_iter().next()
                }
                Ok(Answer::No | Answer::Yes) => None,
                Err(Unanswered::Nobody) => {
                    self.told.note(format!("{name} is encrypted"));
                    self.told.hint(Hint::Passphrase(name.to_owned()));
                    return (None, false);
                }
                Err(Unanswered::Late) => {
                    self.late(&format!("the passphrase of {name}"));
                    return (None, false);
                }
            };
            let Some(passphrase) = passphrase else {
                self.told
                    .note(format!("the passphrase of {name} was declined"));
                self.told.hint(Hint::AskAgain);
                return (None, true);
            };
            let _rest = self.asker.rest();
            if let Ok(key) = identity::unlock(path, passphrase).await {
                return (Some(key), false);
            }
        }
        self.told.note(format!("wrong passphrase for {name}"));
        self.told.hint(Hint::WrongPassphrase(name.to_owned()));
        (None, false)
    }

    /// The hash for RSA signatures; nothing for other keys.
    async fn hash(&mut self, offer: &Offer) -> Result<Option<HashAlg>, &'static str> {
        if !matches!(offer.algorithm(), Some(Algorithm::Rsa { .. })) {
            return Ok(None);
        }
        let rsa = match self.rsa {
            Some(rsa) => rsa,
            None => match self.handle.best_supported_rsa_hash().await {
                Ok(Some(None)) => Rsa::Sha1Only,
                Ok(Some(Some(hash))) => Rsa::Sha2(hash),
                // A server that doesn't tell is offered the hash that all of the last decade know.
                Ok(None) | Err(_) => Rsa::Sha2(HashAlg::Sha512),
            },
        };
        self.rsa = Some(rsa);
        match rsa {
            Rsa::Sha1Only => Err("the server takes RSA signatures with SHA-1 only"),
            Rsa::Sha2(hash) => Ok(Some(hash)),
        }
    }
}
