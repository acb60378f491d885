use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{exec::Keep, node::Node};

fn capture(text: &str, limit: usize) -> Capture {
    let mut keep = Keep::new(limit);
    keep.push(text.as_bytes());
    keep.finish()
}

fn result(node: &str, outcome: Outcome, stdout: &str) -> NodeResult {
    NodeResult {
        node: NodeId::new(node),
        outcome,
        stdout: capture(stdout, 10_240),
        stderr: Capture::default(),
        duration: Duration::ZERO,
        attempts: 1,
        transport: None,
        left: None,
    }
}

fn gathered(results: &[NodeResult]) -> Gather {
    let mut gather = Gather::new(None);
    for result in results {
        gather.add(result);
    }
    gather
}

fn names(gather: &Gather) -> Vec<String> {
    gather.groups().iter().map(|g| g.nodes.fold()).collect()
}

fn diff_of(gather: &Gather) -> Vec<String> {
    let groups = gather.groups();
    let reference = groups.iter().find(|g| g.is_reference).unwrap();
    let other = groups.iter().find(|g| !g.is_reference).unwrap();
    let sign = |sign| match sign {
        Sign::Same => ' ',
        Sign::Less => '-',
        Sign::More => '+',
        Sign::Place => '@',
        Sign::Remark => '#',
    };
    let lines = gather.diff(reference, other);
    lines
        .iter()
        .map(|l| format!("{}{}", sign(l.sign), l.text))
        .collect()
}

#[test]
fn equal_answers_are_one_group_by_outcome_and_output() {
    let mut noisy = result("gpu04", Outcome::Ok, "a\n");
    noisy.stderr = capture("warning\n", 100);
    let gather = gathered(&[
        result("gpu10", Outcome::Ok, "b\n"),
        result("gpu03", Outcome::Ok, "a\n"),
        result("gpu01", Outcome::Ok, "a\n"),
        result("gpu02", Outcome::Exit(1), "a\n"),
        noisy,
        result("gpu9", Outcome::Ok, "c\n"),
    ]);
    assert_eq!(
        names(&gather),
        ["gpu[01,03]", "gpu9", "gpu02", "gpu04", "gpu10"]
    );
    let groups = gather.groups();
    assert!(groups[0].is_reference && !groups[1].is_reference);
    assert_eq!(
        (groups[0].size, groups[0].sample.node.as_str()),
        (2, "gpu01")
    );
}

#[test]
fn the_reference_is_ok_where_one_is() {
    let refused = || Outcome::Refused("connect: timed out".into());
    let mut results = vec![
        result("n1", refused(), ""),
        result("n2", refused(), ""),
        result("n3", Outcome::Exit(1), "x"),
    ];
    let reference = |results: &[NodeResult]| {
        let groups = gathered(results).groups();
        let found = groups.into_iter().find(|g| g.is_reference);
        found.map(|g| g.nodes.fold())
    };
    assert_eq!(reference(&results[..2]), None, "there is no answer");
    assert_eq!(reference(&results), Some("n3".to_owned()));
    results.push(result("n4", Outcome::Ok, "x"));
    assert_eq!(reference(&results), Some("n4".to_owned()));
}

#[test]
fn reasons_part_groups_and_are_counted() {
    let gather = gathered(&[
        result("n1", Outcome::Refused("no route".into()), ""),
        result("n2", Outcome::Refused("connect: timed out".into()), ""),
        result("n3", Outcome::Refused("connect: timed out".into()), ""),
        result("n4", Outcome::Exit(10), ""),
        result("n5", Outcome::Ok, ""),
    ]);
    assert_eq!(names(&gather), ["n[2-3]", "n1", "n4", "n5"]);
    let tally = gather.tally();
    let seen: Vec<_> = tally
        .iter()
        .map(|t| (t.label.as_str(), t.count, t.grade == Grade::Good))
        .collect();
    assert_eq!(
        seen,
        [
            ("ok", 1, true),
            ("exit 10", 1, false),
            ("refused", 3, false)
        ]
    );
    let why: Vec<_> = tally[2]
        .reasons
        .iter()
        .map(|(n, w)| format!("{n}: {w}"))
        .collect();
    assert_eq!(why, ["n[2-3]: connect: timed out", "n1: no route"]);
}

