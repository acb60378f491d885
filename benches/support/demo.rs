//! Simulated nodes in a process of their own.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sshoal");

/// Ended when dropped.
pub(crate) struct Demo {
    process: Child,
    folder: tempfile::TempDir,
    /// Their host keys.
    pub(crate) known: PathBuf,
}

impl Demo {
    /// Starts them; `every` is the pace for all.
    pub(crate) fn start(nodes: usize, every: Option<&str>) -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["demo", "--serve", "--nodes", &nodes.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was built");
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("it says where");
        let path = |flag: &str| {
            let mut words = line.split_whitespace().skip_while(|word| *word != flag);
            PathBuf::from(words.nth(1).expect("it says where"))
        };
        let folder = tempfile::tempdir().expect("a folder");
        copy(&path("--hosts"), &folder.path().join("hosts.yaml"), every);
        Self {
            known: path("--known-hosts"),
            process,
            folder,
        }
    }

    /// The inventory of all.
    pub(crate) fn hosts(&self) -> PathBuf {
        self.folder.path().join("hosts.yaml")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // As Ctrl-C does, so that it removes its files.
        let pid = self.process.id().to_string();
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .expect("kill is everywhere");
        self.process.wait().ok();
    }
}

/// The inventory with a pace for all.
fn copy(from: &Path, to: &Path, every: Option<&str>) {
    let mut text = fs::read_to_string(from).expect("it was written");
    if let Some(every) = every {
        text = text.replacen(
            "defaults:\n",
            &format!("defaults:\n  interval: {every}\n"),
            1,
        );
    }
    fs::write(to, text).expect("room");
}
