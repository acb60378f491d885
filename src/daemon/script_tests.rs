//! The script in the shells that nodes have.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::*;
use crate::{
    daemon::{Report, Verdict, answer},
    metrics::daemon::State,
    node::text::SafeText,
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
    let found = |words: &&[&str]| Command::new(words[0]).args(&words[1..]).arg(":").status();
    let all = all.into_iter().filter(|words| found(words).is_ok());
    all.collect()
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
