//! Runs `sshoal exec`: chooses nodes, asks what is to be asked, runs the command, prints what comes, and says how it went.

mod chosen;
pub(super) mod confirm;
mod ending;
pub(super) mod files;
mod input;
pub(super) mod journal;
mod json;
pub(super) mod live;
mod progress;
mod report;
pub(super) mod screen;
pub(super) mod signals;
mod stage;

use std::{fmt::Write as _, io, io::Write as _, sync::Arc, time::Duration};

use bytes::Bytes;
use color_eyre::eyre::{Result, WrapErr as _};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

pub(super) use self::chosen::Chosen;
use self::{
    files::Files,
    journal::Journal,
    live::{Live, Look},
    progress::Progress,
    screen::{Piece, Screen},
    signals::Signals,
    stage::{Show, Stage, Stop},
};
use super::{
    Context,
    ask::{self, Person},
    exit,
};
use crate::{
    command::{Usage, exec::Exec},
    exec::{
        self, Control, Finished, Gather, Mask,
        guard::{Verdict, judge},
        plan::{Batches, Plan, Strategy},
    },
    fleet::Clock,
    ssh::{self, Asked, Connector},
    store::{
        self,
        audit::{Intent, RunId},
    },
};

/// Happenings that wait to be shown; nodes wait behind them.
const EVENTS: usize = 128;

/// For leave to be taken of all servers.
const FAREWELL: Duration = Duration::from_secs(3);

/// All is said and agreed to; nothing was sent to a node.
struct Ready {
    command: String,
    plan: Plan,
    files: Option<Files>,
    run: RunId,
    journal: Option<Journal>,
}

pub(super) async fn run(context: &mut Context, exec: &Exec) -> Result<u8> {
    let mut signals = Signals::listen().wrap_err("cannot listen for signals")?;
    let (asker, mut person) = ask::person(context);
    let prepared = tokio::select! {
        biased;
        signal = signals.next() => Ok(Err(signal.code())),
        prepared = prepare(context, exec, asker.clone(), &mut person) => prepared,
    };
    person.give_back().await;
    match prepared? {
        Ok(ready) => carry_out(context, exec, (ready, None), (asker, person), signals).await,
        Err(code) => Ok(code),
    }
}

/// What is printed of a run once it is over.
type Tell<'a> = &'a (dyn Fn(&Finished) -> Bytes + Sync);

/// A run of another command's, whose answers are told by `tell` once all are there.
pub(super) struct Quiet<'a> {
    pub(super) chosen: Chosen,
    pub(super) plan: Plan,
    pub(super) verdict: Verdict,
    pub(super) tell: Tell<'a>,
}

/// Asks, writes down and runs as `exec` does.
pub(super) async fn run_quiet(context: &mut Context, exec: &Exec, run: Quiet<'_>) -> Result<u8> {
    let mut signals = Signals::listen().wrap_err("cannot listen for signals")?;
    let (asker, mut person) = ask::person(context);
    let prepared = tokio::select! {
        biased;
        signal = signals.next() => Ok(Err(signal.code())),
        prepared = prepare_quiet(context, exec, (run.chosen, run.plan, &run.verdict), &mut person) => prepared,
    };
    person.give_back().await;
    let people = (asker, person);
    match prepared? {
        Ok(ready) => carry_out(context, exec, (ready, Some(run.tell)), people, signals).await,
        Err(code) => Ok(code),
    }
}

async fn prepare_quiet(
    context: &mut Context,
    exec: &Exec,
    (chosen, plan, verdict): (Chosen, Plan, &Verdict),
    person: &mut Person,
) -> Result<Result<Ready, u8>> {
    if let Some(code) = confirm::ask(context, exec, &chosen, verdict, person).await? {
        return Ok(Err(code));
    }
    begin(context, exec, (chosen, plan, None), verdict.mutating).await
}

/// All that comes before the first byte to a node. An exit code where nothing is to be run.
async fn prepare(
    context: &mut Context,
    exec: &Exec,
    asker: Option<mpsc::Sender<Asked>>,
    person: &mut Person,
) -> Result<Result<Ready, u8>> {
    let chosen = match chosen::choose(context, exec, asker, person).await? {
        Ok(chosen) => chosen,
        Err(code) => return Ok(Err(code)),
    };
    let environment = |name: &str| std::env::var(name).ok();
    let mut plan = exec.plan(&chosen.command, &chosen.nodes, &chosen.ranks, environment)?;
    plan.options.is_bulk = true;
    plan.options.terminal = plan.options.terminal.map(|usual| size().unwrap_or(usual));
    // Names and addresses are quoted as one word: what they make of the command is the same for all.
    let first = plan.jobs.first().map_or("", |job| job.command.as_str());
    let verdict = judge(first, &chosen.nodes);
    if exec.manner.dry_run {
        let text = confirm::dry(&chosen, &plan, &verdict);
        context.print(&text)?;
        return Ok(Err(exit::OK));
    }
    if let Some(code) = confirm::ask(context, exec, &chosen, &verdict, person).await? {
        return Ok(Err(code));
    }
    plan.options.input = input::read(context, exec).await?;
    let files = files(exec, &plan)?;
    begin(context, exec, (chosen, plan, files), verdict.mutating).await
}

