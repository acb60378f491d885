//! Simulated nodes behind a real SSH server on the loopback: for the demo, the scenario tests and the benches.

pub mod cards;
pub mod counters;
mod fast;
pub mod fault;
pub mod model;
pub mod noise;
pub mod profile;
pub mod services;
mod shell;
mod slow;
mod smi;
mod wire;
