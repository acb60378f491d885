use super::*;
use crate::{metrics::sampler, sim::profile::Profile};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::Arc,
};

fn at(time: f64) -> Moment {
    Moment {
        time,
        epoch: 1_800_000_000,
    }
}

fn fast(name: &str) -> Fast {
    Fast::new(Model::new(Arc::new(Profile::new(name)), 1), &[])
}

/// The key of each line with the number of its words; numbered keys are one.
fn shape(frame: &str) -> BTreeMap<String, usize> {
    let lines = frame.lines().filter(|l| !l.starts_with(['[', ']']));
    let row = |line: &str| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let key = match words[0] {
            key if key.starts_with('n') => "n",
            key if key.starts_with('d') => "d",
            key => key.trim_end_matches(|c: char| c.is_ascii_digit()),
        };
        (
            key.to_owned() + if words[0] == "c" { "" } else { "*" },
            words.len(),
        )
    };
    lines.map(row).collect()
}

/// The hello's keys and the first full frame of the real program on this machine.
fn real() -> (Vec<String>, String) {
    let mut shell = Command::new("sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    let mut output = BufReader::new(shell.stdout.take().unwrap()).lines();
    input
        .write_all(sampler::program("00ff", &[]).as_bytes())
        .unwrap();
    let hello = output
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.starts_with("S1 "));
    input.write_all(b"1 ap\n").unwrap();
    let mut frame = String::new();
    for line in output.map(Result::unwrap) {
        frame += &(line.clone() + "\n");
        if line.starts_with("]1 ") {
            break;
        }
    }
    drop(input);
    shell.wait().unwrap();
    (keys(&hello.unwrap()), frame)
}

fn keys(hello: &str) -> Vec<String> {
    let words = hello.split_ascii_whitespace();
    let keys = words
        .filter_map(|word| word.split_once('='))
        .map(|(key, _)| key.to_owned());
    keys.collect()
}

/// Guards against a simulation that drifts away from what it simulates.
#[cfg(target_os = "linux")]
#[test]
fn lines_have_the_shape_of_the_real_programs() {
    let (hello, frame) = real();
    let mut fast = fast("web01");
    assert_eq!(keys(&fast.hello("00ff")), hello);
    let simulated = shape(&fast.tick("1 ap", at(5.0)));
    let real = shape(&frame);
    assert!(real.contains_key("c"), "{frame}");
    for (key, words) in &real {
        assert_eq!(
            simulated.get(key).unwrap_or(words),
            words,
            "words of {key} in {frame}"
        );
    }
    for key in [
        "l*", "u*", "c", "c*", "m*", "pf*", "pb*", "vs*", "vf*", "t*", "ts*", "f*",
    ] {
        assert!(simulated.contains_key(key), "{key} in {simulated:?}");
    }
}

#[test]
fn a_line_is_sent_once_until_it_changes_or_everything_is_asked() {
    let mut fast = fast("web01");
    let first = fast.tick("1 a", at(5.0));
    assert_eq!(fast.tick("2", at(5.0)), "[2 1800000000\n]2 0\n");
    assert_eq!(shape(&fast.tick("3 a", at(5.0))), shape(&first));
    let medium = fast.tick("4 m", at(60.0));
    assert!(medium.contains("\npf ") && !fast.tick("5", at(61.0)).contains("\npf "));
}

#[test]
fn watched_items_are_kept_until_they_are_replaced() {
    let mut fast = fast("web01");
    let nginx = "G/sys/fs/cgroup/system.slice/nginx.service";
    let asked = fast.tick(&format!("1 w {nginx} P1"), at(5.0));
    assert!(asked.contains("\nw1 1\nw2 -\n"), "{asked}");
    assert!(!fast.tick("2", at(6.0)).contains("\nw1 "));
    assert!(fast.tick("3 a", at(7.0)).contains("\nw1 1\nw2 -\n"));
    assert!(!fast.tick("4 aw", at(8.0)).contains("\nw1 "));
}

#[test]
fn sources_that_are_left_out_are_not_sent() {
    let model = Model::new(Arc::new(Profile::new("db1")), 1);
    let mut fast = Fast::new(model, &["net/dev", "pressure/io"]);
    assert!(!fast.hello("1").contains("net/dev"));
    let frame = fast.tick("1 a", at(5.0));
    assert!(!frame.contains("\nneth0 ") && !frame.contains("\nPi ") && frame.contains("\nPc "));
}
