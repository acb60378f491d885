//! `sshoal daemon roll` and `sshoal roll` against a real OpenSSH server: batches, failures, orders from elsewhere, and a
//! process that is killed.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    exec::Lab,
    rig::{Done, SOON, finish, signal, wait},
};

impl Lab {
    pub(crate) fn sshoal(&self, words: &[&str]) -> Command {
        let known = self.server.path("known_hosts").display().to_string();
        let words = [&["--known-hosts", &known], words].concat();
        self.home.command(&words)
    }

    /// `sshoal daemon roll … --yes` to its end.
    pub(crate) fn roll(&self, words: &[&str]) -> Done {
        let words = [&["daemon", "roll"], words, &["--yes"]].concat();
        finish(self.sshoal(&words).output().expect("the binary starts"))
    }

    pub(crate) fn start_roll(&self, words: &[&str]) -> Child {
        let words = [&["daemon", "roll"], words, &["--yes"]].concat();
        let mut command = self.sshoal(&words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the binary starts")
    }

    pub(crate) fn rolls(&self, words: &[&str]) -> Done {
        let words = [&["roll"], words].concat();
        finish(self.sshoal(&words).output().expect("the binary starts"))
    }

    /// The newest roll, once there is one.
    pub(crate) fn id(&self) -> String {
        let found = until("a roll", || {
            let list = self.rolls(&["list"]).out;
            list.split_whitespace().next().map(str::to_owned)
        });
        assert_eq!(found.len(), 21);
        found
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.file(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn standing(&self, id: &str) -> String {
        let shown = self.rolls(&["show", id, "--json"]);
        let value: Value = serde_json::from_str(&shown.out).expect("JSON");
        value["standing"].as_str().expect("a word").to_owned()
    }
}

/// Waits for something that another process does.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + SOON;
    while Instant::now() < end {
        if let Some(found) = look() {
            return found;
        }
        // Another process has no way to wake this one.
        std::thread::sleep(Duration::from_millis(20));
    }
    unreachable!("not in time: {what}");
}

fn counts(lines: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line.as_str()).or_default() += 1;
    }
    counts
}

#[test]
fn nodes_are_rolled_in_batches_each_behind_its_gate() {
    let Some(lab) = Lab::start() else { return };
    let log = lab.file("log").display().to_string();
    let word = |what: &str| format!("echo {what}-{{name}} >> {log}");
    let (before, restart, after) = (word("before"), word("restart"), word("after"));
    let here = format!("test \"$NODE:$HOST\" = n1:127.0.0.1 || grep -q after-$NODE {log}");
    let words = [
        "n[1-4]",
        "--command",
        &restart,
        "--before",
        &before,
        "--after",
        &after,
        "--gate-local",
        &here,
        "--batch",
        "1,3",
        "--json",
    ];
    let done = lab.roll(&words);
    assert_eq!(done.code, Some(0), "{done:?}");
    let lines = lab.lines("log");
    assert_eq!(lines[..3], ["before-n1", "restart-n1", "after-n1"]);
    assert_eq!(lines.len(), 12);
    let values: Vec<Value> = (done.out.lines())
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let batches: Vec<&Value> = values.iter().filter(|v| v["type"] == "batch").collect();
    assert_eq!(batches.len(), 2);
    let summary = values.last().expect("a summary");
    assert_eq!((&summary["done"], &summary["exit"]), (&4.into(), &0.into()));
    let audit = finish(lab.sshoal(&["audit"]).output().expect("it starts"));
    assert!(audit.out.contains("daemon roll"), "{}", audit.out);
}

