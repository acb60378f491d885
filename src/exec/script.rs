//! What is sent to a node: the user's command under a watchdog that ends it when the connection does. Pure.
//!
//! Closing a channel doesn't end a command without a terminal, and sshd ignores signals for root: so a reader waits for
//! the end of the channel's input, and then ends the process group, TERM first, KILL after [`GRACE`].
//! The user's command runs in the login shell, as with `ssh`, in a subshell of the one that sshd starts.

use std::{fmt::Write as _, time::Duration};

use super::nonce::Nonce;
use crate::node::quote::quoted;

/// Between TERM and KILL.
pub const GRACE: Duration = Duration::from_secs(3);

/// Begins what the script itself says.
pub const SIGN: char = '\u{1e}';

/// The environment variable that all processes of an execution have.
pub const VARIABLE: &str = "SSHOAL_RUN";

/// The longest command line that is sent: Linux takes 128 KiB as one argument.
pub const MAX_BYTES: usize = 120 << 10;

/// A command line of the user's and what surrounds it.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    /// Names this execution.
    pub nonce: &'a Nonce,
    /// Shell text.
    pub command: &'a str,
    /// Shell text that runs before; empty for none.
    pub prelude: &'a str,
    /// The folder to run in.
    pub folder: Option<&'a str>,
    /// Variables for the command; names are checked where they are read.
    pub variables: &'a [(String, String)],
    /// Data follows on the channel for the command's input.
    pub is_fed: bool,
    /// Under sudo, which asks with a prompt of its own.
    pub is_sudo: bool,
    /// On a terminal: its end ends the command, and its input is nobody else's.
    pub is_terminal: bool,
}

impl Script<'_> {
    /// For a login shell of the Bourne family. One line: a shell of another family finds an error in it and runs nothing.
    pub fn line(&self) -> String {
        self.whole("eval", "${SHELL:-/bin/sh}")
    }

    /// For any login shell: [`ANY_SHELL`] is the command, and this line goes first on its input.
    pub fn for_any_shell(&self) -> String {
        self.whole("\"${SHELL:-/bin/sh}\" -c", "/bin/sh") + "\n"
    }

    /// `runs` takes the command as one word, `shell` the script under sudo.
    fn whole(&self, runs: &str, shell: &str) -> String {
        let body = self.body(&format!("{runs} {}", self.words()));
        if !self.is_sudo {
            return body;
        }
        let prompt = prompt(self.nonce);
        // Whatever this sudo does about it, a terminal shows no password that is typed into it.
        let quiet = if self.is_terminal {
            "stty -echo || exit 1; "
        } else {
            ""
        };
        format!(
            "{quiet}exec sudo -S -p '{prompt}' -- \"{shell}\" -c {}",
            quoted(&body)
        )
    }

    /// All of the user's text as one word.
    fn words(&self) -> String {
        let text = match self.prelude {
            "" => self.command.to_owned(),
            prelude => format!("{prelude}\n{}", self.command),
        };
        without_newlines(&quoted(&text))
    }

    fn body(&self, command: &str) -> String {
        let nonce = self.nonce;
        let mut text = String::new();
        if self.is_terminal && self.is_sudo {
            text += "stty echo 2>/dev/null; ";
        }
        if !self.is_terminal {
            text += "exec 3<&0 </dev/null; ";
        }
        let _ = write!(text, r"printf '\036{nonce} %s\n' $$ >&2; ");
        let command = self.inner(command);
        if command.contains(NEWLINE) {
            text += "nl=$(printf '\\n.'); nl=${nl%.}; ";
        }
        if self.is_terminal {
            return text + &command;
        }
        text += "exec 4>&2 2>/dev/null; k=; trap 'k=1' TERM; ";
        let end = finish(nonce);
        if self.is_fed {
            let relay = quoted(&relay(nonce));
            let _ = write!(
                text,
                "sh -c {relay} $$ $PPID <&3 3<&- 2>&4 4>&- | {{ IFS= read -r w; trap 'k=1' TERM; {command}; {end}; }}"
            );
        } else {
            let _ = write!(text, "{WATCHDOG}; {command}; {end}");
        }
        text
    }

    /// The command in a subshell of its own, so that it ends nothing but itself.
    fn inner(&self, command: &str) -> String {
        let mut text = String::from("( ");
        if !self.is_terminal {
            text += "exec 2>&4 3<&- 4>&-; ";
        }
        let _ = write!(text, "{VARIABLE}=''{}; export {VARIABLE}; ", self.nonce);
        for (name, value) in self.variables {
            let value = without_newlines(&quoted(value));
            let _ = write!(text, "{name}={value}; export {name}; ");
        }
        if let Some(folder) = self.folder {
            let folder = without_newlines(&folder_word(folder));
            let _ = write!(text, "cd {folder} || exit 1; ");
        }
        text + command + " )"
    }
}

