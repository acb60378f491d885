//! Real runit: `runsvdir` over a folder of services.

use std::{fs, process::Command};

use crate::{
    lab::{Lab, Owned, brief, until},
    support::sshd::peer,
};

fn lab() -> Option<(Lab, Owned)> {
    peer("runsvdir")?;
    let lab = Lab::start("", "SVDIR=@HERE@/service; export SVDIR")?;
    lab.tool("service/good/run", "exec sleep 600");
    lab.tool("service/bad/run", "echo cannot bind; exit 3");
    fs::write(lab.path("service/bad/down"), "").expect("a file");
    lab.tool("service/bad/log/run", "exec svlogd -tt ./main");
    fs::create_dir_all(lab.path("service/bad/log/main")).expect("a folder");
    let runit = Owned::start(Command::new("runsvdir").arg(lab.path("service")), "-HUP");
    let sv = |name: &str| {
        let said = Command::new("sv")
            .env("SVDIR", lab.path("service"))
            .args(["status", name])
            .output();
        said.is_ok_and(|said| said.stdout.starts_with(b"run") || said.stdout.starts_with(b"down"))
    };
    until("both are supervised", || sv("good") && sv("bad"));
    Some((lab, runit))
}

#[test]
fn a_service_comes_goes_and_comes_anew() {
    let Some((lab, _runit)) = lab() else { return };
    let act = |verb: &str| {
        let (code, value) = lab.one(&[verb, "n1", "good"]);
        assert_eq!(
            (code, value["manager"].as_str()),
            (i32::from(value["well"] == false), Some("runit")),
            "{value}"
        );
        let (result, state) = brief(&value);
        (format!("{result} {state}"), value["pid"].as_u64())
    };
    let (first, pid) = act("status");
    assert_eq!(first, "- up");
    let (again, next) = act("restart");
    assert_eq!(again, "done up");
    assert!(
        pid.is_some() && next.is_some() && pid != next,
        "{pid:?} {next:?}"
    );
    assert_eq!(act("stop"), ("done stopped".to_owned(), None));
    assert_eq!(act("stop").0, "already stopped");
    assert_eq!(act("status").0, "- stopped");
    assert_eq!(act("start").0, "done up");
    assert_eq!(act("start").0, "already up");
}

#[test]
fn one_that_dies_at_once_is_a_failure_with_what_it_said() {
    let Some((lab, _runit)) = lab() else { return };
    let (code, value) = lab.one(&["start", "n1", "bad"]);
    assert_eq!((code, brief(&value).0), (1, "failed"), "{value}");
    let log = value["log"].as_array().expect("its log");
    assert!(
        log.iter()
            .any(|line| line.as_str().is_some_and(|l| l.ends_with("cannot bind"))),
        "{value}"
    );
    lab.one(&["stop", "n1", "bad"]);
}

/// Not real: an `sv` that goes on naming the process before for a while, as the real one does on a busy machine.
const SLOW: &str = r#"cd @HERE@
case $1 in
term) kill $(cat now); sleep 60 >/dev/null 2>&1 & echo 3 >left; cp now old; echo $! >now;;
status) n=$(cat left 2>/dev/null || echo 0); p=now; [ $n -eq 0 ] || { p=old; echo $((n-1)) >left; }; echo "run: $2: (pid $(cat $p)) 5s";;
esac"#;

#[test]
fn a_stand_in_that_tells_late_of_the_new_process_is_no_crash_loop() {
    let daemons = "  daemons: [{name: web, manager: runit}]\n";
    let Some(lab) = Lab::start(daemons, "") else {
        return;
    };
    let here = lab.path("").display().to_string();
    lab.tool("bin/sv", &SLOW.replace("@HERE@", &here));
    let mut command = Command::new("sleep");
    let before = Owned::start(command.arg("60"), "-TERM");
    lab.write("now", &format!("{}\n", before.id()));
    let (code, value) = lab.one(&["restart", "n1", "web"]);
    assert_eq!((code, brief(&value)), (0, ("done", "up")), "{value}");
    let now = fs::read_to_string(lab.path("now")).expect("a number");
    assert_eq!(value["pid"].to_string(), now.trim());
    let ended = Command::new("kill").arg(now.trim()).status();
    assert!(ended.is_ok_and(|status| status.success()));
}
