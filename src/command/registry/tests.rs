use super::*;

fn exec(line: &str) -> (Option<String>, Vec<String>) {
    match read(line) {
        Ok(Intent::Exec(exec)) => exec.split(),
        other => unreachable!("{line}: {other:?}"),
    }
}

fn wrong(line: &str) -> String {
    read(line).map(|_| ()).unwrap_err().0
}

#[test]
fn every_command_has_a_name_a_line_and_words() {
    let mut names: Vec<&str> = Vec::new();
    for entry in ENTRIES {
        names.extend(entry.aliases.iter().chain([&entry.name]));
        assert!(!entry.help().is_empty(), "{}", entry.name);
        assert!(
            entry.help().len() <= 110,
            "{}: {}",
            entry.name,
            entry.help()
        );
        assert!(entry.usage().starts_with(entry.name), "{}", entry.usage());
        entry.clap().debug_assert();
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn a_command_is_found_by_what_it_begins_with_where_that_is_one() {
    for (text, name) in [
        ("exec", Some("exec")),
        ("q", Some("quit")),
        ("th", Some("theme")),
        ("s", None),
        ("st", Some("status")),
        ("de", None),
        ("demo", Some("demo")),
        ("", None),
    ] {
        assert_eq!(entry(text).map(|entry| entry.name), name, "{text}");
    }
}

#[test]
fn the_text_of_a_command_stays_as_it_is() {
    let plain = |text: &str, sets: &[&str]| {
        let sets = sets.iter().map(ToString::to_string).collect();
        (Some(text.to_owned()), sets)
    };
    for (line, text, sets) in [
        ("exec uptime", "uptime", &[][..]),
        ("exec ls -la '/a b'", "ls -la '/a b'", &[]),
        (
            "exec web1 -- ls -la \"$HOME\"",
            "ls -la \"$HOME\"",
            &["web1"],
        ),
        ("exec -w web1 -f 3 ls -w", "ls -w", &["web1"]),
        ("exec -yw web1 ls", "ls", &["web1"]),
        ("exec --node=web1 --sudo ls", "ls", &["web1"]),
        ("exec -g web,db -- a -- b", "a -- b", &["@web", "@db"]),
        ("!ls -la | head", "ls -la | head", &[]),
        (
            "! for f in *; do\n echo 'it''s' $f\ndone",
            "for f in *; do\n echo 'it''s' $f\ndone",
            &[],
        ),
        ("!-n --", "-n --", &[]),
    ] {
        assert_eq!(exec(line), plain(text, sets), "{line}");
    }
}

#[test]
fn what_is_wrong_is_said_in_a_line() {
    for (line, said) in [
        ("!", "which command?"),
        ("exec", "which command?"),
        ("exec web1 --", "which command?"),
        ("exec --nod web1 ls", "unexpected argument '--nod'"),
        ("exec --json ls", "--json is an option of the command line"),
        ("theme", "required arguments were not provided"),
        ("view globe", "invalid value 'globe'"),
        ("mark 'a", "a quote is not closed"),
        ("thme mono", "did you mean `theme`?"),
        ("uptime", "!uptime runs it on nodes"),
        ("demo", "command of the command line"),
        ("", "no command"),
    ] {
        let text = wrong(line);
        assert!(text.contains(said), "{line}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn the_words_of_a_filter_are_its_own() {
    let Ok(Intent::Filter(text)) = read("filter !'x' | load>4 ") else {
        unreachable!()
    };
    assert_eq!(text, "!'x' | load>4");
    assert!(
        matches!(read("help sort"), Ok(Intent::Text(name, text)) if name == "sort" && text.contains("--reverse"))
    );
}

#[test]
fn kinds_come_from_the_words_of_each_command() {
    let of = |name: &str, id: &str| {
        let args = entry(name).unwrap().arguments();
        kind(args.iter().find(|arg| arg.get_id() == id).unwrap())
    };
    for (name, id, wanted) in [
        ("status", "sets", Kind::Nodes),
        ("exec", "groups", Kind::Group),
        ("exec", "cwd", Kind::File),
        ("exec", "command", Kind::Shell),
        ("exec", "live", Kind::Filter),
        ("theme", "name", Kind::Theme),
        ("sort", "column", Kind::Column),
        ("node", "name", Kind::Node),
        ("help", "command", Kind::Command),
    ] {
        assert_eq!(of(name, id), wanted, "{name} {id}");
    }
}
