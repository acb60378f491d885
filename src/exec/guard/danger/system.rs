//! What stops a node, its processes, its containers or its schedule.

use crate::exec::guard::args::{Args, base};

const OFF: &str = "stops or restarts the node";
const ALL: &str = "ends every process";
const MANY: &str = "reaches whatever another command prints";

pub(super) fn danger(name: &str, args: Args<'_>) -> Option<&'static str> {
    let is_off = match name {
        "shutdown" => !args.has(&["-c", "--show"]),
        "reboot" | "halt" | "poweroff" | "pm-suspend" | "pm-hibernate" => {
            !args.has(&["-w", "--wtmp-only"])
        }
        "init" | "telinit" => matches!(args.operand(0), "0" | "1" | "6" | "s" | "S"),
        "systemctl" | "loginctl" => is_power(args),
        "kexec" => args.has(&["-e", "--exec"]),
        "ipmitool" => {
            args.has_word(&["off", "cycle", "reset", "soft", "diag"]) && args.has_word(&["power"])
        }
        _ => false,
    };
    if is_off {
        return Some(OFF);
    }
    match name {
        "kill" => kill(args),
        "killall5" => Some(ALL),
        "pkill" | "killall" => named(args),
        "crontab" => args
            .has(&["-r"])
            .then_some("deletes every scheduled command"),
        "docker" | "podman" | "nerdctl" | "docker-compose" => container(args),
        "kubectl" | "oc" => kubernetes(args),
        "umount" => mounts(args),
        "mount" => is_remount(args).then_some("takes away the right to write the root folder"),
        "swapoff" => None,
        _ => package(base(name), args),
    }
}

fn is_power(args: Args<'_>) -> bool {
    let takers = ["-H", "-M", "-t", "-p", "--host", "--machine", "--message"];
    let verb = args.operands_beside(&takers).first().copied();
    matches!(
        verb,
        Some(
            "reboot"
                | "poweroff"
                | "halt"
                | "kexec"
                | "rescue"
                | "emergency"
                | "suspend"
                | "hibernate"
                | "hybrid-sleep"
                | "soft-reboot"
                | "isolate"
                | "switch-root"
                | "exit"
                | "suspend-then-hibernate"
        )
    )
}

/// `-1` is a signal where it comes first, else every process; `1` is init.
fn kill(args: Args<'_>) -> Option<&'static str> {
    let mut texts = args.texts().peekable();
    match texts.peek().copied() {
        Some("-s" | "-n" | "--signal") => drop(texts.nth(1)),
        Some(first) if first.starts_with('-') && first != "--" => drop(texts.next()),
        _ => {}
    }
    let is_all = |pid: &str| matches!(pid, "-1");
    let found = texts.find(|pid| is_all(pid) || *pid == "1")?;
    Some(if is_all(found) {
        ALL
    } else {
        "ends the first process, and the node with it"
    })
}

fn named(args: Args<'_>) -> Option<&'static str> {
    let is_vital = |text: &str| matches!(text, "sshd" | "systemd" | "init" | "dropbear" | "ssh");
    if args.operands().any(|word| is_vital(&word.text)) {
        return Some("ends what lets you in, or the first process");
    }
    let is_every = |text: &str| matches!(text, "." | ".*" | "");
    let is_root =
        args.texts().any(|text| text == "root") && args.has(&["-u", "-U", "--user", "--euid"]);
    (is_root || args.operands().any(|word| is_every(&word.text))).then_some(ALL)
}

fn container(args: Args<'_>) -> Option<&'static str> {
    let takers = [
        "-H",
        "--host",
        "-c",
        "--context",
        "-l",
        "-f",
        "-p",
        "--file",
    ];
    let operands = args.operands_beside(&takers);
    let verb = operands.first().copied().unwrap_or_default();
    if operands.contains(&"prune") && verb != "builder" {
        return Some("deletes every container, image or volume that is not in use");
    }
    if operands.contains(&"down") && args.has(&["-v", "--volumes"]) {
        return Some("deletes the volumes with their data");
    }
    let is_ending = matches!(
        verb,
        "rm" | "rmi" | "kill" | "stop" | "volume" | "container" | "image"
    );
    let is_listed = args.0.iter().any(|word| !word.scripts.is_empty());
    (is_ending && (is_listed || args.has(&["--all"]))).then_some(MANY)
}

fn kubernetes(args: Args<'_>) -> Option<&'static str> {
    let takers = ["-n", "--namespace", "--context", "--kubeconfig", "-l", "-o"];
    let operands = args.operands_beside(&takers);
    if operands.first() != Some(&"delete") {
        return None;
    }
    let kind = operands.get(1).copied().unwrap_or_default();
    let kind = kind.split('/').next().unwrap_or_default();
    let is_wide = matches!(
        kind,
        "ns" | "namespace"
            | "namespaces"
            | "node"
            | "nodes"
            | "no"
            | "pv"
            | "persistentvolume"
            | "persistentvolumes"
            | "pvc"
            | "persistentvolumeclaim"
            | "persistentvolumeclaims"
            | "crd"
            | "crds"
            | "all"
            | "customresourcedefinition"
            | "customresourcedefinitions"
    );
    let is_all = args.has(&["--all", "--all-namespaces", "-A"]);
    (is_wide || is_all).then_some("deletes a whole part of the cluster")
}

fn mounts(args: Args<'_>) -> Option<&'static str> {
    let is_root = args.operands().any(|word| word.text == "/");
    (is_root || args.has(&["-a", "--all"]))
        .then_some("takes away the file systems that the node runs from")
}

fn is_remount(args: Args<'_>) -> bool {
    let is_read_only = |text: &str| {
        text.contains("remount") && text.split([',', '=']).any(|option| option == "ro")
    };
    args.texts().any(is_read_only) && args.operands().any(|word| word.text == "/")
}

/// Packages without which nobody logs in, or nothing boots.
fn package(name: &str, args: Args<'_>) -> Option<&'static str> {
    const PROGRAMS: &[&str] = &[
        "apt", "apt-get", "aptitude", "yum", "dnf", "zypper", "apk", "dpkg", "rpm", "pacman",
    ];
    const VITAL: &[&str] = &[
        "openssh-server",
        "openssh",
        "systemd",
        "sudo",
        "bash",
        "libc6",
        "glibc",
        "coreutils",
        "grub-pc",
        "linux-image",
        "kernel",
        "network-manager",
        "NetworkManager",
        "netplan.io",
        "ifupdown",
        "python3",
        "dropbear",
    ];
    let removes = args.has_word(&["remove", "purge", "erase", "del", "autoremove", "rm"])
        || args.has(&["-r", "-P", "-e", "-R", "--remove", "--purge", "--erase"]);
    let is_vital = |text: &str| {
        let is_kernel = text.starts_with("linux-image") || text.starts_with("kernel-");
        is_kernel || VITAL.contains(&text)
    };
    let is_regretted =
        PROGRAMS.contains(&name) && removes && args.operands().any(|word| is_vital(&word.text));
    is_regretted.then_some("removes a package that the node needs")
}
