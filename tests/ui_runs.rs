//! Runs on the screen, from keys to cells: confirmed, watched, read, gathered, ended, listed.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "support/fake.rs"]
mod fake;
#[path = "support/ran.rs"]
mod ran;
#[path = "support/screen.rs"]
mod screen;

use std::sync::{Arc, OnceLock};

use insta::assert_snapshot;
use screen::Screen;
use sshoal::{
    exec::{Cancel, Event as Step, Outcome, RunNumber, RunState, Stream},
    fleet::{Millis, Snapshot},
    ui::{Settings, effect::Effect, event::Event},
};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 60);
const COMMAND: &str = "apt-get -y upgrade && uname -sr";

fn fleet() -> Snapshot {
    static FLEET: OnceLock<Snapshot> = OnceLock::new();
    FLEET.get_or_init(|| fake::fleet(24)).clone()
}

fn with(runs: Vec<RunState>) -> Snapshot {
    Snapshot {
        runs: Arc::new(runs.into_iter().map(Arc::new).collect()),
        ..fleet()
    }
}

fn three() -> Snapshot {
    let fleet = fleet();
    with(vec![
        ran::over(&fleet, 1, "uptime -p", 0),
        ran::over(&fleet, 2, "systemctl restart nginx", 3),
        ran::half(&fleet, 3, COMMAND),
    ])
}

fn open(size: (u16, u16), keys: &str) -> Screen {
    let mut screen = Screen::new(size, three());
    screen.keys("r enter");
    screen.keys(keys);
    screen
}

fn tell(screen: &mut Screen, snapshot: Snapshot) -> Vec<Effect> {
    let snapshot = Snapshot {
        inventory: Arc::clone(&screen_inventory(screen)),
        ..snapshot
    };
    screen.app.update(Event::Snapshot(Arc::new(snapshot)))
}

fn screen_inventory(_: &Screen) -> Arc<sshoal::inventory::Inventory> {
    fleet().inventory
}

fn text(screen: &Screen) -> String {
    screen.rows().join("\n")
}

#[test]
fn a_run_that_goes_on() {
    assert_snapshot!("run-80x24", open(SMALL, "j j").picture());
    assert_snapshot!("run-200x60", open(LARGE, "").picture());
}

#[test]
fn the_runs() {
    for (size, name) in [(SMALL, "runs-80x24"), (LARGE, "runs-200x60")] {
        let mut screen = Screen::new(size, three());
        screen.keys("r");
        assert_snapshot!(name, screen.picture());
    }
}

#[test]
fn only_keys_that_do_something_are_hinted_at() {
    let hints = |screen: &Screen| screen.rows().pop().unwrap();
    let mut screen = Screen::new(LARGE, three());
    screen.keys("r");
    assert!(hints(&screen).contains("cancel") && !hints(&screen).contains("drop"));
    screen.keys("enter");
    assert!(hints(&screen).contains("cancel"), "{}", hints(&screen));
    screen.keys("esc down");
    assert!(!hints(&screen).contains("cancel") && hints(&screen).contains("drop"));
    screen.keys("enter");
    assert!(!hints(&screen).contains("cancel"), "{}", hints(&screen));
    assert!(hints(&screen).contains("again"), "{}", hints(&screen));
    screen.keys("esc down enter");
    assert!(!hints(&screen).contains("again"), "{}", hints(&screen));
    screen.keys("enter");
    assert!(!hints(&screen).contains("cancel"), "{}", hints(&screen));
}

#[test]
fn gathered_answers() {
    assert_snapshot!("gathered-80x24", open(SMALL, "g").picture());
    assert_snapshot!("gathered-200x60", open(LARGE, "g").picture());
}

#[test]
fn the_output_of_a_node() {
    let mut screen = open(SMALL, "f enter");
    assert_snapshot!("output-80x24", screen.picture());
    screen.keys("/");
    screen.text("lock");
    assert_snapshot!("output-search-80x24", screen.picture());
}

