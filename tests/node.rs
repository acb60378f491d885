//! The fleet on a real OpenSSH server: what it reads there, what it notices, and that it leaves nothing behind.
#![cfg(target_os = "linux")]

#[path = "node/daemons.rs"]
mod daemons;
#[path = "node/keys.rs"]
mod keys;
#[path = "node/kills.rs"]
mod kills;
#[path = "node/lab.rs"]
mod lab;
#[path = "node/shells.rs"]
mod shells;
#[cfg(test)]
#[path = "support/mod.rs"]
mod support;
