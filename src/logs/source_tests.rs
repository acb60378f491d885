//! The script that looks for logs, in real shells.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use super::*;
use crate::peer::peer;

fn asked(shell: &[&str], sources: &[Source]) -> Answer {
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = look(sources);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{shell:?}");
    Answer::read(&output.stdout)
}

/// Those that are installed.
fn shells() -> impl Iterator<Item = &'static [&'static str]> {
    let all: [&[&str]; 3] = [&["dash"], &["bash", "--posix"], &["busybox", "sh"]];
    all.into_iter().filter(|words| peer(words[0]).is_some())
}

#[test]
fn files_are_found_by_pattern_in_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a b.log", "a$(id).log", "c.log", "d.log.gz", "e\nf.log"] {
        fs::write(folder.path().join(name), "x\n").unwrap();
    }
    fs::create_dir(folder.path().join("g.log")).unwrap();
    let base = folder.path().display();
    let sources = [
        Source::File(format!("{base}/*.log*")),
        Source::File(format!("{base}/[b-d].log")),
        Source::File(format!("{base}/d.log.gz")),
        Source::File(format!("{base}/none/*")),
        Source::File(format!("{base}/$(touch x);`id`")),
        Source::Command("true".to_owned()),
    ];
    for shell in shells() {
        let answer = asked(shell, &sources);
        assert!(answer.is_whole && answer.clock_us.is_some(), "{shell:?}");
        let found: Vec<(usize, &str)> = answer
            .found
            .iter()
            .map(|(place, found)| (*place, found.name.rsplit('/').next().unwrap()))
            .collect();
        assert_eq!(
            found,
            [
                (0, "a b.log"),
                (0, "a$(id).log"),
                (0, "c.log"),
                (1, "c.log"),
                (2, "d.log.gz"),
                (5, "")
            ],
            "{shell:?}"
        );
        let missing: Vec<_> = answer
            .missing
            .iter()
            .map(|(k, why)| (*k, why.as_str()))
            .collect();
        assert_eq!(
            missing,
            [(3, "no such file"), (4, "no such file")],
            "{shell:?}"
        );
    }
}

#[test]
fn what_is_not_there_is_said() {
    let sources = [
        Source::Unit("sshoal-has-none".to_owned()),
        Source::Container("sshoal-has-none".to_owned()),
        Source::Daemon(Arc::new(Daemon {
            name: "sshoal-has-none".to_owned(),
            ..Daemon::default()
        })),
    ];
    for shell in shells() {
        let answer = asked(shell, &sources);
        assert_eq!(answer.found, [], "{shell:?}");
        let places: Vec<usize> = answer.missing.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [0, 1, 2], "{shell:?}: {:?}", answer.missing);
    }
}

#[test]
fn only_the_signs_of_a_pattern_are_left_to_the_shell() {
    for (pattern, expected) in [
        ("/var/log/*.log", "/var/log/*.log"),
        ("~/a b", "~/a' 'b"),
        ("~root/x", "'~'root/x"),
        ("-x", "./'-'x"),
        ("[a-c$]*", "[a-c'$']*"),
        ("a'b", r"a''\'''b"),
    ] {
        assert_eq!(word(pattern), expected);
    }
}
