//! What systemd says, by a stand-in that keeps its units in files.

use crate::lab::{Lab, brief};

/// Units are files of `Key=value`; `start`, `stop`, `restart` put the file of that name in their place.
const SYSTEMCTL: &str = r#"
echo "$*" >>@HERE@/asked
verb= unit=
for word; do case $word in
	show | start | stop | restart) verb=$word;;
	*.service) unit=${word%.service};;
esac; done
here=@HERE@/units
case $verb in
	show)
		[ -e $here/$unit ] || { printf 'Id=%s.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nMainPID=0\nNRestarts=0\nMemoryCurrent=[not set]\n' $unit; exit 0; }
		cat $here/$unit;;
	*)
		[ ! -e $here/$unit.$verb.says ] || cat $here/$unit.$verb.says >&2
		[ -e $here/$unit.$verb ] || exit 1
		cp $here/$unit.$verb $here/$unit
		[ ! -e $here/$unit.$verb.says ];;
esac
"#;

const UP: &str = "Type=notify\nMainPID=100\nNRestarts=0\nExecMainStartTimestampMonotonic=5000000\nExecMainCode=0\nExecMainStatus=0\n\
MemoryCurrent=5242880\nCPUUsageNSec=2500000000\nId=nginx.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n\
ActiveEnterTimestampMonotonic=5100000\nInvocationID=0f3e\n";

const STOPPED: &str = "Type=notify\nMainPID=0\nNRestarts=0\nMemoryCurrent=[not set]\nCPUUsageNSec=18446744073709551615\nId=nginx.service\n\
LoadState=loaded\nActiveState=inactive\nSubState=dead\nResult=success\nExecMainCode=1\nExecMainStatus=0\nActiveEnterTimestampMonotonic=0\nInvocationID=\n";

fn lab() -> Option<Lab> {
    let lab = Lab::start("", "SSHOAL_SYSTEMD=@HERE@; export SSHOAL_SYSTEMD")?;
    let here = lab.path("").display().to_string();
    lab.tool("bin/systemctl", &SYSTEMCTL.replace("@HERE@", &here));
    lab.tool(
        "bin/journalctl",
        "echo 'Nov 21 21:50:01 n1 nginx[9]: bind() failed'",
    );
    lab.write("units/nginx", UP);
    let anew = UP
        .replace("MainPID=100", "MainPID=200")
        .replace("0f3e", "77aa");
    lab.write("units/nginx.restart", &anew);
    lab.write("units/nginx.stop", STOPPED);
    lab.write("units/nginx.start", &anew);
    Some(lab)
}

#[test]
fn a_unit_is_stopped_started_and_restarted() {
    let Some(lab) = lab() else { return };
    let act = |verb: &str| {
        let (code, value) = lab.one(&[verb, "n1", "nginx"]);
        (
            code,
            value["result"].as_str().map(str::to_owned),
            value["state"].as_str().map(str::to_owned),
            value["pid"].as_u64(),
        )
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(act("status"), (0, None, some("up"), Some(100)));
    assert_eq!(act("start"), (0, some("already"), some("up"), Some(100)));
    assert_eq!(act("restart"), (0, some("done"), some("up"), Some(200)));
    assert_eq!(act("stop"), (0, some("done"), some("stopped"), None));
    assert_eq!(act("stop"), (0, some("already"), some("stopped"), None));
    assert_eq!(act("start"), (0, some("done"), some("up"), Some(200)));
}

#[test]
fn a_restart_that_comes_back_failed_is_a_failure_with_its_reason_and_log() {
    let Some(lab) = lab() else { return };
    let failed = STOPPED
        .replace("inactive", "failed")
        .replace("=dead", "=failed")
        .replace("Result=success", "Result=exit-code")
        .replace("ExecMainStatus=0", "ExecMainStatus=1");
    lab.write("units/nginx.restart", &failed);
    lab.write("units/nginx.restart.says", "Job for nginx.service failed because the control process exited with error code.\nSee \"systemctl status\".\n");
    let (code, value) = lab.one(&["restart", "n1", "nginx"]);
    assert_eq!((code, brief(&value)), (1, ("failed", "failed")));
    assert_eq!(value["exit"], 1);
    assert_eq!(
        value["reason"],
        "failed/failed (exit 1); Job for nginx.service failed because the control process exited with error code."
    );
    assert_eq!(
        value["log"][0],
        "Nov 21 21:50:01 n1 nginx[9]: bind() failed"
    );
    let done = lab.run(&["status", "n1", "nginx"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.out.contains("| Nov 21 21:50:01"), "{done:?}");
}

#[test]
fn crash_loops_masked_units_and_units_that_are_not_there() {
    let Some(lab) = lab() else { return };
    let waits = UP
        .replace("ActiveState=active", "ActiveState=activating")
        .replace("=running", "=auto-restart")
        .replace("Result=success", "Result=exit-code")
        .replace("NRestarts=0", "NRestarts=4");
    lab.write("units/nginx.restart", &waits);
    let (code, value) = lab.one(&["restart", "n1", "nginx"]);
    assert_eq!((code, brief(&value)), (1, ("failed", "failed")));
    assert!(
        value["reason"]
            .as_str()
            .is_some_and(|r| r.starts_with("crash loop; activating/auto-restart")),
        "{value}"
    );
    lab.write("units/nginx", &STOPPED.replace("=loaded", "=masked"));
    lab.write("units/nginx.start", &STOPPED.replace("=loaded", "=masked"));
    lab.write(
        "units/nginx.start.says",
        "Failed to start nginx.service: Unit nginx.service is masked.\n",
    );
    let (code, value) = lab.one(&["start", "n1", "nginx"]);
    assert_eq!((code, brief(&value)), (1, ("failed", "stopped")));
    assert!(
        value["reason"]
            .as_str()
            .is_some_and(|r| r.contains("is masked")),
        "{value}"
    );
    let (code, value) = lab.one(&["stop", "n1", "ngnix", "--manager", "systemd"]);
    assert_eq!((code, brief(&value)), (1, ("failed", "absent")));
    assert_eq!(value["reason"], "no such unit");
}

#[test]
fn a_restart_that_restarts_nothing_and_a_stop_that_stops_nothing_are_failures() {
    let Some(lab) = lab() else { return };
    lab.write("units/nginx.restart", UP);
    lab.write("units/nginx.stop", UP);
    let (code, value) = lab.one(&["restart", "n1", "nginx", "--timeout", "1"]);
    assert_eq!((code, brief(&value)), (1, ("failed", "up")), "{value}");
    assert!(
        value["reason"]
            .as_str()
            .is_some_and(|r| r.contains("not started anew")),
        "{value}"
    );
    let (code, value) = lab.one(&["stop", "n1", "nginx", "--timeout", "1"]);
    assert_eq!((code, brief(&value)), (1, ("failed", "up")), "{value}");
    assert!(
        value["reason"]
            .as_str()
            .is_some_and(|r| r.contains("still runs")),
        "{value}"
    );
}

#[test]
fn user_units_say_when_there_is_no_session() {
    let Some(lab) = lab() else { return };
    lab.tool(
        "bin/systemctl",
        "echo 'Failed to connect to bus: No medium found' >&2; exit 1",
    );
    let (code, value) = lab.one(&["restart", "n1", "app", "--manager", "systemd-user"]);
    assert_eq!(
        (code, brief(&value)),
        (1, ("unknown", "unknown")),
        "{value}"
    );
    assert!(
        value["reason"]
            .as_str()
            .is_some_and(|r| r.contains("linger")),
        "{value}"
    );
}
