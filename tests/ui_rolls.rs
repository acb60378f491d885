//! Rolls on the screen, from keys to cells: confirmed, watched, steered, read, listed, left.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "support/fake.rs"]
mod fake;
#[path = "support/rolled.rs"]
mod rolled;
#[path = "support/screen.rs"]
mod screen;

use std::sync::{Arc, OnceLock};

use insta::assert_snapshot;
use screen::Screen;
use sshoal::{
    fleet::{Answered, Inquiry, RollWish, Rolled, Snapshot},
    store::{
        audit::RunId,
        roll::{Note, Order, Steered},
    },
    ui::{Settings, effect::Effect, event::Event},
};

const SMALL: (u16, u16) = (80, 24);
const MIDDLE: (u16, u16) = (120, 40);
const LARGE: (u16, u16) = (200, 60);

fn fleet() -> Snapshot {
    static FLEET: OnceLock<Snapshot> = OnceLock::new();
    FLEET.get_or_init(|| fake::fleet(24)).clone()
}

fn with(rolls: Vec<Rolled>) -> Snapshot {
    Snapshot {
        rolls: Arc::new(rolls.into_iter().map(Arc::new).collect()),
        ..fleet()
    }
}

fn open(size: (u16, u16), rolled: Rolled, keys: &str) -> Screen {
    let mut screen = Screen::new(size, with(vec![rolled]));
    screen.keys("B");
    screen.keys(keys);
    screen
}

fn text(screen: &Screen) -> String {
    screen.rows().join("\n")
}

#[test]
fn a_roll_that_goes_on() {
    let going = || rolled::going(&fleet());
    assert_snapshot!("going-80x24", open(SMALL, going(), "").picture());
    assert_snapshot!("going-120x40", open(MIDDLE, going(), "j j").picture());
    assert_snapshot!("going-200x60", open(LARGE, going(), "").picture());
}

#[test]
fn a_roll_that_waits_for_a_person() {
    let waiting = || rolled::waiting(&fleet());
    assert_snapshot!("waiting-80x24", open(SMALL, waiting(), "").picture());
    assert_snapshot!("waiting-120x40", open(MIDDLE, waiting(), "").picture());
}

#[test]
fn a_roll_that_stopped() {
    let stopped = || rolled::stopped(&fleet());
    assert_snapshot!("stopped-80x24", open(SMALL, stopped(), "").picture());
    assert_snapshot!("stopped-120x40", open(MIDDLE, stopped(), "").picture());
}

#[test]
fn what_comes_to_nothing_is_not_offered() {
    let footer = |screen: &Screen| screen.rows().pop().unwrap_or_default();
    let over = footer(&open(LARGE, rolled::stopped(&fleet()), ""));
    for word in ["pause", "promote", "abort"] {
        assert!(!over.contains(word), "{over}");
    }
    assert!(over.contains("go on"), "{over}");
    let going = footer(&open(LARGE, rolled::going(&fleet()), ""));
    assert!(
        going.contains("pause") && going.contains("abort"),
        "{going}"
    );
    let mut list = Screen::new(LARGE, with(Vec::new()));
    list.keys("B");
    assert!(!footer(&list).contains("drop"), "{}", footer(&list));
}

#[test]
fn what_a_node_said_is_read_and_left_again() {
    let mut screen = open(SMALL, rolled::stopped(&fleet()), "g j enter");
    assert_snapshot!("said-80x24", screen.picture());
    screen.keys("esc");
    assert!(text(&screen).contains("STOPPED"), "{}", text(&screen));
    screen.keys("esc");
    assert!(!text(&screen).contains("STOPPED"), "{}", text(&screen));
}

