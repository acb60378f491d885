//! `sshoal nodes`, and which inventory counts.

use std::{io::Write as _, process::Stdio};

use serde_json::{Value, json};

use crate::rig::{Done, Home, finish};

const HOSTS: &str = "\
defaults: {user: ops}
groups:
  gpu: {hosts: \"gpu[01-04]\", daemons: [slurmd]}
hosts:
  \"gpu[01-04]\": {address: \"10.0.3.[11-14]\"}
  web1: {port: 2222, labels: {tier: front}}
  here: {transport: local}
";

fn home() -> Home {
    let home = Home::new();
    home.write("hosts.yaml", HOSTS);
    home
}

/// Standard output of a run that went well.
fn printed(home: &Home, words: &[&str]) -> String {
    let done = home.run(words);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{words:?}");
    done.out
}

#[test]
fn lists_names_addresses_groups_and_labels() {
    let text = printed(&home(), &["nodes"]);
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(lines[0], ["NODE", "ADDRESS", "GROUPS", "LABELS"]);
    assert_eq!(lines[1], ["gpu01", "ops@10.0.3.11", "gpu"]);
    assert_eq!(lines[5], ["web1", "ops@web1:2222", "tier=front"]);
    assert_eq!(lines[6], ["here", "local"]);
    assert_eq!(lines.len(), 7);
    assert!(text.lines().all(|l| l == l.trim_end()), "{text}");
}

#[test]
fn computes_with_sets_of_any_names() {
    let home = home();
    for (words, wanted) in [
        (&["-e", "n[1-3]!n2"][..], "n1 n3\n"),
        (&["-e", "-S", "\\n", "@gpu&gpu[03-09]"], "gpu03\ngpu04\n"),
        (&["-f", "gpu02", "gpu01", "gpu03"], "gpu[01-03]\n"),
        (&["-c", "@*"], "6\n"),
        (&["-c"], "6\n"),
        (&["-f", "gpu*"], "gpu[01-04]\n"),
        (&["-e", "a[1-2]", "--json"], "[\"a1\",\"a2\"]\n"),
        (&["-c", "n[1-100000]", "--json"], "100000\n"),
        (&["-f", "a1,a2", "--json"], "\"a[1-2]\"\n"),
    ] {
        assert_eq!(
            printed(&home, &[&["nodes"], words].concat()),
            wanted,
            "{words:?}"
        );
    }
}

/// What comes of these words when a text is piped in.
fn piped(home: &Home, words: &[&str], text: &str) -> Done {
    let mut command = home.command(words);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut input = child.stdin.take().expect("a pipe");
    // One that refuses its words reads nothing.
    let _ = input.write_all(text.as_bytes());
    drop(input);
    finish(child.wait_with_output().expect("a child of ours"))
}

#[test]
fn reads_sets_from_standard_input() {
    let home = home();
    let text = "n1 n2\nn[4-6]!n5  # not n5\n\n@gpu\n";
    for (words, wanted) in [
        (&["-f", "-"][..], "gpu[01-04],n[1-2,4,6]\n"),
        (&["--count", "-"], "8\n"),
        (
            &["--expand", "n9!n9", "-", "a"],
            "a gpu01 gpu02 gpu03 gpu04 n1 n2 n4 n6\n",
        ),
    ] {
        let done = piped(&home, &[&["nodes"], words].concat(), text);
        assert_eq!(
            (done.code, done.out.as_str()),
            (Some(0), wanted),
            "{words:?} {}",
            done.err
        );
    }
    let names: Vec<String> = (0..100_000).map(|n| format!("n{n}")).collect();
    let done = piped(&home, &["nodes", "-f", "-"], &names.join("\n"));
    assert_eq!(done.out, "n[0-99999]\n");
    assert_eq!(piped(&home, &["nodes", "-c", "-"], "").out, "0\n");
    for words in [&["nodes", "-"][..], &["status", "-"]] {
        let done = piped(&home, words, "\n");
        assert_eq!(
            (done.code, done.out.as_str()),
            (Some(2), ""),
            "nothing is not all"
        );
    }
    let done = piped(&home, &["nodes", "-"], "web1\n");
    assert!(done.out.contains("ops@web1:2222"), "{done:?}");
}

#[test]
fn json_holds_what_the_inventory_says() {
    let text = printed(&home(), &["nodes", "--json", "gpu02,web1"]);
    let nodes: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(nodes.as_array().unwrap().len(), 2);
    let gpu = &nodes[0];
    assert_eq!(gpu["node"], "gpu02");
    assert_eq!(gpu["address"], "10.0.3.12");
    assert_eq!((&gpu["port"], &gpu["user"]), (&json!(null), &json!("ops")));
    assert_eq!(
        (&gpu["groups"], &gpu["daemons"]),
        (&json!(["gpu"]), &json!(["slurmd"]))
    );
    assert_eq!(nodes[1]["labels"], json!({"tier": "front"}));
    assert_eq!(nodes[1]["port"], 2222);
    let text = printed(&home(), &["nodes", "--json", "here"]);
    let nodes: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(nodes[0]["address"], "local", "as in the list");
}

#[test]
fn explain_says_where_each_setting_came_from() {
    let text = printed(&home(), &["nodes", "--explain", "gpu01"]);
    for (key, origin) in [
        ("user", "line 1"),
        ("daemons", "line 3"),
        ("address", "line 5"),
    ] {
        let line = text.lines().find(|l| l.trim_start().starts_with(key));
        assert!(line.is_some_and(|l| l.ends_with(origin)), "{key}: {text}");
    }
    assert!(!text.contains("web1"));
}

#[test]
fn what_names_no_node_is_a_usage_error() {
    let home = home();
    for (words, wanted) in [
        (
            &["nodes", "nope", "gpu09"][..],
            "not in the inventory: gpu09,nope",
        ),
        (
            &["nodes", "gpu[01-04]!gpu*"],
            "no node in `gpu[01-04]!gpu*`",
        ),
        (&["status", "nope"], "not in the inventory: nope"),
        (&["nodes", "-c", "n[0-999999999]"], "sshoal: "),
        (&["nodes", "-e", "@nope"], "nope"),
    ] {
        let done = home.run(words);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words:?}");
        assert!(done.err.contains(wanted), "{words:?}: {}", done.err);
    }
}

