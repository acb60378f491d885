//! Space and inodes of local file systems, from `stat -f` of the mounts in `/proc/mounts`.

use super::{Field, Unit, memory::percent, sampler::clipped, slow::Answer, words::Words};
use crate::node::text::SafeText;

/// The local file systems.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// In mount order; `/` first where it is there.
    pub mounts: Vec<Mount>,
    /// Why some or all are not known.
    pub problem: Option<SafeText>,
}

impl Reading {
    /// Nothing is known of them.
    pub(super) fn unknown(why: &str) -> Self {
        Self {
            mounts: Vec::new(),
            problem: Some(clipped(why)),
        }
    }
}

/// One mounted file system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mount {
    /// Where it is mounted.
    pub path: SafeText,
    /// `ext4`, `xfs`, ...
    pub kind: SafeText,
    /// Bytes in all; what is reserved for root is neither used nor available.
    pub total: u64,
    /// Bytes in use.
    pub taken: u64,
    /// Bytes that an ordinary user can still write.
    pub available: u64,
    /// Inodes in all; `None` where there is no limit (btrfs).
    pub inodes: Option<u64>,
    /// Free inodes.
    pub inodes_free: Option<u64>,
    /// Mounted read-only.
    pub read_only: bool,
    /// Read-only though `/etc/fstab` has it writable.
    pub fault: bool,
}

impl Mount {
    /// Space in use, in percent of what an ordinary user could have: the figure of `df`, which rounds it up.
    pub fn used(&self) -> Option<f64> {
        let whole = self.taken.saturating_add(self.available);
        percent(Some(self.taken), Some(whole))
    }

    /// Inodes in use, in percent.
    pub fn inodes_used(&self) -> Option<f64> {
        percent(
            Some(self.inodes?.saturating_sub(self.inodes_free?)),
            self.inodes,
        )
    }
}

/// Most mounts that are believed.
const MAX_MOUNTS: usize = 128;

/// The mounts of a slow answer, `None` where it has no part about them.
pub(super) fn mounts(answer: &Answer) -> Option<Reading> {
    let sizes: Vec<_> = answer
        .lines("stat")
        .filter_map(stat)
        .chain(answer.lines("df").filter_map(df))
        .collect();
    answer.part("mounts")?;
    let listed = answer.lines("mounts").take(MAX_MOUNTS).filter_map(listed);
    let mut seen: Vec<(Vec<u8>, Mount)> = Vec::new();
    for (path, mount) in listed {
        // What is mounted over another hides it.
        seen.retain(|(of, _)| *of != path);
        seen.push((path, mount));
    }
    let all = seen.len();
    let mut mounts: Vec<Mount> = seen
        .into_iter()
        .filter_map(|(path, mount)| {
            let (_, size) = sizes.iter().find(|(of, _)| *of == path)?;
            Some(Mount {
                path: mount.path,
                kind: mount.kind,
                read_only: mount.read_only,
                fault: mount.fault,
                ..size.clone()
            })
        })
        .collect();
    mounts.sort_by_key(|mount| mount.path.as_str() != "/");
    let problem = (mounts.len() < all).then(|| complaint(answer));
    Some(Reading { mounts, problem })
}

/// What the tool says of the mounts that it can't tell of.
fn complaint(answer: &Answer) -> SafeText {
    let lines = answer.lines("stat").chain(answer.lines("df"));
    let mut said = lines.filter(|line| stat(line).is_none() && df(line).is_none());
    let late = |part| answer.part(part) == Some("124");
    match said.find(|line| !line.starts_with(b"Filesystem ")) {
        _ if late("stat") || late("df") => clipped("no answer in 8 s"),
        Some(line) => clipped(&String::from_utf8_lossy(line)),
        None => clipped("no answer"),
    }
}

/// `rw ext4 /data\040one`
fn listed(line: &[u8]) -> Option<(Vec<u8>, Mount)> {
    let mut words = line.splitn(3, |b| *b == b' ');
    let (mode, kind, path) = (words.next()?, words.next()?, unescaped(words.next()?));
    let mount = Mount {
        path: clipped(&String::from_utf8_lossy(&path)),
        kind: clipped(&String::from_utf8_lossy(kind)),
        read_only: mode != b"rw",
        fault: mode == b"fault",
        ..Mount::default()
    };
    Some((path, mount))
}

/// `4096 26000 2300 1000 65536 6000 /data`
fn stat(line: &[u8]) -> Option<(&[u8], Mount)> {
    let mut words = Words(line);
    let (size, blocks) = (words.u64()?, words.u64()?);
    let (free, available) = (words.u64()?, words.u64()?);
    let inodes = words.u64().filter(|n| *n > 0);
    let mount = Mount {
        total: blocks.saturating_mul(size),
        taken: blocks.saturating_sub(free).saturating_mul(size),
        available: available.saturating_mul(size),
        inodes_free: words.u64().filter(|_| inodes.is_some()),
        inodes,
        ..Mount::default()
    };
    Some((words.0.strip_prefix(b" ")?, mount))
}

/// `/dev/sda1 1000 500 400 56% /data`
fn df(line: &[u8]) -> Option<(&[u8], Mount)> {
    let mut words = Words(line);
    words.next()?;
    let total = words.u64()?.saturating_mul(1024);
    let (taken, available) = (words.u64()?, words.u64()?);
    words.next()?;
    let mount = Mount {
        total,
        taken: taken.saturating_mul(1024),
        available: available.saturating_mul(1024),
        ..Mount::default()
    };
    Some((words.0.strip_prefix(b" ")?, mount))
}

/// Resolves `\040` and the like of `/proc/mounts`.
fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *first == b'\\');
        let code =
            digits.and_then(|octal| u8::from_str_radix(std::str::from_utf8(octal).ok()?, 8).ok());
        plain.push(code.unwrap_or(*first));
        rest = after
            .get(if code.is_some() { 3 } else { 0 }..)
            .unwrap_or_default();
    }
    plain
}

fn worst(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(f64::max)
}

/// Its fields: the fullest mount speaks for the node.
pub const FIELDS: &[Field] = &[
    Field {
        id: "disk.used",
        short: "DISK",
        title: "fullest file system",
        unit: Unit::Percent,
        history: true,
        read: |s| worst(s.disk.mounts.iter().map(Mount::used)),
    },
    Field {
        id: "disk.inodes_used",
        short: "INODES",
        title: "file system with the fewest inodes left",
        unit: Unit::Percent,
        history: false,
        read: |s| worst(s.disk.mounts.iter().map(Mount::inodes_used)),
    },
];
