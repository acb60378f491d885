//! The key that a server took the last time: where it comes first anyway, it is offered without asking what else would do.

use std::collections::HashMap;

use russh::keys::PublicKey;
use tokio::sync::watch;

use super::{
    Login, Verdict,
    offer::{By, Offer, Public},
};
use crate::ssh::{Error, keyring::Account, target::Target};

/// The keys that alone were enough, by account.
#[derive(Debug, Default)]
pub(in crate::ssh) struct Habits(watch::Sender<HashMap<Account, PublicKey>>);

impl Habits {
    fn has(&self, account: &Account) -> bool {
        self.0.borrow().contains_key(account)
    }

    fn knows(&self, account: &Account, offer: &Offer) -> bool {
        // To be asked for a passphrase is no habit.
        let by_hand = matches!(offer.by, By::Locked(..));
        let habits = self.0.borrow();
        match (&offer.public, habits.get(account)) {
            (Public::Key(key), Some(known)) if !by_hand => key.key_data() == known.key_data(),
            _ => false,
        }
    }

    fn learn(&self, account: Account, key: &PublicKey) {
        self.0.send_if_modified(|habits| {
            let is_new = habits.get(&account) != Some(key);
            if is_new {
                habits.insert(account, key.clone());
            }
            is_new
        });
    }

    fn unlearn(&self, account: &Account) {
        self.0
            .send_if_modified(|habits| habits.remove(account).is_some());
    }
}

impl Login<'_> {
    /// Offers the key of the last time; `None` where there is none, or where another would come first.
    pub(super) async fn as_ever(&mut self) -> Result<Option<Verdict>, Error> {
        let account = account(self.target);
        if !self.shared.habits.has(&account) {
            return Ok(None);
        }
        let mut keys = self.gather().await;
        let first = keys.take_first(|offer| self.shared.habits.knows(&account, offer));
        let verdict = match first {
            Some(offer) => Some(self.offer(offer, &mut keys).await?),
            None => None,
        };
        if verdict == Some(Verdict::Rejected) {
            // sshd forgives the request for nothing, which follows, only where it comes first.
            keys.count_rejected();
        }
        if verdict != Some(Verdict::In) {
            self.shared.habits.unlearn(&account);
        }
        self.keys = Some(keys);
        Ok(verdict)
    }

    /// Remembers a key that alone was enough.
    pub(super) fn learn(&self, key: &PublicKey) {
        if self.told.accepted.is_empty() {
            self.shared.habits.learn(account(self.target), key);
        }
    }
}

fn account(target: &Target) -> Account {
    Account {
        user: target.user.clone(),
        host: target.host.clone(),
        port: target.port,
    }
}
