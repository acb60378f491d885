//! The ways to reach a server: each gives a byte stream.

pub(super) mod ahead;
mod capture;
mod child;
pub(super) mod cloudflare;
pub(super) mod direct;
pub(super) mod jump;
pub(super) mod local;
pub(super) mod names;
pub(super) mod proxy_command;
pub(super) mod secret;
pub(super) mod socket;
pub(super) mod stream;
mod tailnet;
pub(super) mod tailscale;
pub(super) mod tunnel;

use std::time::Duration;

pub(super) use child::Said;
use stream::Stream;

/// An open way to an SSH server.
pub(super) struct Way {
    pub(super) stream: Box<dyn Stream>,
    /// The other end, as `203.0.113.9:22`.
    pub(super) peer: String,
    /// What the command behind the stream says, where there is one.
    pub(super) said: Option<Said>,
    /// How far the server is, where that was measured.
    pub(super) round_trip: Option<Duration>,
}

/// `host:port`, an IPv6 address in brackets.
fn place(host: &str, port: u16) -> String {
    if host.contains(':') {
        return format!("[{host}]:{port}");
    }
    format!("{host}:{port}")
}
