//! Real supervisor.

use std::process::Command;

use crate::{
    lab::{Lab, Owned, brief, until},
    support::sshd::peer,
};

fn lab() -> Option<(Lab, Owned)> {
    let (daemon, ctl) = (peer("supervisord")?, peer("supervisorctl")?);
    let lab = Lab::start(
        "  daemons: [{name: web, manager: supervisor}, {name: bad, manager: supervisor}]\n",
        "",
    )?;
    let here = lab.path("").display().to_string();
    let conf = lab.write(
        "conf",
        &format!(
            "[unix_http_server]\nfile={here}/sock\n[supervisord]\nlogfile={here}/log\npidfile={here}/pid\nnodaemon=true\n\
             [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\
             [supervisorctl]\nserverurl=unix://{here}/sock\n\
             [program:web]\ncommand=sleep 600\n[program:bad]\ncommand=sh -c 'echo cannot bind >&2; exit 3'\nautostart=false\nstartretries=1\n",
        ),
    );
    // On a node it finds its file where the system has it.
    lab.tool(
        "bin/supervisorctl",
        &format!("exec {} -c {} \"$@\"", ctl.display(), conf.display()),
    );
    let mut command = Command::new(daemon);
    let supervisor = Owned::start(command.arg("-n").arg("-c").arg(&conf), "-TERM");
    until("web runs", || {
        let said = Command::new(&ctl)
            .arg("-c")
            .arg(&conf)
            .args(["status", "web"])
            .output();
        said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("RUNNING"))
    });
    Some((lab, supervisor))
}

#[test]
fn programs_come_go_and_fail() {
    let Some((lab, _supervisor)) = lab() else {
        return;
    };
    let (code, values) = lab.json(&["status", "n1"]);
    let seen: Vec<_> = values.iter().map(brief).collect();
    assert_eq!((code, seen), (1, vec![("-", "up"), ("-", "stopped")]));
    let pid = values[0]["pid"].as_u64();
    let (code, value) = lab.one(&["restart", "n1", "web"]);
    assert_eq!((code, brief(&value)), (0, ("done", "up")), "{value}");
    assert!(pid.is_some() && value["pid"].as_u64() != pid, "{value}");
    assert!(
        value["since"].is_u64() && value["memory"].is_u64(),
        "{value}"
    );
    let (code, value) = lab.one(&["stop", "n1", "web"]);
    assert_eq!((code, brief(&value)), (0, ("done", "stopped")), "{value}");
    let (code, value) = lab.one(&["start", "n1", "web", "--manager", "auto"]);
    assert_eq!((code, brief(&value)), (0, ("done", "up")), "{value}");
    assert_eq!(value["manager"], "supervisor");
    let (code, value) = lab.one(&["restart", "n1", "bad"]);
    assert_eq!((code, brief(&value)), (1, ("failed", "failed")), "{value}");
    assert!(value["log"].to_string().contains("cannot bind"), "{value}");
    let (code, value) = lab.one(&["restart", "n1", "nobody", "--manager", "supervisor"]);
    assert_eq!((code, brief(&value)), (1, ("failed", "absent")), "{value}");
}
