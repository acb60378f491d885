//! What a path on a command line reaches when a command works on it with everything below.

use super::{
    expand::{FULL, HOLE},
    lex::Word,
};

const VARIABLE: &str = "reaches whatever a variable names, and that may be nothing";
const PRINTED: &str = "reaches whatever another command prints";
const ROOT: &str = "reaches the root folder";
const TOP: &str = "reaches a whole top-level folder";
const SYSTEM: &str = "reaches a folder that the system runs from";
const HOME: &str = "reaches a whole home folder";
const HERE: &str = "reaches everything in the folder it starts in";

/// Folders of the second level that a system doesn't run without.
const SYSTEM_FOLDERS: &[&str] = &[
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "usr/lib64",
    "usr/lib32",
    "usr/share",
    "usr/local",
    "usr/libexec",
    "var/lib",
    "etc/ssh",
    "etc/pam.d",
    "etc/systemd",
    "etc/network",
    "etc/netplan",
    "boot/grub",
    "boot/efi",
    "root/.ssh",
];

/// Files without which nobody logs in, or nothing boots.
const VITAL_FILES: &[&str] = &[
    "etc/passwd",
    "etc/shadow",
    "etc/group",
    "etc/gshadow",
    "etc/sudoers",
    "etc/fstab",
    "etc/crypttab",
    "etc/ssh/sshd_config",
    "etc/nsswitch.conf",
    "etc/hosts",
    "etc/resolv.conf",
    "etc/ld.so.preload",
    "etc/ld.so.conf",
    "etc/pam.d/sshd",
    "etc/pam.d/common-auth",
    "etc/pam.d/system-auth",
    "etc/inittab",
    "boot/grub/grub.cfg",
    "root/.ssh/authorized_keys",
    "proc/sysrq-trigger",
    "proc/sys/kernel/sysrq",
];

/// Devices that take what is written without a loss.
const HARMLESS_DEVICES: &[&str] = &[
    "null", "zero", "full", "random", "urandom", "stdin", "stdout", "stderr", "tty", "console",
    "kmsg", "log", "ptmx",
];

/// Why it is dangerous to delete or change all below a path.
pub(super) fn reach(word: &Word) -> Option<&'static str> {
    let is_hole = |c: char| c == HOLE;
    if !word.text.is_empty() && word.text.chars().all(is_hole) {
        let is_printed = !word.scripts.is_empty();
        return Some(if is_printed { PRINTED } else { VARIABLE });
    }
    let alternatives = word.alternatives();
    let found = alternatives
        .iter()
        .find_map(|path| whole(&path.replace(HOLE, "")));
    match found {
        Some(_) if word.text.contains(HOLE) => Some(VARIABLE),
        found => found,
    }
}

/// The same for a path without expansions.
fn whole(path: &str) -> Option<&'static str> {
    let parts = parts(path);
    let is_absolute = path.starts_with('/');
    match parts.as_slice() {
        [] if is_absolute => Some(ROOT),
        [] => (!path.is_empty()).then_some(HERE),
        [part, rest @ ..] if !is_absolute && part.starts_with('~') => {
            rest.iter().all(|part| is_all(part)).then_some(HOME)
        }
        parts if !is_absolute => {
            let is_here = |part: &&str| is_all(part) || *part == "..";
            parts.iter().all(is_here).then_some(HERE)
        }
        [part] if is_all(part) => Some(ROOT),
        ["tmp", part] if is_all(part) => None,
        ["home", _] => Some(HOME),
        [_] => Some(TOP),
        [_, part] if is_all(part) => Some(TOP),
        [first, second, rest @ ..] => {
            let folder = format!("{first}/{second}");
            let is_system = SYSTEM_FOLDERS.contains(&folder.as_str());
            (is_system && rest.iter().all(|part| is_all(part))).then_some(SYSTEM)
        }
    }
}

/// A pattern that matches every name.
fn is_all(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| matches!(c, '*' | '.' | '?')) && part.contains('*')
}

/// The names in a path; `.` is none, and `..` undoes one.
fn parts(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if path.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    parts
}

/// True for what may be a disk.
pub(super) fn is_device(word: &Word) -> bool {
    word.alternatives().iter().any(|path| {
        let parts = parts(path);
        let [dev, name, ..] = parts.as_slice() else {
            return false;
        };
        let is_harmless = HARMLESS_DEVICES.contains(name)
            || name.starts_with("tty")
            || name.starts_with("nvidia")
            || matches!(
                *name,
                "shm" | "fd" | "pts" | "tcp" | "udp" | "mqueue" | "hugepages"
            );
        path.starts_with('/') && *dev == "dev" && !is_harmless
    })
}

/// True for a file that nobody empties on purpose.
pub(super) fn is_vital(word: &Word) -> bool {
    word.alternatives().iter().any(|path| {
        let path = path.replace([HOLE, FULL], "");
        let file = parts(&path).join("/");
        let is_keys = path.starts_with(['~', '/']) && file.ends_with(".ssh/authorized_keys");
        is_keys || (path.starts_with('/') && VITAL_FILES.contains(&file.as_str()))
    })
}
