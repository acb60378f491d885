//! What a broadcast sends to a node: a script that says that it has begun, runs the user's command, and ends it when its input does.

use super::shell::{self, Ended};

/// Begins what the script itself says.
pub(super) const SIGN: char = '\u{1e}';

/// The process id that every script has here.
const PID: u32 = 4711;

/// A newline within the command's word.
pub(super) const NEWLINE: &str = "'\"$nl\"'";

/// A script as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Script {
    nonce: String,
    command: String,
}

impl Script {
    /// Reads the script's line; none where it is something else.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once(r"printf '\036")?;
        let nonce = rest.get(..32)?;
        nonce.bytes().all(|b| b.is_ascii_hexdigit()).then_some(())?;
        let (_, rest) = rest.split_once("; export SSHOAL_RUN; ")?;
        let (_, rest) = rest.split_once("eval '")?;
        let (word, _) = rest.split_once("' ); s=$?;")?;
        Some(Self {
            nonce: nonce.to_owned(),
            command: word.replace(NEWLINE, "\n").replace(r"'\''", "'"),
        })
    }

    /// What it runs.
    pub(super) fn command(&self) -> &str {
        &self.command
    }

    /// What it says first, on standard error.
    pub(super) fn mark(&self) -> String {
        format!("{SIGN}{} {PID}\n", self.nonce)
    }

    /// The steps of its command on the node named `node`, in order; the last one has the exit status.
    pub(super) fn steps(&self, node: &str) -> Vec<Ended> {
        let mut steps = Vec::new();
        for (command, is_chained) in commands(&self.command) {
            let has_failed = steps.last().is_some_and(|step: &Ended| step.code != 0);
            if is_chained && has_failed {
                continue;
            }
            let is_exit = command.split(' ').next() == Some("exit");
            steps.push(shell::run(&command, node));
            if is_exit {
                break;
            }
        }
        steps
    }
}

/// True for the look at what a command that was ended has left behind.
pub(super) fn is_sweep(line: &str) -> bool {
    line.starts_with("exec /bin/sh -c ") && line.contains("; echo seen")
}

/// What that look finds here: nothing.
pub(super) fn swept() -> Ended {
    Ended {
        stdout: "seen\n".to_owned(),
        ..Ended::default()
    }
}

/// The commands between `;`, newlines and `&&` outside of quotes, and whether each hangs on the one before.
fn commands(text: &str) -> Vec<(String, bool)> {
    let mut all = vec![(String::new(), false)];
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_chain = c == '&' && chars.peek() == Some(&'&');
        match (quote, c) {
            (None, ';' | '\n') => all.push((String::new(), false)),
            (None, '&') if is_chain => {
                chars.next();
                all.push((String::new(), true));
            }
            _ => {
                if matches!(c, '\'' | '"') {
                    quote = if quote == Some(c) {
                        None
                    } else {
                        quote.or(Some(c))
                    };
                }
                if let Some((command, _)) = all.last_mut() {
                    command.push(c);
                }
            }
        }
    }
    for (command, _) in &mut all {
        *command = command.trim().to_owned();
    }
    all.retain(|(command, _)| !command.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"exec 3<&0 </dev/null; printf '\036000102030405060708090a0b0c0d0e0f %s\n' $$ >&2; nl=$(printf '\n.'); nl=${nl%.}; exec 4>&2 2>/dev/null; k=; trap 'k=1' TERM; { read; } & w=$!; ( exec 2>&4 3<&- 4>&-; SSHOAL_RUN=''000102030405060708090a0b0c0d0e0f; export SSHOAL_RUN; A='x'; export A; eval 'echo '\''a;b'\'''"$nl"'false && echo no; exit 3; echo never' ); s=$?; exit $s"#;

    #[test]
    fn the_command_is_found_in_the_script() {
        let script = Script::parse(LINE).unwrap();
        assert_eq!(
            script.command,
            "echo 'a;b'\nfalse && echo no; exit 3; echo never"
        );
        assert_eq!(
            script.mark(),
            "\u{1e}000102030405060708090a0b0c0d0e0f 4711\n"
        );
        assert_eq!(Script::parse("echo hello"), None);
    }

    #[test]
    fn its_steps_run_until_one_ends_it() {
        let steps = Script::parse(LINE).unwrap().steps("n1");
        let said: Vec<_> = steps.iter().map(|s| (s.stdout.as_str(), s.code)).collect();
        assert_eq!(said, [("a;b\n", 0), ("", 1), ("", 3)]);
        let chain: Vec<_> = commands("true && echo 'x && y';;sleep 1");
        let names: Vec<_> = chain
            .iter()
            .map(|(c, chained)| (c.as_str(), *chained))
            .collect();
        assert_eq!(
            names,
            [("true", false), ("echo 'x && y'", true), ("sleep 1", false)]
        );
    }
}
