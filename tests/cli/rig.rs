//! A home of its own for the binary, and simulated nodes served by another process of it.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Far above what anything here takes: only a hang meets it.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A folder that the binary takes for its home, and stands in.
pub(crate) struct Home(tempfile::TempDir);

/// What the binary printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        let folder = path.parent().expect("it is below the home");
        fs::create_dir_all(folder).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }

    /// The binary with these words, knowing nothing of the user who runs the tests.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sshoal"));
        command
            .args(["-F", "none"])
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("TMPDIR", self.0.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("USER", "tester")
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        finish(self.command(arguments).output().expect("the binary starts"))
    }
}

pub(crate) fn finish(output: Output) -> Done {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Done {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// Waits for the end of a process that was told to end; kills it when it doesn't.
pub(crate) fn wait(child: &mut Child) -> Option<i32> {
    let end = Instant::now() + SOON;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return status.code();
        }
        // The standard library has no wait with a deadline.
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Sends a signal to one process.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .expect("kill is part of every system");
    assert!(sent.success());
}

/// `sshoal demo --serve`, ended when dropped.
pub(crate) struct Demo {
    server: Child,
    pub(crate) hosts: String,
    pub(crate) known_hosts: String,
}

impl Demo {
    pub(crate) fn serve(home: &Home, nodes: &str) -> Self {
        let mut command = home.command(&["demo", "--serve", "--nodes", nodes]);
        let mut server = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let mut out = BufReader::new(server.stdout.take().expect("its output"));
        out.read_line(&mut line).expect("how to connect");
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["sshoal", "--hosts", hosts, "--known-hosts", known] = words[..] else {
            let _ = server.kill();
            unreachable!("it said: {line}");
        };
        Self {
            hosts: hosts.to_owned(),
            known_hosts: known.to_owned(),
            server,
        }
    }

    /// These words, with the options that lead to its nodes.
    pub(crate) fn words<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        let here = ["--hosts", &self.hosts, "--known-hosts", &self.known_hosts];
        [words, &here].concat()
    }

    /// Ends it as Ctrl-C or a supervisor would; its exit code.
    pub(crate) fn end(&mut self, how: &str) -> Option<i32> {
        signal(&self.server, how);
        wait(&mut self.server)
    }

    pub(crate) fn folder(&self) -> &Path {
        Path::new(&self.hosts)
            .parent()
            .expect("a folder of its own")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