#[test]
fn a_bad_expression_is_shown_with_its_column() {
    let done = home().run(&["nodes", "-e", "web1,gpu[01-"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
    let lines: Vec<&str> = done.err.lines().collect();
    let [message, expression, caret] = lines[..] else {
        panic!("{}", done.err)
    };
    assert!(
        message.starts_with("sshoal: ") && message.contains("column"),
        "{message}"
    );
    assert_eq!(expression.trim(), "web1,gpu[01-");
    assert_eq!(caret.trim(), "^");
    let column = caret.len() - (expression.len() - expression.trim_start().len());
    assert!((6..=12).contains(&column), "{}", done.err);
}

#[test]
fn a_broken_file_is_shown_with_line_column_and_the_nearest_key() {
    let home = Home::new();
    home.write("hosts.yaml", "hosts:\n  web1: {adress: 10.0.0.1}\n");
    for words in [&["nodes"][..], &["status"], &["nodes", "-e", "a"], &[]] {
        let done = home.run(words);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words:?}");
        for part in ["hosts.yaml:2:10", "adress", "address"] {
            assert!(done.err.contains(part), "{words:?}: {part}: {}", done.err);
        }
        assert!(!done.err.contains("Location") && !done.err.contains("panicked"));
    }
}

#[test]
fn a_file_without_hosts_says_what_to_do() {
    let home = Home::new();
    for text in ["", "# nothing yet\n", "hosts: {}\n", "hosts:\n"] {
        home.write("hosts.yaml", text);
        for words in [&["nodes"][..], &["status"], &[]] {
            let done = home.run(words);
            assert_eq!(
                (done.code, done.out.as_str()),
                (Some(2), ""),
                "{words:?} {text:?}"
            );
            assert!(
                done.err.contains("hosts: {web1: {}}"),
                "{words:?} {text:?}: {}",
                done.err
            );
        }
    }
    assert_eq!(home.run(&["nodes", "-e", "a[1-2]"]).out, "a1 a2\n");
}

#[test]
fn the_flag_wins_over_the_variable_over_the_folder_over_the_config() {
    let home = Home::new();
    let file = |name: &str, node: &str| home.write(name, &format!("hosts: {{{node}: {{}}}}\n"));
    let names = |home: &Home, words: &[&str], variable: Option<&std::path::Path>| {
        let mut command = home.command(&[&["nodes", "-e"], words].concat());
        command.envs(variable.map(|path| ("SSHOAL_HOSTS", path)));
        let done = finish(command.output().unwrap());
        assert_eq!(done.code, Some(0), "{}", done.err);
        done.out.trim().to_owned()
    };
    let this_machine = names(&home, &[], None);
    assert!(
        !this_machine.is_empty() && !this_machine.contains(' '),
        "{this_machine}"
    );
    file("config/sshoal/hosts.yaml", "by-config");
    assert_eq!(names(&home, &[], None), "by-config");
    file("hosts.yaml", "by-folder");
    assert_eq!(names(&home, &[], None), "by-folder");
    let variable = file("variable.yaml", "by-variable");
    assert_eq!(names(&home, &[], Some(&variable)), "by-variable");
    assert_eq!(
        names(&home, &[], Some("".as_ref())),
        "by-folder",
        "an empty variable is none"
    );
    let flag = file("flag.yaml", "by-flag");
    let flag = flag.to_str().unwrap();
    assert_eq!(names(&home, &["--hosts", flag], Some(&variable)), "by-flag");
}

#[test]
fn a_file_that_was_named_has_to_be_there() {
    let home = home();
    let done = home.run(&["nodes", "--hosts", "nowhere.yaml"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
    assert!(done.err.contains("nowhere.yaml"), "{}", done.err);
}
