//! sshoal: see, drive and mend a cluster over plain SSH. The modules in reading order; each sees only those above it.

pub mod node;

pub mod metrics;
pub mod ssh;

pub mod store;

pub mod exec;

pub mod daemon;
pub mod inventory;
pub mod logs;

pub mod fleet;

pub mod command;

pub mod config;

pub mod ui;

pub mod tui;

pub mod cli;

pub mod sim;

#[cfg(test)]
#[path = "../tests/support/peer.rs"]
mod peer;
