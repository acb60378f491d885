//! The script in real shells: tests/exec holds the rest, over a real server.

use super::*;

fn script<'a>(nonce: &'a Nonce, command: &'a str) -> Script<'a> {
    Script {
        nonce,
        command,
        prelude: "",
        folder: None,
        variables: &[],
        is_fed: false,
        is_sudo: false,
        is_terminal: false,
    }
}

#[test]
fn a_script_is_one_line_so_that_a_foreign_shell_runs_none_of_it() {
    let nonce = Nonce::random();
    let variables = [("A".to_owned(), "x\ny".to_owned())];
    for (is_fed, is_sudo, is_terminal) in [
        (false, false, false),
        (true, false, false),
        (true, true, false),
        (false, false, true),
    ] {
        let script = Script {
            prelude: "a\nb",
            folder: Some("/x\ny"),
            variables: &variables,
            is_fed,
            is_sudo,
            is_terminal,
            ..script(&nonce, "one\ntwo 'three\nfour'")
        };
        assert!(!script.line().contains('\n'), "{}", script.line());
        assert_eq!(script.for_any_shell().matches('\n').count(), 1);
    }
}

#[test]
fn a_home_is_the_nodes_own() {
    assert_eq!(folder_word("~/a b"), "~'/a b'");
    assert_eq!(folder_word("~"), "~");
    assert_eq!(folder_word("/a"), "'/a'");
    assert_eq!(folder_word("~bob"), "'~bob'");
}
