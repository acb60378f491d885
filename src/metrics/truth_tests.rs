//! What each manager says, as its tools print it, and what is made of it.

use super::{container::instant, systemd::cgroup, *};
use crate::metrics::slow::{Slow, Topics};

fn daemon(name: &str, manager: Manager) -> Daemon {
    Daemon {
        name: name.into(),
        manager,
        ..Daemon::default()
    }
}

/// The truth about one daemon, position 0, after this answer.
fn one(has: &str, parts: &str, daemon: Daemon) -> Truth {
    let mut slow = Slow::default();
    slow.feed(format!("S1 n slow has={has} space=stat\n").as_bytes(), "n");
    slow.tick(Topics::EVERYTHING).unwrap();
    let heard = slow.feed(
        format!("(1 1687812000 1000.00\n{parts})1\n").as_bytes(),
        "n",
    );
    let [crate::metrics::slow::Heard::Answer(answer)] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    truths(answer, slow.hello().unwrap(), &[daemon]).remove(0)
}

fn brief(truth: &Truth) -> (State, &str) {
    (truth.status.state, truth.status.detail.as_str())
}

const UNITS: &str = "=systemd 0\n Type=simple\n Id=ssh.service\n Names=sshd.service ssh.service\n LoadState=loaded\n ActiveState=active\n \
SubState=running\n Result=success\n MainPID=1477\n NRestarts=2\n ExecMainStatus=0\n ActiveEnterTimestampMonotonic=40000000\n \
MemoryCurrent=5242880\n ControlGroup=/system.slice/ssh.service\n \n MainPID=0\n Id=nginx.service\n Names=nginx.service\n LoadState=loaded\n \
ActiveState=failed\n SubState=failed\n Result=exit-code\n ExecMainStatus=1\n MemoryCurrent=[not set]\n NRestarts=0\n \n Id=gone.service\n \
Names=gone.service\n LoadState=not-found\n ActiveState=inactive\n SubState=dead\n MemoryCurrent=18446744073709551615\n \n Id=loop.service\n \
LoadState=loaded\n ActiveState=activating\n SubState=auto-restart\n Result=signal\n \n Id=off.service\n LoadState=masked\n ActiveState=inactive\n SubState=dead\n";

#[test]
fn systemd_speaks_in_blocks() {
    let truth = |name| one("systemd", UNITS, daemon(name, Manager::Systemd));
    let ssh = truth("sshd");
    assert_eq!(brief(&ssh), (State::Up, "active/running"));
    assert_eq!(
        (ssh.status.pid, ssh.status.restarts, ssh.status.memory),
        (Some(1477), Some(2), Some(5_242_880))
    );
    assert_eq!(ssh.started, Some(40.0));
    assert_eq!(
        ssh.cgroup.as_deref(),
        Some("/sys/fs/cgroup/system.slice/ssh.service")
    );
    assert_eq!(ssh.status.name.as_str(), "sshd");
    let nginx = truth("nginx");
    assert_eq!(brief(&nginx), (State::Failed, "failed/failed (exit 1)"));
    assert_eq!((nginx.status.pid, nginx.status.memory), (None, None));
    assert_eq!(brief(&truth("gone")), (State::Absent, "no such unit"));
    assert_eq!(
        brief(&truth("loop")),
        (State::Failed, "activating/auto-restart (signal)")
    );
    assert_eq!(
        brief(&truth("off")),
        (State::Stopped, "inactive/dead, masked")
    );
    assert_eq!(brief(&truth("never-asked")).0, State::Unknown);
}

#[test]
fn a_manager_that_is_not_there_is_absent_and_not_stopped() {
    let systemd = one("docker", "", daemon("nginx", Manager::Systemd));
    assert_eq!(brief(&systemd), (State::Absent, "no systemd here"));
    let docker = one("", "", daemon("web", Manager::Docker));
    assert_eq!(brief(&docker), (State::Absent, "no docker here"));
}

#[test]
fn a_user_manager_that_is_not_running_says_so() {
    let parts = "=systemd-user 1\n Failed to connect to bus: No medium found\n";
    let truth = one("systemd", parts, daemon("x", Manager::SystemdUser));
    assert_eq!(
        brief(&truth),
        (State::Unknown, "Failed to connect to bus: No medium found")
    );
}

#[test]
fn containers_are_one_row_each() {
    let rows = "=docker 1\n /web|running|321|1|0|false|2023-06-26T20:39:00.5Z|healthy\n /sick|running|5|0|0|false|2023-06-26T20:39:00Z|unhealthy\n \
/done|exited|0|0|0|false|x|\n /bad|exited|0|3|137|true|x|\n Error: No such object: gone\n";
    let truth = |name| one("docker", rows, daemon(name, Manager::Docker));
    let web = truth("web");
    assert_eq!(brief(&web), (State::Up, "running (healthy)"));
    assert_eq!((web.status.pid, web.status.restarts), (Some(321), Some(1)));
    assert_eq!(web.started, Some(1000.0 - 60.0));
    assert_eq!(
        brief(&truth("sick")),
        (State::Failed, "running (unhealthy)")
    );
    assert_eq!(brief(&truth("done")), (State::Stopped, "exited (0)"));
    assert_eq!(
        brief(&truth("bad")),
        (State::Failed, "exited (out of memory)")
    );
    assert_eq!(brief(&truth("gone")), (State::Absent, "no such container"));
}

