//! Commands of the user's own that may change something: asked about as `exec` asks, and in the audit log.

use std::process::Stdio;

use super::{
    cli::Lab,
    rig::{Done, signal, wait},
};

impl Lab {
    fn audit(&self, words: &[&str]) -> Done {
        self.home.run(&[&["audit"], words].concat())
    }
}

#[test]
fn what_may_change_something_is_asked_about() {
    let Some(lab) = Lab::new(&[]) else { return };
    let mark = lab.home.path("mark");
    let touch = format!("touch {}; echo touched", mark.display());
    let done = lab.run(&["n[1-2]", "--command", &touch]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(
        done.err.contains("--yes") && done.err.contains(&touch),
        "{done:?}"
    );
    for (nodes, answer) in [("n1", "n\r"), ("n[1-2]", "\r")] {
        let mut pty = lab.on_terminal(&[nodes, "--command", &touch]);
        pty.wait_for("Type y for yes");
        pty.send(answer);
        assert_eq!(pty.wait_exit().exit_code(), 2);
        assert!(pty.screen().contents().contains("nothing was run"));
    }
    assert!(!mark.exists());
    assert_eq!(lab.audit(&[]).out, "", "nothing was run");
    let mut pty = lab.on_terminal(&["n[1-2]", "--command", &touch]);
    pty.wait_for("Type y for yes");
    pty.send("y\r");
    pty.wait_for("n2: touched");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert!(mark.exists());
    let told = lab.audit(&[]).out;
    assert!(
        told.contains(&format!("logs --command {touch}"))
            && told.contains("ok           2  n[1-2]"),
        "{told}"
    );
}

#[test]
fn each_command_is_written_down_with_how_it_went() {
    let Some(lab) = Lab::new(&[]) else { return };
    let done = lab.run(&["n1,dead", "--command", "exit 7"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let told = lab.audit(&[]).out;
    assert!(
        told.contains("exit 7       1  n1") && told.contains("refused      1  dead"),
        "{told}"
    );
    let mut command = lab.command(&[
        "n1",
        "-f",
        "--command",
        "echo token=hunter2canary; sleep 60",
    ]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    signal(&child, "-INT");
    assert_eq!(wait(&mut child), Some(0));
    let told = lab.audit(&[]).out;
    assert!(
        told.contains("cancelled    1  n1") && !told.contains("hunter2canary"),
        "{told}"
    );
    assert_eq!(lab.audit(&["verify"]).code, Some(0));
    // Files are read as ever.
    let before = lab.audit(&["--json"]).out;
    lab.run(&["n1", "--file", "/none"]);
    assert_eq!(lab.audit(&["--json"]).out, before);
}

#[test]
fn what_can_not_be_written_down_is_not_run_where_it_may_change_something() {
    let Some(lab) = Lab::new(&[]) else { return };
    lab.home.write("state/sshoal/audit", "no folder");
    let mark = lab.home.path("mark");
    let touch = format!("touch {}", mark.display());
    let done = lab.run(&["n1", "--yes", "--command", &touch]);
    assert!(
        done.code == Some(74) && done.err.contains("nothing was run"),
        "{done:?}"
    );
    assert!(!mark.exists());
    let done = lab.run(&["n1", "--command", "echo read"]);
    assert!(
        done.code == Some(0) && done.out == "read\n" && done.err.contains("only reads"),
        "{done:?}"
    );
}