#[test]
fn a_mask_joins_what_differs_in_names_and_numbers() {
    let nodes = ["gpu1", "gpu2", "gpu3"].map(Node::blank);
    let mut gather = Gather::new(Some(Mask::new(&nodes)));
    gather.add(&result("gpu2", Outcome::Ok, "gpu2: up   9 days\n"));
    gather.add(&result("gpu1", Outcome::Ok, "gpu1: up 117 days\n"));
    gather.add(&result("gpu3", Outcome::Ok, "gpu1: up 5 days\nbroken\n"));
    assert_eq!(names(&gather), ["gpu[1-2]", "gpu3"]);
    assert_eq!(gather.groups()[0].sample.node.as_str(), "gpu1");
    let diff = diff_of(&gather);
    assert_eq!(
        diff,
        [
            "@@@ -1,1 +1,2 @@",
            "-gpu1: up 117 days",
            "+gpu1: up 5 days",
            "+broken"
        ]
    );
}

#[test]
fn a_diff_shows_context_and_both_streams() {
    let text = |line: &str| format!("1\n2\n3\n4\n{line}\n6\n7\n8\n9\n");
    let mut other = result("n3", Outcome::Ok, &text("\u{1b}[31mfive"));
    other.stderr = capture("oops", 100);
    let gather = gathered(&[
        result("n1", Outcome::Ok, &text("5")),
        result("n2", Outcome::Ok, &text("5")),
        other,
    ]);
    assert_eq!(
        diff_of(&gather),
        [
            "@@@ -2,7 +2,7 @@",
            " 2",
            " 3",
            " 4",
            "-5",
            "+five",
            " 6",
            " 7",
            " 8",
            "@@@ -0,0 +1,1 @@",
            "+oops"
        ]
    );
}

#[test]
fn what_was_cut_is_a_line_of_the_diff() {
    let mut cut = result("n3", Outcome::Ok, "");
    cut.stdout = capture(&("a\n".repeat(10) + &"b\n".repeat(10)), 8);
    let gather = gathered(&[
        result("n1", Outcome::Ok, "a\na\n"),
        result("n2", Outcome::Ok, "a\na\n"),
        cut,
    ]);
    let wanted = [
        "@@@ -1,2 +1,5 @@",
        " a",
        " a",
        "+… 32 B left out (--max-output) …",
        "+b",
        "+b",
    ];
    assert_eq!(diff_of(&gather), wanted);
}

#[test]
fn a_huge_diff_is_bounded_and_says_so() {
    let long = |from: usize| {
        let lines: Vec<String> = (from..from + 5000).map(|n| n.to_string()).collect();
        lines.join("\n")
    };
    let mut old = result("n1", Outcome::Ok, "");
    old.stdout = capture(&long(0), 1 << 20);
    let mut new = result("n2", Outcome::Exit(2), "");
    new.stdout = capture(&long(100_000), 1 << 20);
    let diff = diff_of(&gathered(&[old, new]));
    assert_eq!(diff.len(), MAX_DIFF);
    assert!(
        diff[MAX_DIFF - 2].contains("more lines of this diff"),
        "{diff:?}"
    );
    assert!(
        diff[MAX_DIFF - 1].contains("only the first 1000 lines"),
        "{diff:?}"
    );
}

const MAX_DIFF: usize = 402;

proptest! {
    #[test]
    fn every_node_is_in_one_group_whatever_the_order(answers in prop::collection::vec(0u32..4, 1..30), turn in 0usize..30) {
        let result = |(at, answer): (usize, &u32)| {
            let outcome = if answer % 2 == 0 { Outcome::Ok } else { Outcome::Exit(*answer) };
            result(&format!("n{at}"), outcome, &"x\n".repeat(*answer as usize / 2))
        };
        let mut results: Vec<NodeResult> = answers.iter().enumerate().map(result).collect();
        let groups = gathered(&results).groups();
        prop_assert_eq!(groups.iter().map(|g| g.size).sum::<usize>(), answers.len());
        prop_assert!(groups.iter().all(|g| g.nodes.len() == g.size));
        prop_assert!(groups.is_sorted_by_key(|g| Reverse(g.size)));
        prop_assert_eq!(groups.iter().filter(|g| g.is_reference).count(), 1);
        let turned = turn % results.len();
        results.rotate_left(turned);
        prop_assert_eq!(gathered(&results).groups(), groups);
    }

    #[test]
    fn a_diff_turns_one_output_into_the_other(old in "([ab]\n){0,9}", new in "([ab]\n){0,9}") {
        let gather = gathered(&[result("n1", Outcome::Ok, &old), result("n2", Outcome::Exit(1), &new)]);
        let diff = diff_of(&gather);
        let count = |sign: char| diff.iter().filter(|l| l.starts_with(sign)).count();
        let (before, after) = (old.lines().count(), new.lines().count());
        prop_assert_eq!(before + count('+'), after + count('-'));
        prop_assert_eq!(diff.is_empty(), old == new);
    }
}
