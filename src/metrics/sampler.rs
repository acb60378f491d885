//! The fast channel's program on the node, and the words that pass before and between its frames.
//!
//! # Start
//!
//! `exec sh` ([`COMMAND`]; plain `sh` where a restricted shell refuses `exec`) with [`program`] on its standard input. The text begins with
//! `# sshoal S1 fast NONCE` ([`FAST_MARK`]) and two comment lines as padding for a login script that reads a line, and ends with the line
//! [`END`]. Nothing may follow it before the hello: some shells read in blocks and would swallow it.
//!
//! # Hello, node to operator, once
//!
//! Whatever login scripts print comes first and is dropped; then a newline and
//!
//! ```text
//! S1 NONCE awk=K boot=ID cgmem=N cgcpu=Q/P cgset=N virt=V src=A,B cores=N gpu=G uname=TEXT TO THE END
//! ```
//!
//! `awk`: `mawk`, `gawk`, `bbawk`, `awk`, or `sh` where there is none (then only keys `l u c m`, and `-` as the epoch). `boot`: boot id or `-`.
//! `cgmem`: a container's memory limit in bytes, `max` or `-`. `cgcpu`: the microseconds of CPU time that it may use in a period, and that
//! period, or `-`. `cgset`: how many CPUs it may run on where that is not all, or `-`. `virt`: `docker`, `podman`, `lxc`, … or `-`. `src`: files under `/proc` that could be read.
//! `cores`: CPUs online. `gpu`: `-` or a list of `nvidia`, `asleep` (an NVIDIA card is suspended: leave it), `amd:card0+card1`, `amd-asleep` (others are
//! suspended). Unknown words are skipped.
//!
//! # Tick, operator to node
//!
//! `SEQ[ LETTERS[ ARGS]]` and a newline; `17` is an ordinary one. Letters: `a` everything, as if nothing had been sent; `m` the medium sources too;
//! `p` each core too; `w` ARGS replace the list of watched items, which is kept for all later ticks (no ARGS: nothing is watched).
//! A watched item is `PID` with a leading `P`, or a cgroup v2 folder with a leading `G`: `P1234`, `G/sys/fs/cgroup/system.slice/nginx.service`.
//! One tick is in flight at a time. The program ends at the end of its input.
//!
//! The answer is a frame: see [`super::frame`].

use std::{fmt, sync::OnceLock};

use crate::node::text::SafeText;

/// What starts a sampler; its program goes to standard input.
pub const COMMAND: &str = "exec sh";

/// The same for a restricted shell that refuses `exec`.
pub const COMMAND_PLAIN: &str = "sh";

/// First line of the fast program, up to the nonce.
pub const FAST_MARK: &str = "# sshoal S1 fast ";

/// First line of the slow program, up to the nonce.
pub const SLOW_MARK: &str = "# sshoal S1 slow ";

/// The line behind which the GPU tool speaks; before it, login scripts may.
pub const GPU_MARK: &str = "sshoal S1 gpu";

/// Last line of both programs.
pub const END: &str = "} #end";

/// Text of the fast program; `without` names sources that it must leave alone (`net/dev`, `amd`, …).
pub fn program(nonce: &str, without: &[&str]) -> String {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| stripped(include_str!("sampler.sh")));
    let text = text
        .replace("@NONCE@", nonce)
        .replace("@WITHOUT@", &without.join(","));
    with_mark(FAST_MARK, nonce, &text)
}

/// A program behind its mark and its padding.
pub(super) fn with_mark(mark: &str, nonce: &str, text: &str) -> String {
    format!("{mark}{nonce}\n#\n#\n{text}")
}

