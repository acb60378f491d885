//! Runs `sshoal daemon roll` and `sshoal roll`: batches planned, driven and resumed; rolls listed, and orders given.

mod drive;
mod json;
mod keys;
mod ready;
mod say;

use std::{fs, io::Write as _};

use color_eyre::eyre::{Result, WrapErr as _};
use tokio::sync::mpsc;

use super::{
    Context,
    ask::{self, Person},
    exec::signals::Signals,
    exit, run_to_end,
};
use crate::{
    command::{
        Usage,
        roll::{Part, Resume, Roll, list, show, steered, to_json, unfinished},
        rolling::Rolling,
    },
    exec::record::Actor,
    fleet::keys::Register,
    ssh::Asked,
    store::{
        audit::RunId,
        roll::{Error, Folder, Order, Steered, Stored},
    },
};
use ready::Ready;

pub(super) use ready::files;

/// `sshoal daemon roll`.
pub(super) async fn begin(context: &mut Context, rolling: &Rolling) -> Result<u8> {
    if rolling.plan {
        return ready::plan(context, rolling);
    }
    let mut signals = Signals::listen().wrap_err("cannot listen for signals")?;
    let (asker, mut person) = ask::person(context);
    let prepared = tokio::select! {
        biased;
        signal = signals.next() => Ok(Err(signal.code())),
        prepared = ready::fresh(context, rolling, &mut person) => prepared,
    };
    go(context, prepared, (asker, person), signals).await
}

async fn resume(context: &mut Context, resume: &Resume) -> Result<u8> {
    let mut signals = Signals::listen().wrap_err("cannot listen for signals")?;
    let (asker, mut person) = ask::person(context);
    let prepared = tokio::select! {
        biased;
        signal = signals.next() => Ok(Err(signal.code())),
        prepared = ready::again(context, resume, &mut person) => prepared,
    };
    go(context, prepared, (asker, person), signals).await
}

async fn go(
    context: &mut Context,
    prepared: Result<Result<Ready, u8>>,
    (asker, mut person): (Option<mpsc::Sender<Asked>>, Person),
    signals: Signals,
) -> Result<u8> {
    person.give_back().await;
    match prepared? {
        Ok(ready) => drive::run(context, ready, (asker, person), signals).await,
        Err(code) => Ok(code),
    }
}

/// `sshoal roll`.
pub(super) fn run(context: &mut Context, roll: &Roll) -> Result<u8> {
    let folder = Folder::new(&context.paths.rolls());
    let is_look = matches!(roll.part, Part::List(_) | Part::Show(_));
    if context.args.look.read_only && !is_look {
        return Err(Usage("--read-only: no roll is touched".to_owned()).into());
    }
    match &roll.part {
        Part::List(part) => {
            let all = rolls(context, &folder)?;
            let text = if part.json {
                let rows = all.iter().map(|stored| to_json(stored, false));
                format!("{:#}\n", rows.collect::<serde_json::Value>())
            } else {
                list(&all)
            };
            context.print(&text)?;
            if let Some(text) = unfinished(&all) {
                writeln!(context.console.err, "sshoal: {text}")?;
            }
            Ok(exit::OK)
        }
        Part::Show(part) => {
            let stored = stored(&folder, &part.id)?;
            let text = if part.json {
                format!("{:#}\n", to_json(&stored, true))
            } else {
                show(&stored)
            };
            context.print(&text)?;
            Ok(exit::OK)
        }
        Part::Pause(one) => order(context, &folder, &one.id, Order::Pause),
        Part::Promote(one) => order(context, &folder, &one.id, Order::Promote),
        Part::Abort(one) => order(context, &folder, &one.id, Order::Abort),
        Part::Resume(part) if stored(&folder, &part.id)?.is_driven => {
            order(context, &folder, &part.id, Order::Resume)
        }
        Part::Resume(part) => run_to_end(resume(context, part)),
    }
}

fn rolls(context: &mut Context, folder: &Folder) -> Result<Vec<Stored>> {
    let mut all = Vec::new();
    for id in folder.ids()? {
        match folder.read(&id) {
            Ok(stored) => all.push(stored),
            Err(error) => writeln!(context.console.err, "sshoal: {error}")?,
        }
    }
    Ok(all)
}

/// What is kept of a roll; a name that there is none of is the person's mistake.
fn stored(folder: &Folder, id: &RunId) -> Result<Stored> {
    folder.read(id).map_err(|error| match error {
        Error::Unknown(_) => Usage(error.to_string()).into(),
        error => error.into(),
    })
}

/// Gives an order to the process that drives a roll, and waits until it has taken it.
fn order(context: &mut Context, folder: &Folder, id: &RunId, order: Order) -> Result<u8> {
    let register = Register {
        audit: context.paths.audit(),
        actor: Actor {
            name: context.ssh().user,
            origin: "cli".to_owned(),
        },
    };
    if stored(folder, id)?.is_driven
        && let Err(text) = register.ordered(id, order)
    {
        writeln!(context.console.err, "sshoal: roll {id}: {text}")?;
        if order.lets_begin() {
            return Ok(exit::BROKEN);
        }
    }
    let became = folder.steer(id, order)?;
    let text = steered(id, order, became);
    if became == Steered::NotDriven {
        return Err(Usage(text).into());
    }
    writeln!(context.console.err, "sshoal: {text}")?;
    Ok(if became == Steered::Taken {
        exit::OK
    } else {
        exit::TROUBLE
    })
}

/// A path that means the same from any folder.
fn absolute(path: &std::path::Path) -> std::path::PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
