//! Runs `sshoal daemon`: the nodes and their daemons, a run as `exec` has it, and what came of it.

use std::{collections::HashMap, fmt::Write as _};

use bytes::Bytes;
use color_eyre::eyre::Result;

use super::{
    Context,
    exec::{self, Chosen, Quiet},
    exit,
};
use crate::{
    command::{
        daemon::{Act, Verb, report, verdict},
        exec::{Choice, Exec, Manner, Show},
        select,
    },
    exec::{
        Ending, ExitPolicy, Finished,
        guard::confirmation,
        plan::{Job, Plan},
    },
};

pub(super) async fn run(context: &mut Context, verb: &Verb) -> Result<u8> {
    let (action, act) = (verb.action(), verb.act());
    let inventory = context.inventory()?.with_nodes()?;
    let sets = context.sets(std::slice::from_ref(&act.set))?;
    let nodes = select(&sets, &inventory)?;
    context.warn(&inventory)?;
    let mut plan = act.plan(action, &nodes)?;
    plan.options.is_bulk = true;
    let nodes: Vec<_> = plan.jobs.iter().map(|job| job.node.clone()).collect();
    let chosen = Chosen {
        command: act.brief(action),
        nodes,
        selector: act.set.clone(),
        ranks: HashMap::new(),
    };
    let verdict = verdict(action, act, &chosen.nodes);
    if act.dry_run {
        let told = confirmation(&chosen.command, &chosen.nodes, &verdict);
        let text = |job: &Job| {
            if act.json {
                job.command.clone() + "\n"
            } else {
                format!("# /bin/sh is given:\n{}", act.readable(action, &job.node))
            }
        };
        context.print(&dry(&told, &plan, text))?;
        return Ok(exit::OK);
    }
    let is_one = plan.jobs.len() == 1;
    let asked: Vec<_> = chosen.nodes.iter().map(|node| act.on(node)).collect();
    let tell = |finished: &Finished| {
        let answers = report::answers(&asked, &finished.results);
        let outcomes = finished.results.iter().map(|result| &result.outcome);
        let text = if act.json {
            report::json(
                &answers,
                ExitPolicy::Default.code(outcomes, ending(finished)),
            )
        } else if is_one {
            report::details(&answers)
        } else {
            report::table(&answers)
        };
        Bytes::from(text)
    };
    let quiet = Quiet {
        chosen,
        plan,
        verdict,
        tell: &tell,
    };
    exec::run_quiet(context, &as_exec(act), quiet).await
}

/// What of it `exec` has too.
fn as_exec(act: &Act) -> Exec {
    Exec {
        words: Vec::new(),
        command: Vec::new(),
        choice: Choice::default(),
        manner: Manner {
            serial: act.serial,
            sudo: act.sudo,
            yes: act.yes,
            ..Manner::default()
        },
        show: Show::default(),
    }
}

fn ending(finished: &Finished) -> Ending {
    match finished {
        finished if finished.aborted.is_some() => Ending::Aborted,
        finished if finished.cancelled => Ending::Cancelled,
        _ => Ending::Done,
    }
}

/// Where, what would be asked, and each different script once.
fn dry(told: &[String], plan: &Plan, text: impl Fn(&Job) -> String) -> String {
    let mut scripts: Vec<(&Job, Vec<&str>)> = Vec::new();
    for job in &plan.jobs {
        let name = job.node.id.as_str();
        let mut known = scripts.iter_mut();
        match known.find(|(first, _)| first.command == job.command) {
            Some((_, names)) => names.push(name),
            None => scripts.push((job, vec![name])),
        }
    }
    let mut all = told.join("\n") + "\n";
    for (job, names) in scripts {
        let names = report::fold(names);
        let _ = write!(all, "\n# {names}\n{}", text(job));
    }
    all + "\nNothing was run: --dry-run\n"
}
