//! The logs of a simulated node: each line has its time, so that whoever comes back finds what was written meanwhile.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::script::{NEWLINE, SIGN};

/// The command that reads a script from its input, for login shells of any kind.
const ANY_SHELL: &str = "exec /bin/sh -c 'IFS= read -r l; ";

/// Bytes of a line in a file, so that every place in it is known.
const WIDTH: u64 = 160;

/// Lines a second where the name of a log says nothing else: `app@100` writes a hundred.
const RATE: u64 = 2;

/// A program writes what it has so far; whoever follows a file looks so often.
const LOOKS: Duration = Duration::from_millis(200);

/// What programs say, again and again.
const SAID: &[&str] = &[
    "INFO request served path=/api/items status=200",
    "INFO request served path=/api/items/42 status=200",
    "DEBUG cache hit key=session",
    "INFO job finished queue=mail",
    "INFO request served path=/login status=302",
    "WARN slow query ms=830 table=orders",
    "INFO request served path=/api/items status=200",
    "INFO connection opened peer=10.0.0.7",
    "INFO connection closed peer=10.0.0.7",
    "ERROR upstream timed out after 5s path=/api/report",
    "INFO retry succeeded path=/api/report",
];

/// What those say that train models.
const TRAINING: &[&str] = &[
    "INFO step done loss=1.873 tokens_per_s=41200",
    "INFO step done loss=1.871 tokens_per_s=41350",
    "DEBUG loader queue=14 waits=0",
    "INFO step done loss=1.870 tokens_per_s=40980",
    "INFO checkpoint written path=/scratch/run-17/step-4000 size=2.1G took=8.2s",
    "WARN data loader is slow waits_ms=420",
    "INFO step done loss=1.868 tokens_per_s=41270",
    "ERROR all-reduce timed out rank=12, trying again",
    "INFO evaluated perplexity=8.91",
];

/// True for the command that takes a script as its first line of input.
pub(super) fn is_any_shell(command: &str) -> bool {
    command.starts_with(ANY_SHELL)
}

/// A script as far as it matters here: its number, and what it runs.
pub(super) struct Sent {
    nonce: String,
    pub(super) command: String,
}

impl Sent {
    /// Reads the line; none where it is something else.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once(r"printf '\036")?;
        let nonce = rest.get(..32)?.to_owned();
        let (_, rest) = rest.split_once(" -c '")?;
        let (word, _) = rest.rsplit_once("' ); s=$?;")?;
        Some(Self {
            nonce,
            command: word.replace(NEWLINE, "\n").replace(r"'\''", "'"),
        })
    }

    /// What it says first, on standard error.
    pub(super) fn mark(&self) -> String {
        format!("{SIGN}{} 4711\n", self.nonce)
    }
}

/// What is asked of a node's logs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// What there is: the answer.
    Look(String),
    /// A log.
    Read(Log),
}

/// A log that is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Log {
    name: String,
    rate: u64,
    /// The number of the next line; line 0 was written in 1970.
    next: u64,
    /// Of a file: what its script says before its bytes.
    head: String,
    /// Bytes of the first line that were had before.
    had: usize,
    is_file: bool,
    pub(super) is_followed: bool,
}

/// Microseconds since 1970.
pub(super) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |time| time.as_micros() as u64)
}

impl Asked {
    /// Reads a command; none where it is of no log.
    pub(super) fn parse(command: &str, now_us: u64) -> Option<Self> {
        if let Some((_, calls)) = command.rsplit_once("\n}\n")
            && command.contains("\nfound() {")
        {
            return Some(Self::Look(look(calls, now_us)));
        }
        let log = if let Some((_, words)) = command.split_once("exec journalctl ") {
            journal(words, now_us)
        } else {
            file(command.lines().next()?.strip_prefix("f='")?, now_us)?
        };
        Some(Self::Read(log))
    }
}

/// A line for each thing that is looked for: all of them are there.
fn look(calls: &str, now_us: u64) -> String {
    let mut text = format!("c {}.{:06} +0000\n", now_us / 1_000_000, now_us % 1_000_000);
    for call in calls.lines() {
        let mut words = call.split(' ');
        let (find, place) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let name = words.next_back().unwrap_or("").replace('\'', "");
        let _ = match find {
            "system" => writeln!(text, "s {place} journal short-iso-precise"),
            "unit" | "auto" => writeln!(text, "s {place} unit short-iso-precise {name}"),
            "user" => writeln!(text, "s {place} user short-iso-precise {name}"),
            "files" if name.contains('*') => {
                writeln!(text, "s {place} file {}", name.replace('*', "app"))
            }
            "files" => writeln!(text, "s {place} file {name}"),
            "found" => writeln!(text, "s {place} command"),
            "container" | "openrc" | "runit" | "supervisor" | "nothing" => {
                writeln!(text, "m {place} not simulated")
            }
            _ => Ok(()),
        };
    }
    text + "e\n"
}

/// `app@100` writes a hundred lines a second.
fn rate(name: &str) -> u64 {
    let after = name.split_once('@').map_or("", |(_, after)| after);
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(RATE).clamp(1, 10_000)
}

fn journal(words: &str, now_us: u64) -> Log {
    let words: Vec<&str> = words.split(' ').collect();
    let value = |option: &str| {
        let at = words.iter().position(|word| *word == option)?;
        words.get(at + 1).map(|word| word.replace('\'', ""))
    };
    let name = value("-u").unwrap_or_else(|| "system".to_owned());
    let rate = rate(&name);
    let end = now_us * rate / 1_000_000;
    let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
    let lines = number(value("-n")).unwrap_or(1_000);
    let since = number(value("--since").map(|text| text.replace('@', "")));
    Log {
        next: since.map_or(end.saturating_sub(lines), |since| since * rate),
        name,
        rate,
        head: String::new(),
        had: 0,
        is_file: false,
        is_followed: words.contains(&"-f"),
    }
}

