//! `OpenRC`, runit, supervisor and status commands: an exit status and a line of words.

use super::{NO_ANSWER, State, Truth};

/// rc-service(8): 0 started, 3 stopped, 4 stopping, 8 starting, 16 inactive, 32 crashed.
pub(super) fn openrc(status: &str, line: &str) -> Truth {
    let state = match status {
        "0" => State::Up,
        "3" => State::Stopped,
        "4" | "8" | "16" => State::Changing,
        "32" => State::Failed,
        _ if line.contains("does not exist") => State::Absent,
        _ => State::Unknown,
    };
    Truth::new("openrc", state, line.trim_start_matches(['*', ' ']))
}

/// `run: nginx: (pid 123) 456s`, `down: nginx: 5s, normally up`, `fail: nginx: unable to change to service directory`
pub(super) fn runit(_status: &str, line: &str) -> Truth {
    let line = line.split(';').next().unwrap_or_default();
    let state = match line.split(':').next() {
        Some("run") => State::Up,
        Some("down") => State::Stopped,
        Some("finish" | "want up") => State::Changing,
        Some("fail") if line.contains("service directory") => State::Absent,
        _ => State::Unknown,
    };
    let mut truth = Truth::new("runit", state, line);
    truth.status.pid = after(line, "(pid ");
    truth
}

/// `web:web_00  RUNNING  pid 123, uptime 0:01:02`
pub(super) fn supervisor(row: &str, name: &str) -> Option<Truth> {
    let (program, rest) = row.split_once(char::is_whitespace)?;
    let program = program.trim_end_matches(':');
    let is_it = program == name || program.split(':').any(|part| part == name);
    let rest = rest.trim();
    let state = match rest.split_whitespace().next()? {
        "RUNNING" => State::Up,
        "STARTING" | "STOPPING" => State::Changing,
        "STOPPED" | "EXITED" => State::Stopped,
        "FATAL" | "BACKOFF" => State::Failed,
        "ERROR" if rest.contains("no such") => State::Absent,
        _ => State::Unknown,
    };
    let mut truth = Truth::new("supervisor", state, rest);
    truth.status.pid = after(rest, "pid ");
    is_it.then_some(truth)
}

/// Exit 0 means running; 124 is the deadline's, 126 and 127 are the shell's, as is 128 and the number of the signal that killed it.
pub(super) fn custom(status: &str, line: &str) -> Truth {
    let (state, otherwise) = match status.parse::<u8>() {
        Ok(0) => (State::Up, "running"),
        Ok(124) => (State::Unknown, NO_ANSWER),
        Ok(126 | 127) => (State::Unknown, "the status command can't be run"),
        Ok(129..=192) => (State::Unknown, "the status command was killed"),
        Ok(_) => (State::Stopped, "not running"),
        Err(_) => (State::Unknown, "the status command told nothing"),
    };
    Truth::new(
        "custom",
        state,
        if line.is_empty() { otherwise } else { line },
    )
}

/// The number behind a word.
fn after(line: &str, word: &str) -> Option<u32> {
    let (_, rest) = line.split_once(word)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}
