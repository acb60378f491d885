//! Logs on the screen, from keys to cells: followed, held, searched, sifted, jumped through, copied, saved, left.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "support/fake.rs"]
mod fake;
#[path = "support/followed.rs"]
mod followed;
#[path = "support/screen.rs"]
#[expect(dead_code, reason = "other test files use the rest of it")]
mod screen;

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use insta::assert_snapshot;
use proptest::prelude::*;
use screen::Screen;
use sshoal::{
    fleet::{Followed, Snapshot},
    logs::{Order, Source, state::Reach},
    metrics::{Sample, daemon::State},
    ui::{effect::Effect, event::Event},
};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 60);

fn fleet() -> Snapshot {
    static FLEET: OnceLock<Snapshot> = OnceLock::new();
    FLEET.get_or_init(|| fake::fleet(24)).clone()
}

fn ordered(effects: &[Effect]) -> Arc<Order> {
    match effects {
        [Effect::Follow(order)] => Arc::clone(order),
        other => unreachable!("{other:?}"),
    }
}

/// Marks three nodes, follows them, and shows so many lines.
fn open(size: (u16, u16), lines: u64) -> (Screen, Followed) {
    let mut screen = Screen::new(size, fleet());
    let names: Vec<String> = fleet()
        .nodes
        .iter()
        .take(3)
        .map(|node| node.node.id.to_string())
        .collect();
    screen.keys(":");
    screen.text(&format!("mark {}", names.join(",")));
    screen.keys("enter");
    let order = ordered(&screen.keys("l"));
    assert_eq!(order.targets.len(), 3);
    let mut followed = followed::followed(&order);
    followed::fill(&mut followed, 3, lines);
    show(&mut screen, &followed);
    (screen, followed)
}

fn show(screen: &mut Screen, followed: &Followed) {
    let snapshot = followed::with(&fleet(), followed);
    screen.app.update(Event::Snapshot(Arc::new(snapshot)));
}

fn text(screen: &Screen) -> String {
    screen.rows().join("\n")
}

fn has(screen: &Screen, wanted: &str) {
    assert!(text(screen).contains(wanted), "{wanted}\n{}", text(screen));
}

fn has_not(screen: &Screen, wanted: &str) {
    assert!(!text(screen).contains(wanted), "{wanted}\n{}", text(screen));
}

#[test]
fn the_end_is_followed() {
    let (mut screen, mut followed) = open(SMALL, 1_000);
    assert_snapshot!("follow-80x24", screen.picture());
    followed::push(&mut followed, 0, "INFO the newest");
    show(&mut screen, &followed);
    has(&screen, "the newest");
    let (screen, _) = open(LARGE, 1_000);
    assert_snapshot!("follow-200x60", screen.picture());
}

#[test]
fn held_it_stands_still_and_counts_what_comes() {
    let (mut screen, mut followed) = open(SMALL, 100);
    screen.keys("up up");
    has(&screen, "held, 0 new");
    let before = screen.rows();
    (0..5).for_each(|_| followed::push(&mut followed, 0, "INFO the newest"));
    show(&mut screen, &followed);
    has(&screen, "held, 5 new");
    let after = screen.rows();
    assert_eq!(before.get(4..20), after.get(4..20));
    screen.keys("G");
    has(&screen, "following");
    has(&screen, "the newest");
    screen.keys("space");
    has(&screen, "held, 0 new");
    screen.keys("F");
    has(&screen, "following");
}

#[test]
fn a_search_marks_what_it_finds_and_goes_round() {
    let (mut screen, _) = open(SMALL, 200);
    screen.keys("/");
    screen.text("on fire");
    screen.keys("enter");
    assert_snapshot!("search-80x24", screen.picture());
    has(&screen, "line 191 of 200");
    screen.keys("N");
    has(&screen, "line 180 of 200");
    screen.keys("n n");
    has(&screen, "line 4 of 200");
    screen.keys("/");
    screen.text("nowhere");
    screen.keys("enter");
    has(&screen, "/nowhere: not found");
    screen.keys("/ (");
    has(&screen, "unclosed group");
    screen.keys("enter esc esc");
    has_not(&screen, "/nowhere");
}

