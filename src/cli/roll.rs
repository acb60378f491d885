//! Runs `sshoal daemon roll` and `sshoal roll`: batches planned, driven and resumed; rolls listed, and orders given.

mod drive;
mod json;
mod keys;
mod ready;
mod say;

use std::{fs, io::Write as _, thread, time::Duration};

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
        roll::{Part, Resume, Roll, list, show, to_json, unfinished},
        rolling::Rolling,
    },
    ssh::Asked,
    store::{
        self,
        audit::{Audit, RollOrder, RunId},
        roll::{Error, Folder, Note, Order, Record, Stored},
    },
};
use ready::Ready;

/// For whoever drives a roll to take an order.
const PATIENCE: Duration = Duration::from_secs(3);

/// Between two looks whether it has.
const LOOK: Duration = Duration::from_millis(50);

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
    let word = order.as_str();
    let before = stored(folder, id)?;
    if !before.is_driven {
        let text = format!(
            "roll {id}: no process drives it, so there is nothing to {word}; `sshoal roll resume {id}` goes on with it"
        );
        return Err(Usage(text).into());
    }
    if let Err(text) = written(context, id, order) {
        writeln!(context.console.err, "sshoal: roll {id}: {text}")?;
        if matches!(order, Order::Resume | Order::Promote) {
            return Ok(exit::BROKEN);
        }
    }
    order.give(&folder.control(id))?;
    let wanted = note(order);
    let looks = PATIENCE.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        thread::sleep(LOOK);
        let now = folder.read(id)?;
        let new = now.lines.get(before.lines.len()..).unwrap_or_default();
        let is_taken = |line: &store::roll::Line| matches!(line.record, Record::Note { what } if what == wanted);
        if new.iter().any(is_taken) {
            writeln!(context.console.err, "sshoal: roll {id}: {word} taken")?;
            return Ok(exit::OK);
        }
    }
    let why = match order {
        Order::Promote => "no canary waits for it",
        _ => "its process doesn't answer; is it stopped (Ctrl-Z)?",
    };
    writeln!(
        context.console.err,
        "sshoal: roll {id}: {word} not taken: {why}"
    )?;
    Ok(exit::TROUBLE)
}

/// Writes down who orders what. What holds a roll or ends it is done all the same where that fails; what lets more nodes
/// begin is not.
fn written(context: &Context, roll: &RunId, order: Order) -> Result<(), String> {
    let record = RollOrder {
        actor: context.ssh().user,
        origin: "cli".to_owned(),
        roll: roll.clone(),
        order: order.as_str().to_owned(),
    };
    let now = store::now_ms();
    let audit = Audit::open(&context.paths.audit(), now);
    let written = audit.and_then(|mut audit| audit.order(&record, now));
    written.map_err(|error| {
        let word = order.as_str();
        match order {
            Order::Resume | Order::Promote => format!("{word} not given: {error}"),
            Order::Pause | Order::Abort => {
                format!("{word} is given, and not written down: {error}")
            }
        }
    })
}

fn note(order: Order) -> Note {
    match order {
        Order::Pause => Note::Pause,
        Order::Resume => Note::Resume,
        Order::Promote => Note::Promote,
        Order::Abort => Note::Abort,
    }
}

/// A path that means the same from any folder.
fn absolute(path: &std::path::Path) -> std::path::PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
