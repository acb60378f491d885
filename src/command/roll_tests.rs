//! Rolls as they are listed and shown.

use super::*;
use crate::store::roll::{Batch, Header, Line};

fn stored(records: Vec<Record>, is_driven: bool) -> Stored {
    let batch = |places: &[usize], is_canary| Batch {
        places: places.to_vec(),
        is_canary,
        value: None,
    };
    let words = [
        "--before=PASSWORD=x ./deploy",
        "--batches=1",
        "--",
        "web",
        "nginx",
    ];
    Stored {
        header: Header {
            id: "20261121-183122-q7k3f".parse().unwrap(),
            version: 1,
            actor: "ops".to_owned(),
            words: words.map(str::to_owned).into(),
            hosts: None,
            known_hosts: None,
            ssh_config: None,
            nodes: ["w1", "w2", "w3", "w4"].map(str::to_owned).into(),
            batches: vec![batch(&[0], true), batch(&[1, 2, 3], false)],
        },
        at_ms: 1_795_285_882_123,
        lines: (records.into_iter())
            .map(|record| Line { at_ms: 5, record })
            .collect(),
        is_driven,
    }
}

fn ended(place: usize, end: End, reason: &str) -> Record {
    Record::Node {
        place,
        end,
        reason: reason.to_owned(),
    }
}

#[test]
fn one_is_shown_batch_by_batch_with_the_times_of_its_nodes() {
    let records = vec![
        Record::Drive { pid: 1 },
        Record::Begin { place: 0 },
        ended(0, End::Done, ""),
        Record::Begin { place: 1 },
        Record::Begin { place: 2 },
        ended(1, End::Failed, "gate: exit 1: \u{1b}[31mno"),
    ];
    let mut stored = stored(records, false);
    for (line, after) in stored
        .lines
        .iter_mut()
        .zip([0, 0, 12_300, 13_000, 24 << 20, 700_000])
    {
        line.at_ms = stored.at_ms + after;
    }
    let wanted = "\
roll 20261121-183122-q7k3f killed: daemon roll web nginx --before 'PASSWORD=[redacted]'
begun 2026-11-21 18:31:22 UTC by ops
batch 1 of 2, canary
  w1  18:31:22    12.3 s  done
batch 2 of 2
  w2  18:31:35   687.0 s  failed: gate: exit 1: no
  w3  2026-11-22 01:30:47            in flight
  w4                      waiting
";
    assert_eq!(show(&stored).replace("\u{241b}[31m", ""), wanted);
    let nodes = to_json(&stored, true)["nodes"].clone();
    assert_eq!(nodes[0]["began_ms"], stored.at_ms);
    assert_eq!(
        (&nodes[0]["took_ms"], &nodes[2]["took_ms"]),
        (&json!(12_300), &Value::Null)
    );
    assert_eq!(nodes[3]["began_ms"], Value::Null);
    let line = list(&[stored]);
    assert!(line.contains("killed       1 of 4 done, 1 bad"), "{line}");
}

#[test]
fn a_node_that_is_repeated_has_the_times_of_the_last_time() {
    let records = vec![
        Record::Begin { place: 0 },
        ended(0, End::Failed, ""),
        Record::Begin { place: 0 },
    ];
    let mut stored = stored(records, true);
    for (line, at) in stored.lines.iter_mut().zip([10, 20, 70]) {
        line.at_ms = at;
    }
    let times = times(&stored);
    assert_eq!((times[0].began, times[0].took_ms()), (Some(70), None));
}

#[test]
fn the_word_for_how_it_stands_is_that_of_its_last_record() {
    let drive = || Record::Drive { pid: 1 };
    let note = |what| Record::Note { what };
    let over = || Record::Over {
        reason: "failures".to_owned(),
    };
    for (records, is_driven, wanted) in [
        (vec![], false, "killed"),
        (vec![drive()], true, "going"),
        (vec![drive(), ended(0, End::Done, "")], true, "canary"),
        (vec![drive(), note(Note::Pause)], true, "paused"),
        (
            vec![drive(), note(Note::Pause), note(Note::Resume)],
            true,
            "going",
        ),
        (vec![drive(), over()], false, "failures"),
        (vec![drive(), over(), drive()], true, "going"),
        (vec![drive(), over(), drive()], false, "killed"),
    ] {
        let stored = stored(records, is_driven);
        assert_eq!(standing(&stored), wanted, "{:?}", stored.lines);
    }
}

#[test]
fn json_has_the_nodes() {
    let records = vec![Record::Begin { place: 3 }];
    let value = to_json(&stored(records, true), true);
    assert_eq!(value["standing"], "going");
    assert_eq!(value["nodes"][3]["state"], "in flight");
}

#[test]
fn what_can_be_gone_on_with_is_said() {
    let done = (0..4).map(|place| ended(place, End::Done, ""));
    let done = stored(done.collect(), false);
    let open = stored(vec![ended(0, End::Done, "")], false);
    let driven = stored(Vec::new(), true);
    assert_eq!(unfinished(&[done.clone(), driven]), None);
    let id = "20261121-183122-q7k3f";
    let one = format!("1 roll is unfinished; to go on: sshoal roll resume {id}");
    assert_eq!(unfinished(&[done, open.clone()]), Some(one));
    let two = unfinished(&[open.clone(), open]);
    assert!(two.is_some_and(|text| text.starts_with("2 rolls are unfinished;")));
}
