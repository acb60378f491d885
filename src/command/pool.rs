//! `sshoal pool`: the connections that are kept to nodes, and what they carry.

use std::{fmt::Write as _, time::Duration};

use clap::Args;
use serde_json::{Value, json};

use super::status::duration;
use crate::ssh::Row;

/// Connect to nodes as the dashboard does, and print the connections: age, set-up time, channels, reuse.
#[derive(Args, Clone, Debug, Default)]
pub struct Pool {
    /// Node sets; several are united, `-` reads them from standard input. All nodes without one.
    #[arg(value_name = "SET")]
    pub sets: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Print what there is by then.
    #[arg(short, long, value_name = "SECONDS", default_value = "15", value_parser = duration)]
    pub timeout: Duration,
}

/// The columns of the table.
pub const COLUMNS: [&str; 8] = [
    "SERVER",
    "TRANSPORT",
    "FOR",
    "AGE",
    "SET-UP",
    "CHANNELS",
    "OPENED",
    "IDLE",
];

/// What all connections come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Connections.
    pub connections: usize,
    /// Channels now.
    pub channels: usize,
    /// Channels so far.
    pub opened: usize,
    /// Of the channels, the share that found a connection open; `None` before the first.
    pub reuse: Option<f64>,
    /// Of the set-up times, the middle one; the upper of two.
    pub setup: Option<Duration>,
}

impl Totals {
    /// Of these connections.
    pub fn of(rows: &[Row]) -> Self {
        let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
        let mut setups: Vec<Duration> = rows.iter().map(|row| row.setup).collect();
        setups.sort();
        let (connections, opened) = (rows.len(), sum(|row| row.opened));
        let reused = sum(|row| row.opened.saturating_sub(1));
        Self {
            connections,
            channels: sum(|row| row.channels),
            opened,
            reuse: (opened > 0).then(|| reused as f64 / opened as f64),
            setup: setups.get(connections / 2).copied(),
        }
    }

    /// In one line.
    pub fn line(&self) -> String {
        let [connections, channels] = [self.connections, self.channels];
        let mut line = format!("{connections} connections, {channels} channels");
        if let Some(reuse) = self.reuse {
            let _ = write!(line, " (reuse {:.0}%)", reuse * 100.0);
        }
        if let Some(setup) = self.setup {
            let _ = write!(line, ", set-up {} at the middle", span(setup));
        }
        line
    }
}

/// The cells of a connection, in the order of [`COLUMNS`].
pub fn cells(row: &Row) -> [String; 8] {
    [
        row.server.clone(),
        row.transport.as_str().to_owned(),
        if row.bulk { "bulk" } else { "control" }.to_owned(),
        span(row.age),
        span(row.setup),
        format!("{}/{}", row.channels, row.limit),
        row.opened.to_string(),
        row.idle.map_or_else(|| "-".to_owned(), span),
    ]
}

/// All of it for scripts.
pub fn to_json(rows: &[Row]) -> Value {
    let totals = Totals::of(rows);
    let ms = |time: Duration| time.as_millis() as u64;
    let each = rows.iter().map(|row| {
        json!({
            "server": row.server,
            "transport": row.transport.as_str(),
            "bulk": row.bulk,
            "age_ms": ms(row.age),
            "setup_ms": ms(row.setup),
            "channels": row.channels,
            "limit": row.limit,
            "opened": row.opened,
            "idle_ms": row.idle.map(ms),
        })
    });
    json!({
        "connections": each.collect::<Vec<_>>(),
        "totals": {
            "connections": totals.connections,
            "channels": totals.channels,
            "opened": totals.opened,
            "reuse": totals.reuse,
            "setup_ms": totals.setup.map(ms),
        },
    })
}

/// A time in three digits or so: `85ms`, `1.2s`, `12s`, `4m`, `3h`.
fn span(time: Duration) -> String {
    match time.as_millis() {
        ms @ 0..1_000 => format!("{ms}ms"),
        ms @ 1_000..10_000 => format!("{:.1}s", ms as f64 / 1e3),
        ms @ 10_000..120_000 => format!("{}s", ms / 1_000),
        ms @ 120_000..7_200_000 => format!("{}m", ms / 60_000),
        ms => format!("{}h", ms / 3_600_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Transport;

    fn row(setup: u64, channels: usize) -> Row {
        Row {
            server: "ops@10.0.3.7:22".to_owned(),
            transport: Transport::Direct,
            bulk: false,
            age: Duration::from_secs(200),
            setup: Duration::from_millis(setup),
            channels,
            limit: 10,
            opened: channels + 4,
            idle: (channels == 0).then(|| Duration::from_secs(12)),
        }
    }

    #[test]
    fn totals_count_the_reuse_of_all() {
        let totals = Totals::of(&[row(30, 3), row(90, 0), row(31, 1)]);
        assert_eq!((totals.channels, totals.opened), (4, 16));
        assert_eq!(totals.setup, Some(Duration::from_millis(31)));
        assert_eq!(totals.reuse, Some(13.0 / 16.0));
        assert_eq!(
            totals.line(),
            "3 connections, 4 channels (reuse 81%), set-up 31ms at the middle"
        );
        assert_eq!(Totals::of(&[]), Totals::default());
        assert_eq!(Totals::of(&[]).line(), "0 connections, 0 channels");
    }

    #[test]
    fn a_connection_is_told_in_cells() {
        let told = cells(&row(31, 0));
        let expected = [
            "ops@10.0.3.7:22",
            "direct",
            "control",
            "3m",
            "31ms",
            "0/10",
            "4",
            "12s",
        ];
        assert_eq!(told, expected);
    }
}