#[test]
fn lines_are_sifted_by_pattern_level_and_node() {
    let (mut screen, mut followed) = open(SMALL, 1_100);
    screen.keys("&");
    screen.text("fire|took");
    screen.keys("enter &");
    screen.text("!sd2");
    screen.keys("enter");
    has(&screen, "&fire|took &!sd2");
    has(&screen, "1100 in all");
    has_not(&screen, "sd2 is");
    has_not(&screen, "status");
    followed::push(&mut followed, 0, "ERROR fire again");
    followed::push(&mut followed, 0, "INFO nothing");
    show(&mut screen, &followed);
    has(&screen, "fire again");
    has_not(&screen, "nothing");
    assert_snapshot!("sift-80x24", screen.picture());
    screen.keys("& enter v v");
    has(&screen, "warning+");
    has_not(&screen, "INFO");
    screen.keys("v");
    has(&screen, "error+");
    has_not(&screen, "took");
    screen.keys("esc");
    has(&screen, "of 1102");
}

#[test]
fn one_node_is_looked_at_alone_and_esc_is_the_way_back() {
    let (mut screen, followed) = open(SMALL, 300);
    screen.keys("enter");
    let name = followed.state.nodes.first().unwrap().node.to_string();
    has(&screen, &format!("logs › {name}"));
    has(&screen, &format!("only {name}"));
    screen.keys("esc");
    has(&screen, "of 300");
    screen.keys("x");
    has(&screen, &format!("not {name}"));
    assert_eq!(screen.keys("esc"), []);
    has(&screen, "of 300");
    let order = Arc::clone(&followed.order);
    assert_eq!(screen.keys("esc"), [Effect::Unfollow(order)]);
}

#[test]
fn esc_takes_the_newest_back_first() {
    let (mut screen, followed) = open(SMALL, 300);
    let name = followed.state.nodes.first().unwrap().node.to_string();
    let only = format!("only {name}");
    screen.keys("enter /");
    screen.text("took");
    screen.keys("enter esc");
    has(&screen, &only);
    has_not(&screen, "/took");
    screen.keys("v esc");
    has(&screen, &only);
    has_not(&screen, "info+");
    screen.keys("esc");
    has_not(&screen, &only);
    screen.keys("/");
    screen.text("took");
    screen.keys("enter enter esc");
    has(&screen, "/took");
    has_not(&screen, "only ");
}

#[test]
fn errors_times_and_marks_are_jumped_to() {
    let (mut screen, _) = open(SMALL, 1_000);
    screen.keys("E");
    has(&screen, "line 994 of 1000");
    screen.keys("t");
    screen.text("21:50:10");
    screen.keys("enter");
    has(&screen, "line 101 of 1000");
    screen.keys("t");
    screen.text("21:40");
    screen.keys("enter");
    has(&screen, "line 1 of 1000");
    has(&screen, "the buffer begins at 21:50:00");
    screen.keys("t");
    screen.text("21:50:10");
    screen.keys("enter");
    screen.keys("m down down m u");
    has(&screen, "line 101 of 1000");
    screen.keys("U");
    has(&screen, "line 103 of 1000");
    screen.keys("t");
    screen.text("soon");
    screen.keys("enter");
    has(&screen, "no time");
    let copied = screen.keys("c");
    let [Effect::Copy(text)] = copied.as_slice() else {
        unreachable!("{copied:?}")
    };
    assert_eq!(text.lines().count(), 2);
    assert!(text.starts_with("2026-11-21T21:50:10.000Z"), "{text}");
    has(&screen, "2 lines are offered");
}

#[test]
fn long_lines_are_wrapped_or_moved() {
    let (mut screen, _) = open(SMALL, 200);
    screen.keys("w");
    assert_snapshot!("wrap-80x24", screen.picture());
    screen.keys("pageup pageup pagedown w right right");
    has_not(&screen, "2026-11-21T21:50");
    screen.keys("home");
    has(&screen, "line 1 of 200");
}

