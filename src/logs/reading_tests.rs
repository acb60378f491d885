//! What is read on after a lost connection: every line once.

use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_795_300_000_000_000;

fn reading(kind: &Kind) -> Reading {
    let zone = Zone {
        offset_s: 0,
        now_us: NOW,
    };
    Reading::new(StreamId(0), kind, zone, 0)
}

fn file() -> Reading {
    reading(&Kind::File)
}

fn texts(reading: &mut Reading) -> Vec<String> {
    let lines = reading.ready().into_iter().flat_map(|batch| batch.lines);
    lines
        .map(|line| String::from_utf8_lossy(&line.text).into_owned())
        .collect()
}

fn at(inode: u64, position: u64) -> Item {
    Item::Spot(Spot::At {
        inode,
        position,
        size: None,
    })
}

#[test]
fn a_file_is_read_on_at_its_last_whole_line() {
    let mut reading = reading(&Kind::File);
    let wish = Wish {
        lines: Some(2),
        is_followed: true,
        ..Wish::default()
    };
    assert_eq!(reading.wish(&wish, 0), wish);
    reading.take(&at(7, 100), NOW).unwrap();
    reading.bytes(b"one\ntwo\npar", NOW).unwrap();
    assert_eq!(texts(&mut reading), ["one", "two"]);
    let again = reading.wish(&wish, 0);
    let place = Place {
        inode: Some(7),
        position: 108,
        again: 8,
    };
    assert_eq!(again.place, Some(place));
    reading.take(&at(7, 100), NOW).unwrap();
    reading.bytes(b"one\nt", NOW).unwrap();
    reading.bytes(b"wo\npartial\n", NOW).unwrap();
    assert_eq!(texts(&mut reading), ["partial"]);
    assert_eq!(reading.wish(&wish, 0).place.unwrap().position, 116);
}

#[test]
fn a_file_that_was_cut_is_read_on_by_its_new_places() {
    let mut reading = file();
    reading.take(&at(7, 0), NOW).unwrap();
    reading.bytes(b"one\ntwo\nnew\npar", NOW).unwrap();
    for (offset, position) in [(15, 12), (20, 12), (7, 4)] {
        for spot in [Spot::Here, Spot::Within(offset)] {
            reading.take(&Item::Spot(spot), NOW).unwrap();
        }
        assert_eq!(reading.place.position, position, "{offset}");
    }
    assert_eq!(reading.heard(), 7);
    let wish = reading.wish(&Wish::default(), 0);
    let place = Place {
        inode: Some(7),
        position: 4,
        again: 4,
    };
    assert_eq!(wish.place, Some(place));
    reading.take(&at(7, 0), NOW).unwrap();
    reading.bytes(b"new\npartial\n", NOW).unwrap();
    assert_eq!(texts(&mut reading), ["one", "two", "new", "partial"]);
}

#[test]
fn a_small_file_is_not_had_twice() {
    let mut reading = file();
    for text in [&b"one\n"[..], b"one\ntwo\n"] {
        reading.wish(&Wish::default(), 0);
        reading.take(&at(7, 0), NOW).unwrap();
        reading.bytes(text, NOW).unwrap();
    }
    assert_eq!(texts(&mut reading), ["one", "two"]);
    reading.take(&at(7, 0), NOW).unwrap();
    reading.bytes(b"one\n", NOW).unwrap();
    assert_eq!(texts(&mut reading), ["one"], "it was cut");
}

#[test]
fn what_comes_behind_the_word_is_not_taken_for_what_was_there() {
    let mut reading = file();
    reading.take(&at(7, 0), NOW).unwrap();
    reading.bytes(b"one\n", NOW).unwrap();
    reading.take(&Item::Spot(Spot::Here), NOW).unwrap();
    reading.bytes(b"two\n", NOW).unwrap();
    reading.take(&Item::Spot(Spot::Within(4)), NOW).unwrap();
    assert_eq!((reading.heard(), reading.place.position), (8, 8));
}

#[test]
fn a_file_says_how_much_there_was() {
    let mut reading = file();
    let spot = Spot::At {
        inode: 7,
        position: 4,
        size: Some(8),
    };
    reading.take(&Item::Spot(spot), NOW).unwrap();
    assert!(!reading.is_caught_up());
    reading.bytes(b"one\n", NOW).unwrap();
    assert!(reading.is_caught_up());
}

#[test]
fn another_file_of_the_same_number_is_found_out() {
    let mut reading = reading(&Kind::File);
    let wish = Wish::default();
    reading.take(&at(7, 0), NOW).unwrap();
    reading.bytes(b"one\ntwo\n", NOW).unwrap();
    reading.wish(&wish, 0);
    reading.take(&at(7, 0), NOW).unwrap();
    assert_eq!(reading.bytes(b"three\nfour\n", NOW), Err(Another));
    let mut reading = file();
    reading.take(&at(7, 0), NOW).unwrap();
    reading.bytes(b"three\nfour\n", NOW).unwrap();
    reading.wish(&wish, 0);
    reading.take(&at(7, 3), NOW).unwrap();
    assert_eq!(reading.bytes(b"other bytes\n", NOW), Err(Another));
    let mut raw = file().raw(true);
    assert_eq!(raw.judge(End::Done), End::Done);
    raw.gap("unknown", NOW);
    assert!(
        matches!(raw.judge(End::Done), End::Lost(_)),
        "not all of it"
    );
}

