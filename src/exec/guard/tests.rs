//! Tables of commands and what the guard makes of them; properties of the whole.

use proptest::prelude::*;

use super::*;

mod changes;
mod dangers;
mod reads;

fn node(name: &str, groups: &[&str], is_protected: bool) -> Arc<Node> {
    let mut node = Node::blank(name);
    node.groups = groups.iter().map(|group| (*group).to_owned()).collect();
    node.protected = is_protected;
    Arc::new(node)
}

fn dangers(command: &str) -> Vec<Danger> {
    judge(command, &[node("a", &[], false)]).dangers
}

#[test]
fn reading_is_known() {
    for command in reads::READS {
        assert!(!is_mutating(command), "{command}");
        assert_eq!(dangers(command), [], "{command}");
    }
}

#[test]
fn changes_are_no_dangers() {
    for command in changes::CHANGES {
        assert!(is_mutating(command), "{command}");
        assert_eq!(dangers(command), [], "{command}");
    }
}

#[test]
fn dangers_are_known() {
    for (command, reason) in dangers::DANGERS {
        let found = dangers(command);
        let reasons: Vec<&str> = found.iter().map(|danger| danger.reason).collect();
        assert!(
            reasons.iter().any(|found| found.contains(reason)),
            "{command}: {reasons:?}"
        );
        assert!(is_mutating(command), "{command}");
    }
}

#[test]
fn the_tables_are_long_enough() {
    assert!(
        reads::READS.len() >= 80 && changes::CHANGES.len() >= 50 && dangers::DANGERS.len() >= 100
    );
}

#[test]
fn a_danger_says_what_and_where() {
    let command = "echo é; sudo rm -rf / && ls";
    let found = dangers(command);
    let [danger] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(danger.what.as_str(), "sudo rm -rf /");
    assert_eq!(&command[danger.span.clone()], "sudo rm -rf /");
    let command = "ls; sh -c 'cd /; rm -rf *'";
    let found = dangers(command);
    assert_eq!(found[0].what.as_str(), "rm -rf *");
    assert_eq!(&command[found[0].span.clone()], "sh -c 'cd /; rm -rf *'");
    assert_eq!(dangers(&"reboot;".repeat(1000)).len(), MAX_DANGERS);
}

#[test]
fn what_is_asked_follows_from_command_and_nodes() {
    let one = || vec![node("a", &["gpu"], false)];
    let two = || vec![node("a", &["gpu"], false), node("b", &["gpu"], false)];
    let safe = || vec![node("p", &["prod", "all"], true)];
    let mixed = || {
        vec![
            node("p", &["prod", "all"], true),
            node("b", &["all"], false),
        ]
    };
    let lone = || vec![node("p", &[], true)];
    let typed = |word: &str| Ask::TypedWord(word.to_owned());
    for (command, nodes, asks) in [
        ("ls", two(), Ask::Nothing),
        ("ls", mixed(), Ask::Nothing),
        ("touch x", one(), Ask::Nothing),
        ("touch x", two(), Ask::YesNo),
        ("reboot", one(), Ask::YesNo),
        ("reboot", two(), typed("2")),
        ("touch x", safe(), typed("prod")),
        ("touch x", mixed(), typed("prod")),
        ("touch x", lone(), typed("p")),
        (
            "touch x",
            vec![node("p", &[], true), node("q", &["g"], true)],
            typed("2"),
        ),
        ("touch x", vec![], Ask::Nothing),
    ] {
        let verdict = judge(command, &nodes);
        assert_eq!(verdict.asks, asks, "{command} on {nodes:?}");
    }
    let verdict = judge("touch x", &mixed());
    assert_eq!(verdict.protected, [NodeId::new("p")]);
}

