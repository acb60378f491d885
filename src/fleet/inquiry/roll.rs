//! Rolls of all processes, as their journals have them, and orders for those of others. All of it blocks.

use std::path::Path;

use super::Answered;
use crate::{
    fleet::keys::Register,
    store::{
        audit::RunId,
        roll::{Error, Folder, Order, Steered},
    },
};

/// What is wanted of the rolls that are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollWish {
    /// All of them, the newest first.
    All,
    /// One.
    One(RunId),
    /// One to go on with: by an order to the process that drives it, else by whoever asks.
    Resume(RunId),
    /// This order given to the process that drives it.
    Steer(RunId, Order),
}

pub(super) fn answer(
    folder: &Path,
    wish: &RollWish,
    register: &Register,
) -> Result<Answered, Error> {
    let folder = Folder::new(folder);
    if let RollWish::Resume(id) | RollWish::Steer(id, _) = wish
        && folder.read(id)?.is_driven
    {
        let order = match wish {
            RollWish::Steer(_, order) => *order,
            _ => Order::Resume,
        };
        if let Err(why) = register.ordered(id, order)
            && order.lets_begin()
        {
            return Ok(Answered::Failed(why));
        }
    }
    match wish {
        RollWish::All => {
            let (mut all, mut troubles) = (Vec::new(), Vec::new());
            for id in folder.ids()? {
                match folder.read(&id) {
                    Ok(stored) => all.push(stored),
                    Err(error) => troubles.push(error.to_string()),
                }
            }
            Ok(Answered::Rolls(all, troubles))
        }
        RollWish::One(id) => Ok(Answered::Roll(Box::new(folder.read(id)?))),
        RollWish::Resume(id) => match folder.steer(id, Order::Resume)? {
            Steered::NotDriven => Ok(Answered::Roll(Box::new(folder.read(id)?))),
            became => Ok(Answered::Steered(became)),
        },
        RollWish::Steer(id, order) => folder.steer(id, *order).map(Answered::Steered),
    }
}
