//! The screen from keys to cells: each view at two sizes with the roles of its colours, and what keys and questions lead to.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "support/fake.rs"]
mod fake;
#[path = "support/screen.rs"]
mod screen;

use std::sync::{Arc, OnceLock};

use insta::assert_snapshot;
use ratatui::style::Modifier;
use screen::Screen;
use sshoal::{
    fleet::{Millis, Snapshot},
    node::NodeId,
    ssh::{Answer, Field, Prompt, PromptId, Question, Secret},
    ui::{
        Settings, effect::Effect, event::Event, glyph::Glyphs, theme::Theme, view::fleet::Density,
    },
};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 50);

fn few() -> Snapshot {
    static FLEET: OnceLock<Snapshot> = OnceLock::new();
    FLEET.get_or_init(|| fake::fleet(24)).clone()
}

fn many() -> Snapshot {
    static FLEET: OnceLock<Snapshot> = OnceLock::new();
    FLEET.get_or_init(|| fake::fleet(300)).clone()
}

fn small(keys: &str) -> Screen {
    let mut screen = Screen::new(SMALL, few());
    screen.keys(keys);
    screen
}

fn prompt(id: u64) -> Event {
    Event::Prompt(Prompt {
        id: PromptId(id),
        node: NodeId::new(&format!("web{id}")),
        question: Question::HostKey {
            host: "[web.example.org]:2222".into(),
            algorithm: "ssh-ed25519".into(),
            fingerprint: "SHA256:uNiVztksCsDhcc0u9e8BrrJjAFYb0Zd0b3HDxYVYqzM".into(),
        },
    })
}

#[test]
fn the_table() {
    assert_snapshot!("table-80x24", small("j j space").picture());
    let mut screen = Screen::new(LARGE, few());
    screen.keys("z Z z Z z");
    assert_snapshot!("table-200x50", screen.picture());
}

#[test]
fn the_heatmap() {
    let mut screen = Screen::new(SMALL, many());
    screen.keys("right right down space");
    assert_snapshot!("heatmap-80x24", screen.picture());
    let mut screen = Screen::new(LARGE, many());
    screen.keys("z m m m");
    assert_snapshot!("heatmap-200x50", screen.picture());
}

#[test]
fn the_help() {
    assert_snapshot!("help-80x24", small("? G").picture());
    let mut screen = Screen::new(LARGE, few());
    screen.keys("?");
    assert_snapshot!("help-200x50", screen.picture());
}

#[test]
fn the_menu_of_columns() {
    assert_snapshot!("columns-80x24", small("C j j space j right").picture());
}

#[test]
fn the_filter_while_it_is_typed() {
    let mut screen = small("/");
    screen.text("@web & load>1.");
    assert_snapshot!("filter-80x24", screen.picture());
    screen.text("x");
    let rows = screen.rows();
    assert!(rows[1].contains("/@web & load>1.x"), "{}", rows[1]);
    assert!(rows[1].contains("column 13"), "{}", rows[1]);
    assert!(rows[2].contains("web"), "the old result stays: {}", rows[2]);
}

#[test]
fn the_question() {
    let mut screen = small("");
    screen.app.update(prompt(1));
    screen.app.update(prompt(2));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert_snapshot!("prompt-80x24", screen.picture());
}

#[test]
fn only_y_accepts_and_only_once_it_could_be_read() {
    let mut screen = small("/ w");
    screen.app.update(prompt(1));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert_eq!(
        screen.keys("e b y n backspace backspace enter"),
        [],
        "somebody types"
    );
    assert!(
        screen.rows()[1].contains("/web"),
        "all letters went to the line"
    );
    assert_eq!(screen.keys("y n enter space"), [], "it has just appeared");
    screen.tick(Millis(fake::NOW.0 + 2_000));
    screen.app.update(Event::Paste("y\n".to_owned()));
    assert_eq!(screen.keys("enter space"), []);
    assert_eq!(screen.keys("y"), [Effect::Answer(PromptId(1), Answer::Yes)]);
}