#[test]
fn a_failure_stops_it_and_what_is_left_is_gone_on_with() {
    let Some(lab) = Lab::start() else { return };
    let (log, fix) = (lab.file("log"), lab.file("fixed"));
    let (log, fix) = (log.display(), fix.display());
    let restart = format!(
        "echo {{name}} >> {log}; test {{name}} != n2 || test -e {fix} || {{ echo no luck >&2; exit 4; }}"
    );
    let mend = format!("echo mended {{name}} >> {log}");
    let words = ["n[1-3]", "--command", &restart, "--on-fail", &mend];
    let done = lab.roll(&words);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.out.contains("n2: FAILED: restart: exit 4: no luck"),
        "{}",
        done.out
    );
    let id = lab.id();
    assert!(
        done.err.contains(&format!("sshoal roll resume {id}")),
        "{}",
        done.err
    );
    assert_eq!(lab.lines("log"), ["n1", "n2", "mended n2"]);
    let listed = lab.rolls(&["list"]).err;
    assert!(
        listed.contains(&format!(
            "1 roll is unfinished; to go on: sshoal roll resume {id}"
        )),
        "{listed}"
    );
    let shown = lab.rolls(&["show", &id]).out;
    assert!(
        stands(&shown, "n1", "done") && stands(&shown, "n3", "waiting"),
        "{shown}"
    );

    lab.home.write("fixed", "");
    let done = lab.rolls(&["resume", &id, "--yes"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(lab.lines("log"), ["n1", "n2", "mended n2", "n2", "n3"]);
    assert_eq!(lab.standing(&id), "done");
    assert_eq!(lab.rolls(&["list"]).err, "");
    let again = lab.rolls(&["resume", &id, "--yes"]);
    assert!(
        again.code == Some(0) && again.err.contains("nothing is left"),
        "{again:?}"
    );
}

#[test]
fn nodes_out_of_reach_have_an_exit_code_of_their_own() {
    let Some(lab) = Lab::start() else { return };
    let done = lab.roll(&["n1,dead", "--command", "true", "--order", "reverse"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.out.contains("dead: UNREACHED"), "{}", done.out);
    let words = [
        "n1,dead",
        "--command",
        "true",
        "--order",
        "reverse",
        "--ignore-unreachable",
    ];
    let done = lab.roll(&words);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.out.contains("n1: done"), "{}", done.out);
}

#[test]
fn what_is_asked_and_refused() {
    let Some(lab) = Lab::start() else { return };
    let run = |words: &[&str]| finish(lab.sshoal(words).output().expect("it starts"));
    let plan = run(&[
        "daemon", "roll", "n[1-5]", "nginx", "--batch", "1,2", "--plan",
    ]);
    assert_eq!(
        plan.out,
        "   1     1  n1\n   2     2  n[2-3]\n   3     2  n[4-5]\n"
    );
    let asked = run(&["daemon", "roll", "n[1-2]", "--command", "true"]);
    assert!(
        asked.code == Some(2) && asked.err.contains("--yes"),
        "{asked:?}"
    );
    let read = ["--read-only", "daemon", "roll", "n1", "--command", "true"];
    assert_eq!(run(&read).code, Some(2));
    let none = run(&["roll", "pause", "20261121-183122-q7k3f"]);
    assert!(
        none.code == Some(2) && none.err.contains("no roll"),
        "{none:?}"
    );
    assert_eq!(lab.rolls(&["list"]).out, "");
}

#[test]
fn another_process_pauses_resumes_promotes_and_aborts() {
    let Some(lab) = Lab::start() else { return };
    let log = lab.file("log").display().to_string();
    let restart = format!("echo {{name}} >> {log}; sleep 0.2");
    let words = ["n[1-8]", "--command", &restart, "--canary", "2"];
    let mut child = lab.start_roll(&words);
    let id = lab.id();
    until("the canaries", || {
        (lab.lines("log").len() == 2).then_some(())
    });
    let early = lab.rolls(&["resume", &id]);
    assert_eq!(early.code, Some(0), "it is driven: an order, {early:?}");
    until("a promotion", || {
        (lab.rolls(&["promote", &id]).code == Some(0)).then_some(())
    });
    until("the next node", || {
        (lab.lines("log").len() >= 3).then_some(())
    });
    let begun = Instant::now();
    assert_eq!(lab.rolls(&["pause", &id]).code, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(lab.standing(&id), "paused");
    let held = lab.lines("log").len();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(lab.lines("log").len(), held, "it is paused");
    assert_eq!(lab.rolls(&["resume", &id]).code, Some(0));
    until("one more", || (lab.lines("log").len() > held).then_some(()));
    assert_eq!(lab.rolls(&["abort", &id]).code, Some(0));
    assert_eq!(wait(&mut child), Some(4));
    assert_eq!(lab.standing(&id), "aborted");
    assert!(lab.lines("log").len() < 8);
    let gone = lab.rolls(&["abort", &id]);
    assert!(gone.err.contains("no process drives it"), "{gone:?}");
    let told = lab.audit(&[]);
    for order in ["resume", "promote", "pause", "abort"] {
        let line = format!("cli  {order} of roll {id}");
        assert!(told.contains(&line), "{order}: {told}");
    }
    assert_eq!(told.matches("abort of roll").count(), 1, "{told}");
    assert!(lab.audit(&["verify"]).starts_with("whole:"));
}

#[test]
fn an_interruption_lets_what_is_in_flight_end_and_a_second_one_cuts_it() {
    let Some(lab) = Lab::start() else { return };
    let log = lab.file("log").display().to_string();
    let restart = format!("echo begun >> {log}; sleep 1; echo ended >> {log}");
    let words = ["n[1-4]", "--command", &restart];
    let mut child = lab.start_roll(&words);
    until("a node", || (!lab.lines("log").is_empty()).then_some(()));
    signal(&child, "-INT");
    assert_eq!(wait(&mut child), Some(130));
    assert_eq!(lab.lines("log"), ["begun", "ended"]);
    assert_eq!(lab.standing(&lab.id()), "interrupted");

    let slow = format!("echo slow >> {log}; sleep 60; echo never >> {log}");
    let mut child = lab.start_roll(&["n[1-4]", "--command", &slow]);
    until("a node", || {
        lab.lines("log").contains(&"slow".to_owned()).then_some(())
    });
    signal(&child, "-INT");
    until("the first to be taken", || {
        let shown = lab.rolls(&["show", &lab.id(), "--json"]);
        shown.out.contains("going").then_some(())
    });
    signal(&child, "-INT");
    assert_eq!(wait(&mut child), Some(130));
    assert!(!lab.lines("log").contains(&"never".to_owned()));
    let shown = lab.rolls(&["show", &lab.id()]).out;
    assert!(stands(&shown, "n1", "cut"), "{shown}");
}

/// What `roll show` prints says so of the node, whatever its times are.
fn stands(shown: &str, node: &str, state: &str) -> bool {
    let mut lines = shown.lines().map(str::split_whitespace);
    lines.any(|mut words| words.next() == Some(node) && words.any(|word| word == state))
}

/// 200 nodes, one of ten fails: killed half-way and gone on with, no finished node is begun twice, and never are more
/// than 40 down.
#[test]
fn two_hundred_nodes_a_tenth_of_which_fail_killed_and_resumed() {
    let Some(lab) = Lab::with(200) else { return };
    fs::create_dir(lab.file("down")).expect("a folder");
    let home = lab.file("").display().to_string();
    // A node is down from its beginning until it has ended well; each counts how many are.
    let restart = format!(
        "cd {home} && echo {{name}} >> begun && : > down/{{name}} && ls down | wc -l >> most && sleep 0.1 && \
         if [ ! -e fixed ]; then case {{rank}} in *7) exit 1;; esac; fi && rm down/{{name}} && echo {{name}} >> done"
    );
    let words = [
        "n[1-200]",
        "--command",
        &restart,
        "--batch",
        "10%",
        "--min-up",
        "80%",
        "--max-failures",
        "20%",
    ];
    let mut child = lab.start_roll(&words);
    until("half of them", || {
        (lab.lines("done").len() >= 90).then_some(())
    });
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
    let id = lab.id();
    assert_eq!(lab.standing(&id), "killed");
    let finished: Vec<String> = {
        let shown = lab.rolls(&["show", &id, "--json"]).out;
        let value: Value = serde_json::from_str(&shown).expect("JSON");
        let nodes = value["nodes"].as_array().expect("nodes").clone();
        let done = nodes.iter().filter(|node| node["state"] == "done");
        done.map(|node| node["node"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert!(finished.len() >= 50, "{}", finished.len());

    let done = lab.rolls(&["resume", &id, "--yes"]);
    assert_eq!(done.code, Some(1), "a tenth fails again: {}", done.err);
    lab.home.write("fixed", "");
    let done = lab.rolls(&["resume", &id, "--yes"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let (begun, ended) = (lab.lines("begun"), lab.lines("done"));
    let begun = counts(&begun);
    for name in &finished {
        assert_eq!(
            begun[name.as_str()],
            1,
            "{name} was finished and is repeated"
        );
    }
    assert_eq!(counts(&ended).len(), 200);
    let most = lab.lines("most");
    let most = most
        .iter()
        .filter_map(|line| line.trim().parse::<usize>().ok());
    let most = most.max().expect("a number");
    assert!(most <= 40, "{most} were down at once");
}
