//! The last part of a run: what is said at its end, and the exit code that it comes to.

use std::{fmt::Write as _, io, io::Write as _, time::Duration};

use tokio::time::sleep;

use super::{
    json,
    report::{failures, paint},
    screen::{Piece, Trouble},
    signals::Signals,
    stage::{Show, Stage},
};
use crate::{
    cli::{Context, exit},
    command::exec::Exec,
    exec::{Ending, Finished, report},
    store::{self, audit::RunId},
};

/// For a reader to take what is left of a run that was cancelled.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says how it went; the exit code.
pub(super) async fn end(
    stage: &mut Stage,
    finished: &Finished,
    exec: &Exec,
    (run, context): (&RunId, &Context),
) -> u8 {
    let ending = match finished {
        finished if finished.aborted.is_some() => Ending::Aborted,
        finished if finished.cancelled => Ending::Cancelled,
        _ => Ending::Done,
    };
    let outcomes = finished.results.iter().map(|result| &result.outcome);
    let code = exec.exit_rule().code(outcomes, ending);
    let code = stage.stop.code.unwrap_or(code);
    let is_written = stage.journal.is_some();
    if let Some(journal) = stage.take_journal()
        && let Err(why) = journal.end(stage.progress.counts()).await
    {
        stage.stop.is_unwritten = true;
        stage.say(&format!("{why}; the run is not written down whole"));
    }
    let code = match code {
        exit::OK if stage.stop.is_unwritten => exit::BROKEN,
        code => code,
    };
    if let Show::Json(_) = &stage.show {
        let (elapsed, word) = (stage.clock.now().0, word(ending));
        let now = store::now_ms();
        let line = json::summary(run.as_str(), &finished.results, (code, word), elapsed, now);
        stage.screen.put(Piece::Out(line));
        return code;
    }
    if exec.show.gather {
        groups(stage, exec, context);
    }
    tell(stage, finished, exec, (run, is_written, context));
    code
}

fn word(ending: Ending) -> &'static str {
    match ending {
        Ending::Done => "done",
        Ending::Aborted => "aborted",
        Ending::Cancelled => "cancelled",
    }
}

fn groups(stage: &mut Stage, exec: &Exec, context: &Context) {
    let console = &context.console;
    let look = report::Look {
        is_full: exec.show.full,
        is_raw: !console.is_terminal,
        is_ascii: console.ascii,
    };
    let mut text = Vec::new();
    // Memory takes everything.
    let _ = report::write(&stage.gather, look, paint(console.colour), &mut text);
    stage.screen.put(Piece::Out(text.into()));
}

/// Failures with their reasons, and one line on all of it. A script whose nodes are all well is told nothing.
fn tell(
    stage: &mut Stage,
    finished: &Finished,
    exec: &Exec,
    (run, is_written, context): (&RunId, bool, &Context),
) {
    if stage.stop.dropped > 0 {
        let bytes = stage.stop.dropped;
        stage.say(&format!(
            "{bytes} bytes of output were not printed, as the run was cancelled"
        ));
    }
    let console = &context.console;
    if is_well(finished) && !console.err_target.is_terminal && !exec.show.quiet {
        return;
    }
    for line in &failures(&stage.plan, &finished.results) {
        stage.say(line);
    }
    let summary = report::summary(&stage.gather.tally(), paint(console.err_target.colour));
    let seconds = stage.clock.now().0 as f64 / 1000.0;
    let mut text = format!("{summary} in {seconds:.1} s");
    if console.err_target.is_terminal && is_written {
        _ = write!(text, ", run {run}");
    }
    stage.say(&text);
}

fn is_well(finished: &Finished) -> bool {
    finished.results.iter().all(|result| result.outcome.is_ok())
}

/// Waits for the last byte to be read, unless nobody reads it; the exit code.
pub(super) async fn print(stage: Stage, signals: &mut Signals, code: u8) -> u8 {
    let is_cancelled = stage.control.is_cancelled();
    let troubles = tokio::select! {
        biased;
        signal = signals.next() => return signal.code(),
        troubles = stage.end().close() => troubles,
        () = sleep(PATIENCE), if is_cancelled => return code,
    };
    let broken = troubles.iter().find_map(|trouble| match trouble {
        Trouble::Broken(text) => Some(text),
        Trouble::NoReader => None,
    });
    if let Some(text) = broken {
        // The console's own has been given up by now. One that is gone hears nothing.
        let _ = writeln!(io::stderr(), "sshoal: {text}");
    }
    match (broken, code) {
        (Some(_), exit::OK) => exit::BROKEN,
        _ => code,
    }
}
