use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{
    exec::{Keep, Mask},
    node::{Node, NodeId},
};

fn kept(text: &[u8], limit: usize) -> Capture {
    let mut keep = Keep::new(limit);
    keep.push(text);
    keep.finish()
}

fn result(node: &str, outcome: Outcome, stdout: &str) -> NodeResult {
    NodeResult {
        node: NodeId::new(node),
        outcome,
        stdout: kept(stdout.as_bytes(), 10_240),
        stderr: Capture::default(),
        duration: Duration::ZERO,
        attempts: 1,
        transport: None,
        left: None,
    }
}

fn gathered(mask: Option<Mask>, results: &[NodeResult]) -> Gather {
    let mut gather = Gather::new(mask);
    for result in results {
        gather.add(result);
    }
    gather
}

fn written(gather: &Gather, look: Look) -> String {
    let mut out = Vec::new();
    write(gather, look, &plain, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn ascii() -> Look {
    Look {
        is_ascii: true,
        ..Look::default()
    }
}

/// Tones as words, so that a test can see them.
fn marked(tone: Tone, text: &str) -> String {
    format!("{tone:?}[{text}]")
}

#[test]
fn an_answer_is_printed_once_and_what_differs_as_a_diff() {
    let text = "a\nb\nc\n";
    let mut noisy = result("gpu07", Outcome::Exit(1), "a\nB\nc\n");
    noisy.stderr = kept(b"oops", 100);
    let gather = gathered(
        None,
        &[
            result("gpu01", Outcome::Ok, text),
            result("gpu02", Outcome::Ok, text),
            result("gpu03", Outcome::Exit(2), text),
            result("gpu09", Outcome::Refused("connect: timed out".into()), ""),
            noisy,
        ],
    );
    let wanted = "\
-- gpu[01-02] (2) - exit 0 ----------------------------------
a
b
c
-- gpu03 (1) - exit 2 ---------------------------------------
the same output as gpu[01-02]
-- gpu07 (1) - exit 1 ---------------------------------------
compared with gpu[01-02]
@@ -1,3 +1,3 @@
 a
-b
+B
 c
stderr:
@@ -0,0 +1,1 @@
+oops
-- gpu09 (1) - refused: connect: timed out ------------------
";
    assert_eq!(written(&gather, ascii()), wanted);
    let full = written(
        &gather,
        Look {
            is_full: true,
            ..ascii()
        },
    );
    assert!(
        full.contains("exit 1 ---------------------------------------\na\nB\nc\nstderr:\noops\n"),
        "{full}"
    );
}

#[test]
fn outputs_with_nothing_in_common_are_shown_in_full() {
    let gather = gathered(
        None,
        &[
            result("n1", Outcome::Ok, "x\n"),
            result("n2", Outcome::Ok, "y\n"),
        ],
    );
    let text = written(&gather, Look::default());
    assert!(text.contains("\ny\n") && !text.contains("@@"), "{text}");
    assert!(text.starts_with("── n1 (1) · exit 0 ──"), "{text}");
}

#[test]
fn outputs_that_look_alike_are_not_called_the_same() {
    let said = |old: &[u8], new: &[u8], is_masked: bool| {
        let (mut first, mut second) = (
            result("n1", Outcome::Ok, ""),
            result("n2", Outcome::Exit(1), ""),
        );
        first.stdout = kept(old, 8);
        second.stdout = kept(new, 8);
        let mask = is_masked.then(Mask::default);
        let text = written(&gathered(mask, &[first, second]), ascii());
        text.lines().last().unwrap().to_owned()
    };
    let cut = said(b"aaaa1bbbb", b"aaaa2bbbb", false);
    assert_eq!(cut, "as far as it is kept, the same output as n1");
    let end = said(b"a\n", b"a", false);
    assert_eq!(
        end,
        "but for the end of its last line, the same output as n1"
    );
    let masked = said(b"a 1\n", b"a 2\n", true);
    assert_eq!(masked, "but for what is masked, the same output as n1");
    assert_eq!(said(b"a\n", b"a\n", false), "the same output as n1");
}

#[test]
fn a_cut_is_said() {
    let mut long = result("n1", Outcome::Ok, "");
    long.stdout = kept(&[b'x'; 2000], 8);
    let text = written(&gathered(None, &[long]), ascii());
    assert!(
        text.ends_with("\nxxxx\n… 1.9 KiB left out (--max-output) …\nxxxx\n"),
        "{text}"
    );
}

#[test]
fn a_masked_group_says_whose_output_it_shows() {
    let nodes = ["n1", "n2"].map(Node::blank);
    let results = [
        result("n2", Outcome::Ok, "n2 5\n"),
        result("n1", Outcome::Ok, "n1 17\n"),
    ];
    let text = written(&gathered(Some(Mask::new(&nodes)), &results), ascii());
    assert!(
        text.starts_with("-- n[1-2] (2) - exit 0 - as on n1 ---"),
        "{text}"
    );
    assert!(text.ends_with("-\nn1 17\n"), "{text}");
}

#[test]
fn escapes_are_gone_unless_it_is_raw() {
    let gather = gathered(
        None,
        &[result(
            "n1",
            Outcome::Ok,
            "\u{1b}]0;pwned\u{7}hi\u{1b}[2J\n",
        )],
    );
    assert!(written(&gather, ascii()).ends_with("-\nhi\n"));
    let raw = written(
        &gather,
        Look {
            is_raw: true,
            ..ascii()
        },
    );
    assert!(raw.ends_with("-\n\u{1b}]0;pwned\u{7}hi\u{1b}[2J\n"));
}

#[test]
fn a_summary_folds_by_reason() {
    let mut results: Vec<NodeResult> = (1..=198)
        .map(|n| result(&format!("gpu{n:03}"), Outcome::Ok, ""))
        .collect();
    assert_eq!(
        summary(&gathered(None, &results).tally(), &marked),
        "Good[198 ok]"
    );
    results.push(result("gpu207", Outcome::Exit(1), ""));
    for (node, why) in [
        ("gpu209", "connect: timed out"),
        ("gpu210", "connect: timed out"),
        ("gpu211", "host key changed"),
    ] {
        results.push(result(node, Outcome::Refused(why.into()), ""));
    }
    let tally = gathered(None, &results).tally();
    assert_eq!(
        summary(&tally, &plain),
        "198 ok · 1 exit 1 (gpu207) · 3 refused (gpu[209-210]: connect: timed out; gpu211: host key changed)"
    );
    assert!(summary(&tally, &marked).starts_with("Plain[198 ok]Faint[ · ]Bad[1 exit 1 (gpu207)]"));
    assert_eq!(summary(&[], &plain), "no node");
}

#[test]
fn a_summary_names_a_few_reasons_only() {
    let results: Vec<NodeResult> = (0..9)
        .map(|n| {
            result(
                &format!("n{n}"),
                Outcome::Lost(format!("why {n}").as_str().into()),
                "",
            )
        })
        .collect();
    let text = summary(&gathered(None, &results).tally(), &plain);
    let wanted = "9 lost (n0: why 0; n1: why 1; n2: why 2; n3: why 3; 5 more for other reasons)";
    assert_eq!(text, wanted);
}

proptest! {
    #[test]
    fn no_control_character_gets_out(stdout in prop::collection::vec(any::<u8>(), 0..80), stderr in prop::collection::vec(any::<u8>(), 0..80), other in prop::collection::vec(any::<u8>(), 0..80), is_full: bool) {
        let mut first = result("n1", Outcome::Ok, "");
        first.stdout = kept(&stdout, 60);
        first.stderr = kept(&stderr, 60);
        let mut second = result("n2", Outcome::Signal("\u{1b}[2J".to_owned()), "");
        second.stdout = kept(&other, 60);
        let gather = gathered(None, &[first, second]);
        let text = written(&gather, Look { is_full, ..Look::default() }) + &summary(&gather.tally(), &plain);
        prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", text);
    }

    #[test]
    fn green_means_that_nothing_failed(oks in 0usize..4, bad in 0usize..4) {
        let of = |n: usize, at: &'static str, outcome: Outcome| (0..n).map(move |i| result(&format!("{at}{i}"), outcome.clone(), ""));
        let results: Vec<NodeResult> = of(oks, "a", Outcome::Ok).chain(of(bad, "b", Outcome::Timeout)).collect();
        let text = summary(&gathered(None, &results).tally(), &marked);
        prop_assert_eq!(text.contains("Good["), oks > 0 && bad == 0);
    }
}
