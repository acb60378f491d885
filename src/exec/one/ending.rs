//! How a command is ended, and what is left of it afterwards.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::{Running, WORD_PATIENCE};
use crate::{
    exec::{
        Leftover,
        script::{self, GRACE},
    },
    node::text::SafeText,
    ssh::{Output, Session},
};

/// After KILL, for the server to tell of it.
const FAREWELL: Duration = Duration::from_secs(2);

/// For a command on a terminal to obey an interrupt.
const INTERRUPT: Duration = Duration::from_secs(1);

/// Ctrl-C as a terminal sends it.
const CTRL_C: &[u8] = b"\x03";

/// For the look at what is left.
const SWEEP_TIMEOUT: Duration = Duration::from_secs(5);

/// Of a process name.
const NAME: usize = 64;

impl Running<'_> {
    /// Ends the command: the watchdog sees its input end. What it still prints is handed on.
    pub(super) async fn hang_up(&mut self) {
        let is_terminal = self.one.options.terminal.is_some();
        let patience = if is_terminal {
            if let Some(stdin) = &mut self.stdin {
                // A connection that is gone has ended the command as far as can be.
                let _ = stdin.write(CTRL_C, INTERRUPT).await;
            }
            INTERRUPT
        } else {
            // Data that is still on its way ends with the channel's input too.
            match self.stdin.take() {
                Some(mut stdin) => stdin.end().await,
                None => self.channel.end_input().await,
            }
            GRACE + FAREWELL
        };
        let over = Instant::now() + patience;
        while let Ok(output) = timeout_at(over, self.channel.next()).await {
            if matches!(output, Output::End(_)) {
                return;
            }
            self.hear(output).await;
        }
    }

    /// What still runs; nothing where that can't be seen. The channel is given up first.
    pub(super) async fn sweep(&mut self) -> Option<Vec<Leftover>> {
        if self.form == super::Form::Plain {
            return None;
        }
        let command = script::sweep(&self.nonce, self.hearing.begun.unwrap_or(0));
        let list = list(self.one.session, &command);
        let text = timeout(SWEEP_TIMEOUT, list).await.ok()??;
        leftovers(&text)
    }

    pub(super) async fn say(&mut self, word: &str) {
        if let Some(stdin) = &mut self.stdin {
            // A connection that fails here is told of by the output's end.
            let _ = stdin.write(word.as_bytes(), WORD_PATIENCE).await;
        }
    }
}

async fn list(session: &Session, command: &str) -> Option<Vec<u8>> {
    let mut channel = session.exec(command).await.ok()?;
    let mut text = Vec::new();
    loop {
        match channel.next().await {
            Output::Stdout(bytes) if text.len() < 64 << 10 => text.extend_from_slice(&bytes),
            Output::End(_) => return Some(text),
            _ => {}
        }
    }
}

/// Lines `PID NAME`; nothing where the last line doesn't say that all was seen.
fn leftovers(text: &[u8]) -> Option<Vec<Leftover>> {
    let text = String::from_utf8_lossy(text);
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.pop()?;
    let mut left: Vec<Leftover> = lines
        .iter()
        .filter_map(|line| {
            let (pid, name) = line.split_once(' ').unwrap_or((line, ""));
            Some(Leftover {
                pid: pid.parse().ok()?,
                name: SafeText::line(name, NAME),
            })
        })
        .collect();
    left.sort_by_key(|left| left.pid);
    left.dedup_by_key(|left| left.pid);
    (last == "seen" || last == "blind").then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_listed_and_what_was_not_seen_is_not_nothing() {
        let one = Leftover {
            pid: 12,
            name: "sleep".into(),
        };
        assert_eq!(leftovers(b"12 sleep\n12 sleep\nseen\n"), Some(vec![one]));
        assert_eq!(leftovers(b"seen\n"), Some(Vec::new()));
        assert_eq!(leftovers(b"12 sleep\n"), None);
        assert_eq!(leftovers(b""), None);
    }
}
