//! Logging in: the agent's keys, then key files, at most five offers in all; and an account of them when none is taken.

mod agent;
mod identity;
mod offer;

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle},
    keys::{Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKey, agent::AgentIdentity},
};

use super::{
    Error, Step,
    events::{Events, describe},
    link::Life,
    pool::Wanted,
    target::Target,
};
use crate::node::{Transport, text::SafeText};
use agent::Agent;
use identity::Identity;
use offer::{Offer, is_of};

/// sshd cuts the connection at six failures (`MaxAuthTries`).
const MAX_OFFERS: usize = 5;

/// Of them, kept for key files that the agent doesn't hold: an agent full of other keys must not use up every offer.
const FILE_OFFERS: usize = 2;

/// One login under way.
struct Login<'a> {
    handle: &'a mut Handle<Events>,
    target: &'a Target,
    transport: Transport,
    life: &'a Life,
    /// Keys that the server has seen, as told to a person.
    offered: Vec<String>,
    /// Why others were not offered.
    notes: Vec<String>,
    /// What the server accepts.
    methods: MethodSet,
    /// One factor was accepted and the server wants another.
    partial: bool,
    /// How the server takes RSA signatures, once asked.
    rsa: Option<Rsa>,
}

/// How a server takes RSA signatures.
#[derive(Clone, Copy)]
enum Rsa {
    Sha1Only,
    Sha2(HashAlg),
}

/// What became of one offer.
enum Answer {
    Accepted,
    Rejected,
    /// Never got as far as the server's judgement.
    Skipped,
}

/// Logs in; returns what did it.
pub(super) async fn login(
    handle: &mut Handle<Events>,
    wanted: &Wanted,
    life: &Life,
) -> Result<SafeText, Error> {
    let mut login = Login {
        handle,
        target: &wanted.target,
        transport: wanted.path.transport(),
        life,
        offered: Vec::new(),
        notes: Vec::new(),
        methods: MethodSet::empty(),
        partial: false,
        rsa: None,
    };
    // Learns what the server accepts, as ssh does; some (Tailscale's) need no more.
    let none = login.handle.authenticate_none(&login.target.user).await;
    if login.answered(none).await? {
        return Ok("none needed".into());
    }
    if login.methods.contains(&MethodKind::PublicKey)
        && let Some(accepted) = login.try_keys().await?
    {
        return Ok(accepted.as_str().into());
    }
    Err(login.refused())
}