#[test]
fn a_confirmation_says_all() {
    let mut nodes: Vec<_> = (1..=9)
        .map(|n| node(&format!("gpu{n:02}"), &["gpu"], false))
        .collect();
    nodes.push(node("db1", &["db", "prod"], true));
    let command = "apt-get -y upgrade\nreboot # \u{202e}now\x1b[2J";
    let verdict = judge(command, &nodes);
    assert_eq!(
        confirmation(command, &nodes, &verdict),
        [
            "Run on 10 nodes: db1,gpu[01-09]",
            "  apt-get -y upgrade",
            "  reboot # \\u{202e}now\\u{1b}[2J",
            "Protected: 1 node: db1",
            "Dangerous: `reboot` stops or restarts the node",
            "This is a seat belt, not a sandbox: it knows common mistakes, and a command can do more than it shows.",
            "Type db to run it; anything else is no.",
        ]
    );
    let nodes = [node("a", &[], false), node("b", &[], false)];
    let lines = confirmation("touch é", &nodes, &judge("touch é", &nodes));
    assert_eq!(lines[1], "  touch é");
    assert_eq!(
        lines.last().unwrap(),
        "Run it? Type y for yes; anything else is no."
    );
}

/// A hundred kibibytes each: any cost that grows with the square takes minutes.
#[test]
fn long_commands_take_no_longer_than_their_length() {
    for piece in [
        "a",
        " ",
        "$(",
        "${",
        "`",
        "\"",
        "'",
        "\"$(",
        "${a:-$(",
        "((",
        "<<A ",
        "<<A\n",
        "<(",
        "{a,b}",
        "{",
        ",",
        "/",
        "../",
        "sudo ",
        "env A=b ",
        "A=b ",
        "sh -c '",
        "eval \"",
        "rm -rf / ;",
        "find . -exec ",
        "|",
        "\\",
        "$x",
        "\n",
        "é",
        "-x ",
        "xargs ",
        ": () { : | : & ",
        "echo $(",
        "sh <<A\n$(",
        "> ",
        "1>",
        "\0",
        "$'\\x",
        "a=`",
        "#",
        " #",
        "ls -la /; ",
        "timeout -k ",
        "$((",
        "case a in ",
        "*",
    ] {
        let text = piece.repeat(100 * 1024 / piece.len());
        let _ = judge(&text, &[]);
        let _ = judge(&format!("rm -rf {text}"), &[]);
    }
}

fn shell_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,6}",
        ".{0,3}",
        "[\\$({`\"'\\\\;|&<>\n)}]{1,6}",
        prop::sample::select(vec![
            "rm -rf /",
            "sudo ",
            "sh -c '",
            "$(",
            "${x:-",
            "<<EOF\n",
            "\nEOF\n",
            "find / -exec ",
            " \\; ",
            "xargs ",
            "env -S ",
            "ssh -p ",
            "kubectl exec p -- ",
            "docker exec -it c ",
            "timeout 5 ",
            "bash -o pipefail -c ",
            "=",
            "--",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_judged(command in shell_text()) {
        let verdict = judge(&command, &[node("a", &[], false), node("b", &[], true)]);
        prop_assert!(verdict.dangers.is_empty() || verdict.mutating);
        prop_assert_eq!(verdict.mutating, is_mutating(&command));
        for danger in &verdict.dangers {
            prop_assert!(command.get(danger.span.clone()).is_some(), "{danger:?}");
        }
        let nodes = [node("a", &[], false)];
        let lines = confirmation(&command, &nodes, &verdict);
        prop_assert!(!lines.iter().any(|line| line.contains(char::is_control)), "{lines:?}");
    }

    /// What follows a separator is judged wherever it stands.
    #[test]
    fn nothing_hides_a_danger_behind_it(before in "[a-z -]{0,12}", after in "[a-z ]{0,8}") {
        for between in [";", "&&", "||", "|", "\n", "&"] {
            let command = format!("echo {before} {between} rm -rf / {between} {after}");
            prop_assert!(!dangers(&command).is_empty(), "{command}");
        }
    }

    /// A word in quotes is the same word.
    #[test]
    fn quotes_change_nothing(at in 0_usize..4) {
        let words = ["rm", "-r", "-f", "/etc"];
        for (open, close) in [("'", "'"), ("\"", "\""), ("$'", "'"), ("\\", "")] {
            let mut words = words.map(str::to_owned);
            words[at] = format!("{open}{}{close}", words[at]);
            prop_assert!(!dangers(&words.join(" ")).is_empty(), "{words:?}");
        }
    }
}
