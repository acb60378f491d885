//! How a run is stopped while it goes on, in two steps, and given the password that sudo asks for.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{node::text::SafeText, ssh::Secret};

/// The reins of one run; clones hold the same.
#[derive(Clone, Debug)]
pub struct Control {
    begin: CancellationToken,
    all: CancellationToken,
    /// Ends what is held by these reins: everything, or one node.
    own: CancellationToken,
    /// Places that were cancelled alone, in that order.
    nodes: Arc<watch::Sender<Vec<usize>>>,
    password: Arc<watch::Sender<Option<Secret>>>,
    why: Arc<OnceLock<SafeText>>,
    asked: Arc<AtomicBool>,
    trial: Arc<watch::Sender<Trial>>,
}

/// What is known of the password: one node tries it before all others, so that a wrong one fails once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Trial {
    #[default]
    Untried,
    Tried,
    Right,
}

impl Default for Control {
    fn default() -> Self {
        let all = CancellationToken::new();
        Self {
            begin: CancellationToken::new(),
            own: all.clone(),
            all,
            nodes: Arc::new(watch::Sender::new(Vec::new())),
            password: Arc::new(watch::Sender::new(None)),
            why: Arc::default(),
            asked: Arc::default(),
            trial: Arc::new(watch::Sender::new(Trial::Untried)),
        }
    }
}

impl Control {
    /// What has not begun never does; what runs goes on.
    pub fn cancel_pending(&self) {
        self.begin.cancel();
    }

    /// What runs is ended too.
    pub fn cancel_all(&self) {
        self.begin.cancel();
        self.all.cancel();
    }

    /// This place in the plan is given up, whether it has begun or not; the others go on.
    pub fn cancel_node(&self, place: usize) {
        self.nodes.send_if_modified(|nodes| {
            let is_new = !nodes.contains(&place);
            nodes.extend(is_new.then_some(place));
            is_new
        });
    }

    /// Ends everything for a reason.
    pub fn abort(&self, why: &str) {
        // Only the first reason counts.
        let _ = self.why.set(why.into());
        self.cancel_all();
    }

    /// What sudo is told when it asks.
    pub fn give_password(&self, password: Secret) {
        self.password.send_replace(Some(password));
    }

    /// True when no node begins any more.
    pub fn is_stopping(&self) -> bool {
        self.begin.is_cancelled()
    }

    /// True when everything is being ended.
    pub fn is_cancelled(&self) -> bool {
        self.all.is_cancelled()
    }

    /// Why the run ended itself.
    pub fn reason(&self) -> Option<&SafeText> {
        self.why.get()
    }

    /// True for the first node whose sudo wants the password.
    pub(crate) fn is_first_to_ask(&self) -> bool {
        !self.asked.swap(true, Ordering::AcqRel)
    }

    pub(super) async fn stopped(&self) {
        self.begin.cancelled().await;
    }

    pub(crate) async fn cancelled(&self) {
        self.own.cancelled().await;
    }

    /// The reins of one node, and what ends that one alone.
    pub(super) fn of_one(&self) -> (Self, CancellationToken) {
        let own = self.all.child_token();
        let reins = Self {
            own: own.clone(),
            ..self.clone()
        };
        (reins, own)
    }

    /// The places that were cancelled alone, but for so many of them. Cancel-safe.
    pub(super) async fn next_nodes(&self, known: usize) -> Vec<usize> {
        let mut nodes = self.nodes.subscribe();
        let all = nodes.wait_for(|nodes| nodes.len() > known).await;
        // The sender is in `self`: it is never gone.
        all.map_or_else(
            |_| Vec::new(),
            |all| all.iter().skip(known).copied().collect(),
        )
    }

    /// A place in the trial: true for the node that tries the password, false once another has found it right. Nothing
    /// when the run is cancelled first.
    pub(crate) async fn trial(&self) -> Option<bool> {
        let mut trial = self.trial.subscribe();
        loop {
            let is_first = self.trial.send_if_modified(|trial| {
                let is_untried = *trial == Trial::Untried;
                if is_untried {
                    *trial = Trial::Tried;
                }
                is_untried
            });
            if is_first {
                return Some(true);
            }
            tokio::select! {
                biased;
                () = self.cancelled() => return None,
                known = trial.wait_for(|trial| *trial != Trial::Tried) => match known {
                    Ok(known) if *known == Trial::Right => return Some(false),
                    _ => {}
                },
            }
        }
    }

    /// The trial is over: the password was right, or nothing is known of it and another node tries it.
    pub(crate) fn tried(&self, is_right: bool) {
        let outcome = if is_right {
            Trial::Right
        } else {
            Trial::Untried
        };
        self.trial.send_if_modified(|trial| {
            let is_running = *trial == Trial::Tried;
            if is_running {
                *trial = outcome;
            }
            is_running
        });
    }

    /// The password, once somebody has given it; nothing when the run is cancelled first.
    pub(crate) async fn password(&self) -> Option<Secret> {
        let mut password = self.password.subscribe();
        tokio::select! {
            biased;
            () = self.cancelled() => None,
            given = password.wait_for(Option::is_some) => given.ok().and_then(|given| given.clone()),
        }
    }
}
