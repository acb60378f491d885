//! `sshoal demo`: simulated nodes behind a real SSH server on this machine.

use clap::Args;

/// Try the dashboard on simulated nodes: a real SSH server on loopback, nothing else is touched.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Demo {
    /// How many nodes to simulate.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub nodes: u16,
    /// Same seed, same story.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Serve the nodes without a dashboard: prints how to connect, until Ctrl-C.
    #[arg(long)]
    pub serve: bool,
}
