//! A real server with a few names, and a folder of its own where its managers live.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    pty::{self, Pty},
    rig::{Done, Home, SOON, finish},
    support::sshd::Sshd,
};

/// Nodes `n1` to `n3`, of which `n3` is protected, and one that nobody answers for: `dead`.
pub(crate) struct Lab {
    pub(crate) home: Home,
    pub(crate) server: Sshd,
}

impl Lab {
    /// With these daemons on each node, as hosts.yaml writes them, and lines of shell that go before each command.
    pub(crate) fn start(daemons: &str, prelude: &str) -> Option<Self> {
        let home = Home::new();
        let here = home.path("node");
        fs::create_dir_all(here.join("bin")).expect("a folder");
        let (folder, path) = (here.display(), std::env::var("PATH").unwrap_or_default());
        let environment = format!("SetEnv HOME={folder} PATH={folder}/bin:{path}");
        let server = Sshd::with(&[&environment])?;
        let lab = Self { home, server };
        lab.server.trust();
        let (user, key) = (lab.server.config().user, lab.server.path("id_ed25519"));
        let (key, here, port) = (key.display(), lab.path(""), lab.server.port);
        let daemons = daemons.replace("@HERE@", &here.display().to_string());
        let prelude = prelude.replace("@HERE@", &here.display().to_string());
        let mut text = format!(
            "defaults:\n  user: {user}\n  identity: {key}\n  prelude: '{prelude}'\n{daemons}hosts:\n"
        );
        for (name, port, more) in [
            ("n1", port, ""),
            ("n2", port, ""),
            ("n3", port, ", protected: true"),
            ("dead", 1, ""),
        ] {
            text += "  ";
            text += name;
            text += &[
                ": {address: 127.0.0.1, port: ",
                &port.to_string(),
                more,
                "}\n",
            ]
            .concat();
        }
        lab.home.write("hosts.yaml", &text);
        Some(lab)
    }

    /// A terminal with it.
    pub(crate) fn on_terminal(&self, words: &[&str]) -> Pty {
        let known = self.server.path("known_hosts").display().to_string();
        let words = [&["-F", "none", "--known-hosts", &known, "daemon"], words].concat();
        let mut command = pty::command(env!("CARGO_BIN_EXE_sshoal"), &words);
        command.env("HOME", self.home.path(""));
        command.env("XDG_STATE_HOME", self.home.path("state"));
        command.cwd(self.home.path(""));
        Pty::start(100, 30, command)
    }

    /// A path of the managers' folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path("node").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        self.home.write(&format!("node/{name}"), text)
    }

    /// A program of the nodes.
    pub(crate) fn tool(&self, name: &str, text: &str) {
        let path = self.write(name, &format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let known = self.server.path("known_hosts").display().to_string();
        self.home
            .command(&[&["--known-hosts", &known, "daemon"], words].concat())
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        finish(self.command(words).output().expect("the binary starts"))
    }

    /// The objects of daemons, and the exit code.
    pub(crate) fn json(&self, words: &[&str]) -> (i32, Vec<Value>) {
        let done = self.run(&[words, &["--json"]].concat());
        let lines = done.out.lines().map(serde_json::from_str::<Value>);
        let mut values: Vec<Value> = lines.collect::<Result<_, _>>().expect("JSON lines");
        let summary = values.pop();
        let code = done.code.unwrap_or(-1);
        assert_eq!(
            summary.map(|s| s["exit_code"].clone()),
            Some(code.into()),
            "{done:?}"
        );
        (code, values)
    }

    /// One daemon of `n1`: what is done, and what came of it.
    pub(crate) fn one(&self, words: &[&str]) -> (i32, Value) {
        let (code, mut values) = self.json(words);
        assert_eq!(values.len(), 1, "{values:?}");
        (code, values.remove(0))
    }
}

/// The words of an answer that matter most.
pub(crate) fn brief(value: &Value) -> (&str, &str) {
    let word = |key: &str| value[key].as_str().unwrap_or("-");
    (word("result"), word("state"))
}

/// A process of ours, ended when dropped, and waited for.
pub(crate) struct Owned {
    child: Child,
    how: &'static str,
}

impl Owned {
    pub(crate) fn start(command: &mut Command, how: &'static str) -> Self {
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("it starts");
        Self { child, how }
    }
}

impl Owned {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        crate::rig::signal(&self.child, self.how);
        crate::rig::wait(&mut self.child);
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        // Other processes tell nobody when they are ready.
        std::thread::sleep(Duration::from_millis(50));
    }
}
