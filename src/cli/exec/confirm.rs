//! What is asked before a run begins, and what is told instead of one.

use std::{fmt::Write as _, fs::OpenOptions, io::Write as _};

use color_eyre::eyre::Result;

use super::chosen::Chosen;
use crate::{
    cli::{Context, ask::Person, exit},
    command::{Usage, exec::Exec},
    exec::{
        dry::manner,
        guard::{Ask, Verdict, confirmation},
        plan::Plan,
    },
};

/// Asks what the guard wants asked. An exit code where the run is not to be.
pub(super) async fn ask(
    context: &mut Context,
    exec: &Exec,
    chosen: &Chosen,
    verdict: &Verdict,
    person: &mut Person,
) -> Result<Option<u8>> {
    if verdict.asks == Ask::Nothing || exec.manner.yes {
        return Ok(None);
    }
    let mut lines = confirmation(&chosen.command, &chosen.nodes, verdict);
    let manner = [
        exec.manner.sudo.then(|| "As root, by sudo".to_owned()),
        (exec.manner.cwd.as_ref()).map(|folder| format!("In {folder}")),
    ];
    lines.splice(1..1, manner.into_iter().flatten());
    confirmed(context, lines, &verdict.asks, person).await
}

/// Puts these lines, of which the last is the question. An exit code where what they tell of is not to be.
pub(in crate::cli) async fn confirmed(
    context: &mut Context,
    mut lines: Vec<String>,
    asks: &Ask,
    person: &mut Person,
) -> Result<Option<u8>> {
    let question = lines.pop().unwrap_or_default();
    let text = lines.join("\n");
    if !has_terminal(context) {
        let why = if context.args.global.batch {
            "--batch asks nothing"
        } else {
            "there is no terminal to ask on"
        };
        let text = format!(
            "this is not run without a confirmation, and {why}; --yes gives it beforehand\n{text}"
        );
        return Err(Usage(text).into());
    }
    writeln!(context.console.err, "{text}")?;
    match agrees(person, &question, asks).await {
        Ok(true) => return Ok(None),
        Ok(false) => {}
        Err(code) => return Ok(Some(code)),
    }
    writeln!(
        context.console.err,
        "sshoal: not confirmed: nothing was run"
    )?;
    Ok(Some(exit::USAGE))
}

/// Puts the question, and says whether the answer is the one that it takes; an exit code where there is none.
pub(in crate::cli) async fn agrees(
    person: &mut Person,
    question: &str,
    asks: &Ask,
) -> Result<bool, u8> {
    let answer = person.typed(format!("{question} "), true).await?;
    let answer = answer.unwrap_or_default();
    Ok(match asks {
        Ask::Nothing => true,
        Ask::YesNo => matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"),
        Ask::TypedWord(word) => answer.trim() == word,
    })
}

/// True where a person can be asked: on the terminal that this process belongs to, wherever its output goes.
pub(in crate::cli) fn has_terminal(context: &Context) -> bool {
    let opened = || OpenOptions::new().read(true).write(true).open("/dev/tty");
    context.console.err_target.is_terminal && !context.args.global.batch && opened().is_ok()
}

/// `--dry-run`: where, how that was chosen, what exactly, and what would be asked.
pub(super) fn dry(chosen: &Chosen, plan: &Plan, verdict: &Verdict) -> String {
    let told = Verdict {
        asks: Ask::Nothing,
        ..verdict.clone()
    };
    let mut lines = confirmation(&chosen.command, &chosen.nodes, &told);
    let mut own = String::new();
    for job in plan.jobs.iter().filter(|job| job.command != chosen.command) {
        let lines = confirmation(&job.command, &[], &told);
        let command = lines.get(1..).unwrap_or_default().join("\n");
        let _ = write!(own, "\n{}:\n{command}", job.node.id);
    }
    if !own.is_empty() {
        lines.push(format!("With what stands for each node:{own}"));
    }
    lines.push(format!("Chosen by: {}", chosen.selector));
    lines.extend(manner(plan));
    lines.push(match &verdict.asks {
        Ask::Nothing => "Nothing would be asked.".to_owned(),
        Ask::YesNo => "A yes would be asked for (--yes gives it).".to_owned(),
        Ask::TypedWord(word) => format!("The word {word} would be asked for (--yes gives it)."),
    });
    lines.push("Nothing was run: --dry-run".to_owned());
    lines.join("\n") + "\n"
}
