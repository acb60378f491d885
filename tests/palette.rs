//! The palette from keys to effects: what it offers, what it says it will do, what it does, and what it refuses.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "support/fake.rs"]
mod fake;
#[path = "support/screen.rs"]
#[expect(dead_code, reason = "other test files use the rest of it")]
mod screen;

use std::sync::{Arc, OnceLock};

use crokey::KeyCombination;
use insta::assert_snapshot;
use proptest::prelude::*;
use screen::Screen;
use sshoal::{
    config::history::History,
    exec::RunOrder,
    fleet::{Link, Snapshot},
    node::Node,
    ui::{Settings, effect::Effect, event::Event, view::fleet::Density},
};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 50);

/// A fleet whose databases are protected.
fn fleet() -> Snapshot {
    static FLEET: OnceLock<Snapshot> = OnceLock::new();
    let made = || {
        let mut fleet = fake::fleet(24);
        for state in &mut fleet.nodes {
            if state.node.id.as_str().starts_with("db") {
                let state = Arc::make_mut(state);
                state.node = Arc::new(Node {
                    protected: true,
                    ..Node::clone(&state.node)
                });
            }
        }
        fleet
    };
    FLEET.get_or_init(made).clone()
}

fn open(size: (u16, u16), read_only: bool) -> Screen {
    let mut history = History::default();
    for line in [
        "!tail -n3 /var/log/syslog",
        "filter load>4",
        "!df -h /data",
        "!uptime",
    ] {
        history.push(line);
    }
    let settings = Settings {
        theme: screen::theme(),
        density: Some(Density::Table),
        read_only,
        history,
        ..Settings::default()
    };
    Screen::with(settings, size, fleet())
}

/// Types keys, and texts in quotes: `: 'mark @web' enter`.
fn typed(screen: &mut Screen, script: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (n, part) in script.split('\'').enumerate() {
        if n % 2 == 0 {
            effects.extend(screen.keys(part));
        } else {
            screen.app.update(Event::Paste(part.to_owned()));
        }
    }
    effects
}

fn after(script: &str) -> (Screen, Vec<Effect>) {
    let mut screen = open(SMALL, false);
    let effects = typed(&mut screen, script);
    (screen, effects)
}

/// The lower lines of the screen: the line, and what is said under it.
fn below(screen: &Screen) -> String {
    let rows = screen.rows();
    let shown: Vec<&str> = rows
        .iter()
        .map(|row| row.trim())
        .skip(12)
        .take(11)
        .collect();
    shown.join("\n")
}

fn order(effects: &[Effect]) -> (String, String, Vec<String>) {
    let order: &Arc<RunOrder> = match effects {
        [Effect::Run(order)] => order,
        other => unreachable!("{other:?}"),
    };
    let nodes = order
        .nodes()
        .iter()
        .map(|node| node.id.to_string())
        .collect();
    (order.command.clone(), order.selector.clone(), nodes)
}

#[test]
fn a_newcomer_sees_what_there_is() {
    assert_snapshot!("commands-80x24", after(":").0.picture());
    let mut large = open(LARGE, false);
    large.keys(":");
    assert_snapshot!("commands-200x50", large.picture());
    assert_snapshot!("match-80x24", after(": 'ark' tab").0.rows().join("\n"));
}