#[test]
fn no_is_the_answer_to_escape_and_all_answers_all() {
    let mut screen = small("");
    for id in 1..=4 {
        screen.app.update(prompt(id));
    }
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert_eq!(
        screen.keys("esc"),
        [Effect::Answer(PromptId(1), Answer::No)]
    );
    screen.app.update(Event::PromptGone(PromptId(3)));
    assert_eq!(screen.keys("A"), [], "the next one has just appeared");
    screen.tick(Millis(fake::NOW.0 + 2_000));
    let yes = [2, 4].map(|id| Effect::Answer(PromptId(id), Answer::Yes));
    assert_eq!(screen.keys("A"), yes);
    assert_eq!(screen.keys("q"), [Effect::Quit]);
}

#[test]
fn a_fingerprint_that_is_not_seen_whole_is_not_accepted() {
    for (size, answers) in [
        ((60, 15), 1),
        ((30, 20), 1),
        ((30, 14), 0),
        ((22, 30), 0),
        ((80, 6), 0),
    ] {
        let mut screen = Screen::new(size, few());
        screen.app.update(prompt(1));
        screen.tick(Millis(fake::NOW.0 + 1_000));
        let text: String = screen
            .rows()
            .concat()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect();
        let is_whole = ["SHA256", "uNiVztksCsDhcc0u", "VYqzM"]
            .iter()
            .all(|part| text.contains(part));
        assert_eq!(is_whole, answers == 1, "{size:?}");
        assert_eq!(screen.keys("y").len(), answers, "{size:?}");
    }
}

#[test]
fn read_only_refuses_only() {
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut screen = Screen::with(settings, SMALL, few());
    screen.app.update(prompt(1));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert_eq!(
        screen.keys("y A n"),
        [Effect::Answer(PromptId(1), Answer::No)]
    );
}

#[test]
fn opening_and_leaving_a_node_moves_the_focus() {
    let mut screen = small("o");
    let focus = |name: &str| Effect::Focus(Some(NodeId::new(name)));
    assert_eq!(screen.keys("enter"), [focus("db1")]);
    assert_eq!(screen.keys("right"), [focus("db2")]);
    assert_eq!(screen.keys("n"), [focus("gpu03")]);
    assert_eq!(
        screen.keys("ctrl-r"),
        [Effect::Retry(vec![NodeId::new("gpu03")])]
    );
    assert_eq!(screen.keys("esc"), [Effect::Focus(None)]);
    assert!(
        screen
            .rows()
            .iter()
            .any(|r| r.contains('▌') && r.contains("gpu03"))
    );
}

#[test]
fn a_node_that_leaves_the_inventory_closes_its_view() {
    let mut screen = small("o enter");
    let mut fleet = few();
    fleet.nodes.retain(|n| n.node.id.as_str() != "db1");
    fleet.inventory = Arc::default();
    let effects = screen.app.update(Event::Snapshot(Arc::new(fleet)));
    assert_eq!(effects, [Effect::Focus(None)]);
    assert!(screen.rows()[2].contains("NODE"));
}

#[test]
fn marks_and_filters_meet_in_a_retry() {
    let mut screen = small("/");
    screen.text("@db");
    screen.keys("enter *");
    assert!(
        screen.rows()[1].contains("/@db · 4 shown · ◉ 4 marked"),
        "{}",
        screen.rows()[1]
    );
    screen.keys("z");
    let retry = screen.keys("ctrl-r");
    let names = ["db1", "db2", "db3", "db4"].map(NodeId::new);
    assert_eq!(retry, [Effect::Retry(names.to_vec())]);
    screen.keys("esc");
    assert!(screen.rows()[1].contains("◉ 4 marked"));
    screen.keys("esc");
    assert!(!screen.rows()[1].contains("marked"));
}

