//! The slow channel: space and inodes, the managers' truth about daemons, and MIG instances.
//!
//! # Wire
//!
//! Started like the fast one (see [`super::sampler`]), its text begins with `# sshoal S1 slow NONCE`. It greets with
//!
//! ```text
//! S1 NONCE slow has=systemd,docker space=stat deadline=timeout 8
//! ```
//!
//! `has`: the managers found: `systemd`, `docker`, `podman`, `openrc`, `runit`, `supervisor`. `space`: `stat` or `df`. Then, for each request
//! `SEQ LETTERS` (`s` daemons, `d` disks, `g` MIG instances), it answers
//!
//! ```text
//! (SEQ EPOCH UPTIME     the node's wall clock in seconds and its uptime; `-` or missing where not known
//! =PART ... STATUS      a part begins; STATUS is the tool's exit status
//!  LINE                 the part's lines, each behind one space
//! )SEQ
//! ```
//!
//! | part | lines |
//! |---|---|
//! | `=mounts` | `rw\|ro\|fault TYPE PATH` of each real local mount, the path with the octal escapes of `/proc/mounts`; `fault`: read-only though `/etc/fstab` has it writable |
//! | `=stat STATUS` | of each mount: block size, blocks, free blocks, those of them that ordinary users may have, inodes, free inodes, path |
//! | `=df STATUS` | `df -Pk` of these paths, where `stat -f` doesn't exist |
//! | `=systemd STATUS` `=systemd-user STATUS` | `systemctl show`: blocks of `Key=value`, an empty line between |
//! | `=docker STATUS` `=podman STATUS` | per container: name, status, pid, restarts, exit code, OOM-killed, started at, health, separated by `\|` |
//! | `=supervisor STATUS` | `supervisorctl status` |
//! | `=openrc I STATUS` `=runit I STATUS` `=custom I STATUS` | the tool's words about daemon I of the node, counted from 0 |
//! | `=mig` | of `nvidia-smi -q -x`: `gpu BUS`, `mig Enabled` and `end` of each card, where `end` says that its list is whole; between them `instance`, and of each `gi ID`, `ci ID`, `sm COUNT`, `ecc ERRORS`, `total N MiB`, `used N MiB`; `N/A` where the driver says so |
//! | `=pidfile I PID WORD` | `up`, `gone`, `none` (no such file), `denied` or `unreadable` (no number); PID may be `-` |

use super::{greeting::Greeting, words::Words};

/// Longest answer that is accepted.
pub const MAX_ANSWER: usize = 256 * 1024;

/// How many requests go without the part that didn't come back.
const PENANCE: u32 = 10;

/// What the slow program says of the node before its first answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hello {
    has: Vec<String>,
}

impl Hello {
    fn parse(line: &[u8], nonce: &str) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let words = line
            .strip_prefix("S1 ")?
            .strip_prefix(nonce)?
            .strip_prefix(" slow ")?;
        let has = words
            .split(' ')
            .find_map(|word| word.strip_prefix("has="))?;
        Some(Self {
            has: has.split(',').take(16).map(str::to_owned).collect(),
        })
    }

    /// True where this manager was found.
    pub(super) fn has(&self, manager: &str) -> bool {
        self.has.iter().any(|found| found == manager)
    }
}

/// A whole answer.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    text: Vec<u8>,
    /// Wall clock of the node, in seconds.
    pub(super) epoch: Option<f64>,
    /// Seconds since boot.
    pub(super) uptime: Option<f64>,
}

impl Answer {
    /// The words and the status of the part that begins with `head`.
    pub(super) fn part(&self, head: &str) -> Option<&str> {
        self.parts(head).next().map(|(tail, _)| tail)
    }

    /// The lines of all parts that begin with `head`.
    pub(super) fn lines<'a>(&'a self, head: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.parts(head).flat_map(|(_, lines)| lines)
    }

    /// Each part that begins with `head`: the rest of its first line, and its lines.
    pub(super) fn parts<'a>(
        &'a self,
        head: &str,
    ) -> impl Iterator<Item = (&'a str, impl Iterator<Item = &'a [u8]> + use<'a>)> + use<'a> {
        let head = head.to_owned();
        let mut lines = self.text.split(|b| *b == b'\n');
        std::iter::from_fn(move || {
            loop {
                let Some(tail) = begins(lines.next()?, &head) else {
                    continue;
                };
                let body = lines.clone().map_while(|line| line.strip_prefix(b" "));
                return Some((tail, body));
            }
        })
    }
}

/// `=HEAD REST`: the rest.
fn begins<'a>(line: &'a [u8], head: &str) -> Option<&'a str> {
    let line = line.strip_prefix(b"=")?.strip_prefix(head.as_bytes())?;
    let tail = std::str::from_utf8(line).ok()?;
    (tail.is_empty() || tail.starts_with(' ')).then(|| tail.trim())
}

/// One end of the slow channel.
#[derive(Debug, Default)]
pub(super) struct Slow {
    greeting: Greeting,
    hello: Option<Hello>,
    buf: Vec<u8>,
    seq: u64,
    asked: Option<Request>,
    /// What the last answer was asked about.
    told: Option<Topics>,
    /// Requests for which each topic is left out.
    without: [u32; 3],
}

