//! The generated pages in docs/ are what the tables in the code say. `SSHOAL_BLESS=1 cargo test --test docs` writes them.

use std::{env, fmt::Write as _, fs, path::Path};

use clap::{Arg, Command, CommandFactory};
use sshoal::{cli::Cli, config::keymap, inventory};

fn check(page: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(page);
    if env::var_os("SSHOAL_BLESS").is_some() {
        fs::write(&file, text).expect("docs/ is writable");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == text,
        "docs/{page} is stale: SSHOAL_BLESS=1 cargo test --test docs"
    );
}

#[test]
fn keys_page_is_current() {
    check("keys.md", &keymap::document());
}

#[test]
fn hosts_yaml_page_is_current() {
    check("hosts-yaml.md", &inventory::page());
}

#[test]
fn commands_page_is_current() {
    check("commands.md", &commands_page());
}

fn commands_page() -> String {
    let mut root = Cli::command();
    root.build();
    let mut text = String::from(
        "# Commands\n\nMade from the command line itself; a test fails when it is stale.\n",
    );
    command(&mut text, &root, "##");
    for sub in root.get_subcommands().filter(|c| c.get_name() != "help") {
        command(&mut text, sub, "##");
        for part in sub.get_subcommands().filter(|c| c.get_name() != "help") {
            command(&mut text, part, "###");
        }
    }
    text
}

fn command(text: &mut String, command: &Command, heading: &str) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let _ = write!(text, "\n{heading} `{name}`\n\n{about}\n");
    let is_root = !name.contains(' ');
    let mut rows = String::new();
    for arg in command
        .get_arguments()
        .filter(|a| is_root || !a.is_global_set())
    {
        option(&mut rows, arg);
    }
    if !rows.is_empty() {
        let _ = write!(text, "\n| option | what |\n|---|---|\n{rows}");
    }
}

fn option(text: &mut String, arg: &Arg) {
    if matches!(arg.get_id().as_str(), "help" | "version") {
        return;
    }
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let choices: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| arg.get_action().takes_values())
        .map(|v| format!("`{}`", v.get_name()))
        .collect();
    let choices = if choices.is_empty() {
        String::new()
    } else {
        format!(". One of {}", choices.join(", "))
    };
    let row = format!(
        "| `{}` | {help}{choices} |",
        arg.to_string().replace('|', "\\|")
    );
    let short = arg
        .get_short()
        .map(|s| format!("`-{s}`, "))
        .unwrap_or_default();
    let _ = writeln!(text, "{}", row.replacen("| `", &format!("| {short}`"), 1));
}
