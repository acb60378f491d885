//! Questions of a command, asked on the terminal one at a time, as ssh asks them.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, IsTerminal},
};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    task::spawn_blocking,
};
use tokio_util::sync::CancellationToken;

use super::{
    Context, exit,
    tty::{Read, Tty},
};
use crate::{
    fleet::{Answers, Fleet, Order},
    ssh::{Answer, Field, Prompt, PromptId, Question, Secret},
};

/// Whether a person is there to be asked: never with `--batch`, and only where all three streams are a terminal.
pub(super) fn answers(context: &Context) -> Answers {
    let is_there =
        context.console.is_terminal && io::stdin().is_terminal() && io::stderr().is_terminal();
    if is_there && !context.args.global.batch {
        Answers::Asked
    } else {
        Answers::None
    }
}

/// Asks whatever the fleet wants to know, until it has ended. Gives an exit code when the person, or a signal, ends the command.
pub(super) async fn ask_all(fleet: &Fleet) -> u8 {
    let (orders, mut prompts) = (fleet.orders(), fleet.prompts());
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    let mut asked = BTreeSet::new();
    loop {
        let asked = tokio::select! {
            biased;
            // Once it is listened for, nothing else ends the process.
            _ = terminate.recv() => return exit::TERMINATED,
            asked = next(&mut prompts, &mut asked) => asked,
        };
        let Some((prompt, alike)) = asked else {
            return std::future::pending().await;
        };
        let id = prompt.id;
        let over = CancellationToken::new();
        // Whenever this ends, the terminal is given back.
        let _guard = over.clone().drop_guard();
        let question = spawn_blocking(move || ask(&prompt, alike, &over));
        let code = tokio::select! {
            biased;
            _ = terminate.recv() => Some(exit::TERMINATED),
            said = question => said.ok().and_then(|said| tell(&orders, id, said)),
            _ = prompts.wait_for(|all| all.iter().all(|prompt| prompt.id != id)) => None,
        };
        if let Some(code) = code {
            return code;
        }
    }
}

/// The next question that was not asked before, and how many others one password could be for; nothing when the fleet has ended.
async fn next(
    prompts: &mut watch::Receiver<std::sync::Arc<Vec<Prompt>>>,
    asked: &mut BTreeSet<PromptId>,
) -> Option<(Prompt, usize)> {
    let is_new = |prompt: &&Prompt| !asked.contains(&prompt.id);
    let waiting = prompts.wait_for(|all| all.iter().any(|prompt| is_new(&prompt)));
    let waiting = waiting.await.ok()?.clone();
    let prompt = waiting.iter().find(is_new)?.clone();
    let alike = waiting.iter().filter(|other| is_alike(&prompt, other));
    let alike = alike.count().saturating_sub(1);
    asked.insert(prompt.id);
    Some((prompt, alike))
}

fn is_alike(one: &Prompt, other: &Prompt) -> bool {
    match (&one.question, &other.question) {
        (Question::Password { user, .. }, Question::Password { user: login, .. }) => user == login,
        _ => false,
    }
}

fn tell(orders: &mpsc::Sender<Order>, id: PromptId, said: Option<Answer>) -> Option<u8> {
    match said {
        // A person answers slowly and the queue is long: it has room, or the fleet is gone.
        Some(answer) => {
            let _ = orders.try_send(Order::Answer(id, answer));
            None
        }
        None => Some(exit::INTERRUPTED),
    }
}

/// The answer; nothing when the person wants the command to end.
fn ask(prompt: &Prompt, alike: usize, over: &CancellationToken) -> Option<Answer> {
    // Without a terminal of its own, the process has nobody to ask.
    let Ok(mut tty) = Tty::open() else {
        return Some(Answer::No);
    };
    let node = &prompt.node;
    match &prompt.question {
        Question::HostKey {
            host,
            algorithm,
            fingerprint,
        } => {
            let text = format!(
                "{node}: the authenticity of host '{host}' can't be established.\n\
                 {algorithm} key fingerprint is {fingerprint}.\n\
                 Are you sure you want to continue connecting (yes/no/[fingerprint])? "
            );
            host_key(&mut tty, text, fingerprint.as_str(), over)
        }
        Question::Passphrase { file, attempt } => {
            let text = format!(
                "{node}: {}passphrase for key file {file}: ",
                again(*attempt)
            );
            match tty.ask(&text, false, over) {
                Read::Line(line) if line.is_empty() => Some(Answer::No),
                Read::Line(line) => Some(Answer::Secrets(vec![Secret::new(line)])),
                Read::Declined => Some(Answer::No),
                Read::Interrupted => None,
            }
        }
        Question::Password {
            user,
            host,
            attempt,
        } => {
            let text = format!("{node}: {}password of {user} at {host}: ", again(*attempt));
            match tty.ask(&text, false, over) {
                Read::Line(line) => for_all(&mut tty, vec![Secret::new(line)], alike, over),
                Read::Declined => Some(Answer::No),
                Read::Interrupted => None,
            }
        }
        Question::Codes {
            user,
            host,
            name,
            instruction,
            fields,
        } => {
            let mut text = format!("{node}: {user} at {host} (keyboard-interactive)\n");
            for said in [name, instruction] {
                if !said.as_str().is_empty() {
                    let _ = writeln!(text, "  {said}");
                }
            }
            codes(&mut tty, text, fields, over)
        }
    }
}

fn again(attempt: u8) -> String {
    if attempt > 1 {
        format!("wrong, try {attempt}: ")
    } else {
        String::new()
    }
}

fn host_key(
    tty: &mut Tty,
    mut text: String,
    fingerprint: &str,
    over: &CancellationToken,
) -> Option<Answer> {
    loop {
        match tty.ask(&text, true, over) {
            Read::Line(line) if line.eq_ignore_ascii_case("yes") || *line == fingerprint => {
                return Some(Answer::Yes);
            }
            Read::Line(line) if line.eq_ignore_ascii_case("no") => return Some(Answer::No),
            Read::Line(_) => "Please type 'yes', 'no' or the fingerprint: ".clone_into(&mut text),
            Read::Declined => return Some(Answer::No),
            Read::Interrupted => return None,
        }
    }
}

fn for_all(
    tty: &mut Tty,
    secrets: Vec<Secret>,
    alike: usize,
    over: &CancellationToken,
) -> Option<Answer> {
    if alike == 0 {
        return Some(Answer::Secrets(secrets));
    }
    let text =
        format!("Use it for the {alike} others that ask for this login's password now (yes/no)? ");
    match tty.ask(&text, true, over) {
        Read::Line(line) if line.eq_ignore_ascii_case("yes") => Some(Answer::ForAll(secrets)),
        Read::Line(_) | Read::Declined => Some(Answer::Secrets(secrets)),
        Read::Interrupted => None,
    }
}

fn codes(
    tty: &mut Tty,
    mut text: String,
    fields: &[Field],
    over: &CancellationToken,
) -> Option<Answer> {
    let mut secrets = Vec::new();
    for field in fields {
        let _ = write!(text, "  {} ", field.label);
        match tty.ask(&text, field.echo, over) {
            Read::Line(line) => secrets.push(Secret::new(line)),
            Read::Declined => return Some(Answer::No),
            Read::Interrupted => return None,
        }
        text.clear();
    }
    Some(Answer::Secrets(secrets))
}
