//! `sshoal daemon roll` of daemons under real runit: six nodes, each with a folder of services of its own.

use std::{
    fmt::Write as _,
    fs,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use crate::{
    lab::{Lab, Owned, until},
    rig::{Done, Home, finish, signal, wait},
    support::sshd::{Sshd, is_alive, peer},
};

const NODES: usize = 6;

/// The service's own program: it says which release it is, and can't start where the node is broken.
const RUN: &str = "cd ../..; echo \"start $(cat release)\" >>log; test -e broken && { echo cannot bind; exit 3; }; exec sleep 600";

/// Nodes `n1` to `n6`, with a service `web` each, and what supervises them.
pub(crate) struct Racks {
    pub(crate) lab: Lab,
    _runit: Vec<Owned>,
}

impl Racks {
    pub(crate) fn start() -> Option<Self> {
        peer("runsvdir")?;
        let server = Sshd::start()?;
        let user = server.config().user;
        Some(Self::on(server, &user))
    }

    pub(crate) fn on(server: Sshd, user: &str) -> Self {
        server.trust();
        let lab = Lab {
            home: Home::new(),
            server,
        };
        let key = lab.server.path("id_ed25519");
        let mut text = format!(
            "defaults: {{user: {user}, port: {}, identity: {}}}\nhosts:\n",
            lab.server.port,
            key.display()
        );
        // Whoever logs in there goes by their own folder.
        let here = lab.server.path("racks");
        let mut runit = Vec::new();
        for n in 1..=NODES {
            let folder = here.join(format!("n{n}"));
            let service = folder.join("service/web");
            fs::create_dir_all(&service).unwrap();
            program(&service.join("run"), RUN);
            fs::write(folder.join("release"), "1\n").unwrap();
            let _ = writeln!(
                text,
                "  n{n}: {{address: 127.0.0.1, prelude: 'cd {0}; SVDIR={0}/service; export SVDIR'}}",
                folder.display()
            );
            runit.push(Owned::start(
                Command::new("runsvdir").arg(folder.join("service")),
                "-HUP",
            ));
        }
        lab.home.write("hosts.yaml", &text);
        let racks = Self { lab, _runit: runit };
        until("all are supervised", || {
            (1..=NODES)
                .all(|n| racks.pid(n).is_some_and(is_alive) && !racks.says(n, "log").is_empty())
        });
        racks
    }

    fn path(&self, n: usize, name: &str) -> std::path::PathBuf {
        self.lab.server.path(&format!("racks/n{n}/{name}"))
    }

    fn says(&self, n: usize, name: &str) -> String {
        fs::read_to_string(self.path(n, name)).unwrap_or_default()
    }

    fn write(&self, n: usize, name: &str) {
        fs::write(self.path(n, name), "").unwrap();
    }

    /// The process of the service on a node, as runit knows it.
    fn pid(&self, n: usize) -> Option<u32> {
        let pid = self.says(n, "service/web/supervise/pid");
        pid.trim().parse().ok()
    }

    pub(crate) fn pids(&self) -> Vec<u32> {
        let pids = (1..=NODES).map(|n| self.pid(n).expect("it runs"));
        pids.collect()
    }

    /// Of which nodes the service is another process than it was.
    pub(crate) fn restarted(&self, before: &[u32]) -> Vec<usize> {
        let now = (1..=NODES).map(|n| self.pid(n));
        let pairs = now.zip(before).zip(1..);
        let changed = pairs.filter(|((now, before), _)| *now != Some(**before));
        changed.map(|(_, n)| n).collect()
    }

    fn command(&self, words: &[&str]) -> Command {
        self.lab
            .command(&[&["roll", "n[1-6]", "web", "--yes"], words].concat())
    }

    pub(crate) fn roll(&self, words: &[&str]) -> Done {
        finish(self.command(words).output().expect("the binary starts"))
    }

    /// It goes on, its words into a file.
    fn begin(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        let out = fs::File::create(self.lab.home.path("out")).unwrap();
        let command = command.stdout(out).stderr(Stdio::null());
        command.spawn().expect("the binary starts")
    }

    fn out(&self) -> String {
        fs::read_to_string(self.lab.home.path("out")).unwrap_or_default()
    }

    fn of_rolls(&self, words: &[&str]) -> Done {
        let known = self.lab.server.path("known_hosts").display().to_string();
        let words = [&["--known-hosts", &known, "roll"], words].concat();
        self.lab.home.run(&words)
    }

    /// The newest roll.
    fn id(&self) -> String {
        let listed = self.of_rolls(&["list"]).out;
        listed.split_whitespace().next().unwrap().to_owned()
    }
}

fn program(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_release_goes_out_in_batches_each_behind_its_gate() {
    let Some(racks) = Racks::start() else { return };
    let before = racks.pids();
    let log = racks.lab.home.path("log").display().to_string();
    let deploy = format!("echo before {{name}} >>{log}; echo 2 >release");
    let after = format!("echo after {{name}} >>{log}");
    let gate = format!("echo gate {{name}} >>{log}; tail -n 1 log | grep -qx 'start 2'");
    let words = [
        "--batches",
        "1,2,3",
        "--before",
        &deploy,
        "--after",
        &after,
        "--gate",
        &gate,
    ];
    let done = racks.roll(&words);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(racks.restarted(&before), [1, 2, 3, 4, 5, 6]);
    for (n, old) in (1..).zip(&before) {
        assert!(!is_alive(*old) && is_alive(racks.pid(n).unwrap()));
        assert_eq!(racks.says(n, "log"), "start 1\nstart 2\n");
    }
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let place = |line: String| lines.iter().position(|l| *l == line).expect("it is there");
    let last = |line: String| lines.iter().rposition(|l| *l == line).expect("it is there");
    for batch in [&[1][..], &[2, 3], &[4, 5, 6]] {
        for n in batch {
            assert!(place(format!("before n{n}")) < place(format!("after n{n}")));
            assert!(place(format!("after n{n}")) < last(format!("gate n{n}")));
            // The next batch begins when this one's gates are green.
            for later in batch.last().unwrap() + 1..=NODES {
                assert!(
                    last(format!("gate n{n}")) < place(format!("before n{later}")),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn nothing_but_canaries_is_touched_until_somebody_promotes_them() {
    let Some(racks) = Racks::start() else { return };
    let before = racks.pids();
    let mut child = racks.begin(&[
        "--canary",
        "2",
        "--batches",
        "4",
        "--before",
        "echo 2 >release",
    ]);
    until("the canaries", || racks.out().contains("n2: done"));
    let id = racks.id();
    until("it waits", || {
        racks.of_rolls(&["show", &id]).out.contains(" canary:")
    });
    sleep(Duration::from_millis(500));
    assert_eq!(racks.restarted(&before), [1, 2]);
    assert_eq!(racks.says(3, "release"), "1\n");
    let done = racks.of_rolls(&["promote", &id]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(wait(&mut child), Some(0));
    assert_eq!(racks.restarted(&before), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_red_gate_stops_it_and_more_may_be_allowed() {
    let Some(racks) = Racks::start() else { return };
    let before = racks.pids();
    racks.write(3, "sick");
    let gate = ["--gate", "test ! -e sick", "--gate-timeout", "1"];
    let done = racks.roll(&[&gate[..], &["--batches", "2", "--on-fail", "touch mended"]].concat());
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.out.contains("n3: FAILED: gate: exit 1"),
        "{}",
        done.out
    );
    assert!(
        done.err
            .contains("more nodes failed than --max-failures allows"),
        "{done:?}"
    );
    assert_eq!(racks.restarted(&before), [1, 2, 3, 4]);
    assert!(racks.path(3, "mended").exists() && !racks.path(4, "mended").exists());

    let before = racks.pids();
    let done = racks.roll(&[&gate[..], &["--batches", "2", "--max-failures", "1"]].concat());
    assert_eq!(done.code, Some(1), "{done:?}");
    assert_eq!(racks.restarted(&before), [1, 2, 3, 4, 5, 6]);
    assert!(done.out.contains("n6: done"), "{}", done.out);
}

#[test]
fn a_service_that_does_not_come_back_is_a_failure_with_what_it_said() {
    let Some(racks) = Racks::start() else { return };
    let before = racks.pids();
    racks.write(2, "broken");
    let done = racks.roll(&[]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.out.contains("n2: FAILED: restart: exit 1"),
        "{}",
        done.out
    );
    assert_eq!(racks.restarted(&before), [1, 2]);
    let id = racks.id();
    fs::remove_file(racks.path(2, "broken")).unwrap();
    let done = racks.of_rolls(&["resume", &id, "--yes"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(racks.restarted(&before), [1, 2, 3, 4, 5, 6]);
    assert_eq!(racks.says(1, "log"), "start 1\nstart 1\n", "not repeated");
}

/// One that is down already counts against those that may be.
#[test]
fn so_many_stay_up() {
    let Some(racks) = Racks::start() else { return };
    let stop = racks.lab.run(&["stop", "n6", "web", "--yes"]);
    assert_eq!(stop.code, Some(0), "{stop:?}");
    let log = racks.lab.home.path("most").display().to_string();
    let up = "for s in ../n*/service; do sv status $s/web; done | grep -c ^run:";
    let count = format!("{up} >>{log}");
    let done = racks.roll(&["--batches", "6", "--min-up", "4", "--after", &count]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let text = fs::read_to_string(&log).unwrap();
    let least = text
        .lines()
        .map(|line| line.parse::<usize>().unwrap())
        .min();
    assert!(least >= Some(4), "{text}");
}

/// Killed with a node half-way, and gone on with: that one is looked at, those that were done are left alone.
#[test]
fn a_roll_that_was_killed_goes_on_with_the_same_services() {
    let Some(racks) = Racks::start() else { return };
    let before = racks.pids();
    let mut child = racks.begin(&["--after", "test {name} != n3 || test -e free || sleep 600"]);
    until("the third", || racks.restarted(&before).contains(&3));
    signal(&child, "-KILL");
    wait(&mut child);
    let killed = racks.pids();
    (1..=NODES).for_each(|n| racks.write(n, "free"));
    let done = racks.of_rolls(&["resume", &racks.id(), "--yes"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(racks.restarted(&killed), [3, 4, 5, 6]);
}