#[test]
fn keys_steer_and_an_abort_is_asked_for() {
    let rolled = rolled::going(&fleet());
    let id = rolled.id.clone();
    let mut screen = open(SMALL, rolled, "");
    let steer = |note| [Effect::SteerRoll(id.clone(), note)];
    assert_eq!(screen.keys("p"), steer(Note::Pause));
    assert_eq!(screen.keys("P"), [], "no canary waits");
    assert_eq!(screen.keys("a"), []);
    assert_snapshot!("abort-80x24", screen.picture());
    assert_eq!(screen.keys("n a y"), steer(Note::Abort));
    let mut over = open(SMALL, rolled::stopped(&fleet()), "");
    let effects = over.keys("r");
    let [Effect::Inquire(inquiry)] = effects.as_slice() else {
        unreachable!("{effects:?}");
    };
    assert!(matches!(&**inquiry, Inquiry::Roll(RollWish::Resume(_))));
    let mut screen = open(SMALL, rolled::waiting(&fleet()), "");
    assert_eq!(screen.keys("P"), steer(Note::Promote));
}

#[test]
fn the_name_of_a_roll_is_offered() {
    let rolled = rolled::going(&fleet());
    let id = rolled.id.to_string();
    let mut screen = Screen::new(MIDDLE, with(vec![rolled]));
    screen.keys(":");
    screen.text("roll pause ");
    let shown = text(&screen);
    assert!(
        shown.contains(&id) && shown.contains(", going: "),
        "{shown}"
    );
}

#[test]
fn fewer_rolls_than_before_leave_the_cursor_in_sight() {
    let many = |count: u64| {
        let one = |n| {
            let mut rolled = rolled::stopped(&fleet());
            rolled.id = RunId::new(n);
            rolled
        };
        with((1..=count).map(one).collect())
    };
    let mut screen = Screen::new(SMALL, many(40));
    screen.keys("B G");
    screen.app.update(Event::Snapshot(Arc::new(many(3))));
    let rows = screen.rows();
    let seen = rows.iter().filter(|row| row.contains("STOPPED")).count();
    assert_eq!(seen, 3, "{rows:#?}");
}

#[test]
fn the_header_says_only_what_is_true_here() {
    let header = |screen: &Screen| screen.rows().swap_remove(1);
    let roll = header(&open(LARGE, rolled::going(&fleet()), ""));
    assert!(!roll.contains("worst first"), "{roll}");
    let mut list = Screen::new(LARGE, with(Vec::new()));
    list.keys("B");
    let list = header(&list);
    assert!(
        list.contains("newest first") && !list.contains("tiles"),
        "{list}"
    );
}

#[test]
fn a_line_is_confirmed_begun_and_shown() {
    let mut screen = Screen::new(SMALL, fleet());
    let names: Vec<String> = fleet()
        .nodes
        .iter()
        .map(|n| n.node.id.to_string())
        .collect();
    let set = names[..6].join(",");
    screen.keys(":");
    screen.text(&format!("daemon roll {set} nginx --batches 1,2 --plan"));
    assert_eq!(screen.keys("enter"), []);
    assert!(
        text(&screen).contains("Nothing was run: --plan"),
        "{}",
        text(&screen)
    );
    screen.keys("esc :");
    screen.text(&format!("daemon roll {set} nginx --batches 1,2 --sudo"));
    assert!(
        text(&screen).contains("rolls nginx in 4 batches on 6 nodes"),
        "{}",
        text(&screen)
    );
    assert_eq!(screen.keys("enter"), []);
    assert_snapshot!("confirm-80x24", screen.picture());
    let effects = screen.keys("y");
    let [Effect::Roll(wish)] = effects.as_slice() else {
        unreachable!("{effects:?}");
    };
    assert_eq!((wish.nodes.len(), wish.batches.len()), (6, 4));
    let story = rolled::Story::new(&fleet(), Arc::clone(wish));
    screen
        .app
        .update(Event::Snapshot(Arc::new(with(vec![story.rolled]))));
    assert!(text(&screen).contains("what happened"), "{}", text(&screen));
}

#[test]
fn what_can_not_be_is_said_in_the_palette() {
    let mut screen = Screen::new(SMALL, fleet());
    let name = fleet().nodes[0].node.id.to_string();
    for (words, said) in [
        ("nginx --json", "option of the command line"),
        ("nginx --min-up 100%", "leaves none that may be down"),
        ("nginx --batches x", "a number of nodes, or a share"),
    ] {
        screen.keys(":");
        screen.text(&format!("daemon roll {name} {words}"));
        assert_eq!(screen.keys("enter"), []);
        assert!(text(&screen).contains(said), "{said}: {}", text(&screen));
        screen.keys("esc");
    }
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut screen = Screen::with(settings, SMALL, with(vec![rolled::going(&fleet())]));
    screen.keys(":");
    screen.text(&format!("daemon roll {name} nginx --yes"));
    assert_eq!(screen.keys("enter"), []);
    assert!(text(&screen).contains("read-only"), "{}", text(&screen));
    screen.keys("esc");
    assert_eq!(screen.keys("B p a"), [], "nothing is steered");
}

