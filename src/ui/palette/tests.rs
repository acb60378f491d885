use super::*;
use crate::inventory::Inventory;

/// What is typed after some keys into the palette; letters are keys of their own.
fn typed(keys: &str) -> (String, Done) {
    let history: Vec<String> = ["!df -h", "filter web", "!free"].map(str::to_owned).into();
    let inventory = Inventory::default();
    let known = Known {
        runs: &[],
        rolls: &[],
        inventory: &inventory,
        history: &history,
        read_only: false,
    };
    let mut palette = Palette::default();
    palette.look(&known);
    let mut done = Done::Nothing;
    for key in keys.split(' ') {
        done = match key {
            "enter" => palette.act(Action::Open, &known),
            "esc" => palette.act(Action::Back, &known),
            "tab" => palette.act(Action::Complete, &known),
            "backtab" => palette.act(Action::CompleteBack, &known),
            "up" => palette.act(Action::Up, &known),
            "down" => palette.act(Action::Down, &known),
            "ctrl-r" => palette.act(Action::Search, &known),
            "ctrl-j" => palette.act(Action::NewLine, &known),
            "_" => palette.key(crokey::parse("space").unwrap()),
            "left" | "backspace" | ":" => palette.key(crokey::parse(key).unwrap()),
            text => palette.paste(text),
        };
        palette.look(&known);
    }
    (palette.text(), done)
}

#[test]
fn keys_do_what_hands_expect() {
    for (keys, line) in [
        ("th tab", "theme "),
        (": th tab", "theme "),
        (":th tab", "theme "),
        ("th tab tab", "theme tomorrow-night"),
        ("mark tab", "mark"),
        ("ark tab", "mark"),
        ("ark tab tab", "unmark"),
        ("nmar tab tab", "unmark "),
        ("ark backtab", "unmark"),
        ("ark tab _ a", "mark a"),
        ("up", "!free"),
        ("up up", "filter web"),
        ("! up up", "!df -h"),
        ("! up up down down", "!"),
        ("x up", "x"),
        ("!a ctrl-j b", "!a\nb"),
        ("!a ctrl-j b up c", "!ca\nb"),
        ("!a ctrl-j b down", "!a\nb"),
        ("ctrl-r df enter", "!df -h"),
        ("ctrl-r ctrl-r enter", "filter web"),
        ("ctrl-r down down up tab", "filter web"),
        ("!x ctrl-r zzz enter", "!x"),
        ("!x ctrl-r df esc", "!x"),
        ("! ctrl-r h enter", "!df -h"),
        ("up ctrl-r df enter", "!df -h"),
        ("esc", ""),
    ] {
        assert_eq!(typed(keys).0, line, "{keys}");
    }
}

#[test]
fn enter_runs_what_there_is() {
    let run = |text: &str| Done::Run(text.to_owned());
    for (keys, done) in [
        ("!uptime enter", run("!uptime")),
        ("!a ctrl-j b enter", run("!a\nb")),
        ("enter", Done::Close),
        ("! enter", Done::Close),
        ("esc", Done::Close),
        ("!x ctrl-r esc", Done::Changed),
        ("!x ctrl-r esc esc", Done::Close),
        ("ctrl-r enter", Done::Changed),
    ] {
        assert_eq!(typed(keys).1, done, "{keys}");
    }
}