#[test]
fn what_will_be_run_is_said_while_it_is_typed() {
    assert_snapshot!(
        "run-80x24",
        after("space space space ! 'systemctl restart nginx'")
            .0
            .picture()
    );
    assert_snapshot!(
        "danger-80x24",
        after(": 'exec @db,web1 -- rm -rf /'").0.rows().join("\n")
    );
    let mut large = open(LARGE, false);
    typed(
        &mut large,
        "* ! 'for f in /etc/*.conf; do' alt-enter '  wc -l $f' ctrl-j 'done'",
    );
    assert_snapshot!("script-200x50", large.rows().join("\n"));
    assert_snapshot!("search-80x24", after(": ctrl-r 'd'").0.rows().join("\n"));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_command_runs_on_the_marked_nodes_else_on_the_one_under_the_cursor() {
    for (script, command, selector, nodes) in [
        (
            "g ! 'uptime' enter",
            "uptime",
            "under the cursor",
            &["db2"][..],
        ),
        (
            "g space space ! 'uptime' enter",
            "uptime",
            "marked",
            &["db2", "web5"],
        ),
        (
            "space : 'exec -w web1 uptime' enter",
            "uptime",
            "web1",
            &["web1"],
        ),
        (
            "space : 'exec web1,web3 -- ls -la \"a  b\"' enter",
            "ls -la \"a  b\"",
            "web1,web3",
            &["web1", "web3"],
        ),
        (
            "space : 'exec web1,web3 -- \"id; ls -l\"' enter",
            "id; ls -l",
            "web1,web3",
            &["web1", "web3"],
        ),
        (
            "g : 'exec ' tab 'uptime' enter",
            "uptime",
            "@db",
            &["db1", "db2", "db3", "db4"],
        ),
        ("g enter ! 'uptime' enter", "uptime", "open", &["db2"]),
        (
            "space space g j enter ! 'uptime' enter",
            "uptime",
            "open",
            &["web5"],
        ),
        (
            ": 'exec --where \"group=web & load>0\" -a uptime' enter",
            "uptime",
            "of all",
            &[],
        ),
        ("! up enter", "uptime", "under the cursor", &["db2"]),
        (
            ": ctrl-r 'df' enter enter",
            "df -h /data",
            "under the cursor",
            &["db2"],
        ),
        (
            "g G ! 'uptime' ctrl-j 'df' enter",
            "uptime\ndf",
            "under the cursor",
            &["db1"],
        ),
    ] {
        let (screen, effects) = after(script);
        let effects: Vec<Effect> = effects
            .into_iter()
            .filter(|e| !matches!(e, Effect::Focus(_)))
            .collect();
        assert!(!effects.is_empty(), "{script}\n{}", below(&screen));
        let (ran, chosen, on) = order(&effects);
        assert_eq!(
            (ran.as_str(), chosen.as_str()),
            (command, selector),
            "{script}"
        );
        if !nodes.is_empty() {
            assert_eq!(on, nodes, "{script}");
        }
    }
}

#[test]
fn nothing_is_run_without_a_node_and_never_on_all() {
    let mut screen = open(SMALL, false);
    screen.keys("/");
    screen.text("nonesuch");
    screen.keys("enter");
    assert!(typed(&mut screen, "! 'uptime' enter").is_empty());
    assert!(
        below(&screen).contains("on which nodes?"),
        "{}",
        below(&screen)
    );
}

#[test]
fn a_line_that_cannot_be_run_stays_and_says_why() {
    for (line, said) in [
        ("thme mono", "did you mean `theme`?"),
        ("exec nonesuch -- uptime", "not in the inventory: nonesuch"),
        ("exec --nod web1 ls", "unexpected argument '--nod'"),
        ("exec -g nonesuch ls", "nonesuch"),
        (
            "exec --where 'load>' -a ls".replace('\'', "\"").as_str(),
            "--where",
        ),
        ("filter load>", "missing"),
        ("sort luck", "no column `luck`"),
        ("theme nonesuch", "no theme `nonesuch`"),
        ("node nonesuch", "no node `nonesuch`"),
        ("mark @nonesuch", "nonesuch"),
    ] {
        let (screen, effects) = after(&format!(": '{line}' enter"));
        assert_eq!(effects, [], "{line}");
        let text = below(&screen);
        assert!(
            text.contains(said) && text.contains(line),
            "{line}:\n{text}"
        );
        let (screen, _) = after(&format!(": '{line}' enter ctrl-u 'quit'"));
        assert!(below(&screen).contains(":quit"), "{line}");
    }
}

#[test]
fn commands_do_what_their_keys_do() {
    for (script, effects) in [
        (": 'q' enter", vec![Effect::Quit]),
        (": 'forget' enter", vec![Effect::Forget]),
        (": 'pool' enter", vec![Effect::Connections(true)]),
        (": esc", vec![]),
        (": enter", vec![]),
        ("! enter", vec![]),
    ] {
        assert_eq!(after(script).1, effects, "{script}");
    }
    for (script, seen) in [
        (": 'filter @db' enter", "/@db"),
        (": 'sort load.1' enter", "by LOAD↓"),
        (": 'sort --reverse load.1' enter", "by LOAD↑"),
        (": 'view heatmap' enter", "heatmap of"),
        (": 'view tiles' enter", "tiles"),
        (": 'mark @web' enter", "6 marked"),
        (": 'mark @web' enter : 'unmark web1' enter", "5 marked"),
        (": 'columns' enter", "Columns"),
        (": 'help' enter", "Help"),
        (": 'help sort' enter", "Usage: sort"),
        (": 'node db1' enter", "db1"),
        (": 'status @db' enter", "db1"),
        (": 'nodes -f @db' enter", "db[1-4]"),
        ("? : 'mark web1' enter", "1 marked"),
    ] {
        let (screen, _) = after(script);
        let rows = screen.rows().join("\n");
        assert!(rows.contains(seen), "{script}:\n{rows}");
    }
    let (screen, _) = after(": 'theme mono' enter");
    assert_eq!(screen.app.choices().theme.as_deref(), Some("mono"));
    let (screen, _) = after(": 'mark @web' enter : 'unmark' enter");
    assert!(!screen.rows().join("\n").contains("marked"));
    let (screen, _) = after("ctrl-a u");
    assert!(!screen.rows().join("\n").contains("marked"));
}

#[test]
fn dangers_are_confirmed_before_anything_runs() {
    let (screen, effects) = after(": 'exec @db -- reboot' enter");
    assert_eq!(effects, []);
    let rows = screen.rows().join("\n");
    assert!(
        rows.contains("reboot") && rows.contains("type db to run it"),
        "{rows}"
    );
}

#[test]
fn read_only_offers_and_runs_nothing() {
    let mut screen = open(SMALL, true);
    screen.keys(":");
    let text = screen.rows().join("\n");
    assert!(!text.contains("exec") && text.contains("filter"), "{text}");
    for script in ["'exec web1 -- uptime' enter", "ctrl-u '!uptime' enter"] {
        assert_eq!(typed(&mut screen, script), []);
        let text = below(&screen);
        assert!(text.contains("read-only"), "{text}");
    }
    screen.keys("esc !");
    let text = screen.rows().join("\n");
    assert!(
        text.contains("nothing is run or cancelled with --read-only"),
        "{text}"
    );
    assert!(!text.contains("! run"), "{text}");
}

#[test]
fn what_was_run_is_kept_and_what_was_not_is_not() {
    let (screen, _) =
        after(": 'filter @db' enter : 'nonesuch' enter esc : '!mysql --password=hunter2' enter");
    let fresh = screen.app.history().fresh().get(4..).unwrap();
    assert_eq!(fresh, ["filter @db", "!mysql --password=[redacted]"]);
}

#[test]
fn the_node_stays_the_one_it_was_when_the_palette_was_opened() {
    let mut screen = open(SMALL, false);
    typed(&mut screen, "! 'uptime'");
    let mut other = fleet();
    // The node on top is no longer the worst.
    for state in &mut other.nodes {
        if state.node.id.as_str() == "db2" {
            Arc::make_mut(state).link = Link::Connecting;
        }
    }
    screen
        .app
        .update(Event::Snapshot(Arc::new(screen::with_groups(other))));
    let (_, _, nodes) = order(&screen.keys("enter"));
    assert_eq!(nodes, ["db2"]);
}

/// Keys that mean something somewhere, and letters of commands.
const KEYS: &[&str] = &[
    ":",
    "!",
    "enter",
    "esc",
    "tab",
    "backtab",
    "up",
    "down",
    "left",
    "right",
    "ctrl-r",
    "ctrl-j",
    "alt-enter",
    "ctrl-u",
    "ctrl-w",
    "backspace",
    "delete",
    "home",
    "end",
    "space",
    "e",
    "x",
    "c",
    "m",
    "a",
    "r",
    "k",
    "w",
    "@",
    "*",
    "-",
    "'",
    "\"",
    "\\",
    "[",
    "1",
    ",",
    "&",
    "ctrl-a",
    "?",
    "P",
    "R",
    "/",
    "y",
    "pagedown",
];

const TEXTS: &[&str] = &[
    "exec -w ",
    "mark @web",
    "filter ",
    " -- ",
    "uptime\nls",
    "é界\u{200d}🙂",
    "theme mono",
    "rm -rf /",
    "web[1-",
    "--",
];

fn pressed(key: &str) -> KeyCombination {
    let is_capital = key.len() == 1 && key.chars().all(|c| c.is_ascii_uppercase());
    let text = match key {
        "-" => "hyphen".to_owned(),
        key if is_capital => format!("shift-{key}"),
        key => key.to_owned(),
    };
    crokey::parse(&text).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_input_panics_and_nothing_runs_unseen(
        steps in prop::collection::vec((0..KEYS.len() + TEXTS.len(), 0..40_u16), 1..40),
    ) {
        let mut screen = open(SMALL, false);
        for (step, size) in steps {
            let event = match KEYS.get(step) {
                Some(key) => Event::Key(pressed(key)),
                None => Event::Paste((*TEXTS.get(step - KEYS.len()).unwrap()).to_owned()),
            };
            screen.app.update(event);
            if size < 4 {
                screen.resize(20 + size * 11, 3 + size * 7);
            }
            screen.draw();
        }
    }
}
