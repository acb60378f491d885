//! What changes without a run, in the audit log: known host keys, and orders for rolls of other processes.

use std::path::PathBuf;

use tokio::task::spawn_blocking;

use super::{Answer, Done, Finding};
use crate::{
    exec::record::Actor,
    ssh::KnownKey,
    store::{
        self,
        audit::{Audit, Error, HostKey, HostKeyChange, RollOrder, RunId},
        roll::Order,
    },
};

/// Where and for whom changes are written down.
#[derive(Clone, Debug)]
pub struct Register {
    /// The folder of the audit log.
    pub audit: PathBuf,
    /// Who changes them.
    pub actor: Actor,
}

impl Register {
    /// An error where the log can't be written to: nothing may be changed then.
    pub async fn ready(&self) -> Result<(), String> {
        self.write(Vec::new()).await
    }

    /// Writes down what was done; it is on disk when this returns.
    pub async fn note(&self, findings: &[Finding]) -> Result<(), String> {
        let records = findings.iter();
        let records: Vec<HostKey> = records.filter_map(|found| self.record(found)).collect();
        if records.is_empty() {
            return Ok(());
        }
        self.write(records).await
    }

    /// Writes down an order for a roll that another process drives. Blocks.
    pub fn ordered(&self, roll: &RunId, order: Order) -> Result<(), String> {
        let record = RollOrder {
            actor: self.actor.name.clone(),
            origin: self.actor.origin.clone(),
            roll: roll.clone(),
            order: order.as_str().to_owned(),
        };
        let now = store::now_ms();
        let audit = Audit::open(&self.audit, now);
        let written = audit.and_then(|mut audit| audit.order(&record, now));
        written.map_err(|error| {
            let given = if order.lets_begin() {
                "not given"
            } else {
                "is given, and not written down"
            };
            format!("{} {given}: {error}", order.as_str())
        })
    }

    async fn write(&self, records: Vec<HostKey>) -> Result<(), String> {
        let folder = self.audit.clone();
        let written = spawn_blocking(move || {
            let now = store::now_ms();
            let mut audit = Audit::open(&folder, now)?;
            records
                .iter()
                .try_for_each(|record| audit.host_key(record, now))
        });
        match written.await {
            Ok(written) => written.map_err(|error: Error| error.to_string()),
            Err(_) => Err("an internal error; the log says more".to_owned()),
        }
    }

    fn record(&self, found: &Finding) -> Option<HostKey> {
        let (change, gone) = match &found.done {
            Done::Accepted => (HostKeyChange::Accepted, &[][..]),
            Done::Replaced(places) => (HostKeyChange::Replaced, places.as_slice()),
            Done::Forgotten(places) if !places.is_empty() => {
                (HostKeyChange::Forgotten, places.as_slice())
            }
            Done::Nothing | Done::Forgotten(_) | Done::Failed(_) => return None,
        };
        let went = |key: &&KnownKey| gone.contains(&key.place);
        let old = found.known.iter().filter(went);
        let new = match &found.answer {
            Answer::Shown(shown) if change != HostKeyChange::Forgotten => {
                Some(shown.fingerprint.to_string())
            }
            _ => None,
        };
        Some(HostKey {
            actor: self.actor.name.clone(),
            origin: self.actor.origin.clone(),
            node: found.node.id.to_string(),
            change,
            old: old.map(|key| key.fingerprint.to_string()).collect(),
            new,
        })
    }
}
