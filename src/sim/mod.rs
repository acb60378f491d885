//! Simulated nodes behind a real SSH server on the loopback: for the demo, the scenario tests and the benches.

pub mod cards;
pub mod counters;
pub mod fault;
pub mod model;
pub mod noise;
pub mod profile;
