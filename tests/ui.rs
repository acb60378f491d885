//! The screen from keys to cells: each view at two sizes with the roles of its colours, and what keys and questions lead to.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where it fails"
)]

#[path = "support/fake.rs"]
mod fake;
#[path = "support/screen.rs"]
mod screen;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use insta::assert_snapshot;
use ratatui::style::Modifier;
use screen::{Screen, with_groups};
use sshoal::{
    config::{File, keymap::KeyMap},
    fleet::{Link, Millis, NodeState, Snapshot, Status, filter::Filter},
    inventory::Inventory,
    metrics::{Sample, health::Health},
    node::{Node, NodeId, Transport},
    ssh::{Answer, Prompt, PromptId, Question, Row},
    ui::{
        Settings,
        effect::Effect,
        event::Event,
        glyph::Glyphs,
        order::Sort,
        theme::Theme,
        view::{columns::Column, fleet::Density},
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
fn the_worst_have_the_room_that_cells_leave() {
    for size in [(110, 32), (80, 24)] {
        let mut screen = Screen::new(size, few());
        screen.keys(if size.0 < 100 { "z" } else { "z z" });
        let rows = screen.rows().join("\n");
        assert!(rows.contains("heatmap of"), "{rows}");
        assert!(
            rows.contains("no answer from 10.0.3.12:22 within 10 s"),
            "{rows}"
        );
    }
}

#[test]
fn the_worst_stand_below_cells_that_take_the_whole_width() {
    let rows = Screen::new(SMALL, fake::fleet(150)).rows();
    let heading = rows.iter().position(|row| row.starts_with("WORST"));
    assert!(heading.is_some_and(|at| at > 4), "{rows:#?}");
    let reason = "no answer from 10.0.3.12:22 within 10 s";
    assert!(rows.iter().any(|row| row.contains(reason)), "{rows:#?}");
}

#[test]
fn a_narrow_table_has_figures_before_the_end_of_reasons() {
    let rows = Screen::new((40, 12), few()).rows();
    let headings = rows.iter().find(|row| row.contains("NODE")).unwrap();
    for heading in ["CPU", "LOAD", "MEM", "STATE"] {
        assert!(headings.contains(heading), "{headings}");
    }
}

#[test]
fn the_next_theme_says_its_name() {
    let screen = small("T");
    assert!(screen.rows()[1].contains("theme: "), "{}", screen.rows()[1]);
}

#[test]
fn the_help() {
    assert_snapshot!("help-80x24", small("? G").picture());
    let mut screen = Screen::new(LARGE, few());
    screen.keys("?");
    assert_snapshot!("help-200x50", screen.picture());
}

fn connection(n: usize) -> Row {
    let seconds = |s: u64| Duration::from_secs(s);
    Row {
        server: format!("ops@10.0.3.{}:22", n + 3),
        transport: if n % 4 == 3 {
            Transport::Jump
        } else {
            Transport::Direct
        },
        bulk: n % 8 == 5,
        age: seconds(4000 / (n as u64 + 1)),
        setup: Duration::from_millis(31 + 7 * n as u64),
        channels: n % 3,
        limit: if n % 5 == 1 { 2 } else { 10 },
        opened: 3 + n,
        idle: n.is_multiple_of(3).then(|| seconds(n as u64)),
    }
}

#[test]
fn the_connections() {
    for (size, name) in [(SMALL, "pool-80x24"), (LARGE, "pool-200x50")] {
        let mut screen = Screen::new(size, few());
        assert_eq!(screen.keys("P"), [Effect::Connections(true)]);
        assert!(screen.picture().contains("looking"));
        let mut snapshot = few();
        snapshot.connections = Some(Arc::new((0..24).map(connection).collect()));
        screen.app.update(Event::Snapshot(Arc::new(snapshot)));
        screen.keys("down");
        assert_snapshot!(name, screen.picture());
        assert_eq!(screen.keys("P"), [Effect::Connections(false)]);
    }
}

#[test]
fn the_menu_of_columns() {
    assert_snapshot!("columns-80x24", small("C j j space j right").picture());
}

#[test]
fn the_menu_says_which_columns_find_no_room() {
    let narrow = small("C");
    let lacks = |rows: &[String]| rows.iter().filter(|row| row.contains("no room")).count();
    assert!(
        narrow.rows()[2].contains("no room for "),
        "{}",
        narrow.rows()[2]
    );
    assert!(lacks(&narrow.rows()) > 1);
    let mut wide = Screen::new(LARGE, few());
    wide.keys("z Z z C");
    assert_eq!(lacks(&wide.rows()), 0, "{}", wide.rows().join("\n"));
}

#[test]
fn what_was_chosen_is_there_again_after_a_restart() {
    let mut first = small("");
    let untouched = first.app.choices();
    assert_eq!(untouched.view, None);
    first.keys("o I C j j space j right esc");
    let chosen = first.app.choices();
    assert_eq!(
        (chosen.sort.as_deref(), chosen.inverted),
        (Some("name"), Some(true))
    );
    first.keys("z Z");
    assert_eq!(first.app.choices().view.as_deref(), Some("table"));
    let settings = Settings {
        theme: screen::theme(),
        ..Settings::recall(&first.app.choices())
    };
    let again = Screen::with(settings, SMALL, few());
    assert_eq!(again.app.choices(), first.app.choices());
    assert_ne!(again.rows(), small("").rows());
    assert_eq!(again.rows(), first.rows());
}

#[test]
fn the_help_has_two_columns_where_they_have_room() {
    let rows = |width: u16, keys: &str| {
        let mut screen = Screen::new((width, 32), few());
        screen.keys(keys);
        screen.rows()
    };
    let first = rows(110, "?").join("\n");
    assert!(
        first.contains("the runs: commands on many nodes"),
        "{first}"
    );
    assert!(first.contains("Typing a filter"), "{first}");
    for page in ["?", "? pagedown", "? G"] {
        let text = rows(110, page).join("\n");
        assert!(!text.contains('…'), "{text}");
    }
    let narrow = rows(99, "?").join("\n");
    assert!(!narrow.contains("Typing a filter"), "{narrow}");
}

#[test]
fn own_keys_work_and_are_what_help_and_hints_show() {
    let file = File::parse("keys: {fleet: {filter: f9}}").unwrap();
    let settings = Settings {
        keys: KeyMap::remapped(&file.keys).unwrap(),
        ..Settings::default()
    };
    let mut screen = Screen::with(settings, SMALL, few());
    assert!(
        screen.rows()[23].contains("f9 filter"),
        "{}",
        screen.rows()[23]
    );
    screen.keys("? ");
    let help = screen.rows().join("\n");
    assert!(help.contains("f9") && !help.contains("/ f4"), "{help}");
    screen.keys("esc f9 w e b");
    assert!(screen.rows()[1].contains("/web"), "{}", screen.rows()[1]);
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
fn a_filter_that_a_new_inventory_cannot_read_says_so() {
    let mut screen = small("/");
    screen.text("@web");
    screen.keys("enter");
    let before = screen.rows();
    screen.app.update(Event::Snapshot(Arc::new(few())));
    let after = screen.rows();
    assert!(after[1].contains("▲ /@web: "), "{}", after[1]);
    assert!(after[1].contains("shown as last read"), "{}", after[1]);
    assert_eq!(before[2..], after[2..]);
}

#[test]
fn the_question() {
    let mut screen = small("");
    screen.app.update(prompt(1));
    screen.app.update(prompt(2));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert_snapshot!("prompt-80x24", screen.picture());
    assert!(screen.rows().concat().contains("A accept all 2"));
    screen.app.update(Event::PromptGone(PromptId(2)));
    assert!(!screen.rows().concat().contains("accept all"));
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
    let rows = screen.rows();
    assert!(
        rows[1].contains("db1 is no longer in the inventory"),
        "{}",
        rows[1]
    );
    assert!(rows[2].contains("NODE"));
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
fn esc_takes_the_newer_of_filter_and_faults_back_first() {
    let mut screen = small("/");
    screen.text("@db");
    screen.keys("enter f");
    let head = |screen: &Screen| screen.rows()[1].clone();
    assert!(head(&screen).contains("/@db · only faults"));
    screen.keys("esc");
    assert!(head(&screen).contains("/@db") && !head(&screen).contains("faults"));
    screen.keys("esc");
    assert!(!head(&screen).contains("shown"), "{}", head(&screen));
    screen.keys("f /");
    screen.text("@db");
    screen.keys("enter esc");
    assert!(!head(&screen).contains("/@db") && head(&screen).contains("only faults"));
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

#[test]
fn the_title_says_by_what_rows_are_ordered() {
    let title = |sort| {
        let settings = Settings {
            sort,
            density: Some(Density::Table),
            ..Settings::default()
        };
        Screen::with(settings, SMALL, many()).rows()[1].clone()
    };
    assert!(
        title(Sort::Name).contains("by NODE↑"),
        "{}",
        title(Sort::Name)
    );
    // A column that has no room at this width.
    let hidden = Sort::Column(Column::named("gpu.temp").unwrap());
    assert!(title(hidden).contains("↓"), "{}", title(hidden));
}

#[test]
fn the_age_in_the_header_is_that_of_the_oldest_values_of_a_connected_node() {
    // One of them has been silent for 14 s; others, without a connection, for longer.
    let screen = Screen::new(SMALL, few());
    assert!(
        screen.rows()[0].contains("data 14s"),
        "{}",
        screen.rows()[0]
    );
    let mut lost = few();
    lost.nodes.retain(|n| !matches!(n.link, Link::Up(_)));
    let first = &Screen::new(SMALL, lost).rows()[0];
    assert!(!first.contains("data"), "{first}");
}

#[test]
fn a_notice_that_is_cut_says_so() {
    let mut fleet = few();
    fleet.notice = Some(format!("kept the old inventory: {}", "word ".repeat(20)));
    for (ascii, sign) in [(false, "…"), (true, "~")] {
        let settings = Settings {
            glyphs: Glyphs { ascii },
            ..Settings::default()
        };
        let screen = Screen::with(settings, SMALL, fleet.clone());
        let line = &screen.rows()[1];
        assert!(line.trim_end().ends_with(sign), "{line}");
        assert_eq!(line.chars().count(), 80);
    }
}

/// What the second line says.
fn said(screen: &Screen) -> String {
    screen.rows()[1].clone()
}

#[test]
fn why_no_node_is_shown_is_true() {
    let mut well = few();
    well.nodes.retain(|n| n.status(well.at) == Status::Ok);
    let shown = |text: &str, (before, after): (&str, &str)| {
        let mut screen = Screen::new(SMALL, well.clone());
        screen.keys(before);
        screen.keys("/");
        screen.text(text);
        screen.keys("enter");
        screen.keys(after);
        screen.rows().join("\n")
    };
    for (order, way_out) in [
        (("f", ""), "esc drops the filter"),
        (("", "f"), "esc shows all of it"),
    ] {
        let both = shown("web", order);
        assert!(
            both.contains("no node of the filter is in trouble"),
            "{both}"
        );
        assert!(both.contains(way_out), "{both}");
    }
    for (order, way_out) in [
        (("f", ""), "esc drops it"),
        (("", "f"), "esc asks for trouble no longer"),
    ] {
        let none = shown("nonesuch", order);
        assert!(none.contains("no node matches the filter"), "{none}");
        assert!(none.contains(way_out), "{none}");
    }
    let mut screen = Screen::new(SMALL, well);
    screen.keys("f");
    let faults = screen.rows().join("\n");
    assert!(faults.contains("no node is in trouble"), "{faults}");
    assert!(faults.contains("esc shows all"), "{faults}");
}

#[test]
fn a_key_that_shows_nothing_says_what_it_did() {
    let mut screen = small("X");
    assert!(said(&screen).contains("forgotten"), "{}", said(&screen));
    screen.keys("m");
    let line = said(&screen);
    assert!(line.contains("the heatmap shows load per core"), "{line}");
    let mut well = few();
    well.nodes.retain(|n| n.status(well.at) == Status::Ok);
    let mut screen = Screen::new(SMALL, well);
    for keys in ["n", "T enter N"] {
        screen.keys(keys);
        assert!(said(&screen).contains("no node is in trouble"), "{keys}");
    }
}

#[test]
fn read_only_says_why_a_question_takes_no_yes() {
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut screen = Screen::with(settings, SMALL, few());
    screen.app.update(prompt(1));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert_eq!(screen.keys("y"), []);
    assert!(said(&screen).contains("read-only"), "{}", said(&screen));
}

#[test]
fn the_node_that_was_opened_is_the_one_that_the_cursor_is_on() {
    let mut screen = Screen::new(SMALL, few());
    let opened = screen.keys("enter");
    let [Effect::Focus(Some(first))] = opened.as_slice() else {
        unreachable!("a node is opened: {opened:?}");
    };
    // It gets well, so that another one is the worst now.
    let later = Millis(fake::NOW.0 + 20_000);
    let mut fleet = fake::at(24, later);
    for node in &mut fleet.nodes {
        if node.node.id == *first {
            *node = Arc::new(well(node, later));
        }
    }
    screen
        .app
        .update(Event::Snapshot(Arc::new(with_groups(fleet))));
    screen.keys("esc");
    assert_eq!(screen.keys("enter"), [Effect::Focus(Some(first.clone()))]);
}

fn well(node: &NodeState, now: Millis) -> NodeState {
    let mut state = node.clone();
    state.health = Health::default();
    state.sample_at = now;
    state.link = few().nodes[0].link.clone();
    state
}

#[test]
fn a_narrow_screen_tells_the_reason_of_the_node_under_the_cursor() {
    let mut screen = Screen::new((40, 12), few());
    let reason = "10.0.3.12:22 within 10 s";
    screen.keys("o o o");
    let cursor = screen.rows()[3].clone();
    assert!(cursor.starts_with("▌ ✖ db2"), "{cursor}");
    assert!(!screen.rows()[2..].join("\n").contains(reason));
    let line = said(&screen);
    assert!(
        line.contains("no answer from 10.0.3.12:22 within 10 s"),
        "{line}"
    );
}

#[test]
fn a_cut_state_says_that_it_is_cut() {
    let mut fleet = few();
    for node in &mut fleet.nodes {
        let state = Arc::make_mut(node);
        if let Link::Up(_) = state.link {
            state.link = Link::Authenticating;
        }
    }
    let mut screen = Screen::new((36, 12), fleet);
    screen.keys("o");
    let rows = screen.rows();
    let row = rows.iter().find(|row| row.contains("authen")).unwrap();
    assert!(row.trim_end().ends_with('…'), "{rows:#?}");
}

#[test]
fn a_long_name_leaves_the_hints_their_room() {
    let mut fleet = many();
    for (n, node) in fleet.nodes.iter_mut().enumerate() {
        let state = Arc::make_mut(node);
        let name = format!("{}-{n}.example.org", "long".repeat(18));
        let renamed = Node {
            id: NodeId::new(&name),
            ..Node::clone(&state.node)
        };
        state.node = Arc::new(renamed);
    }
    let screen = Screen::new(SMALL, fleet);
    let footer = screen.rows()[23].clone();
    assert!(
        footer.contains("? help") && footer.contains("enter open"),
        "{footer}"
    );
    assert!(footer.contains("…") && footer.contains("1/300"), "{footer}");
}

#[test]
fn a_wide_text_of_a_server_is_read_to_its_end() {
    let mut screen = small("");
    let asked = "認証アプリに表示されている六桁のワンタイムコードを入力してから送信してください";
    screen.app.update(Event::Prompt(Prompt {
        id: PromptId(1),
        node: NodeId::new("web1"),
        question: Question::Codes {
            user: "ops".into(),
            host: "web1".into(),
            name: "".into(),
            instruction: asked.into(),
            fields: Vec::new(),
        },
    }));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    let text: String = screen.rows().concat();
    let shown: String = text.chars().filter(|c| asked.contains(*c)).collect();
    assert_eq!(shown, asked);
}

#[test]
fn the_keys_of_a_secret_are_those_in_force() {
    let file = File::parse("keys: {secret: {send: ctrl-y}}").unwrap();
    let settings = Settings {
        keys: KeyMap::remapped(&file.keys).unwrap(),
        ..Settings::default()
    };
    let mut screen = Screen::with(settings, SMALL, few());
    screen.app.update(Event::Prompt(Prompt {
        id: PromptId(1),
        node: NodeId::new("web1"),
        question: Question::Password {
            user: "ops".into(),
            host: "web1".into(),
            attempt: 1,
        },
    }));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    let rows = screen.rows();
    let answers = rows.iter().find(|row| row.contains("decline"));
    assert!(
        answers.is_some_and(|row| row.contains("ctrl-y send")),
        "{rows:#?}"
    );
}

#[test]
fn the_sorted_column_has_its_arrow_and_is_on_the_screen() {
    for size in [(80, 24), (110, 32), (160, 40)] {
        let settings = Settings {
            density: Some(Density::Table),
            ..Settings::default()
        };
        let mut screen = Screen::with(settings, size, few());
        for keys in [">", "<", "I <"] {
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..20 {
                screen.keys(keys);
                let head = screen.rows()[2].clone();
                let arrows = head.matches(['↓', '↑']).count();
                assert_eq!(arrows, 1, "{keys} {}\n{head}", said(&screen));
                seen.insert(head);
            }
            assert!(seen.len() > 7, "{keys}: {seen:?}");
        }
    }
}

#[test]
fn from_a_column_without_room_the_order_goes_to_the_next_on_the_screen() {
    let settings = Settings {
        sort: Sort::Column(Column::named("gpu.temp").unwrap()),
        density: Some(Density::Table),
        ..Settings::default()
    };
    for (key, heading) in [(">", "RX↓"), ("<", "GPU↓")] {
        let mut screen = Screen::with(settings.clone(), SMALL, few());
        assert!(!screen.rows()[2].contains(['↓', '↑']));
        screen.keys(key);
        let head = screen.rows()[2].clone();
        assert!(head.contains(heading), "{head}");
    }
    // By name is by the first column.
    let mut screen = small("o >");
    screen.keys("Z z");
    assert!(!screen.rows()[2].contains("NODE↑"), "{}", screen.rows()[2]);
}

#[test]
fn what_a_heading_says_is_a_word_of_the_filter() {
    let inventory = Inventory::default();
    let is_number = |column: &Column| {
        let id = column.name();
        !id.starts_with('~') && !["node", "group", "daemons", "reason"].contains(&id.as_str())
    };
    for column in Column::all().into_iter().filter(is_number) {
        for heading in [column.heading().to_lowercase(), column.heading().to_owned()] {
            let text = format!("{heading}>1");
            let read = Filter::parse(&text, &inventory);
            assert!(read.is_ok(), "{text}: {read:?}");
        }
    }
}

#[test]
fn a_key_that_comes_to_nothing_says_why_and_is_no_hint() {
    let footer = |screen: &Screen| screen.rows().pop().unwrap();
    let wide = (250, 40);
    let up = {
        let mut fleet = few();
        let now = fleet.at;
        fleet.nodes.retain(|n| n.status(now) == Status::Ok);
        fleet
    };
    let mut screen = Screen::new(wide, up.clone());
    for (keys, words, hints) in [
        (
            "Z Z Z",
            "tiles are the roomiest view",
            ["ctrl-r retry", "C columns"],
        ),
        (
            "z z z",
            "the heatmap is the densest view",
            ["z denser", "next fault"],
        ),
        ("u", "no node is marked", ["C columns", "ctrl-r retry"]),
        (
            "ctrl-r",
            "is connected, or being",
            ["z denser", "ctrl-r retry"],
        ),
        (
            "* ctrl-r",
            "nodes is connected",
            ["z denser", "ctrl-r retry"],
        ),
    ] {
        screen.keys(keys);
        assert!(said(&screen).contains(words), "{keys}: {}", said(&screen));
        for hint in hints {
            assert!(
                !footer(&screen).contains(hint),
                "{keys}: {}",
                footer(&screen)
            );
        }
    }
    let mut screen = Screen::new(wide, up);
    screen.keys("z z");
    assert!(footer(&screen).contains("m signal"), "{}", footer(&screen));
    assert!(footer(&screen).contains("Z roomier"), "{}", footer(&screen));
    screen.keys("enter ctrl-r");
    assert!(said(&screen).contains("is connected"), "{}", said(&screen));
}

#[test]
fn a_node_without_daemons_says_that_there_is_none_to_choose() {
    let wide = (250, 40);
    let mut bare = few();
    for node in &mut bare.nodes {
        let node = Arc::make_mut(node);
        let mut sample = node
            .sample
            .as_deref()
            .map_or_else(Sample::default, |s| (**s).clone());
        sample.daemon.daemons.clear();
        node.sample = Some(Arc::new(sample.into()));
    }
    let mut screen = Screen::new(wide, bare);
    screen.keys("enter tab");
    assert!(
        said(&screen).contains("no daemon is watched"),
        "{}",
        said(&screen)
    );
}

#[test]
fn a_host_key_question_says_which_keys_it_takes() {
    let mut screen = small("");
    screen.app.update(prompt(1));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert_eq!(screen.keys("?"), []);
    assert!(said(&screen).contains("y accepts"), "{}", said(&screen));
}

#[test]
fn a_trouble_of_our_own_is_said_in_every_view_and_told_whole_by_the_help() {
    let mut fleet = few();
    let end = "unknown key `adress`; did you mean `address`?";
    fleet.notice = Some(format!(
        "kept the old inventory: {}hosts.yaml:12:5: {end}",
        "folder/".repeat(9)
    ));
    for keys in ["z", "Z Z", "z z", "enter", "r", "P", "?"] {
        let mut screen = Screen::new(SMALL, fleet.clone());
        screen.keys(keys);
        assert!(
            said(&screen).contains("kept the old inventory"),
            "{keys}: {}",
            said(&screen)
        );
        assert!(!said(&screen).contains(end), "{keys}");
    }
    for keys in ["?", "enter ?"] {
        let mut screen = Screen::new(SMALL, fleet.clone());
        let footer = screen.rows().pop().unwrap();
        assert!(footer.contains("? help, message"), "{footer}");
        screen.keys(keys);
        let words = screen.rows().join(" ").replace(['│', '┃'], " ");
        let words: Vec<&str> = words.split_whitespace().collect();
        assert!(words.join(" ").contains(end), "{}", words.join(" "));
    }
}

#[test]
fn the_help_knows_every_sign_of_the_views() {
    let mut screen = Screen::new((200, 120), few());
    screen.keys("?");
    let help = screen.rows().join("\n");
    for (sign, meaning) in [
        ("?", "daemon is not known"),
        ("~", "daemon starts or stops"),
        ("d", "the fullest disk"),
        ("g", "the GPUs"),
    ] {
        let line = help.lines().find(|line| line.contains(meaning));
        let line = line.unwrap_or_else(|| unreachable!("{meaning}:\n{help}"));
        assert!(line.contains(&format!(" {sign}  ")), "{line}");
    }
}

#[test]
fn the_menu_of_columns_says_that_it_is_for_the_table() {
    for keys in ["Z Z C", "z z C"] {
        let screen = small(keys);
        let title = screen.rows()[2].clone();
        assert!(title.contains("Columns of the table"), "{title}");
    }
}

#[test]
fn what_is_wrong_is_not_cut_for_the_sake_of_a_passing_word() {
    let rule = |screen: &Screen| {
        let line = said(screen);
        let at = line.find(" on ").filter(|_| line.contains(" node"));
        at.is_some()
    };
    let mut screen = small("");
    assert!(rule(&screen), "{}", said(&screen));
    screen
        .app
        .greet(&"enter opens a node, l its log, ! runs a command ".repeat(2));
    assert!(rule(&screen), "{}", said(&screen));
    assert!(said(&screen).contains("enter opens"), "{}", said(&screen));
    let mut screen = small("T");
    assert!(said(&screen).contains("theme:"));
    screen.tick(Millis(fake::NOW.0 + 3_000));
    assert!(!said(&screen).contains("theme:"), "{}", said(&screen));
}