/// Writes down that the run is about to begin.
async fn begin(
    context: &mut Context,
    exec: &Exec,
    (chosen, plan, files): (Chosen, Plan, Option<Files>),
    is_mutating: bool,
) -> Result<Result<Ready, u8>> {
    let intent = intent(context, exec, &chosen);
    let run = intent.run.clone();
    let journal = match Journal::begin(&context.paths, intent).await {
        Ok(journal) => Some(journal),
        Err(refusal) => {
            let text = refusal.text(&context.paths);
            if is_mutating {
                writeln!(context.console.err, "sshoal: nothing was run: {text}")?;
                return Ok(Err(exit::BROKEN));
            }
            writeln!(
                context.console.err,
                "sshoal: this run is not written down, as it only reads: {text}"
            )?;
            None
        }
    };
    Ok(Ok(Ready {
        command: chosen.command,
        plan,
        files,
        run,
        journal,
    }))
}

async fn carry_out(
    context: &mut Context,
    exec: &Exec,
    (ready, tell): (Ready, Option<Tell<'_>>),
    (asker, mut person): (Option<mpsc::Sender<Asked>>, Person),
    mut signals: Signals,
) -> Result<u8> {
    let run = ready.run.clone();
    let mut stage = stage(context, exec, ready, &person);
    if tell.is_some() {
        stage.show = Show::Nothing;
    }
    let connector = Connector::new(bounded(context.ssh(), exec), asker);
    let (to, mut events) = mpsc::channel(EVENTS);
    let (plan, control) = (Arc::clone(&stage.plan), stage.control.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(exec::run(plan, connector.clone(), control, to));
    let attended = stage.attend(&mut person, &mut signals, &mut events).await;
    if let Err(code) = attended {
        return Ok(code);
    }
    let finished = tasks.join_next().await;
    let finished: Finished = finished
        .transpose()
        .ok()
        .flatten()
        .ok_or_else(|| color_eyre::eyre::eyre!("the run broke; the log says more"))?;
    if let Some(tell) = tell {
        stage.screen.put(Piece::Out(tell(&finished)));
    }
    let code = ending::end(&mut stage, &finished, exec, (&run, context)).await;
    // Servers that are gone by now hold nothing up.
    let _ = timeout(FAREWELL, connector.close()).await;
    Ok(ending::print(stage, &mut signals, code).await)
}

/// A time to connect that is given for this run bounds the login too, and the way to bastions.
fn bounded(config: ssh::Config, exec: &Exec) -> ssh::Config {
    match exec.manner.connect_timeout {
        None => config,
        Some(limit) => ssh::Config {
            kex_timeout: limit,
            auth_timeout: config.auth_timeout.min(limit),
            ..config
        },
    }
}

/// The folder for output, made before anything is run that it is for.
fn files(exec: &Exec, plan: &Plan) -> Result<Option<Files>, Usage> {
    let Some(folder) = &exec.show.output_dir else {
        return Ok(None);
    };
    let files = Files::new(folder, plan);
    let wrong = |error| Usage(format!("--output-dir {}: {error}", folder.display()));
    files.map(Some).map_err(wrong)
}

fn stage(context: &mut Context, exec: &Exec, ready: Ready, person: &Person) -> Stage {
    let plan = Arc::new(ready.plan);
    let show = &exec.show;
    let mask = show
        .mask
        .then(|| Mask::new(plan.jobs.iter().map(|job| &*job.node)));
    let has_files = ready.files.is_some();
    let can_ask = confirm::has_terminal(context);
    let shown = shown(context, exec, &plan);
    let mut screen = Screen::start(&mut context.console, ready.files);
    if let Show::Json(lines) = &shown {
        let line = lines.run(ready.run.as_str(), &ready.command, store::now_ms());
        screen.put(Piece::Out(line));
    }
    Stage {
        control: Control::default(),
        screen,
        show: shown,
        has_files,
        status: status_columns(context),
        progress: Progress::new(plan.jobs.len()),
        gather: Gather::new(mask),
        journal: ready.journal,
        clock: Clock::start(),
        can_ask,
        asking: person.asking(),
        stop: Stop::default(),
        plan,
    }
}

fn shown(context: &Context, exec: &Exec, plan: &Plan) -> Show {
    let (show, console) = (&exec.show, &context.console);
    if show.json {
        return Show::Json(json::Lines::new(plan));
    }
    if show.gather || show.quiet {
        return Show::Nothing;
    }
    let look = Look {
        out: console.out_target(),
        err: console.err_target,
        has_names: !show.no_prefix,
    };
    Show::Live(Box::new(Live::new(plan, look)))
}

/// Columns of the status line, where there is a terminal that can take it back.
pub(super) fn status_columns(context: &Context) -> Option<usize> {
    let target = context.console.err_target;
    if !target.is_terminal || target.is_dumb {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(io::stderr());
    let columns = size.map_or(0, |size| usize::from(size.ws_col));
    Some(if columns == 0 { 80 } else { columns })
}

/// Columns and rows of this terminal.
fn size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}

fn intent(context: &Context, exec: &Exec, chosen: &Chosen) -> Intent {
    let at_ms = store::now_ms();
    let names = chosen.nodes.iter().map(|node| node.id.to_string());
    Intent {
        run: RunId::new(at_ms),
        actor: context.ssh().user,
        origin: "cli".to_owned(),
        command: chosen.command.clone(),
        selector: chosen.selector.clone(),
        nodes: names.collect(),
        strategy: strategy(exec),
        at_ms,
    }
}

fn strategy(exec: &Exec) -> String {
    let mut text = match exec.manner.strategy {
        Strategy::Continue => "continue".to_owned(),
        Strategy::AbortAfter(1) => "abort-first".to_owned(),
        Strategy::AbortAfter(most) => format!("abort-after={most}"),
    };
    match exec.manner.serial {
        None | Some(Batches::One) => {}
        Some(Batches::Nodes(nodes)) => _ = write!(text, ", serial {nodes}"),
        Some(Batches::Percent(percent)) => _ = write!(text, ", serial {percent}%"),
    }
    text
}