/// The command for login shells that are not of the Bourne family: a line of input is the script.
pub const ANY_SHELL: &str = "exec /bin/sh -c 'IFS= read -r l; eval \"$l\"'";

/// What sudo asks with.
pub fn prompt(nonce: &Nonce) -> String {
    format!("{SIGN}{nonce} password ")
}

/// What is sent before the command's data.
pub fn data_header(bytes: usize) -> String {
    format!("d{bytes}\n")
}

/// Says that no data follows.
pub const DATA_END: &str = "e\n";

/// A line for a command that reads its input line by line; to hand it on takes the node no process.
pub fn told(line: &str) -> String {
    format!("t{line}\n")
}

// The variable and its value never stand side by side in a text: where the server keeps what it was asked for in a
// variable of its own (SSH_ORIGINAL_COMMAND), every process of the login would look like one of the execution.

/// Waits for the end of the input, then ends the group; `$PPID` leads it where sudo stands between.
const WATCHDOG: &str = "{ trap '' TERM HUP INT; IFS= read -r x <&3; kill -TERM -$$ || kill -TERM -$PPID; sleep 3; \
     kill -KILL -$$ || kill -KILL -$PPID; } >/dev/null 4>&- & w=$!";

/// The watchdog that hands data on: `d` and a length announce it, `t` begins a line of it, `e` ends it. It tells its process
/// id first, and when all data is taken.
fn relay(nonce: &Nonce) -> String {
    format!(
        r#"exec 4>&2 2>/dev/null; trap '' TERM HUP INT PIPE; echo $$; while IFS= read -r l; do case $l in d*) if head -c "${{l#d}}"; then printf '\036{nonce} fed\n' >&4; else cat >/dev/null; fi;; t*) echo "${{l#t}}";; e) exec >/dev/null;; esac; done; kill -TERM -$0 || kill -TERM -$1; exec >/dev/null 4>&-; sleep 3; kill -KILL -$0 || kill -KILL -$1"#
    )
}

/// After the command: told to end, wait for what it left, for [`GRACE`] at most; then end the watchdog.
fn finish(nonce: &Nonce) -> String {
    format!(
        r#"s=$?; [ -z "$k" ] || {{ n=0; while [ $n -lt 30 ] && grep -qs "{VARIABLE}"={nonce} /proc/[0-9]*/environ; do sleep 0.1; n=$((n+1)); done; kill -KILL -$$ || kill -KILL -$PPID; }}; kill -KILL $w; exit $s"#
    )
}

/// A newline within a quoted word.
const NEWLINE: &str = "'\"$nl\"'";

/// The same word on one line; the script sets `nl`.
fn without_newlines(word: &str) -> String {
    word.replace('\n', NEWLINE)
}

/// A folder as one word; `~` and `~/…` are the login's home.
fn folder_word(folder: &str) -> String {
    match folder.strip_prefix('~') {
        Some("") => "~".to_owned(),
        Some(rest) if rest.starts_with('/') => format!("~{}", quoted(rest)),
        _ => quoted(folder),
    }
}

/// A constant command that lists what is left of an execution: a line `PID NAME` each, and last `seen`, or `blind` where
/// the system doesn't show other processes' environment. One that has ended and only waits for its parent is none.
pub fn sweep(nonce: &Nonce, pid: u32) -> String {
    let inner = format!(
        "[ -r /proc/self/environ ] || {{ kill -0 {pid} 2>/dev/null && echo {pid}; echo blind; exit; }}; \
         for f in /proc/{pid}/environ $(grep -ls \"{VARIABLE}\"={nonce} /proc/[0-9]*/environ); do p=${{f#/proc/}}; p=${{p%/environ}}; \
         v=; while read -r k v r; do [ $k = State: ] && break; done </proc/$p/status; \
         case $v in ''|Z|X) continue;; esac; read -r c </proc/$p/comm && echo $p $c; done 2>/dev/null; echo seen"
    );
    format!("exec /bin/sh -c {}", quoted(&inner))
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