#[test]
fn what_is_confirmed_is_what_is_run() {
    let mut screen = Screen::new(SMALL, fleet());
    let order = ran::order(&fleet(), 4, "echo rebooting; reboot");
    assert_eq!(screen.app.propose(Arc::clone(&order)), []);
    assert_snapshot!("confirm-word-80x24", screen.picture());
    screen.text("5");
    assert_eq!(screen.keys("enter"), []);
    assert!(text(&screen).contains("another word"), "{}", text(&screen));
    screen.app.propose(Arc::clone(&order));
    screen.text("4");
    assert_eq!(screen.keys("enter"), [Effect::Run(Arc::clone(&order))]);

    let order = ran::order(&fleet(), 4, "touch /tmp/x");
    screen.app.propose(Arc::clone(&order));
    assert_snapshot!("confirm-80x24", screen.picture());
    assert_eq!(screen.keys("enter space j"), [], "only y is a yes");
    assert_eq!(screen.keys("y"), [Effect::Run(order)]);

    let order = ran::order(&fleet(), 4, "uptime");
    let run = Effect::Run(Arc::clone(&order));
    assert_eq!(screen.app.propose(order), [run], "reading asks nothing");
}

#[test]
fn a_long_command_is_read_to_its_end_before_it_is_run() {
    let mut screen = Screen::new(SMALL, fleet());
    let script = "touch /tmp/one\n".repeat(60);
    let order = ran::order(&fleet(), 4, &script);
    screen.app.propose(Arc::clone(&order));
    assert_eq!(screen.keys("y"), []);
    assert!(text(&screen).contains("more lines"));
    screen.keys("pagedown pagedown pagedown pagedown pagedown");
    assert_eq!(screen.keys("y"), [Effect::Run(order)]);
}

#[test]
fn a_run_from_here_is_shown_as_soon_as_it_is_there() {
    let mut screen = Screen::new(SMALL, fleet());
    let order = ran::order(&fleet(), 3, "uptime");
    screen.app.propose(Arc::clone(&order));
    let begun = || RunState::new(RunNumber(7), "", Arc::clone(&order), fake::NOW.0);
    let another = ran::over(&fleet(), 6, "uptime", 0);
    tell(&mut screen, with(vec![another.clone()]));
    assert!(!text(&screen).contains("LAST LINE"));
    tell(&mut screen, with(vec![another.clone(), begun()]));
    assert!(text(&screen).contains("run #7"), "{}", text(&screen));
    screen.keys("esc");
    tell(&mut screen, with(vec![another, begun()]));
    assert!(!text(&screen).contains("LAST LINE"), "it opens once");
    assert!(screen.rows()[0].contains("1 run"), "{}", screen.rows()[0]);
}

#[test]
fn keys_of_a_run() {
    let cancel = |what| Effect::CancelRun(RunNumber(3), what);
    let save = Effect::SaveRun(RunNumber(3));
    for (keys, wished) in [
        ("x", vec![cancel(Cancel::Pending)]),
        ("x x", vec![cancel(Cancel::Pending), cancel(Cancel::All)]),
        ("enter x", vec![cancel(Cancel::Node(9))]),
        ("enter l l h l x", vec![cancel(Cancel::Node(11))]),
        ("w", vec![save.clone()]),
        ("g w", vec![save.clone()]),
        ("enter w", vec![save]),
        ("f j k G home s", vec![]),
        ("esc d", vec![]),
        ("esc j d", vec![Effect::ForgetRun(RunNumber(2))]),
        ("esc j x", vec![]),
    ] {
        let mut screen = open(SMALL, "");
        assert_eq!(screen.keys(keys), wished, "{keys}");
    }
}

