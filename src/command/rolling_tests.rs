//! The arguments of a roll, and its plan as it is printed.

use clap::{Args as _, FromArgMatches as _};

use super::*;

fn read(words: &[&str]) -> Result<Rolling, clap::Error> {
    let command = Rolling::augment_args(clap::Command::new("roll").no_binary_name(true));
    let matches = command.try_get_matches_from(words)?;
    Rolling::from_arg_matches(&matches)
}

fn nodes() -> Vec<Arc<Node>> {
    let node = |n: usize| {
        let mut node = Node::blank(&format!("n{n}"));
        let rack = if n <= 2 { "a" } else { "b" };
        node.labels.insert("rack".to_owned(), rack.to_owned());
        Arc::new(node)
    };
    (1..=5).map(node).collect()
}

fn names_of(nodes: &[Arc<Node>]) -> Vec<String> {
    nodes.iter().map(|node| node.id.to_string()).collect()
}

#[test]
fn words_become_options() {
    let words = "web nginx --batches 1,10%,25% --canary 2 --order shuffle --seed 7 --min-up 80% \
                 --max-failures 5% --stagger 500ms --settle 10 --gate-timeout 2m --deadline 30m \
                 --on-fail x";
    let rolling = read(&words.split_whitespace().collect::<Vec<_>>()).unwrap();
    let wanted = Options {
        batches: vec![Share::Nodes(1), Share::Percent(10), Share::Percent(25)],
        canary: 2,
        order: Sequence::Shuffle(7),
        min_up: Some(Share::Percent(80)),
        max_failures: Share::Percent(5),
        stagger: 500,
        settle: 10_000,
        gate_timeout: 120_000,
        deadline: Some(1_800_000),
        has_on_fail: true,
        ..Options::default()
    };
    assert_eq!(rolling.options(), wanted);
    assert!(read(&["web"]).is_err(), "a daemon or a command is wanted");
    assert!(read(&["web", "--command", "x"]).is_ok());
    assert!(read(&["web", "x", "--auto-promote"]).is_err());
    assert!(read(&["web", "x", "--gate", "a", "--gate-local", "b"]).is_err());
}

#[test]
fn the_plan_is_a_line_for_each_batch() {
    let words = [
        "all",
        "x",
        "--batches",
        "2",
        "--canary",
        "1",
        "--spread",
        "rack",
    ];
    let nodes = nodes();
    let batches = read(&words).unwrap().batches(&nodes).unwrap();
    let wanted = "   1     1  n1  canary  (a)
   2     1  n2  (a)
   3     2  n[3-4]  (b)
   4     1  n5  (b)
";
    assert_eq!(plan(&names_of(&nodes), &batches), wanted);
    let json = plan_json(&names_of(&nodes), &batches);
    assert_eq!(json[2]["nodes"], json!(["n3", "n4"]));
}

#[test]
fn what_could_never_begin_is_refused() {
    for (words, wanted) in [
        (["all", "x", "--min-up", "100%"], "leaves none"),
        (["all", "x", "--min-up", "9"], "leaves none"),
        (["all", "x", "--spread", "tier"], "no node has this label"),
    ] {
        let error = read(&words).unwrap().batches(&nodes()).unwrap_err();
        assert!(error.0.contains(wanted), "{error}");
    }
}

#[test]
fn the_guard_is_told_of_every_command() {
    let words = ["w", "--command", "restart", "--before", "b", "--gate", "g"];
    assert_eq!(read(&words).unwrap().commands(), "b\nrestart\ng");
    let by_manager = read(&["w", "nginx"]).unwrap();
    assert_eq!(by_manager.commands(), "restart nginx, by its manager");
    let verdict = by_manager.verdict(&[Arc::new(Node::blank("w"))]);
    assert!(verdict.mutating);
}

#[test]
fn its_words_are_read_as_it_again() {
    for words in [
        "web nginx",
        "web --command x",
        "@web,n1 nginx --batches 1,10% --canary 2 --auto-promote --order sorted --seed 9 --sudo \
         --spread rack --stagger 1500ms --before=-x=y --after 'q --gate g --on-fail f --settle 10 \
         --gate-timeout 0 --min-up 80% --max-failures 3 --deadline 2h --timeout 0 -t 3 -l root \
         --ignore-unreachable",
        "web nginx --gate-local g",
    ] {
        let rolling = read(&words.split_whitespace().collect::<Vec<_>>()).unwrap();
        let again = rolling.words();
        let again = read(&again.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        assert_eq!(format!("{rolling:?}"), format!("{again:?}"));
    }
}
