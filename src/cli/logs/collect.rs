//! Logs into files, with progress and a summary.

use std::{fmt::Write as _, io::Write as _, time::Duration};

use color_eyre::eyre::{Result, eyre};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, watch},
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval},
};

use super::{Done, Reading, tell::Teller};
use crate::{
    cli::{Context, exit},
    command::{Usage, logs::Logs},
    logs::{
        Event, Order, State,
        collect::{Collected, Collector},
        state::Flow,
    },
};

/// Between two lines of progress.
const TICK: Duration = Duration::from_millis(300);

/// Sentences that wait to be printed.
const SAID: usize = 256;

/// The folder is made before anything is read that is for it.
pub(super) fn collector(logs: &Logs, order: &Order) -> Result<Option<Collector>, Usage> {
    let Some(folder) = &logs.show.collect else {
        return Ok(None);
    };
    let made = Collector::new(folder, order);
    let wrong = |error| Usage(format!("--collect {}: {error}", folder.display()));
    made.map(Some).map_err(wrong)
}

/// What the thread that writes has come to.
struct Written {
    collected: Collected,
    state: State,
    teller: Teller,
    /// Why nothing could be written any more.
    broken: Option<String>,
}

pub(super) async fn run(
    context: &mut Context,
    mut reading: Reading,
    collector: Collector,
) -> Result<Done> {
    let _oversize = oversize();
    let (progress, mut far) = watch::channel(Collected::default());
    let (says, mut said) = mpsc::channel(SAID);
    let order = reading.order.clone();
    let mut events = reading.events;
    let mut writing = JoinSet::new();
    writing.spawn(async move {
        let work = move || write(&order, &mut events, collector, (&progress, &says));
        spawn_blocking(work).await
    });
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let target = context.console.err_target;
    let has_progress = target.is_terminal && !target.is_dumb;
    let mut code = None;
    let written = loop {
        tokio::select! {
            biased;
            signal = reading.signals.next() => {
                code = Some(signal.code());
                // The events end then, and so does the thread.
                reading.cancel.cancel();
            }
            Some(text) = said.recv() => say(context, &text, has_progress),
            _ = ticks.tick(), if has_progress => {
                let text = line(&far.borrow_and_update());
                let _ = write!(context.console.err, "\r\x1b[K{text}");
                let _ = context.console.err.flush();
            }
            done = writing.join_next() => break done,
        }
    };
    while let Ok(text) = said.try_recv() {
        say(context, &text, has_progress);
    }
    let broke = || eyre!("the writing broke; the log says more");
    let written = written.and_then(|done| done.ok()?.ok()).ok_or_else(broke)?;
    summary(context, &written, has_progress);
    let own = written.teller.code(&written.state);
    let own = match own {
        _ if written.broken.is_some() => exit::BROKEN,
        exit::OK if !written.collected.partial.is_empty() => exit::TROUBLE,
        own => own,
    };
    Ok(Done {
        code: code.unwrap_or(own),
        state: Some(written.state),
    })
}

/// Held, a limit on the size of files (`ulimit -f`) is an error of the write, and no longer the end of this process.
fn oversize() -> Option<Signal> {
    signal(SignalKind::from_raw(libc::SIGXFSZ)).ok()
}

type Ends<'a> = (&'a watch::Sender<Collected>, &'a mpsc::Sender<String>);

fn write(
    order: &Order,
    events: &mut mpsc::Receiver<Event>,
    mut collector: Collector,
    (progress, says): Ends<'_>,
) -> Written {
    let mut flow = Flow::new(order);
    let mut teller = Teller::default();
    let mut broken = None;
    while let Some(event) = events.blocking_recv() {
        if let Some(text) = teller.hear(&event, order, flow.state()) {
            // Whoever prints may be gone.
            let _ = says.blocking_send(text);
        }
        let taken = collector.take(&event);
        progress.send_replace(collector.collected().clone());
        flow.apply(event, 0);
        if let Err(error) = taken {
            broken = Some(error.to_string());
            break;
        }
    }
    Written {
        collected: collector.finish(),
        state: flow.state().clone(),
        teller,
        broken,
    }
}

fn say(context: &mut Context, text: &str, has_progress: bool) {
    let start = if has_progress { "\r\x1b[K" } else { "" };
    // There is nobody to tell that nobody can be told.
    let _ = writeln!(context.console.err, "{start}sshoal: {text}");
}

fn line(collected: &Collected) -> String {
    let Collected {
        files,
        open,
        bytes,
        partial,
        ..
    } = collected;
    let partial = partial.len();
    let mut text = format!(
        "{files} of {} logs, {}",
        files + open + partial,
        size(*bytes)
    );
    if partial > 0 {
        let _ = write!(text, ", {partial} partial");
    }
    text
}

fn summary(context: &mut Context, written: &Written, has_progress: bool) {
    let Collected {
        nodes,
        files,
        bytes,
        partial,
        ..
    } = &written.collected;
    if let Some(error) = &written.broken {
        let text = format!("nothing can be written here any more: {error}");
        say(context, &text, has_progress);
    }
    for (path, why) in partial {
        say(context, &format!("{}: {why}", path.display()), has_progress);
    }
    let all = written.state.nodes.len();
    let mut text = format!("{files} files of {nodes} of {all} nodes, {}", size(*bytes));
    if !partial.is_empty() {
        let _ = write!(text, "; {} partial", partial.len());
    }
    say(context, &text, has_progress);
}

/// `1.2 MB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = "";
    for next in UNITS {
        if value < 999.95 {
            break;
        }
        (value, unit) = (value / 1_000.0, next);
    }
    format!("{value:.1} {unit}")
}