#[test]
fn a_docker_that_does_not_answer_is_unknown() {
    let rows =
        "=docker 1\n \n Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n";
    let truth = one("docker", rows, daemon("web", Manager::Docker));
    assert_eq!(truth.status.state, State::Unknown);
    assert!(truth.status.detail.as_str().starts_with("Cannot connect"));
    for manager in [Manager::Docker, Manager::Openrc, Manager::Runit] {
        let late = "=docker 124\n=openrc 0 124\n=runit 0 124\n";
        let late = one("docker,openrc,runit", late, daemon("web", manager));
        assert_eq!(brief(&late), (State::Unknown, "no answer in 8 s"));
    }
}

#[test]
fn podman_has_its_own_clock_format() {
    assert_eq!(
        instant("2023-06-26 22:44:32.1 +0200 CEST"),
        instant("2023-06-26T20:44:32Z")
    );
    assert_eq!(instant("0001-01-01T00:00:00Z"), None);
}

/// Manager, what was found, the answer, the state.
const OTHERS: &[(Manager, &str, &str, State)] = &[
    (
        Manager::Openrc,
        "openrc",
        "=openrc 0 0\n  * status: started\n",
        State::Up,
    ),
    (
        Manager::Openrc,
        "openrc",
        "=openrc 0 32\n  * status: crashed\n",
        State::Failed,
    ),
    (
        Manager::Openrc,
        "openrc",
        "=openrc 0 1\n  * rc-service: service `x' does not exist\n",
        State::Absent,
    ),
    (
        Manager::Runit,
        "runit",
        "=runit 0 0\n run: x: (pid 12) 456s; run: log: (pid 9) 1s\n",
        State::Up,
    ),
    (
        Manager::Runit,
        "runit",
        "=runit 0 1\n down: x: 5s, normally up\n",
        State::Stopped,
    ),
    (
        Manager::Runit,
        "runit",
        "=runit 0 1\n fail: x: unable to change to service directory: file does not exist\n",
        State::Absent,
    ),
    (
        Manager::Supervisor,
        "supervisor",
        "=supervisor 3\n a:x   RUNNING   pid 12, uptime 0:01:02\n y  FATAL  oops\n",
        State::Up,
    ),
    (
        Manager::Supervisor,
        "supervisor",
        "=supervisor 4\n x: ERROR (no such process)\n",
        State::Absent,
    ),
    (Manager::Pidfile, "", "=pidfile 0 12 up\n", State::Up),
    (Manager::Pidfile, "", "=pidfile 0 12 gone\n", State::Failed),
    (Manager::Pidfile, "", "=pidfile 0 - none\n", State::Stopped),
    (
        Manager::Pidfile,
        "",
        "=pidfile 0 - denied\n",
        State::Unknown,
    ),
    (Manager::Launchd, "", "", State::Absent),
];

#[test]
fn the_others_by_status_and_words() {
    for (manager, has, parts, state) in OTHERS.iter().copied() {
        let truth = one(has, parts, daemon("x", manager));
        assert_eq!(truth.status.state, state, "{parts}");
        assert_eq!(
            truth.status.pid,
            (state == State::Up && !parts.contains("openrc")).then_some(12),
            "{parts}"
        );
    }
}

#[test]
fn a_custom_status_is_its_exit_code() {
    let truth = |parts| {
        let daemon = Daemon {
            status: Some("check".into()),
            ..daemon("my app", Manager::Custom)
        };
        one("", parts, daemon)
    };
    assert_eq!(
        brief(&truth("=custom 0 0\n 3 workers\n no\n")),
        (State::Up, "3 workers")
    );
    assert_eq!(
        brief(&truth("=custom 0 1\n")),
        (State::Stopped, "not running")
    );
    assert_eq!(brief(&truth("=custom 0 124\n")).0, State::Unknown);
    let killed = (State::Unknown, "the status command was killed");
    assert_eq!(brief(&truth("=custom 0 137\n")), killed);
    assert_eq!(brief(&truth("=custom 0 255\n")).0, State::Stopped);
    assert_eq!(
        brief(&truth("=custom 0 127\n sh: check: not found\n")).0,
        State::Unknown
    );
    assert_eq!(brief(&truth("")), (State::Unknown, "no answer"));
}

#[test]
fn auto_takes_the_first_manager_that_knows_it() {
    let docker = "=docker 0\n /gone|running|3|0|0|false||\n";
    let both = format!("{UNITS}{docker}=pidfile 0 - none\n");
    let truth = one("systemd,docker", &both, daemon("gone", Manager::Auto));
    assert_eq!(brief(&truth), (State::Up, "running"));
    assert_eq!(truth.status.manager.unwrap().as_str(), "docker");
    let unit = one("systemd,docker", UNITS, daemon("nginx", Manager::Auto));
    assert_eq!(unit.status.state, State::Failed);
    let file = one("", "=pidfile 0 12 up\n", daemon("x", Manager::Auto));
    assert_eq!(file.status.manager.as_ref().unwrap().as_str(), "pidfile");
    let nobody = one(
        "systemd",
        &format!("{UNITS}=pidfile 0 - none\n"),
        daemon("gone", Manager::Auto),
    );
    assert_eq!(
        brief(&nobody),
        (State::Absent, "no unit, container or pid file")
    );
    assert_eq!(nobody.status.manager, None);
}

#[test]
fn hostile_words_do_no_harm() {
    let truth = one("systemd", UNITS, daemon("a b;rm", Manager::Systemd));
    assert_eq!(truth.status.state, State::Unknown);
    assert_eq!(cgroup("/../../etc"), None);
    assert_eq!(cgroup("/a b"), None);
    assert_eq!(cgroup("/"), None);
}