/// `/var/log/x' n=NONCE w=1 l=100 i=1 p=4096 m=64`.
fn file(words: &str, now_us: u64) -> Option<Log> {
    let (name, rest) = words.split_once("' n=")?;
    let mut words = rest.split(' ');
    let nonce = words.next()?;
    let value = |key: &str| {
        let mut words = rest.split(' ');
        words.find_map(|word| word.strip_prefix(key)?.parse::<u64>().ok())
    };
    let rate = rate(name);
    let end = now_us * rate / 1_000_000 * WIDTH;
    let position = match value("p=") {
        Some(position) => position - value("m=").unwrap_or(0),
        None => end.saturating_sub(value("l=").unwrap_or(1_000) * WIDTH),
    };
    Some(Log {
        name: name.to_owned(),
        rate,
        next: position / WIDTH,
        head: format!("{SIGN}{nonce} a 1 {position}\n"),
        had: (position % WIDTH) as usize,
        is_file: true,
        is_followed: value("w=") == Some(1),
    })
}

impl Log {
    /// What was written until then, of the node of that name.
    pub(super) fn until(&mut self, now_us: u64, node: &str) -> Vec<u8> {
        let mut text = std::mem::take(&mut self.head).into_bytes();
        let end = now_us * self.rate / 1_000_000;
        while self.next < end {
            let line = self.line(node);
            let had = std::mem::take(&mut self.had);
            text.extend_from_slice(line.as_bytes().get(had..).unwrap_or_default());
            self.next += 1;
        }
        text
    }

    /// When there is more.
    pub(super) fn pause(&self, now_us: u64) -> Duration {
        let next_us = (self.next + 1) * 1_000_000 / self.rate;
        let pause = Duration::from_micros(next_us.saturating_sub(now_us));
        if self.is_file { LOOKS } else { pause }
    }

    fn line(&self, node: &str) -> String {
        let chance = chance(node, self.next);
        // Those that are counted come at even times; the others as life has it.
        let (odd, number) = match self.rate {
            RATE => (chance % (900_000 / RATE), String::new()),
            _ => (0, format!(" seq={}", self.next)),
        };
        let us = self.next * 1_000_000 / self.rate + odd;
        let time = jiff::Timestamp::from_microsecond(us as i64).unwrap_or_default();
        let all = if node.starts_with("gpu") {
            TRAINING
        } else {
            SAID
        };
        let turn = (chance >> 32) as usize % all.len();
        let said = all.get(turn).copied().unwrap_or_default();
        if !self.is_file {
            return format!("{time:.6} {node} {}[700]: {said}{number}\n", self.name);
        }
        let text = format!("{time:.6} {said}{number}");
        format!("{text:<width$}\n", width = WIDTH as usize - 1)
    }
}

/// The same for the same line of the same node (FNV-1a).
fn chance(node: &str, number: u64) -> u64 {
    let bytes = node.bytes().chain(number.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000_000;

    fn read(command: &str) -> Log {
        match Asked::parse(command, NOW) {
            Some(Asked::Read(log)) => log,
            other => unreachable!("{command}: {other:?}"),
        }
    }

    #[test]
    fn a_journal_has_its_last_lines_or_those_since() {
        let mut log =
            read("exec journalctl --no-pager -q -o short-iso-precise -u 'app@100' -n 3 -f");
        let text = String::from_utf8(log.until(NOW, "n1")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[2].starts_with("1970-01-01T00:16:39.990000Z n1 app@100[700]: "),
            "{text}"
        );
        assert!(lines[2].ends_with(" seq=99999"));
        assert_eq!(log.pause(NOW), Duration::from_millis(10));
        let mut again = read("exec journalctl -q --since @999 --no-tail -f");
        assert_eq!(
            String::from_utf8(again.until(NOW, "n1"))
                .unwrap()
                .lines()
                .count(),
            2
        );
    }

    #[test]
    fn a_file_goes_on_at_any_byte() {
        let mut all = read("f='/var/log/app@10.log' n=00ff w=1 l=5 i= p= m=0\nrest");
        let text = String::from_utf8(all.until(NOW, "n1")).unwrap();
        let (head, bytes) = text.split_once('\n').unwrap();
        assert_eq!((head, bytes.len()), ("\u{1e}00ff a 1 1599200", 800));
        let mut part = read("f='/var/log/app@10.log' n=00ff w=0 l=5 i=1 p=1599500 m=64");
        let again = String::from_utf8(part.until(NOW, "n1")).unwrap();
        assert_eq!(again.split_once('\n').unwrap().1, &bytes[236..]);
        assert!(!part.is_followed);
    }

    #[test]
    fn all_that_is_looked_for_is_there() {
        let text = "x\nfound() { y; }\nauto() {\n}\nsystem 0\nunit 1 'a'\nfiles 2 1 /var/log/*.log\necho e\n";
        let answer = "c 1000.000000 +0000\ns 0 journal short-iso-precise\ns 1 unit short-iso-precise a\ns 2 file /var/log/app.log\ne\n";
        assert_eq!(
            Asked::parse(text, NOW),
            Some(Asked::Look(answer.to_owned()))
        );
    }
}
