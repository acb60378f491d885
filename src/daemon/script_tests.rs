//! The script in the shells that nodes have.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::*;
use crate::{
    daemon::{Report, Verdict, answer},
    metrics::daemon::State,
    node::text::SafeText,
    peer::peer,
};

/// Those that are installed: a node may have any of them as its sh.
fn shells() -> Vec<&'static [&'static str]> {
    let all: [&[&str]; 5] = [
        &["dash", "-c"],
        &["bash", "--posix", "-c"],
        &["busybox", "ash", "-c"],
        &["ksh", "-c"],
        &["mksh", "-c"],
    ];
    let found = all.into_iter().filter(|words| peer(words[0]).is_some());
    found.collect()
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn tool(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The exit code and the reports.
    fn run(&self, shell: &[&str], text: &str) -> (i32, Vec<Report>) {
        let bare = Path::new("/usr/bin:/bin").display().to_string();
        let path = format!("{}:{bare}", self.folder.path().display());
        let output = Command::new(shell[0])
            .args(&shell[1..])
            .arg(text)
            .env("PATH", path)
            .env("SSHOAL_SYSTEMD", self.folder.path())
            .env("SSHOAL_OPENRC", self.folder.path())
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert_eq!(complaints, "", "{shell:?}");
        (output.status.code().unwrap(), answer::read(&output.stdout))
    }
}

fn daemon(name: &str, manager: Manager) -> Daemon {
    Daemon {
        name: name.into(),
        manager,
        ..Daemon::default()
    }
}

fn quick() -> Manner {
    Manner {
        wait: std::time::Duration::from_secs(3),
        settle: std::time::Duration::from_millis(300),
        lines: 10,
    }
}

#[test]
fn the_script_is_one_line_without_single_quotes_of_its_own() {
    let text = text(
        &[daemon("x", Manager::Auto), daemon("y", Manager::Custom)],
        Action::Restart,
        &quick(),
    );
    assert!(!text.contains('\n'));
    let own = text.replace("n='x'", "").replace("n='y'", "");
    assert!(!own.contains('\''), "{own}");
    assert!(text.len() < 24 << 10, "{} bytes", text.len());
    // tcsh looks into its history for what follows such a mark, within quotes too.
    let marks = text.match_indices('!').map(|(at, _)| &text[at + 1..]);
    let mut strange = marks.filter(|rest| !rest.starts_with([' ', '=']));
    assert_eq!(strange.next(), None);
}

const UNIT: &str = "Type=simple\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nMainPID=1477\nNRestarts=2\n\
ExecMainStatus=0\nExecMainCode=0\nMemoryCurrent=5242880\nCPUUsageNSec=12345678901\nActiveEnterTimestampMonotonic=1000000\nInvocationID=a";

#[test]
fn systemd_is_read_in_every_shell() {
    let bench = Bench::new();
    let failed = "MainPID=0\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainStatus=203\nExecMainCode=1\n\
MemoryCurrent=[not set]\nCPUUsageNSec=18446744073709551615\nNRestarts=0\nActiveEnterTimestampMonotonic=0";
    bench.tool(
        "systemctl",
        &format!(
            "case \"$*\" in *ssh.service*) cat <<E\n{UNIT}\nE\n;; *nginx.service*) cat <<E\n{failed}\nE\n;;\n*) printf 'LoadState=not-found\\nActiveState=inactive\\nSubState=dead\\n';; esac"
        ),
    );
    bench.tool("journalctl", "echo \"said: $*\"; printf 'no end'");
    let daemons = [
        daemon("ssh", Manager::Systemd),
        daemon("nginx", Manager::Systemd),
        daemon("gone", Manager::Systemd),
    ];
    for shell in shells() {
        let (code, reports) = bench.run(shell, &text(&daemons, Action::Status, &quick()));
        let [ssh, nginx, gone] = &reports[..] else {
            panic!("{shell:?}: {reports:?}");
        };
        assert_eq!((code, ssh.state), (1, State::Up), "{shell:?}");
        assert_eq!(
            (ssh.pid, ssh.restarts, ssh.memory),
            (Some(1477), Some(2), Some(5_242_880))
        );
        assert_eq!((ssh.cpu_ms, ssh.exit), (Some(12_345), None));
        assert!(
            ssh.since.is_some_and(|since| since > 1_600_000_000),
            "{ssh:?}"
        );
        assert_eq!(
            (nginx.state, nginx.exit, nginx.memory),
            (State::Failed, Some(203), None)
        );
        assert_eq!(nginx.reason.as_str(), "failed/failed (exit 203)");
        let log: Vec<&str> = nginx.log.iter().map(SafeText::as_str).collect();
        assert_eq!(
            log,
            ["said: --no-pager -q -n 10 -u nginx.service", "no end"]
        );
        assert_eq!(
            (gone.state, gone.reason.as_str()),
            (State::Absent, "no such unit")
        );
        assert!(reports.iter().all(|report| report.verdict.is_none()));
    }
}

#[test]
fn every_login_shell_takes_the_command() {
    let bench = Bench::new();
    let app = Daemon {
        status: Some("echo it\\'s \"well\"".to_owned()),
        ..daemon("app", Manager::Custom)
    };
    let command = script(&[app], Action::Status, &quick());
    for shell in ["dash", "bash", "zsh", "ksh", "mksh", "fish", "tcsh"] {
        if Command::new(shell).args(["-c", ":"]).status().is_err() {
            continue;
        }
        let (code, reports) = bench.run(&[shell, "-c"], &command);
        assert_eq!((code, reports.len()), (0, 1), "{shell}");
        assert_eq!(reports[0].reason.as_str(), "it's well", "{shell}");
    }
}

#[test]
fn a_custom_daemon_that_can_not_be_stopped_was_not_restarted() {
    let bench = Bench::new();
    let app = Daemon {
        start: Some(":".to_owned()),
        stop: Some(":".to_owned()),
        status: Some(":".to_owned()),
        ..daemon("app", Manager::Custom)
    };
    let (code, reports) = bench.run(&["dash", "-c"], &text(&[app], Action::Restart, &quick()));
    assert_eq!((code, reports[0].verdict), (1, Some(Verdict::Failed)));
    assert!(
        reports[0]
            .reason
            .as_str()
            .contains("still runs after its stop command"),
        "{reports:?}"
    );
}

#[test]
fn a_custom_daemon_comes_and_goes_in_every_shell() {
    let bench = Bench::new();
    let (up, log) = (bench.path("up"), bench.path("it's log"));
    let app = Daemon {
        start: Some(format!("echo began >>\"{log}\"\n: >{up}")),
        stop: Some(format!("rm -f {up}")),
        status: Some(format!("[ -e {up} ]")),
        log: Some(log),
        ..daemon("app", Manager::Custom)
    };
    let apps = std::slice::from_ref(&app);
    for shell in shells() {
        let mut seen = Vec::new();
        for action in [
            Action::Start,
            Action::Start,
            Action::Restart,
            Action::Status,
            Action::Stop,
            Action::Stop,
            Action::Status,
        ] {
            let (code, reports) = bench.run(shell, &text(apps, action, &quick()));
            let [report] = &reports[..] else {
                panic!("{shell:?}: {reports:?}");
            };
            seen.push((code, report.verdict, report.state));
        }
        let (done, already) = (Some(Verdict::Done), Some(Verdict::Already));
        assert_eq!(
            seen,
            [
                (0, done, State::Up),
                (0, already, State::Up),
                (0, done, State::Up),
                (0, None, State::Up),
                (0, done, State::Stopped),
                (0, already, State::Stopped),
                (1, None, State::Stopped),
            ],
            "{shell:?}"
        );
    }
}

/// Tool, what it prints, its exit status; the manager; the state, what else is known.
const SAID: &[(&str, &str, i32, Manager, State, &str)] = &[
    (
        "docker",
        "/x|running|321|1|0|false|2023-06-26T20:40:00.5Z|healthy",
        0,
        Manager::Docker,
        State::Up,
        "running (healthy)",
    ),
    (
        "docker",
        "/x|running|321|0|0|false|2023-06-26T20:40:00Z|unhealthy",
        0,
        Manager::Docker,
        State::Failed,
        "running (unhealthy)",
    ),
    (
        "docker",
        "/x|running|321|0|0|false|2023-06-26T20:40:00Z|starting",
        0,
        Manager::Docker,
        State::Changing,
        "running (starting)",
    ),
    (
        "docker",
        "/x|restarting|0|7|1|false|2023-06-26T20:40:00Z|",
        0,
        Manager::Docker,
        State::Failed,
        "restarting",
    ),
    (
        "docker",
        "/x|exited|0|0|0|false|2023-06-26T20:40:00Z|",
        0,
        Manager::Docker,
        State::Stopped,
        "exited (0)",
    ),
    (
        "docker",
        "/x|exited|0|3|137|true|2023-06-26T20:40:00Z|",
        0,
        Manager::Docker,
        State::Failed,
        "exited (out of memory)",
    ),
    (
        "docker",
        "Error: No such object: x",
        1,
        Manager::Docker,
        State::Absent,
        "no such container",
    ),
    (
        "docker",
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
        1,
        Manager::Docker,
        State::Unknown,
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
    ),
    (
        "podman",
        "x|running|321|0|0|false|2023-06-26 22:40:00.1 +0200 CEST|",
        0,
        Manager::Podman,
        State::Up,
        "running",
    ),
    (
        "rc-service",
        " * status: started",
        0,
        Manager::Openrc,
        State::Up,
        "status: started",
    ),
    (
        "rc-service",
        " * status: stopped",
        3,
        Manager::Openrc,
        State::Stopped,
        "status: stopped",
    ),
    (
        "rc-service",
        " * status: crashed",
        32,
        Manager::Openrc,
        State::Failed,
        "status: crashed",
    ),
    (
        "rc-service",
        " * rc-service: service x does not exist",
        1,
        Manager::Openrc,
        State::Absent,
        "no such service",
    ),
    (
        "sv",
        "run: x: (pid 321) 456s; run: log: (pid 9) 1s",
        0,
        Manager::Runit,
        State::Up,
        "run: x: (pid 321) 456s",
    ),
    (
        "sv",
        "down: x: 5s, normally up",
        1,
        Manager::Runit,
        State::Stopped,
        "down: x: 5s, normally up",
    ),
    (
        "sv",
        "fail: x: unable to change to service directory: file does not exist",
        1,
        Manager::Runit,
        State::Absent,
        "no such service",
    ),
    (
        "supervisorctl",
        "a:x   RUNNING   pid 321, uptime 0:01:02",
        0,
        Manager::Supervisor,
        State::Up,
        "RUNNING pid 321, uptime 0:01:02",
    ),
    (
        "supervisorctl",
        "x   FATAL   Exited too quickly",
        3,
        Manager::Supervisor,
        State::Failed,
        "FATAL Exited too quickly",
    ),
    (
        "supervisorctl",
        "x: ERROR (no such process)",
        4,
        Manager::Supervisor,
        State::Absent,
        "no such program",
    ),
    (
        "launchctl",
        "{\n\t\"LastExitStatus\" = 0;\n\t\"PID\" = 321;\n};",
        0,
        Manager::Launchd,
        State::Up,
        "running",
    ),
    (
        "launchctl",
        "{\n\t\"LastExitStatus\" = 256;\n\t\"Label\" = \"x\";\n};",
        0,
        Manager::Launchd,
        State::Failed,
        "exit 1",
    ),
    (
        "launchctl",
        "Could not find service \"x\" in domain for port",
        113,
        Manager::Launchd,
        State::Absent,
        "no such job",
    ),
];

#[test]
fn what_other_managers_say_is_read_as_the_sampler_reads_it() {
    for shell in [&["dash", "-c"][..], &["bash", "--posix", "-c"]] {
        for (tool, said, status, manager, state, detail) in SAID.iter().copied() {
            let bench = Bench::new();
            bench.tool(tool, &format!("cat <<'E'\n{said}\nE\nexit {status}"));
            let (_, reports) = bench.run(
                shell,
                &text(&[daemon("x", manager)], Action::Status, &quick()),
            );
            let [report] = &reports[..] else {
                panic!("{shell:?} {said}: {reports:?}");
            };
            assert_eq!(
                (report.state, report.reason.as_str()),
                (state, detail),
                "{said}"
            );
            assert_eq!(report.manager, Some(manager));
            let has_since =
                matches!(manager, Manager::Docker | Manager::Podman) && report.pid.is_some();
            assert!(
                !has_since || report.since == Some(1_687_812_000),
                "{report:?}"
            );
            assert!(report.pid.is_none_or(|pid| pid == 321), "{report:?}");
        }
    }
}

#[test]
fn a_manager_that_is_not_there_is_said_to_be_absent() {
    let bench = Bench::new();
    let all =
        [Manager::Podman, Manager::Openrc, Manager::Launchd].map(|manager| daemon("x", manager));
    let (code, reports) = bench.run(&["dash", "-c"], &text(&all, Action::Restart, &quick()));
    let told: Vec<_> = reports
        .iter()
        .map(|r| (r.verdict, r.state, r.reason.as_str()))
        .collect();
    assert_eq!(code, 1);
    assert_eq!(
        told,
        ["podman", "openrc", "launchd"]
            .map(|m| (Some(Verdict::Failed), State::Absent, format!("no {m} here")))
            .iter()
            .map(|(v, s, r)| (*v, *s, r.as_str()))
            .collect::<Vec<_>>()
    );
}

#[test]
fn what_is_read_is_what_is_run() {
    let daemons = ["a", "it's"].map(|name| Daemon {
        name: name.to_owned(),
        start: Some("x &&\n  # y\n  z".to_owned()),
        ..Daemon::default()
    });
    let manner = Manner::default();
    let read = readable(&daemons, Action::Restart, &manner);
    let run = text(&daemons, Action::Restart, &manner);
    let words =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    assert_eq!(words(&read), words(&run));
    assert!(read.lines().all(|line| line.len() < 400), "{read}");
    for shell in shells() {
        let checked = Command::new(shell[0])
            .args(&shell[1..])
            .arg(format!("set -n\n{read}"))
            .output()
            .unwrap();
        assert!(checked.status.success(), "{shell:?}: {checked:?}");
    }
}