#[test]
fn the_cursor_stays_on_its_node() {
    let mut screen = small("G");
    let name = |screen: &Screen| {
        let rows = screen.rows();
        let row = rows.iter().find(|r| r.starts_with('▌')).unwrap();
        row.split_whitespace().nth(2).unwrap().to_owned()
    };
    let before = name(&screen);
    screen.keys("o");
    assert_eq!(name(&screen), before);
    screen.keys("I");
    assert_eq!(name(&screen), before);
    screen.keys("z");
    screen.keys("Z");
    assert_eq!(name(&screen), before);
}

#[test]
fn states_are_told_apart_without_colours() {
    let settings = Settings {
        theme: Theme::load("mono").unwrap(),
        glyphs: Glyphs { ascii: true },
        ..Settings::default()
    };
    let screen = Screen::with(settings, SMALL, few());
    let buf = screen.draw();
    assert!(buf.content.iter().all(|c| c.symbol().is_ascii()));
    let rows = screen.rows();
    assert_snapshot!("mono-80x24", rows.join("\n"));
    let reversed = |y: u16| buf[(40, y)].modifier.contains(Modifier::REVERSED);
    assert!(reversed(3) && !reversed(4), "the cursor is seen by reverse");
}

#[test]
fn every_size_draws_something_and_none_panics() {
    let prepared: Vec<Screen> = ["", "z", "z z z", "?", "C", "/", "enter"]
        .into_iter()
        .map(|keys| {
            let mut screen = Screen::new(SMALL, few());
            screen.keys("Z");
            screen.keys(keys);
            screen
        })
        .collect();
    let mut views = prepared.iter().cycle();
    for width in 1..=200 {
        for height in (1..=70).skip(width % 5).step_by(5).chain([1, 2, 4, 5, 12]) {
            let Some(view) = views.next() else { return };
            let mut screen = view.clone();
            screen.resize(width as u16, height);
            screen.keys("down G right");
            let is_blank = screen.rows().iter().all(|r| r.trim().is_empty());
            assert!(!is_blank, "{width}x{height}");
        }
    }
}

#[test]
fn small_screens_still_work() {
    let screen = Screen::new((40, 10), few());
    assert_snapshot!("table-40x10", screen.rows().join("\n"));
    let screen = Screen::new((15, 3), few());
    assert!(
        screen.rows()[0].contains("too small"),
        "{}",
        screen.rows()[0]
    );
}

#[test]
fn only_rows_on_the_screen_are_built() {
    let settings = Settings {
        density: Some(Density::Table),
        ..Settings::default()
    };
    let screen = Screen::with(settings, SMALL, many());
    let mut buf = ratatui::buffer::Buffer::empty(screen.area);
    assert_eq!(screen.app.render(screen.area, &mut buf), 20);
}

#[test]
fn nothing_known_is_said() {
    let screen = Screen::new(SMALL, Snapshot::default());
    assert!(screen.rows().iter().any(|r| r.contains("no nodes yet")));
    let mut screen = small("/");
    screen.text("nonesuch");
    assert!(
        screen
            .rows()
            .iter()
            .any(|r| r.contains("no node matches the filter"))
    );
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned().into())
}

fn password(id: u64, user: &str) -> Event {
    Event::Prompt(Prompt {
        id: PromptId(id),
        node: NodeId::new(&format!("web{id}")),
        question: Question::Password {
            user: user.into(),
            host: "[web.example.org]:2222".into(),
            attempt: 2,
        },
    })
}

fn codes() -> Event {
    let field = |label: &str, echo| Field {
        label: label.into(),
        echo,
    };
    Event::Prompt(Prompt {
        id: PromptId(9),
        node: NodeId::new("web9"),
        question: Question::Codes {
            user: "ops".into(),
            host: "web9".into(),
            name: "Two-factor \u{1b}[31mlogin".into(),
            instruction: "Type the code that your telephone shows, or 1 for a call.".into(),
            fields: vec![field("Verification code:", false), field("Room:", true)],
        },
    })
}

