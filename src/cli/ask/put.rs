//! One question, put on the terminal in ssh's words: the node first, then as whom, where and by what.

use std::fmt::Write as _;

use tokio_util::sync::CancellationToken;

use crate::{
    cli::tty::{Read, Tty},
    ssh::{Answer, Field, Prompt, Question, Secret},
};

/// The answer; nothing when the person wants the command to end. One password could be for `alike` others. Blocks until `over`.
pub(super) fn put(prompt: &Prompt, alike: usize, over: &CancellationToken) -> Option<Answer> {
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
        Question::Passphrase {
            user,
            file,
            attempt,
        } => {
            let text = format!(
                "{node}: {}passphrase for key file {file} of {user}: ",
                again(*attempt)
            );
            secret(&mut tty, &text, false, over)
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
        Question::Sudo { prompt, .. } => secret(&mut tty, prompt.as_str(), true, over),
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

/// One secret; an empty one is none unless it `may_be_empty`.
fn secret(
    tty: &mut Tty,
    text: &str,
    may_be_empty: bool,
    over: &CancellationToken,
) -> Option<Answer> {
    match tty.ask(text, false, over) {
        Read::Line(line) if line.is_empty() && !may_be_empty => Some(Answer::No),
        Read::Line(line) => Some(Answer::Secrets(vec![Secret::new(line)])),
        Read::Declined => Some(Answer::No),
        Read::Interrupted => None,
    }
}

/// True for a yes; nothing when the person wants the command to end. Blocks until `over`.
pub(super) fn agreed(text: &str, over: &CancellationToken) -> Option<bool> {
    let Ok(mut tty) = Tty::open() else {
        return Some(false);
    };
    match tty.ask(text, true, over) {
        Read::Line(line) => Some(matches!(line.to_ascii_lowercase().as_str(), "y" | "yes")),
        Read::Declined => Some(false),
        Read::Interrupted => None,
    }
}

/// What was typed; declined where there is no terminal. Blocks until `over`.
pub(super) fn typed(text: &str, echo: bool, over: &CancellationToken) -> Read {
    match Tty::open() {
        Ok(mut tty) => tty.ask(text, echo, over),
        Err(_) => Read::Declined,
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
