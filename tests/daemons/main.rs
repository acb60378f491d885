//! `sshoal daemon` over a real OpenSSH server: real runit, real supervisor, real processes, and a `systemctl` that says what
//! the real one was heard to say, as none runs in a container.

#![cfg(test)]

mod lab;
mod processes;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "../support/pty.rs"]
mod pty;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "../cli/rig.rs"]
mod rig;
mod roll;
mod roll_root;
mod runit;
#[path = "../support/sudo.rs"]
mod sudo;
mod supervisor;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "../support/mod.rs"]
mod support;
mod systemd;
mod words;