#[test]
fn a_password_is_typed_unseen_and_sent_with_enter() {
    let mut screen = small("");
    screen.app.update(password(1, "ops"));
    screen.text("hunted");
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert_eq!(screen.keys("q y n ?"), [], "letters are text");
    screen.app.update(Event::Paste("hunter2\n".to_owned()));
    let shown = screen.rows().concat();
    assert!(!shown.contains("hunter2") && shown.contains("•••••••••••_"));
    assert!(!format!("{:?}", screen.app).contains("hunter2"));
    assert_snapshot!("password-80x24", screen.picture());
    let effects = screen.keys("enter");
    assert!(!format!("{effects:?}").contains("hunter2"));
    let answer = Answer::Secrets(vec![secret("qyn?hunter2")]);
    assert_eq!(effects, [Effect::Answer(PromptId(1), answer)]);
    assert_eq!(screen.keys("q"), [Effect::Quit]);
}

#[test]
fn one_password_for_all_is_a_wish_of_its_own() {
    let mut screen = small("");
    for (id, user) in [(1, "ops"), (2, "ops"), (3, "root")] {
        screen.app.update(password(id, user));
    }
    screen.app.update(prompt(4));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert!(screen.rows().concat().contains("[ ] also for the 1 others"));
    screen.text("x");
    let for_all = Answer::ForAll(vec![secret("x")]);
    assert_eq!(
        screen.keys("tab enter"),
        [Effect::Answer(PromptId(1), for_all)]
    );
    assert_eq!(screen.keys("enter"), [], "the next one has just appeared");
    screen.app.update(Event::PromptGone(PromptId(2)));
    screen.tick(Millis(fake::NOW.0 + 2_000));
    screen.text("y");
    let one = Answer::Secrets(vec![secret("y")]);
    assert_eq!(
        screen.keys("tab enter"),
        [Effect::Answer(PromptId(3), one)],
        "no other asks for root's"
    );
}

#[test]
fn codes_have_a_line_each_and_none_is_left_behind() {
    let mut screen = small("");
    screen.app.update(codes());
    screen.app.update(password(1, "ops"));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    screen.text("123");
    assert_eq!(screen.keys("enter"), []);
    screen.text("B2");
    assert_snapshot!("codes-80x24", screen.picture());
    assert_eq!(screen.keys("up backspace enter"), []);
    let answer = Answer::Secrets(vec![secret("12"), secret("B2")]);
    assert_eq!(screen.keys("enter"), [Effect::Answer(PromptId(9), answer)]);
    screen.tick(Millis(fake::NOW.0 + 2_000));
    assert!(!screen.rows().concat().contains("B2"));
    assert_eq!(
        screen.keys("esc"),
        [Effect::Answer(PromptId(1), Answer::No)]
    );
}

#[test]
fn nothing_is_typed_into_a_question_that_is_not_seen_whole() {
    let mut screen = Screen::new((40, 10), few());
    screen.app.update(codes());
    screen.tick(Millis(fake::NOW.0 + 1_000));
    screen.text("123");
    screen.resize(80, 24);
    assert!(!screen.rows().concat().contains('•'));
    screen.resize(40, 10);
    assert_eq!(screen.keys("enter"), []);
    assert_eq!(
        screen.keys("esc"),
        [Effect::Answer(PromptId(9), Answer::No)]
    );
    screen.app.update(Event::Prompt(Prompt {
        id: PromptId(10),
        node: NodeId::new("web1"),
        question: Question::Passphrase {
            file: "~/.ssh/id_ed25519".into(),
            attempt: 1,
        },
    }));
    screen.tick(Millis(fake::NOW.0 + 2_000));
    screen.text("abc");
    assert_snapshot!("passphrase-40x10", screen.picture());
}
