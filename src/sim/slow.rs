//! The simulated slow channel: speaks what `metrics/slow.sh` speaks.

use super::{
    mig,
    model::{Model, Moment},
    services::{docker_inspect, systemctl_show},
};
use crate::node::Manager;
use std::fmt::Write as _;

/// One running loop.
pub(super) struct Slow {
    model: Model,
    /// The lines of the program that ask for daemons, such as `units nginx.service`.
    asked: Vec<String>,
}

impl Slow {
    /// The loop that `program` would be on a real node.
    pub(super) fn new(model: Model, program: &str) -> Self {
        let body = program
            .lines()
            .map(str::trim)
            .skip_while(|line| *line != "daemons() {")
            .skip(1);
        let asked = body
            .take_while(|line| *line != "}")
            .filter(|line| *line != ":")
            .map(str::to_owned)
            .collect();
        Self { model, asked }
    }

    fn has_docker(&self) -> bool {
        let daemons = &self.model.profile().daemons;
        daemons.iter().any(|(_, by)| *by == Manager::Docker)
    }

    /// The line that says that the loop runs.
    pub(super) fn hello(&self, nonce: &str) -> String {
        let docker = if self.has_docker() { ",docker" } else { "" };
        format!("\nS1 {nonce} slow has=systemd{docker} space=stat deadline=timeout 8\n")
    }

    /// The answer to one request.
    pub(super) fn answer(&self, request: &str, now: Moment) -> String {
        let (seq, letters) = request
            .trim()
            .split_once(' ')
            .unwrap_or((request.trim(), ""));
        if seq.is_empty() {
            return String::new();
        }
        let uptime = self.model.uptime(now.time);
        let mut out = format!("({seq} {} {uptime:.2}\n", now.epoch);
        if letters.contains('s') {
            for line in &self.asked {
                self.daemon(&mut out, line, now);
            }
        }
        if letters.contains('d') {
            self.disks(&mut out, now.time);
        }
        if letters.contains('g') {
            part(&mut out, "mig", &mig::listed(&self.model.cards(now.time)));
        }
        let _ = writeln!(out, "){seq}");
        out
    }

    fn daemon(&self, out: &mut String, line: &str, now: Moment) {
        let words: Vec<String> = line.split_ascii_whitespace().map(unquoted).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let services = self.model.services(now.time);
        match words.split_first() {
            Some((&"units", units)) => {
                part(out, "systemd 0", &systemctl_show(&services, units));
            }
            Some((&"docker_", names)) if self.has_docker() => {
                let uptime = self.model.uptime(now.time);
                let (text, code) = docker_inspect(&services, names, uptime, now);
                part(out, &format!("docker {code}"), &text);
            }
            Some((&"custom", [index, ..])) => {
                part(out, &format!("custom {index} 127"), "sim: not simulated");
            }
            Some((&"pidfile", [index, ..])) => part(out, &format!("pidfile {index} - none"), ""),
            _ => {}
        }
    }

    fn disks(&self, out: &mut String, time: f64) {
        out.push_str("=mounts\n");
        let mounts = self.model.mounts(time);
        for mount in &mounts {
            let _ = writeln!(out, " rw {} {}", mount.kind, mount.path);
        }
        out.push_str("=stat 0\n");
        for mount in &mounts {
            let (taken, available) = mount.shares();
            let free = mount.blocks - taken;
            let (inodes, path) = (mount.blocks / 4, mount.path);
            let inodes_free = inodes - (inodes as f64 * mount.used * 0.21) as u64;
            let _ = writeln!(
                out,
                " 4096 {} {free} {available} {inodes} {inodes_free} {path}",
                mount.blocks
            );
        }
    }
}

/// One part of an answer, as `run` of the program prints it.
fn part(out: &mut String, head: &str, text: &str) {
    let _ = writeln!(out, "={head}");
    // `$(…)` drops the newlines at the end.
    let text = text.trim_end_matches('\n');
    if !text.is_empty() {
        for line in text.split('\n') {
            let _ = writeln!(out, " {line}");
        }
    }
}

/// A word without the quotes of the shell.
fn unquoted(word: &str) -> String {
    word.trim_matches('\'').replace("'\\''", "'")
}