impl Login<'_> {
    async fn try_keys(&mut self) -> Result<Option<String>, Error> {
        let named = self.target.identities_named;
        let files = identity::load(&self.target.identities, named).await;
        self.notes
            .extend(files.iter().filter_map(|file| file.note.clone()));
        let mut agent = self.agent().await;
        let mut held = match &mut agent {
            Some(agent) => self.held(agent, &files, self.target.identities_only).await,
            None => Vec::new(),
        };
        self.leave_room(&mut held, &files);
        let mut rejected: Vec<PublicKey> = Vec::new();
        for identity in held {
            let key = identity.public_key().into_owned();
            match self
                .offer(Offer::Agent(Box::new(identity)), &mut agent)
                .await?
            {
                (Answer::Accepted, name) => return Ok(Some(name)),
                (Answer::Rejected, _) => rejected.push(key),
                (Answer::Skipped, _) => {}
            }
        }
        let fresh = |file: &Identity| {
            let seen = |key: &PublicKey| rejected.iter().any(|r| r.key_data() == key.key_data());
            !file.public.as_ref().is_some_and(seen)
        };
        for file in files.into_iter().filter(fresh) {
            let Some(secret) = file.secret else { continue };
            let offer = Offer::File(file.name, secret);
            if let (Answer::Accepted, name) = self.offer(offer, &mut agent).await? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    async fn agent(&mut self) -> Option<Agent> {
        let path = self.target.agent.as_ref()?;
        match Agent::connect(path, self.handle.agent_session_binding()).await {
            Ok(agent) => Some(agent),
            Err(reason) => {
                self.notes.push(format!("agent: {reason}"));
                None
            }
        }
    }

    /// The agent's keys, those of the key files first. `only` them where the node names files, as ssh does under `IdentitiesOnly`.
    async fn held(
        &mut self,
        agent: &mut Agent,
        files: &[Identity],
        only: bool,
    ) -> Vec<AgentIdentity> {
        let mut held = match agent.identities().await {
            Ok(held) => held,
            Err(reason) => {
                self.notes.push(format!("agent: {reason}"));
                return Vec::new();
            }
        };
        let rank = |identity: &AgentIdentity| {
            let named = |file: &Identity| {
                let public = file.public.as_ref();
                public.is_some_and(|key| is_of(identity, key))
            };
            files.iter().position(named)
        };
        if only {
            held.retain(|identity| rank(identity).is_some());
        }
        held.sort_by_key(|identity| rank(identity).unwrap_or(usize::MAX));
        held
    }

    fn leave_room(&mut self, held: &mut Vec<AgentIdentity>, files: &[Identity]) {
        let in_agent = |file: &&Identity| {
            let holds = |key: &PublicKey| held.iter().any(|identity| is_of(identity, key));
            file.public.as_ref().is_some_and(holds)
        };
        let usable = files.iter().filter(|file| file.secret.is_some());
        let alone = usable.filter(|file| !in_agent(file)).count();
        let room = MAX_OFFERS - alone.min(FILE_OFFERS);
        if let Some(left @ 1..) = held.len().checked_sub(room) {
            self.notes
                .push(format!("{left} more keys of the agent not offered"));
            held.truncate(room);
        }
    }

    /// Offers one key; returns what became of it and the key's name.
    async fn offer(
        &mut self,
        offer: Offer,
        agent: &mut Option<Agent>,
    ) -> Result<(Answer, String), Error> {
        let name = offer.name();
        if self.offered.len() >= MAX_OFFERS {
            self.notes
                .push(format!("{name} not offered: {MAX_OFFERS} are the limit"));
            return Ok((Answer::Skipped, name));
        }
        let hash = match self.hash(&offer).await {
            Ok(hash) => hash,
            Err(reason) => {
                self.notes.push(format!("{name} not offered: {reason}"));
                return Ok((Answer::Skipped, name));
            }
        };
        self.offered.push(name.clone());
        let user = &self.target.user;
        let result = match (offer, agent) {
            (Offer::File(_, key), _) => {
                let key = PrivateKeyWithHashAlg::new(key, hash);
                self.handle.authenticate_publickey(user, key).await
            }
            (Offer::Agent(identity), Some(agent)) => {
                match agent.authenticate(self.handle, user, *identity, hash).await {
                    Ok(result) => Ok(result),
                    Err(reason) => {
                        self.notes.push(format!("{name}: {reason}"));
                        return Ok((Answer::Skipped, name));
                    }
                }
            }
            (Offer::Agent(_), None) => return Ok((Answer::Skipped, name)),
        };
        let accepted = self.answered(result).await?;
        let answer = if accepted {
            Answer::Accepted
        } else {
            Answer::Rejected
        };
        Ok((answer, name))
    }

    /// True when logged in; an error when the connection has ended.
    async fn answered(&mut self, result: Result<AuthResult, russh::Error>) -> Result<bool, Error> {
        match result {
            Ok(AuthResult::Success) => Ok(true),
            Ok(AuthResult::Failure {
                remaining_methods,
                partial_success,
            }) if !remaining_methods.is_empty() => {
                self.methods = remaining_methods;
                self.partial |= partial_success;
                Ok(false)
            }
            // No method left is another way in which russh tells of a connection that has ended.
            Ok(AuthResult::Failure { .. })
            | Err(russh::Error::SendError | russh::Error::RecvError) => Err(self.ended().await),
            Err(error) => Err(self.failed(&describe(&error))),
        }
    }

    async fn ended(&self) -> Error {
        let reason = self.life.ended().await;
        let error = self.failed(&format!("{reason}{}", self.account_of_keys()));
        if reason.as_str().contains("Too many authentication failures") {
            return error
                .advise("name the right key for this node: identity in hosts.yaml")
                .for_good();
        }
        error
    }

    fn failed(&self, reason: &str) -> Error {
        Error::new(Step::Auth, self.transport, reason)
    }

    fn refused(&self) -> Error {
        let accepts: Vec<&str> = self.methods.iter().map(Into::into).collect();
        let verdict = if self.partial {
            "a key was accepted, the server wants more"
        } else {
            "refused"
        };
        let reason = format!(
            "{verdict} for {}{}; the server accepts {}",
            self.target.user,
            self.account_of_keys(),
            accepts.join(", ")
        );
        self.failed(&reason).advise(self.advice()).for_good()
    }

    fn account_of_keys(&self) -> String {
        let offered = match self.offered.as_slice() {
            [] => "; no key was offered".to_owned(),
            offered => format!("; offered {}", offered.join(", ")),
        };
        let notes = self.notes.iter().map(|note| format!("; {note}"));
        offered + &notes.collect::<String>()
    }

    fn advice(&self) -> &'static str {
        if !self.methods.contains(&MethodKind::PublicKey) {
            "the server takes no keys for this login; passwords are not supported by this version yet"
        } else if self.notes.iter().any(|note| note.contains("encrypted")) {
            "unlock the key into an agent: ssh-add"
        } else if self.offered.is_empty() {
            "start an agent and run ssh-add, or name a key file: identity in hosts.yaml"
        } else {
            "check the login name, and that the node's authorized_keys holds the key"
        }
    }

    /// The hash for RSA signatures; nothing for other keys.
    async fn hash(&mut self, offer: &Offer) -> Result<Option<HashAlg>, &'static str> {
        if !matches!(offer.algorithm(), Algorithm::Rsa { .. }) {
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
