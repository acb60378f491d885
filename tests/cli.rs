//! The real binary at a pipe: what it prints, where, and how it ends.

#![cfg(test)]

#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/exec.rs"]
mod exec;
#[path = "cli/exec_guard.rs"]
mod exec_guard;
#[path = "cli/exec_hostile.rs"]
mod exec_hostile;
#[path = "cli/exec_terminal.rs"]
mod exec_terminal;
#[path = "cli/nodes.rs"]
mod nodes;
#[path = "cli/pool.rs"]
mod pool;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "support/pty.rs"]
mod pty;
#[path = "cli/rig.rs"]
mod rig;
#[path = "cli/roll.rs"]
mod roll;
#[path = "cli/roll_resume.rs"]
mod roll_resume;
#[path = "cli/status.rs"]
mod status;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "support/mod.rs"]
mod support;
#[path = "cli/trust.rs"]
mod trust;
#[path = "cli/usage.rs"]
mod usage;