/// Leaves out indentation and whole-line comments, which are for readers.
pub(super) fn stripped(script: &str) -> String {
    let mut text = String::with_capacity(script.len());
    for line in script.lines().map(str::trim_start) {
        if !line.is_empty() && !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// What the node says of itself before the first frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hello {
    /// `mawk`, `gawk`, `bbawk`, `awk` or `sh`.
    pub kind: SafeText,
    /// Changes at each boot.
    pub boot: Option<SafeText>,
    /// A container's memory limit in bytes.
    pub memory_limit: Option<u64>,
    /// How many CPUs a container may use, by its quota or its set of them.
    pub cpu_limit: Option<f64>,
    /// `docker`, `lxc`, … in a container.
    pub container: Option<SafeText>,
    /// Files under `/proc` that could be read.
    pub sources: Vec<SafeText>,
    /// CPUs online.
    pub cores: Option<u32>,
    /// An NVIDIA tool is there, and no card is suspended.
    pub nvidia: bool,
    /// An NVIDIA card is suspended.
    pub asleep: bool,
    /// AMD cards, `card0` and so on.
    pub amd: Vec<SafeText>,
    /// Another AMD card is suspended.
    pub amd_asleep: bool,
    /// `uname -srm`.
    pub kernel: Option<SafeText>,
}

/// The hello in a line of the node, `None` where the line is something else.
pub fn hello(line: &[u8], nonce: &str) -> Option<Hello> {
    let line = line.get(..line.len().min(MAX_HELLO))?;
    let text = String::from_utf8_lossy(line);
    let words = text
        .strip_prefix("S1 ")?
        .strip_prefix(nonce)?
        .strip_prefix(' ')?;
    let mut hello = Hello::default();
    let (words, kernel) = match words.split_once("uname=") {
        Some((words, kernel)) => (words, kernel.trim()),
        None => (words, ""),
    };
    hello.kernel = known(kernel);
    for (key, value) in words.split(' ').filter_map(|word| word.split_once('=')) {
        hello.take(key, value);
    }
    (!hello.kind.as_str().is_empty()).then_some(hello)
}

/// Longest hello that is looked at.
const MAX_HELLO: usize = 4096;

/// Most AMD cards and sources that are believed.
const MAX_LIST: usize = 64;

impl Hello {
    fn take(&mut self, key: &str, value: &str) {
        match key {
            "awk" => self.kind = clipped(value),
            "boot" => self.boot = known(value),
            "cgmem" => self.memory_limit = value.parse().ok(),
            "cgcpu" => self.limit_cpu(quota(value)),
            "cgset" => self.limit_cpu(value.parse().ok()),
            "virt" => self.container = known(value),
            "src" => self.sources = value.split(',').take(MAX_LIST).map(clipped).collect(),
            "cores" => self.cores = value.parse().ok().filter(|n| (1..=65_536).contains(n)),
            "gpu" => value.split(',').for_each(|kind| self.take_gpu(kind)),
            _ => {}
        }
    }

    fn limit_cpu(&mut self, cpus: Option<f64>) {
        let cpus = cpus.filter(|n| *n > 0.0 && n.is_finite());
        self.cpu_limit = cpus
            .map(|n| self.cpu_limit.unwrap_or(n).min(n))
            .or(self.cpu_limit);
    }

    fn take_gpu(&mut self, kind: &str) {
        match kind {
            "nvidia" => self.nvidia = true,
            "asleep" => self.asleep = true,
            "amd-asleep" => self.amd_asleep = true,
            _ => {
                let Some(cards) = kind.strip_prefix("amd:") else {
                    return;
                };
                let cards = cards.split('+').filter(|card| !card.is_empty());
                self.amd = cards.take(MAX_LIST).map(clipped).collect();
            }
        }
    }
}

/// `150000/100000` is one CPU and a half.
fn quota(value: &str) -> Option<f64> {
    let (quota, period) = value.split_once('/')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}

fn known(value: &str) -> Option<SafeText> {
    (!value.is_empty() && value != "-").then(|| clipped(value))
}

/// At most 120 characters of a node's text.
pub(super) fn clipped(text: &str) -> SafeText {
    match text.char_indices().nth(120) {
        Some((end, _)) => SafeText::from(text.get(..end).unwrap_or_default()),
        None => SafeText::from(text),
    }
}

/// One request for a frame; `Display` is the line without its newline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Number that the frame repeats.
    pub seq: u64,
    /// Everything, as if nothing had been sent before.
    pub full: bool,
    /// The medium sources too.
    pub medium: bool,
    /// Each core too.
    pub cores: bool,
    /// A new list of watched items.
    pub watch: Option<Vec<String>>,
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seq)?;
        if self.full || self.medium || self.cores || self.watch.is_some() {
            f.write_str(" ")?;
        }
        for (on, letter) in [
            (self.full, "a"),
            (self.medium && !self.full, "m"),
            (self.cores, "p"),
            (self.watch.is_some(), "w"),
        ] {
            f.write_str(if on { letter } else { "" })?;
        }
        for item in self.watch.iter().flatten() {
            write!(f, " {item}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "sampler_tests.rs"]
mod tests;