/// Every word of a wrapped log is seen on the way down, and on the way up, however long its lines are.
#[test]
fn a_line_longer_than_the_screen_is_scrolled_through() {
    let (mut screen, mut followed) = open(SMALL, 60);
    let words = |range: std::ops::Range<u32>| {
        let words: Vec<String> = range.map(|n| format!("word{n:04}")).collect();
        words
    };
    followed::push(&mut followed, 0, &words(0..900).join(" "));
    followed::fill(&mut followed, 3, 40);
    followed::push(&mut followed, 0, &words(1000..1400).join(" "));
    show(&mut screen, &followed);
    screen.keys("w");
    has(&screen, "word1399");
    has(&screen, "rows 36-54 of 54");
    let numbers = (0..60).map(|n| format!("{:02}.{}00Z", n / 10, n % 10));
    let wanted: Vec<String> = numbers.chain(words(0..900)).collect();
    for (from, key) in [
        ("home", "pagedown"),
        ("home", "down"),
        ("G", "pageup"),
        ("G", "up"),
    ] {
        screen.keys(from);
        let mut seen = String::new();
        for _ in 0..300 {
            let rows = screen.rows();
            let inside = rows.get(3..22).unwrap_or_default();
            let texts = inside.iter().map(|row| row.chars().skip(10).take(68));
            texts.for_each(|text| seen.extend(text));
            screen.keys(key);
        }
        for word in &wanted {
            assert!(seen.contains(word), "{key}: {word} is never seen");
        }
    }
    screen.keys("G /");
    screen.text("word0700");
    screen.keys("enter");
    has(&screen, "word0700");
}

#[test]
fn shown_lines_are_saved_and_it_is_said_where() {
    let (mut screen, mut followed) = open(SMALL, 50);
    screen.keys("v v v");
    let effects = screen.keys("ctrl-s");
    let [Effect::SaveLines(order, numbers)] = effects.as_slice() else {
        unreachable!("{effects:?}")
    };
    assert!(Arc::ptr_eq(order, &followed.order));
    assert_eq!(numbers[..], [3, 14, 25, 36, 47]);
    followed.saved = Some(Ok("/home/x/logs".into()));
    show(&mut screen, &followed);
    has(&screen, "written to /home/x/logs");
}

#[test]
fn what_is_dropped_and_who_is_missing_is_said() {
    let (mut screen, mut followed) = open(SMALL, 0);
    has(&screen, "no line yet");
    if let Some(node) = followed.state.nodes.first_mut() {
        Arc::make_mut(node).reach = Reach::Unreached("connection refused".into());
    }
    show(&mut screen, &followed);
    has(&screen, "connection refused");
    followed.state.buffer = sshoal::logs::Buffer::new(100_000);
    followed::fill(&mut followed, 3, 2_000);
    show(&mut screen, &followed);
    has(&screen, "connection refused");
    has(&screen, "dropped");
    screen.keys("home");
    let first = followed.state.buffer.first();
    followed::fill(&mut followed, 3, 1_000);
    assert!(followed.state.buffer.first() > first);
    show(&mut screen, &followed);
    has(&screen, "line 1 of");
}

#[test]
fn the_palette_and_a_failed_daemon_open_logs_too() {
    let mut screen = Screen::new(SMALL, fleet());
    screen.keys(":");
    screen.text("logs web1 --unit nginx --grep fail");
    has(&screen, "follows the logs of");
    let order = ordered(&screen.keys("enter"));
    assert!(order.is_followed && order.targets.len() == 1);
    has(&screen, "nginx");
    screen.keys(":");
    screen.text("logs web1 --json");
    assert_eq!(screen.keys("enter"), []);
    has(&screen, "--json is an option of the command line");

    let mut fleet = fleet();
    let node = fleet.nodes.first_mut().map(Arc::make_mut).unwrap();
    let mut sample = Sample::clone(node.sample.as_deref().unwrap());
    let daemon = sample.daemon.daemons.first_mut().unwrap();
    daemon.state = State::Failed;
    let name = daemon.name.to_string();
    node.sample = Some(Arc::new(sample.into()));
    let node = node.node.id.to_string();
    let mut screen = Screen::new(SMALL, fleet);
    screen.keys(":");
    screen.text(&format!("node {node}"));
    screen.keys("enter");
    let order = ordered(&screen.keys("l"));
    let [target] = order.targets.as_slice() else {
        unreachable!()
    };
    assert!(matches!(target.sources.as_slice(), [Source::Daemon(daemon)] if daemon.name == name));
    let mut followed = followed::followed(&order);
    followed::fill(&mut followed, 1, 60);
    let snapshot = followed::with(&self::fleet(), &followed);
    screen.app.update(Event::Snapshot(Arc::new(snapshot)));
    has(&screen, "line 59 of 60");
    screen.keys("esc");
    let order = ordered(&screen.keys("L"));
    assert_eq!(order.targets.first().unwrap().sources, [Source::System]);
}

