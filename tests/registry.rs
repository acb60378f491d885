//! One registry: every command of the line is in it with the same words, and the other way round.

use clap::{Command, CommandFactory as _};
use sshoal::{
    cli::Cli,
    command::registry::{ENTRIES, Place},
};

fn words(command: &Command) -> Vec<String> {
    let of_all = ["help", "version"];
    let own = command.get_arguments().filter(|arg| !arg.is_global_set());
    let own = own.filter(|arg| !of_all.contains(&arg.get_id().as_str()));
    let mut all: Vec<String> = own.map(ToString::to_string).collect();
    all.sort();
    all
}

#[test]
fn line_and_palette_have_the_same_commands() {
    let mut root = Cli::command();
    root.build();
    let subcommands: Vec<&Command> = root
        .get_subcommands()
        .filter(|c| c.get_name() != "help")
        .collect();
    for sub in &subcommands {
        let name = sub.get_name();
        let entry = ENTRIES.iter().find(|entry| entry.name == name);
        let Some(entry) = entry else {
            unreachable!("`{name}` is in no entry of command::registry")
        };
        assert_ne!(entry.place, Place::Screen, "{name}");
        let mut own = entry.clap();
        own.build();
        let about = |command: &Command| command.get_about().map(ToString::to_string);
        assert_eq!(about(sub), about(&own), "{name}");
        let (line, palette) = (words(sub), words(&own));
        let missing: Vec<&String> = palette.iter().filter(|word| !line.contains(word)).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
    for entry in ENTRIES.iter().filter(|entry| entry.place != Place::Screen) {
        let is_there = subcommands.iter().any(|sub| sub.get_name() == entry.name);
        assert!(is_there, "{}: no command of the line", entry.name);
    }
}