#[test]
fn a_roll_of_another_process_takes_orders_by_its_name() {
    let own = rolled::going(&fleet());
    let id = own.id.clone();
    let mut screen = Screen::new(SMALL, with(vec![own.clone()]));
    screen.keys(":");
    screen.text(&format!("roll pause {id}"));
    let steered = screen.keys("enter");
    assert_eq!(steered, [Effect::SteerRoll(id, Note::Pause)], "its own");
    screen.keys(":");
    screen.text("roll abort 20261121-183122-00000");
    let effects = screen.keys("enter");
    let [Effect::Inquire(inquiry)] = effects.as_slice() else {
        unreachable!("{effects:?}");
    };
    let other = "20261121-183122-00000".parse().unwrap();
    let wanted = Inquiry::Roll(RollWish::Steer(other, Order::Abort));
    assert_eq!(**inquiry, wanted);
    let answered = Snapshot {
        answers: Arc::new(vec![(
            Arc::clone(inquiry),
            Arc::new(Answered::Steered(Steered::NotDriven)),
        )]),
        ..with(vec![own])
    };
    screen.app.update(Event::Snapshot(Arc::new(answered)));
    assert!(
        text(&screen).contains("no process drives it"),
        "{}",
        text(&screen)
    );
}

#[test]
fn leaving_says_that_a_roll_goes_on_and_how_to_resume_it() {
    let mut screen = Screen::new(SMALL, with(vec![rolled::going(&fleet())]));
    assert_eq!(screen.keys("q"), []);
    assert_snapshot!("leave-80x24", screen.picture());
    assert_eq!(screen.keys("y"), [Effect::Quit]);
    let mut screen = Screen::new(SMALL, with(vec![rolled::stopped(&fleet())]));
    assert_eq!(screen.keys("q"), [Effect::Quit]);
}

#[test]
fn what_a_demo_ends_is_not_called_to_be_resumed() {
    let settings = Settings {
        is_demo: true,
        theme: screen::theme(),
        ..Settings::default()
    };
    let rolls = with(vec![rolled::going(&fleet())]);
    let mut screen = Screen::with(settings, SMALL, rolls);
    screen.keys("q");
    let shown = text(&screen);
    assert!(!shown.contains("resume"), "{shown}");
    assert!(shown.contains("simulated nodes"), "{shown}");
    screen.keys("n B a");
    let shown = text(&screen);
    assert!(!shown.contains("resume"), "{shown}");
    assert!(shown.contains("while the demo runs: r"), "{shown}");
}

#[test]
fn the_rolls() {
    let rolls = vec![rolled::stopped(&fleet()), rolled::waiting(&fleet())];
    let mut screen = Screen::new(SMALL, with(rolls));
    assert!(
        text(&screen).contains("1 roll waits for you"),
        "{}",
        text(&screen)
    );
    screen.keys("B");
    assert_snapshot!("rolls-80x24", screen.picture());
    screen.keys("j enter");
    assert!(text(&screen).contains("STOPPED"), "{}", text(&screen));
    let mut none = Screen::new(SMALL, fleet());
    none.keys("B");
    assert!(
        text(&none).contains("no daemon was rolled"),
        "{}",
        text(&none)
    );
}

#[test]
fn a_roll_is_drawn_at_every_size() {
    for rolled in [rolled::going(&fleet()), rolled::stopped(&fleet())] {
        let mut screen = open(SMALL, rolled, "");
        for width in [1, 8, 20, 33, 57, 80, 131, 250] {
            screen.tick(fake::NOW);
            for height in [1, 2, 4, 5, 9, 15, 24, 70] {
                screen.resize(width, height);
                screen.keys("j pagedown k");
                screen.draw();
            }
        }
    }
}