#[test]
fn only_those_that_failed_are_run_again() {
    let mut screen = open(SMALL, "f");
    let rows = text(&screen);
    assert!(
        rows.contains("only failed") && !rows.contains("Get:14"),
        "{rows}"
    );
    assert_eq!(screen.keys("r"), [], "it changes something");
    let effects = screen.keys("y");
    let [Effect::Run(order)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let all = three().runs[2].order.nodes();
    let failed = [5, 6, 7, 8, 12].map(|place: usize| Arc::clone(&all[place]));
    assert_eq!(order.nodes(), failed);
    assert_eq!(
        (order.command.as_str(), order.selector.as_str()),
        (COMMAND, "failed in run #3")
    );
    let mut well = Screen::new(SMALL, with(vec![ran::over(&fleet(), 1, "uptime", 0)]));
    assert_eq!(well.keys("r enter r"), []);
    assert!(text(&well).contains("no node of this run has failed"));
}

#[test]
fn the_cursor_stays_on_its_node_while_others_end() {
    let mut screen = open(SMALL, "j");
    let name = |screen: &Screen| {
        let rows = screen.rows();
        let row = rows.iter().find(|row| row.contains('▌')).unwrap();
        row.split_whitespace().nth(3).unwrap().to_owned()
    };
    let before = name(&screen);
    let mut run = RunState::clone(&three().runs[2]);
    ran::ended(&mut run, 9, Outcome::Ok, ("", ""));
    ran::ended(&mut run, 10, Outcome::Ok, ("", ""));
    tell(&mut screen, with(vec![run]));
    assert_eq!(name(&screen), before);
}

#[test]
fn the_end_of_an_output_stays_in_sight() {
    let mut screen = open(SMALL, "enter");
    let mut run = RunState::clone(&three().runs[2]);
    for n in 0..100 {
        let line = format!("line {n}\n").into_bytes().into();
        run.apply(Step::Output(9, Stream::Stdout, line), fake::NOW.0);
    }
    tell(&mut screen, with(vec![run.clone()]));
    assert!(text(&screen).contains("line 99"));
    screen.keys("up");
    let more = b"the last\n"[..].into();
    run.apply(Step::Output(9, Stream::Stdout, more), fake::NOW.0);
    tell(&mut screen, with(vec![run]));
    assert!(!text(&screen).contains("the last"));
}

#[test]
fn leaving_asks_while_runs_go_on() {
    let mut screen = Screen::new(SMALL, three());
    assert_eq!(screen.keys("q"), []);
    assert_snapshot!("leave-80x24", screen.picture());
    assert_eq!(screen.keys("n"), []);
    assert_eq!(screen.keys("q y"), [Effect::Quit]);
    assert_eq!(screen.keys("ctrl-c ctrl-c"), [Effect::Quit]);
    let over = with(vec![ran::over(&fleet(), 1, "uptime", 0)]);
    assert_eq!(Screen::new(SMALL, over).keys("q"), [Effect::Quit]);
}

#[test]
fn read_only_runs_and_cancels_nothing() {
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut screen = Screen::with(settings, SMALL, three());
    let order = ran::order(&fleet(), 2, "uptime");
    assert_eq!(screen.app.propose(order), []);
    assert!(text(&screen).contains("--read-only"));
    screen.tick(Millis(fake::NOW.0 + 20_000));
    assert!(!text(&screen).contains("--read-only"), "said for a moment");
    assert_eq!(screen.keys("r enter x r"), []);
    let rows = text(&screen);
    assert!(
        rows.contains("--read-only") && !rows.contains("cancel  "),
        "{rows}"
    );
    assert_eq!(screen.keys("w").len(), 1, "files here are no node's");
}

#[test]
fn every_size_draws_something_and_none_panics() {
    for keys in ["", "enter", "g", "enter /", "esc"] {
        for (width, height) in [(20, 4), (21, 5), (30, 7), (80, 6), (300, 80)] {
            let mut screen = open(SMALL, keys);
            screen.resize(width, height);
            screen.keys("down");
            let is_blank = screen.rows().iter().all(|row| row.trim().is_empty());
            assert!(!is_blank, "{keys} {width}x{height}");
        }
    }
}

#[test]
fn the_palette_repeats_a_run_where_it_failed() {
    let line = |line: &str| {
        let mut screen = Screen::new(SMALL, three());
        screen.keys(":");
        screen.app.update(Event::Paste(line.to_owned()));
        let said = text(&screen);
        (screen.keys("enter"), said)
    };
    let runs = three().runs;
    let failed: Vec<_> = (runs[1].failed().iter())
        .map(|place| runs[1].nodes[*place].node.id.clone())
        .collect();
    assert!(!failed.is_empty() && failed.len() < runs[1].nodes.len());
    for name in ["#2", "2"] {
        let typed = format!("exec --only-failed {name} -- uptime");
        let (effects, said) = line(&typed);
        assert!(said.contains("failed in run #2"), "{said}");
        let [Effect::Run(order)] = &effects[..] else {
            unreachable!("{name}: {effects:?}");
        };
        let nodes: Vec<_> = order.nodes().iter().map(|node| node.id.clone()).collect();
        assert_eq!((&nodes, order.command.as_str()), (&failed, "uptime"));
        assert_eq!(order.selector, "--only-failed #2", "no log");
    }
    let (effects, said) = line("exec --only-failed #2");
    assert!(
        effects.is_empty() && said.contains("systemctl restart nginx"),
        "{said}"
    );
    assert!(
        line("exec --only-failed #1")
            .1
            .contains("no node failed in run #1")
    );
    assert!(
        line("exec --only-failed #9 -- uptime")
            .1
            .contains("no run #9 here")
    );
    let mut screen = Screen::new(SMALL, three());
    screen.keys(":");
    screen
        .app
        .update(Event::Paste("exec --only-failed ".to_owned()));
    assert!(text(&screen).contains("#2"), "{}", text(&screen));
}

#[test]
fn answers_that_differ_by_their_own_names_are_one_under_the_mask() {
    let fleet = fleet();
    let order = ran::order(&fleet, 4, "hostname");
    let mut run = RunState::new(RunNumber(1), "", order, fake::NOW.0);
    for place in 0..4 {
        let name = run.nodes[place].node.id.to_string();
        ran::ended(
            &mut run,
            place,
            Outcome::Ok,
            (&format!("I am {name}\n"), ""),
        );
    }
    let mut screen = Screen::new(SMALL, with(vec![run]));
    screen.keys("r enter");
    let footer = |screen: &Screen| screen.rows().pop().unwrap();
    assert!(footer(&screen).contains("g gather"), "{}", footer(&screen));
    screen.keys("g");
    assert!(footer(&screen).contains("m mask"), "{}", footer(&screen));
    let groups = |screen: &Screen| text(screen).matches("I am ").count();
    assert!(groups(&screen) > 1, "{}", text(&screen));
    screen.keys("m");
    assert_eq!(groups(&screen), 1, "{}", text(&screen));
    assert!(
        text(&screen).contains("Gathered, masked"),
        "{}",
        text(&screen)
    );
    screen.keys("m");
    assert!(groups(&screen) > 1, "{}", text(&screen));
}

/// The node of this name under the cursor.
fn on_node(name: &str) -> Screen {
    let mut screen = Screen::new(SMALL, fleet());
    screen.keys("/");
    screen.text(&format!("name={name}"));
    screen.keys("enter");
    screen
}

fn ordered(effects: &[Effect]) -> &sshoal::exec::RunOrder {
    match effects {
        [Effect::Run(order)] => order,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_daemon_of_the_node_under_the_cursor_is_restarted() {
    let fleet = fleet();
    let two = fleet.nodes.iter().find(|n| n.node.daemons.len() > 1);
    let two = two.expect("a node with two daemons");
    let mut screen = on_node(two.node.id.as_str());
    assert_eq!(screen.keys("R"), []);
    assert_snapshot!("daemons-80x24", screen.picture());
    assert_eq!(screen.keys("esc R home"), []);
    assert_eq!(screen.keys("enter"), [], "it is one key: it is asked");
    let effects = screen.keys("y");
    let order = ordered(&effects);
    let name = &two.node.daemons[0].name;
    assert_eq!(order.command, format!("restart {name}"));
    assert_eq!(order.selector, two.node.id.as_str());
    let command = &order.plan.jobs[0].command;
    assert!(command.starts_with("/bin/sh -c '"), "{command}");
}

#[test]
fn what_runs_is_stopped_and_several_nodes_are_asked_for() {
    let mut screen = Screen::new(SMALL, fleet());
    screen.keys("ctrl-a S home");
    let rows = text(&screen);
    assert!(
        rows.contains("Which daemon?") && rows.contains("stop "),
        "{rows}"
    );
    assert_eq!(screen.keys("enter"), []);
    let rows = text(&screen);
    assert!(
        rows.contains("Run on ") && rows.contains("  stop "),
        "{rows}"
    );
    assert!(matches!(&screen.keys("y")[..], [Effect::Run(_)]));
}

#[test]
fn no_daemon_is_touched_where_only_reading_is_allowed() {
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut screen = Screen::with(settings, SMALL, fleet());
    assert_eq!(screen.keys("R S"), []);
    assert!(text(&screen).contains("--read-only"), "{}", text(&screen));
    screen.keys(":");
    screen.text("daemon restart @all nginx");
    assert_eq!(screen.keys("enter"), []);
}

#[test]
fn the_palette_takes_daemon_lines() {
    let fleet = fleet();
    let name = fleet.nodes[0].node.id.to_string();
    let mut screen = Screen::new(SMALL, fleet);
    screen.keys(":");
    screen.text(&format!("daemon status {name} nginx"));
    let effects = screen.keys("enter");
    assert_eq!(ordered(&effects).command, "status nginx");
}
