//! The fleet on broken networks, servers and machines: what each fault shows as, how soon, and that all is well again after it.
//!
//! Faults that need no real network or server are scenarios (`tests/scenarios`): closed port, silence at each step, changed key.
#![cfg(target_os = "linux")]
#![cfg(test)]

#[path = "support/blackhole.rs"]
mod blackhole;
#[path = "faults/connect.rs"]
mod connect;
#[path = "faults/cuts.rs"]
mod cuts;
#[path = "faults/network.rs"]
mod network;
#[path = "faults/process.rs"]
mod process;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "faults/rig.rs"]
mod rig;
#[path = "faults/server.rs"]
mod server;
#[path = "faults/slow.rs"]
mod slow;
#[path = "support/mod.rs"]
#[expect(dead_code, reason = "other test files use the rest of it")]
mod support;
#[path = "faults/wire.rs"]
mod wire;
