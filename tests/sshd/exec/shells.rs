//! Login shells of every family run the command, and none runs a part of it by mistake.

use std::time::Duration;

use sshoal::exec::{Outcome, plan::Options};

use super::{one, text};
use crate::support::sshd::{Sshd, peer};

/// A server whose logins get this shell: sshd asks the one of the password file to run it.
fn with_shell(shell: &str) -> Option<Sshd> {
    let program = peer(shell.split(' ').next()?)?;
    let rest = shell.split_once(' ').map_or("", |(_, rest)| rest);
    let forced = format!(
        "ForceCommand exec {} {rest} -c \"$SSH_ORIGINAL_COMMAND\"",
        program.display()
    );
    let environment = format!("SetEnv SHELL={}", program.display());
    Sshd::with(&[&forced, &environment])
}

#[tokio::test]
async fn shells_of_the_bourne_family_and_others() {
    for shell in ["dash", "bash", "zsh", "mksh", "fish", "tcsh"] {
        let Some(server) = with_shell(shell) else {
            continue;
        };
        let options = Options {
            variables: vec![("X".into(), "a b".into())],
            ..Options::default()
        };
        let command = "echo out; sh -c 'echo \"$X\" $0; exit 6' 'it\"s'";
        let result = one(&server, command, options).await;
        assert_eq!(result.outcome, Outcome::Exit(6), "{shell}: {result:?}");
        assert_eq!(text(&result.stdout), "out\na b it\"s\n", "{shell}");
        assert_eq!(text(&result.stderr), "", "{shell}");
        let options = Options {
            input: Some("data\n".into()),
            ..Options::default()
        };
        let result = one(&server, "cat", options).await;
        assert_eq!(
            (result.outcome, text(&result.stdout)),
            (Outcome::Ok, "data\n".into()),
            "{shell}"
        );
        let options = Options {
            timeout: Some(Duration::from_millis(400)),
            ..Options::default()
        };
        let result = one(&server, "sleep 300", options).await;
        assert_eq!(
            (result.outcome, result.left),
            (Outcome::Timeout, Some(Vec::new())),
            "{shell}"
        );
    }
}

#[tokio::test]
async fn lines_of_a_script_never_run_one_by_one_in_a_foreign_shell() {
    for shell in ["fish", "tcsh"] {
        let Some(server) = with_shell(shell) else {
            continue;
        };
        let file = server.path("touched");
        let command = format!("true\ntouch {}\nexit 3", file.display());
        let result = one(&server, &command, Options::default()).await;
        // tcsh takes one line only; either all of it ran or nothing.
        assert_eq!(
            file.exists(),
            result.outcome == Outcome::Exit(3),
            "{shell}: {result:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_runs_something_else_is_told_of_and_asked_once() {
    let Some(server) =
        Sshd::with(&["ForceCommand echo ran >>$HOME/forced-$PPID; echo no shell here; exit 1"])
    else {
        return;
    };
    let result = one(&server, "echo hello", Options::default()).await;
    let Outcome::Refused(why) = &result.outcome else {
        panic!("{result:?}");
    };
    assert!(why.as_str().contains("no shell here"), "{why}");
    let options = Options {
        is_plain: true,
        ..Options::default()
    };
    let result = one(&server, "show version", options).await;
    assert_eq!(
        (result.outcome, text(&result.stdout)),
        (Outcome::Exit(1), "no shell here\n".into())
    );
}
