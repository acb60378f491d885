use super::*;
use crate::store::audit::{Counts, Gap, Hash, HostKeyChange, Record};

const NOW: u64 = 1_795_285_882_000;

fn stored(event: Event) -> Stored {
    let record = Record {
        seq: 0,
        prev: Hash::default(),
        at_ms: NOW,
        event,
    };
    let line = serde_json::to_string(&record).expect("plain fields");
    Stored { record, line }
}

fn run_id(last: char) -> RunId {
    format!("20261121-183122-3v00{last}")
        .parse()
        .expect("a run")
}

fn intent(run: char, nodes: &[&str], command: &str) -> Stored {
    stored(Event::Intent(IntentRecord {
        run: run_id(run),
        actor: "ops".to_owned(),
        origin: "cli".to_owned(),
        command: command.to_owned(),
        command_sha256: Hash::of(command.as_bytes()),
        redacted: false,
        selector: "@gpu".to_owned(),
        nodes: nodes.iter().map(ToString::to_string).collect(),
        strategy: "continue".to_owned(),
    }))
}

fn result(run: char, node: &str, outcome: &str) -> Stored {
    stored(Event::Result(RunResult {
        run: run_id(run),
        node: node.to_owned(),
        outcome: outcome.to_owned(),
        reason: if outcome == "lost" {
            "the link broke"
        } else {
            ""
        }
        .to_owned(),
        code: match outcome {
            "ok" => Some(0),
            "exit" => Some(3),
            _ => None,
        },
        signal: (outcome == "signal").then(|| "KILL".to_owned()),
        out_bytes: 12,
        err_bytes: 3,
        duration_ms: 40,
        attempts: if outcome == "lost" { 2 } else { 1 },
        transport: Some("direct".to_owned()),
        left: (outcome == "timeout").then(|| vec![7, 8]),
        out_sha256: None,
        err_sha256: None,
        at_ms: NOW,
    }))
}

fn end(run: char) -> Stored {
    stored(Event::End(RunEnd {
        run: run_id(run),
        counts: Counts::default(),
    }))
}

fn log() -> Vec<Stored> {
    vec![
        intent('1', &["gpu01", "gpu02", "gpu03", "gpu04"], "uptime"),
        intent('2', &["gpu01", "web01"], "set -e\nrm \u{1b}[31m-rf x\n"),
        result('1', "gpu02", "exit"),
        result('2', "gpu01", "ok"),
        result('1', "gpu01", "ok"),
        result('1', "gpu03", "ok"),
        stored(Event::Gap(Gap {
            bytes: 9,
            sha256: Hash::default(),
            fragment: "{".to_owned(),
        })),
        result('1', "gpu04", "timeout"),
        end('1'),
        stored(Event::HostKey(HostKey {
            actor: "ops".to_owned(),
            origin: "cli".to_owned(),
            node: "gpu01".to_owned(),
            change: HostKeyChange::Replaced,
            old: vec!["SHA256:a".to_owned()],
            new: Some("SHA256:b".to_owned()),
        })),
    ]
}

#[test]
fn runs_are_told_with_the_nodes_of_each_outcome() {
    let text = report(&Audit::default(), &log(), None);
    let expected = "\
20261121-183122-3v001  2026-11-21 18:31:22Z  ops, cli  4 nodes by @gpu  continue
    uptime
    ok           2  gpu[01,03]
    exit 3       1  gpu02
    timeout      1  gpu04
    still running when it was ended: gpu04 pid 7,8
20261121-183122-3v002  2026-11-21 18:31:22Z  ops, cli  2 nodes by @gpu  continue
    set -e rm -rf x
    ok           1  gpu01
    no result    1  web01
    not over: it goes on, or its sshoal was killed
2026-11-21 18:31:22Z  gap: 9 bytes were torn by a crash or a full disk
2026-11-21 18:31:22Z  ops, cli  host key of gpu01 replaced: SHA256:b, was SHA256:a
";
    assert_eq!(text, expected);
}

#[test]
fn failed_leaves_out_what_ended_well() {
    let audit = Audit {
        failed: true,
        ..Audit::default()
    };
    let log = log();
    let text = report(&audit, &log, None);
    assert!(!text.contains("    ok "), "{text}");
    assert!(
        !text.contains("host key") && !text.contains("gap"),
        "{text}"
    );
    assert!(text.contains("no result    1  web01"), "{text}");
    let web = NodeSet::from_names(["gpu01"]);
    assert_eq!(
        report(&audit, &log, Some(&web)),
        "",
        "gpu01 did well in both"
    );
    assert_eq!(lines(&audit, &log, Some(&web)), "");
    let kept = lines(&audit, &log, None);
    assert_eq!(kept.lines().count(), 5, "{kept}");
    assert!(
        kept.lines()
            .all(|line| !line.contains("\"outcome\":\"ok\""))
    );
}

#[test]
fn nodes_narrow_runs_and_their_results() {
    let web = NodeSet::from_names(["web01"]);
    let log = log();
    let runs = runs(&log, Some(&web), false);
    assert_eq!(runs.len(), 1);
    let text = runs[0].text();
    assert!(!text.contains("gpu01"), "{text}");
    assert!(text.contains("2 nodes by @gpu"), "it was on two: {text}");
}

#[test]
fn one_run_is_told_node_by_node() {
    let audit = Audit {
        run: Some(run_id('3')),
        ..Audit::default()
    };
    let log = [
        intent('3', &["a", "b", "c"], "one\ntwo"),
        result('3', "b", "lost"),
        result('3', "a", "signal"),
    ];
    let expected = "\
20261121-183122-3v003  2026-11-21 18:31:22Z  ops, cli  3 nodes by @gpu  continue
    one
    two
    b  lost  40 ms  12 B out, 3 B err  direct  2 attempts  the link broke
    a  signal KILL  40 ms  12 B out, 3 B err  direct
    c  no result
    not over: it goes on, or its sshoal was killed
";
    assert_eq!(report(&audit, &log, None), expected);
}

#[test]
fn orders_for_rolls_are_told() {
    let log = [stored(Event::Order(RollOrder {
        actor: "ops".to_owned(),
        origin: "cli".to_owned(),
        roll: run_id('4'),
        order: "pause".to_owned(),
    }))];
    let expected = "2026-11-21 18:31:22Z  ops, cli  pause of roll 20261121-183122-3v004\n";
    let audit = Audit::default();
    assert_eq!(report(&audit, &log, None), expected);
    assert!(lines(&audit, &log, None).contains(r#""kind":"order","actor":"ops""#));
    let one = Audit {
        run: Some(run_id('4')),
        ..Audit::default()
    };
    assert_eq!(report(&one, &log, None), expected);
    let failed = Audit {
        failed: true,
        ..Audit::default()
    };
    assert_eq!(
        report(&failed, &log, None) + &lines(&failed, &log, None),
        ""
    );
}

#[test]
fn a_chain_without_a_fault_says_what_is_not_here() {
    let head = Head {
        next: 40,
        hash: Hash::default(),
    };
    let whole = Whole {
        files: 2,
        first: 10,
        gaps: 1,
        head,
    };
    let text = verdict(&Verdict::Whole(whole));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "whole: 30 records in 2 files");
    assert_eq!(
        lines[1],
        "not here: the 10 records before, with their files"
    );
    assert!(lines[2].starts_with("gaps: 1"), "{text}");
    assert!(lines[3].starts_with("head: 39 0000"), "{text}");
    assert_eq!(super::head(Head::default()), "");
}
