//! What is kept on this machine: the audit log. Its functions block; an async caller runs them in `spawn_blocking`.

pub mod audit;