#[test]
fn a_rotated_file_ends_its_last_line() {
    let mut reading = reading(&Kind::File);
    reading.take(&at(7, 0), NOW).unwrap();
    reading.bytes(b"one\nlast", NOW).unwrap();
    reading.take(&at(8, 0), NOW).unwrap();
    reading.bytes(b"first\n", NOW).unwrap();
    assert_eq!(texts(&mut reading), ["one", "last", "first"]);
    reading.take(&Item::Spot(Spot::Unknown), NOW).unwrap();
    let batch = reading.ready().pop().unwrap();
    assert!(batch.lines[0].is_gap);
}

#[test]
fn a_long_line_is_cut_with_a_mark_and_raw_bytes_are_not() {
    let long = vec![b'x'; 3 * MAX_LINE];
    let mut bytes = long.clone();
    bytes.extend_from_slice(b"\nnext\n");
    let mut lines = reading(&Kind::File);
    lines.bytes(&bytes, NOW).unwrap();
    let all = texts(&mut lines);
    assert_eq!(all.len(), 2);
    assert!(all[0].ends_with("x … (cut at 64 KiB)") && all[0].len() < MAX_LINE + 30);
    assert_eq!(all[1], "next");
    let mut raw = reading(&Kind::File).raw(true);
    bytes.extend_from_slice(b"no end");
    raw.bytes(&bytes, NOW).unwrap();
    raw.end(NOW);
    let read: Vec<u8> = raw
        .ready()
        .into_iter()
        .flat_map(|batch| batch.raw)
        .collect();
    assert!(read == bytes);
}

#[test]
fn a_log_without_times_has_those_of_arrival() {
    let mut reading = reading(&Kind::Command);
    reading.bytes("y\n".repeat(150).as_bytes(), NOW).unwrap();
    reading
        .bytes(b"2026-11-21T10:00:00Z a time\nand more\n", NOW)
        .unwrap();
    let times: Vec<Option<i64>> = reading
        .ready()
        .into_iter()
        .flat_map(|batch| batch.lines)
        .map(|line| line.at_us)
        .collect();
    let stamped = Some(1_795_255_200_000_000);
    assert_eq!(times[..100], [None; 100]);
    assert_eq!(times[100..150], [Some(NOW - INEXACT_US); 50]);
    assert_eq!(times[150..], [stamped, stamped]);
}

#[test]
fn only_what_is_new_enough_is_had() {
    let mut reading = reading(&Kind::File).since(Some(NOW - 10_000_000));
    reading.begin_midway();
    let old =
        b"rest of a line\n2026-11-22T14:13:00Z old\n and more\n2026-11-22T22:26:30Z new\n more\n";
    let now = 1_795_386_400_000_000; // 2026-11-22T22:26:40Z
    reading.since_us = Some(now - 15_000_000);
    reading.bytes(old, now).unwrap();
    assert_eq!(texts(&mut reading), ["2026-11-22T22:26:30Z new", " more"]);
}

/// Lines of a journal, several of which may have the same time, some of which have none.
fn journal() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec((0u32..3, any::<bool>()), 1..40).prop_map(|steps| {
        let mut second = 0;
        let lines = steps.iter().enumerate().map(|(place, (step, has_time))| {
            second += step;
            if *has_time || place == 0 {
                format!(
                    "2026-11-21T10:00:{:02}.000001+0000 n u[1]: {place}",
                    second.min(59)
                )
            } else {
                format!("    more {place}")
            }
        });
        lines.collect()
    })
}

proptest! {
    #[test]
    fn a_journal_is_read_on_without_loss_or_doubles(lines in journal(), cuts in prop::collection::vec(0usize..2_000, 0..4)) {
        let text = lines.join("\n") + "\n";
        let mut reading = reading(&Kind::Journal("short-iso-precise"));
        let mut had = Vec::new();
        for cut in cuts.iter().map(|cut| cut % text.len()).chain([text.len()]) {
            let wish = reading.wish(&Wish::default(), 0);
            // From the second of the last line on, as journalctl does.
            let from = wish.since_us.map_or(0, |us| {
                let second = us.div_euclid(1_000_000).rem_euclid(60);
                let is_new = |line: &String| line.starts_with("2026") && line[17..19].parse::<i64>().unwrap() >= second;
                let first = lines.iter().position(is_new).unwrap_or(0);
                lines[..first].iter().map(|line| line.len() + 1).sum()
            });
            if cut > from {
                reading.bytes(&text.as_bytes()[from..cut], NOW).unwrap();
            }
            had.extend(texts(&mut reading));
        }
        prop_assert_eq!(had, lines);
    }
}
