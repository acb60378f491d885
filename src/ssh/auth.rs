//! Logging in as ssh does: keys, then what the server asks for, then a password; step by step while the server wants more, and an account of it all when it doesn't let in.

mod agent;
mod habit;
mod identity;
mod kept;
mod keys;
mod offer;
mod ready;
mod signing;
mod told;
mod typed;
mod verdict;

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle},
};

use super::{
    Error, Step,
    connector::Shared,
    events::{Events, describe},
    link::Life,
    pool::Wanted,
    prompt::Asker,
    target::Target,
};
use crate::node::{Transport, text::SafeText};
pub(super) use agent::Asked;
pub(super) use habit::Habits;
pub(super) use kept::{Kept, Look};
use keys::{Keys, Rsa};
pub(super) use ready::ReadyKey;
use told::{Hint, Told};

/// Steps of one login; a server that wants more wants something else.
const MAX_STEPS: usize = 8;

/// One login under way.
struct Login<'a> {
    handle: &'a mut Handle<Events>,
    target: &'a Target,
    shared: &'a Shared,
    asker: &'a Asker,
    transport: Transport,
    life: &'a Life,
    told: Told,
    /// What the server accepts as the next step.
    methods: MethodSet,
    /// The keys still to try, once they are known.
    keys: Option<Keys>,
    /// A look at the key files, while it is fresh.
    look: Option<Look>,
    /// How the server takes RSA signatures, once asked.
    rsa: Option<Rsa>,
}

/// What the server makes of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Logged in.
    In,
    /// Accepted, but it wants another step.
    Further,
    Rejected,
}

/// What a login is about, and what it has at hand.
pub(super) struct Terms<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) shared: &'a Shared,
    pub(super) asker: &'a Asker,
    pub(super) life: &'a Life,
    pub(super) look: Look,
}

/// Logs in; returns what did it.
pub(super) async fn login(
    handle: &mut Handle<Events>,
    terms: Terms<'_>,
) -> Result<SafeText, Error> {
    let wanted = terms.wanted;
    let mut login = Login {
        handle,
        target: &wanted.target,
        shared: terms.shared,
        asker: terms.asker,
        transport: wanted.path.transport(),
        life: terms.life,
        look: Some(terms.look),
        told: Told::default(),
        methods: MethodSet::empty(),
        keys: None,
        rsa: None,
    };
    // Whoever watches is told what else the server accepts.
    let as_ever = if wanted.trail.is_watched() {
        None
    } else {
        login.as_ever().await?
    };
    if as_ever == Some(Verdict::In) {
        return Ok(login.told.accepted.join(", ").as_str().into());
    }
    if as_ever.is_some() && !login.methods.is_empty() {
        // sshd forgives a request for nothing only where it comes first.
        return login.step_by_step().await;
    }
    // Learns what the server accepts, as ssh does; some (Tailscale's) need no more.
    let none = login.handle.authenticate_none(&login.target.user).await;
    if login.judged(none).await? == Verdict::In {
        let what = || "none needed".to_owned();
        wanted.trail.pass(Step::Auth, login.transport, what);
        return Ok("none needed".into());
    }
    let methods = login.methods.clone();
    let done = login.step_by_step().await?;
    let what = || {
        let accepts: Vec<&str> = methods.iter().map(Into::into).collect();
        let trials = match login.told.offered.as_slice() {
            [] | [_] => String::new(),
            _ => login.told.trials(),
        };
        format!("{done}; the server accepts {}{trials}", accepts.join(", "))
    };
    wanted.trail.pass(Step::Auth, login.transport, what);
    Ok(done)
}

impl Login<'_> {
    async fn step_by_step(&mut self) -> Result<SafeText, Error> {
        let mut spent = Vec::new();
        while let Some(method) = self.target.methods.next(&self.methods, &spent) {
            let verdict = match method {
                MethodKind::PublicKey => self.try_keys().await?,
                MethodKind::KeyboardInteractive => self.try_codes().await?,
                _ => self.try_password().await?,
            };
            match verdict {
                Verdict::In => return Ok(self.told.accepted.join(", ").as_str().into()),
                Verdict::Further if self.told.accepted.len() < MAX_STEPS => spent.clear(),
                Verdict::Further => break,
                Verdict::Rejected => spent.push(method),
            }
        }
        Err(self.refused())
    }

    /// An error when the connection has ended.
    async fn judged(&mut self, result: Result<AuthResult, russh::Error>) -> Result<Verdict, Error> {
        match result {
            Ok(AuthResult::Success) => Ok(Verdict::In),
            Ok(AuthResult::Failure {
                remaining_methods,
                partial_success,
            }) => self.rejected(remaining_methods, partial_success).await,
            Err(russh::Error::SendError | russh::Error::RecvError) => Err(self.ended().await),
            Err(error) => Err(self.failed(&describe(&error))),
        }
    }

    async fn rejected(&mut self, methods: MethodSet, is_partial: bool) -> Result<Verdict, Error> {
        // No method left is another way in which russh tells of a connection that has ended.
        if methods.is_empty() {
            return Err(self.ended().await);
        }
        self.methods = methods;
        Ok(if is_partial {
            Verdict::Further
        } else {
            Verdict::Rejected
        })
    }

    async fn ended(&self) -> Error {
        let reason = self.life.ended().await;
        let error = self.failed(&format!("{reason}{}", self.told.trials()));
        if reason.as_str().contains("Too many authentication failures") {
            return error
                .advise("name the right key for this node: identity in hosts.yaml, or IdentityFile and IdentitiesOnly in ssh_config")
                .for_good();
        }
        error
    }

    fn failed(&self, reason: &str) -> Error {
        Error::new(Step::Auth, self.transport, reason)
    }

    fn refused(&mut self) -> Error {
        let ours = &self.target.methods;
        let left_out = ours.left_out(&self.methods);
        let open = ours.of(&self.methods);
        if !left_out.is_empty() {
            let note = format!("ssh_config leaves out {}", left_out.join(", "));
            self.told.note(note);
            if open.is_empty() {
                self.told.hint(Hint::LeftOut);
            }
        }
        let reason = self.told.refusal(&self.target.user, &self.methods);
        let error = self.failed(&reason).advise(&self.told.advice(&open));
        if self.told.is_late {
            error
        } else {
            error.for_good()
        }
    }
}