/// What a request is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Topics {
    /// What the managers say.
    pub(super) daemons: bool,
    /// Space and inodes.
    pub(super) disks: bool,
    /// MIG instances.
    pub(super) mig: bool,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    seq: u64,
    topics: Topics,
}

impl Topics {
    /// All there is to ask.
    pub(super) const EVERYTHING: Self = Self {
        daemons: true,
        disks: true,
        mig: true,
    };

    /// True where nothing is asked.
    pub(super) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// In the order of the answer: the letter, whether it is asked, and how its part begins where it begins before it can hang.
    fn all(self) -> [(char, bool, &'static [u8]); 3] {
        [
            ('s', self.daemons, b""),
            ('d', self.disks, b"\n=mounts"),
            ('g', self.mig, b"\n=mig"),
        ]
    }

    /// Which of them an answer was stuck in that came to here.
    fn stuck(self, heard: &[u8]) -> usize {
        let begun = |mark: &[u8]| !mark.is_empty() && heard.windows(mark.len()).any(|w| w == mark);
        let all = self.all();
        let last = all
            .iter()
            .rposition(|(_, asked, mark)| *asked && begun(mark));
        let first = || all.iter().position(|(_, asked, _)| *asked);
        last.or_else(first).unwrap_or(0)
    }
}

/// What bytes of the slow channel came to.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// It greeted.
    Hello,
    /// It answered.
    Answer(Answer),
    /// It said what can't be read.
    Bad(&'static str),
}

impl Slow {
    /// The channel is opened, or opened again; what was asked last and didn't come is left out for a while.
    pub(super) fn restart(&mut self) {
        let mut without = self.without;
        if let Some(asked) = self.asked
            && let Some(n) = without.get_mut(asked.topics.stuck(&self.buf))
        {
            *n = PENANCE;
        }
        *self = Self {
            seq: self.seq,
            without,
            ..Self::default()
        };
    }

    /// The next request; `None` before the hello and while one is unanswered.
    pub(super) fn tick(&mut self, wanted: Topics) -> Option<String> {
        self.hello.as_ref()?;
        if self.asked.is_some() {
            return None;
        }
        let [daemons, disks, mig] = self.without.map(|n| n == 0);
        self.without = self.without.map(|n| n.saturating_sub(1));
        let topics = Topics {
            daemons: wanted.daemons && daemons,
            disks: wanted.disks && disks,
            mig: wanted.mig && mig,
        };
        self.seq += 1;
        self.asked = Some(Request {
            seq: self.seq,
            topics,
        });
        let asked = topics.all().into_iter().filter(|(_, asked, _)| *asked);
        let letters: String = asked.map(|(letter, ..)| letter).collect();
        let letters = if letters.is_empty() { "-" } else { &letters };
        Some(format!("{} {letters}\n", self.seq))
    }

    /// What the last answer was asked about; `None` before the first.
    pub(super) fn told(&self) -> Option<Topics> {
        self.told
    }

    /// What was found on the node.
    pub(super) fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// Takes bytes of the node.
    pub(super) fn feed(&mut self, bytes: &[u8], nonce: &str) -> Vec<Heard> {
        let mut heard = Vec::new();
        let mut rest = bytes;
        if self.hello.is_none() {
            let Some((hello, after)) = self.greeting.find(bytes, |line| Hello::parse(line, nonce))
            else {
                return heard;
            };
            self.hello = Some(hello);
            heard.push(Heard::Hello);
            rest = after;
        }
        for line in rest.split_inclusive(|b| *b == b'\n') {
            self.buf.extend_from_slice(line);
            heard.extend(line.ends_with(b"\n").then(|| self.line()).flatten());
            if self.buf.len() > MAX_ANSWER {
                self.buf.clear();
                self.asked = None;
                heard.push(Heard::Bad("answer over 256 KiB"));
            }
        }
        heard
    }

    /// Looks at the line that just ended: is it the last one of an answer?
    fn line(&mut self) -> Option<Heard> {
        let text = self.buf.strip_suffix(b"\n")?;
        let start = text
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let line = text.get(start..)?;
        if line.first() == Some(&b'(') || (start == 0 && !self.buf.starts_with(b"(")) {
            // An answer begins; what came before it belongs to none.
            let keep = if line.first() == Some(&b'(') {
                start
            } else {
                self.buf.len()
            };
            self.buf.drain(..keep);
            return None;
        }
        let seq = line.strip_prefix(b")")?;
        let seq: Option<u64> = std::str::from_utf8(seq)
            .ok()
            .and_then(|seq| seq.parse().ok());
        let mut text = std::mem::take(&mut self.buf);
        let head_end = text.iter().position(|b| *b == b'\n')?;
        let body = text.split_off(head_end);
        let mut head = Words(text.get(1..)?);
        let number = head.u64();
        if number.is_none() || number != seq || number != self.asked.map(|asked| asked.seq) {
            return Some(Heard::Bad("answer to another request"));
        }
        self.told = self.asked.take().map(|asked| asked.topics);
        Some(Heard::Answer(Answer {
            epoch: head.f64().filter(|n| *n < 1e11),
            uptime: head.f64().filter(|n| *n < 1e11),
            text: body,
        }))
    }
}

#[cfg(test)]
#[path = "slow_tests.rs"]
mod tests;
