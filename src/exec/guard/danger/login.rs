//! What may lock everybody out: network, firewall, the daemons that let one in, accounts.

use crate::exec::guard::args::Args;

const LINK: &str = "may take the node off the network";
const FIREWALL: &str = "changes the whole firewall, and may lock you out";
const DAEMON: &str = "stops what lets you in, or what the node runs on";
const ACCOUNT: &str = "takes away an account or its login";

pub(super) fn danger(name: &str, args: Args<'_>) -> Option<&'static str> {
    let (is_dangerous, reason) = match name {
        "iptables" | "ip6tables" | "iptables-legacy" | "iptables-nft" => (iptables(args), FIREWALL),
        "nft" => (nft(args), FIREWALL),
        "ufw" => (
            args.has_word(&["reset", "enable", "disable"])
                || has_pair(args, "default", &["deny", "reject"]),
            FIREWALL,
        ),
        "firewall-cmd" => (args.has(&["--panic-on"]), FIREWALL),
        "iptables-restore" | "ip6tables-restore" => (true, FIREWALL),
        "ip" => (ip(args), LINK),
        "ifconfig" => (args.has_word(&["down"]), LINK),
        "ifdown" | "ifreload" => (true, LINK),
        "route" => (
            has_pair(args, "del", &["default"]) || args.has_word(&["flush"]),
            LINK,
        ),
        "nmcli" => (nmcli(args), LINK),
        "networkctl" => (args.has_word(&["down", "delete"]), LINK),
        "netplan" => (args.has_word(&["apply"]), LINK),
        "tailscale" | "cloudflared" => (
            matches!(args.operand(0), "down" | "logout" | "uninstall")
                || has_pair(args, "service", &["uninstall"]),
            LINK,
        ),
        "rfkill" => (args.has_word(&["block"]), LINK),
        "systemctl" => (systemctl(args), DAEMON),
        "service" | "rc-service" | "invoke-rc.d" => (
            is_vital(args.operand(0)) && is_stop(args.operand(1)),
            DAEMON,
        ),
        "sv" | "supervisorctl" => (
            is_stop(args.operand(0)) && is_vital_or_all(args.operand(1)),
            DAEMON,
        ),
        "update-rc.d" | "chkconfig" | "rc-update" => (
            args.operands().any(|word| is_vital(&word.text))
                && args.has_word(&["remove", "disable", "off", "del", "delete"]),
            DAEMON,
        ),
        "launchctl" => (
            args.has_word(&["bootout", "unload", "remove"])
                && args.texts().any(|text| text.contains("ssh")),
            DAEMON,
        ),
        "userdel" | "deluser" | "groupdel" | "delgroup" => (true, ACCOUNT),
        "passwd" => (args.has(&["-l", "-d", "--lock", "--delete"]), ACCOUNT),
        "usermod" => (args.has(&["-L", "--lock"]), ACCOUNT),
        _ => (is_vital(name) && is_stop(args.operand(0)), DAEMON),
    };
    is_dangerous.then_some(reason)
}

/// Whether one of `seconds` comes right after `first`.
fn has_pair(args: Args<'_>, first: &str, seconds: &[&str]) -> bool {
    let texts: Vec<&str> = args.texts().collect();
    texts.windows(2).any(|pair| match pair {
        [a, b] => *a == first && seconds.contains(b),
        _ => false,
    })
}

/// Flushing, and a policy that lets nothing through.
fn iptables(args: Args<'_>) -> bool {
    let shuts = args.has(&["-P", "--policy"]) && args.has_word(&["DROP", "REJECT"]);
    shuts || args.has(&["-F", "--flush", "-X", "--delete-chain"])
}

fn nft(args: Args<'_>) -> bool {
    let clears =
        args.operand(0) == "flush" || (args.operand(0) == "delete" && args.operand(1) == "table");
    let spelled = args
        .texts()
        .any(|text| text.trim_start().starts_with("flush ") || text.contains("delete table"));
    clears || spelled
}

fn ip(args: Args<'_>) -> bool {
    let operands = args.operands_beside(&["-f", "-family", "-n", "-netns", "-l"]);
    let (object, verb) = (operands.first().copied(), operands.get(1).copied());
    let Some((object, verb)) = object.zip(verb) else {
        return false;
    };
    let is_of = |full: &str, least: usize| object.len() >= least && full.starts_with(object);
    let deletes = verb.len() >= 3 && "delete".starts_with(verb);
    let flushes = !verb.is_empty() && "flush".starts_with(verb);
    if is_of("link", 1) {
        return deletes || operands.contains(&"down");
    }
    if is_of("address", 1) {
        return flushes || deletes;
    }
    is_of("route", 1) && (flushes || (deletes && operands.contains(&"default")))
}

fn nmcli(args: Args<'_>) -> bool {
    let is_off = has_pair(args, "networking", &["off"]) || has_pair(args, "radio", &["off"]);
    is_off || args.has_word(&["down", "disconnect", "delete"])
}

fn systemctl(args: Args<'_>) -> bool {
    let operands = args.operands_beside(&["-H", "-M", "-t", "-p", "-s", "--host", "--signal"]);
    let Some((verb, units)) = operands.split_first() else {
        return false;
    };
    is_stop(verb) && units.iter().any(|unit| is_vital_or_all(unit))
}

fn is_stop(verb: &str) -> bool {
    matches!(
        verb,
        "stop" | "disable" | "mask" | "kill" | "onestop" | "zap" | "down" | "force-stop" | "exit"
    )
}

fn is_vital_or_all(unit: &str) -> bool {
    matches!(unit, "*" | "all" | "*.service") || is_vital(unit)
}

/// A daemon without which nobody logs in.
fn is_vital(unit: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "network",
        "NetworkManager",
        "systemd-networkd",
        "systemd-logind",
        "ssh",
        "sshd",
        "dropbear",
    ];
    const NAMES: &[&str] = &[
        "dbus",
        "cloudflared",
        "tailscaled",
        "wpa_supplicant",
        "dhcpcd",
        "wg-quick",
        "openvpn",
        "systemd-resolved",
    ];
    let stem = unit.split(['.', '@']).next().unwrap_or(unit);
    let is_pattern = unit.contains('*')
        && PREFIXES
            .iter()
            .any(|name| name.starts_with(unit.trim_end_matches(['*', '.'])));
    let is_prefixed =
        |name: &&str| stem == *name || (*name == "network" && stem.starts_with("network"));
    NAMES.contains(&stem) || PREFIXES.iter().any(is_prefixed) || is_pattern
}
