//! The few commands that a simulated node runs besides its sampler.

use std::time::Duration;

/// How a command ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ended {
    /// Time that it takes.
    pub(super) after: Duration,
    /// What it prints.
    pub(super) stdout: String,
    /// What it complains.
    pub(super) stderr: String,
    /// Its exit status.
    pub(super) code: u32,
}

impl Ended {
    /// A command that only complains.
    pub(super) fn failed(code: u32, stderr: &str) -> Self {
        Self {
            stderr: stderr.to_owned(),
            code,
            ..Self::default()
        }
    }
}

/// Runs `command` on the node named `node`.
pub(super) fn run(command: &str, node: &str) -> Ended {
    let command = command.trim();
    let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
    let printed = |stdout: String| Ended {
        stdout,
        ..Ended::default()
    };
    let number = rest.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    match (word, number) {
        ("true" | ":", _) => Ended::default(),
        ("false", _) => Ended::failed(1, ""),
        ("echo", _) => printed(format!("{}\n", rest.replace(['\'', '"'], ""))),
        ("uname", _) if rest.trim() == "-n" => printed(format!("{node}\n")),
        ("uname", _) if rest.trim() == "-r" => printed(format!("{}\n", kernel(node))),
        ("hostname", _) => printed(format!("{node}\n")),
        ("exit", Some(code)) => Ended::failed(code as u32 & 0xff, ""),
        ("sleep", Some(seconds)) => Ended {
            after: Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0)),
            ..Ended::default()
        },
        _ => Ended::failed(127, &format!("sim: {command}: not simulated\n")),
    }
}

/// A node whose number ends in 3 was not restarted since the last update.
fn kernel(node: &str) -> &'static str {
    if node.ends_with('3') {
        "6.1.0-25-amd64"
    } else {
        "6.1.0-28-amd64"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_commands_do_what_they_say_and_others_exit_127() {
        assert_eq!(run("echo 'hello there'", "n1").stdout, "hello there\n");
        assert_eq!(run("uname -n", "n1").stdout, "n1\n");
        assert_ne!(run("uname -r", "n1"), run("uname -r", "n13"));
        assert_eq!((run("false", "n1").code, run("exit 7", "n1").code), (1, 7));
        assert_eq!(run("sleep 0.5", "n1").after, Duration::from_millis(500));
        let unknown = run("rm -rf /", "n1");
        assert_eq!(unknown.code, 127);
        assert_eq!(unknown.stderr, "sim: rm -rf /: not simulated\n");
    }
}
