//! The real binary at a pipe: what it prints, where, and how it ends.

#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/nodes.rs"]
mod nodes;
#[path = "cli/pool.rs"]
mod pool;
#[path = "cli/rig.rs"]
mod rig;
#[path = "cli/status.rs"]
mod status;
#[path = "cli/trust.rs"]
mod trust;
#[path = "cli/usage.rs"]
mod usage;