/// A fleet in which the second daemon of the first node with two has failed; that node, and its daemons.
fn with_a_failed_daemon() -> (Snapshot, String, [String; 2]) {
    let mut fleet = fleet();
    let nodes = fleet.nodes.iter_mut();
    let mut nodes = nodes.filter(|node| node.node.daemons.len() > 1);
    let node = nodes.next().map(Arc::make_mut).unwrap();
    let id = node.node.id.to_string();
    let mut sample = Sample::clone(node.sample.as_deref().unwrap());
    let [first, second, ..] = sample.daemon.daemons.as_mut_slice() else {
        unreachable!()
    };
    second.state = State::Failed;
    let names = [first.name.to_string(), second.name.to_string()];
    node.sample = Some(Arc::new(sample.into()));
    (fleet, id, names)
}

fn daemons(order: &Order) -> Vec<&str> {
    let sources = order.targets.iter().flat_map(|target| &target.sources);
    sources
        .map(|source| match source {
            Source::Daemon(daemon) => daemon.name.as_str(),
            _ => "",
        })
        .collect()
}

#[test]
fn the_daemon_under_the_cursor_is_meant() {
    let (fleet, node, [well, failed]) = with_a_failed_daemon();
    let mut screen = Screen::new(SMALL, fleet);
    screen.keys(":");
    screen.text(&format!("node {node}"));
    screen.keys("enter tab");
    assert_snapshot!("daemon-80x24", screen.picture());
    assert_eq!(daemons(&ordered(&screen.keys("enter"))), [failed.as_str()]);
    has(&screen, &format!("{failed}: failed"));
    screen.keys("esc R");
    has(&screen, &format!("restart {failed}"));
    screen.keys("n tab");
    let order = ordered(&screen.keys("l"));
    assert_eq!(daemons(&order), [well.as_str()]);
    has_not(&screen, "failed ━");
    screen.keys("esc tab");
    assert_eq!(
        daemons(&ordered(&screen.keys("l"))),
        [failed.as_str()],
        "none: what failed"
    );
    screen.keys("esc R");
    has(&screen, "Which daemon?");
    assert_eq!(
        daemons(&ordered(&screen.keys("l"))),
        [failed.as_str()],
        "the worst one first"
    );
    screen.keys("esc");
    has(&screen, "Which daemon?");
    screen.keys("esc backtab");
    assert_eq!(daemons(&ordered(&screen.keys("l"))), [well.as_str()]);
}

/// A frame costs what its rows cost: 400,000 lines are no slower than 4,000.
#[test]
fn a_frame_costs_the_same_however_many_lines_there_are() {
    let frame = |lines| {
        let (screen, _) = open(LARGE, lines);
        let one = || {
            let begin = Instant::now();
            screen.draw();
            begin.elapsed()
        };
        (0..40).map(|_| one()).min().unwrap()
    };
    let (few, many) = (frame(4_000), frame(400_000));
    assert!(many < few * 5, "{few:?} {many:?}");
}

const KEYS: &[&str] = &[
    "up",
    "down",
    "pageup",
    "pagedown",
    "home",
    "end",
    "left",
    "right",
    "enter",
    "esc",
    "space",
    "/",
    "&",
    "t",
    "n",
    "N",
    "e",
    "E",
    "v",
    "x",
    "w",
    "m",
    "u",
    "U",
    "c",
    "s",
    "G",
    "g",
    "f",
    "i",
    "0",
    "1",
    "backspace",
    "!",
    "?",
    "ctrl-s",
    "l",
    ".",
    "hyphen",
    "(",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_keys_make_it_fall(keys in prop::collection::vec((0..KEYS.len(), 0u64..60), 1..60), width in 20u16..120, height in 4u16..40, limit in 1_000usize..50_000) {
        let (mut screen, mut followed) = open((width, height), 0);
        followed.state.buffer = sshoal::logs::Buffer::new(limit);
        for (key, lines) in keys {
            screen.keys(KEYS[key]);
            followed::fill(&mut followed, 3, lines);
            show(&mut screen, &followed);
            screen.draw();
        }
    }
}
