//! What deletes or overwrites: folders, files that a node needs, disks.

use crate::exec::guard::{args::Args, lex::Word, path};

const DEVICE: &str = "overwrites a device";
const FORMAT: &str = "destroys what is on a disk";
const VITAL: &str = "takes away a file that the node needs";

pub(super) fn danger(name: &str, args: Args<'_>, is_fed: bool) -> Option<&'static str> {
    match name {
        "rm" | "srm" => delete(args, is_fed),
        "rmdir" | "unlink" | "truncate" => vital(args).or_else(|| device(args)),
        "shred" => device(args).or_else(|| vital(args)),
        "chmod" | "chown" | "chgrp" | "setfacl" | "chattr" | "chcon" => change(args),
        "find" => find(args),
        "mv" => moved(args),
        "cp" | "ln" | "install" | "tee" | "rsync" | "scp" => copy(name, args),
        "dd" => dd(args),
        _ => disk(name, args).then_some(FORMAT),
    }
}

fn reach<'a>(mut words: impl Iterator<Item = &'a Word>) -> Option<&'static str> {
    words.find_map(path::reach)
}

fn vital(args: Args<'_>) -> Option<&'static str> {
    args.operands().any(path::is_vital).then_some(VITAL)
}

fn device(args: Args<'_>) -> Option<&'static str> {
    args.operands().any(path::is_device).then_some(DEVICE)
}

fn delete(args: Args<'_>, is_fed: bool) -> Option<&'static str> {
    let is_recursive = args.has(&["-r", "-R", "--recursive"]);
    let is_whole = |word: &&Word| word.has_glob;
    if args.has(&["--no-preserve-root"]) {
        return Some("deletes the root folder without a question");
    }
    if is_recursive && is_fed {
        return Some("reaches whatever another command prints");
    }
    if is_recursive {
        return reach(args.operands()).or_else(|| vital(args));
    }
    reach(args.operands().filter(is_whole)).or_else(|| vital(args))
}

/// The first operand is the mode, the owner or the list; for it no path is looked up that could match.
fn change(args: Args<'_>) -> Option<&'static str> {
    let paths = || args.operands().skip(1);
    let is_root = |word: &&Word| word.text == "/" || word.text == "/.";
    if args.has(&["-R", "--recursive"]) {
        return reach(paths());
    }
    reach(paths().filter(is_root))
}

fn find(args: Args<'_>) -> Option<&'static str> {
    let is_start =
        |word: &&Word| !matches!(word.text.as_str(), "(" | "!") && !word.text.starts_with('-');
    let starts = || args.0.iter().take_while(is_start);
    let is_chosen = args.has_word(&[
        "-name", "-iname", "-path", "-regex", "-mtime", "-mmin", "-size", "-newer", "-user",
        "-empty", "-atime", "-ctime",
    ]);
    let runs = args.has_word(&["-exec", "-execdir"])
        && args
            .texts()
            .any(|text| matches!(text, "rm" | "/bin/rm" | "shred"));
    let deletes = args.has_word(&["-delete"]) || runs;
    if !deletes || is_chosen {
        return None;
    }
    if starts().next().is_none() {
        return Some("reaches everything in the folder it starts in");
    }
    reach(starts())
}

fn moved(args: Args<'_>) -> Option<&'static str> {
    let all: Vec<&Word> = args.operands().collect();
    let (target, sources) = all.split_last()?;
    reach(sources.iter().copied())
        .or_else(|| {
            sources
                .iter()
                .any(|word| path::is_vital(word))
                .then_some(VITAL)
        })
        .or_else(|| written(target))
}

fn written(target: &Word) -> Option<&'static str> {
    if path::is_device(target) {
        return Some(DEVICE);
    }
    path::is_vital(target).then_some("overwrites a file that the node needs")
}

fn copy(name: &str, args: Args<'_>) -> Option<&'static str> {
    let target = args.operands().last()?;
    let deletes = name == "rsync" && args.options().any(|option| option.starts_with("--del"));
    match name {
        _ if deletes && target.text.starts_with('/') => path::reach(target),
        // Adding to a file leaves it what it was.
        "tee" if args.has(&["-a", "--append"]) => device(args),
        "tee" => args.operands().find_map(written),
        _ => written(target),
    }
}

fn dd(args: Args<'_>) -> Option<&'static str> {
    args.0.iter().find_map(|word| {
        let target = word.text.strip_prefix("of=")?;
        let target = Word {
            text: target.to_owned(),
            ..word.clone()
        };
        written(&target)
    })
}

/// Programs that make or unmake file systems, partitions and volumes.
fn disk(name: &str, args: Args<'_>) -> bool {
    match name {
        "wipefs" => args.has(&["-a", "-o", "--all", "--offset"]) && !args.has(&["-n", "--no-act"]),
        "mke2fs" | "mkswap" | "mkdosfs" | "blkdiscard" | "pvcreate" | "pvremove" | "vgremove"
        | "lvremove" | "vgreduce" | "mkfs" | "cfdisk" => true,
        "fdisk" | "sfdisk" | "gdisk" => !args.has(&["-l", "--list", "-d", "--dump", "-s", "-V"]),
        "sgdisk" => args.has(&[
            "-Z",
            "-z",
            "-o",
            "-d",
            "--zap-all",
            "--zap",
            "--clear",
            "--delete",
        ]),
        "parted" => args.has_word(&["mklabel", "mktable", "rm", "mkpart", "resizepart"]),
        "cryptsetup" => args.has_word(&[
            "luksFormat",
            "erase",
            "luksErase",
            "luksKillSlot",
            "reencrypt",
        ]),
        "mdadm" => args.has(&["--zero-superblock", "--stop", "--create", "-C", "-S"]),
        "zpool" | "zfs" => matches!(args.operand(0), "destroy" | "labelclear" | "rollback"),
        "nvme" => matches!(args.operand(0), "format" | "sanitize" | "delete-ns"),
        "hdparm" => args
            .options()
            .any(|option| option.starts_with("--security-") || option.starts_with("--trim-sector")),
        "badblocks" => args.has(&["-w"]),
        "ceph" => args
            .texts()
            .any(|text| matches!(text, "delete" | "rm" | "destroy" | "purge" | "zap")),
        _ => name.starts_with("mkfs."),
    }
}
