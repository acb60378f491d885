//! The key that a server took the last time: where it comes first anyway, it is offered without asking what else would do.

use std::collections::HashMap;

use russh::keys::PublicKey;
use tokio::sync::watch;

use super::{
    Login, Verdict,
    offer::{By, Offer, Public},
};
use crate::ssh::{Error, keyring::Account};

/// The keys that alone were enough, by account.
#[derive(Debug, Default)]
pub(in crate::ssh) struct Habits(watch::Sender<HashMap<Account, PublicKey>>);

impl Habits {
    /// Taken out, so that a login that comes to nothing goes the long way the next time; one that succeeds puts it back.
    fn take(&self, account: &Account) -> Option<PublicKey> {
        let mut taken = None;
        self.0.send_if_modified(|habits| {
            taken = habits.remove(account);
            taken.is_some()
        });
        taken
    }

    fn learn(&self, account: Account, key: &PublicKey) {
        self.0.send_modify(|habits| {
            habits.insert(account, key.clone());
        });
    }
}

impl Login<'_> {
    /// Offers the key of the last time; `None` where there is none, or where another would come first.
    pub(super) async fn as_ever(&mut self) -> Result<Option<Verdict>, Error> {
        if !self.target.methods.begin_with_keys() {
            return Ok(None);
        }
        let Some(known) = self.shared.habits.take(&Account::of(self.target)) else {
            return Ok(None);
        };
        let mut keys = self.gather().await;
        let verdict = match keys.take_first(|offer| is_of(offer, &known)) {
            Some(offer) => Some(self.offer(offer, &mut keys).await?),
            None => None,
        };
        self.keys = Some(keys);
        Ok(verdict)
    }

    /// Remembers a key that alone was enough.
    pub(super) fn learn(&self, key: &PublicKey) {
        if self.told.accepted.is_empty() {
            self.shared.habits.learn(Account::of(self.target), key);
        }
    }
}

/// To be asked for a passphrase is no habit.
fn is_of(offer: &Offer, known: &PublicKey) -> bool {
    let is_same = |key: &PublicKey| key.key_data() == known.key_data();
    !matches!(offer.by, By::Locked(..)) && matches!(&offer.public, Public::Key(key) if is_same(key))
}
