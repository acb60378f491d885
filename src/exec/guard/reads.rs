//! Whether a command only reads.

mod table;

use super::{
    args::{Args, base},
    lex::Word,
};
use table::{ALWAYS, NVIDIA_SMI, UNLESS, VERBS};

/// True for a command that is known to change nothing.
pub(super) fn reads(words: &[Word]) -> bool {
    let Some((name, rest)) = words.split_first() else {
        return true;
    };
    let args = Args(rest);
    let is_asked = rest.len() == 1 && args.has_word(&["--version", "--help"]);
    if has(ALWAYS, &name.text) || (is_asked && !name.text.contains(['/', '\0'])) {
        return true;
    }
    let name = base(&name.text);
    has(ALWAYS, name) || by_options(name, args) || by_verb(name, args) || by_rule(name, args)
}

/// Whether a word is in a table of words.
fn has(table: &str, word: &str) -> bool {
    table.split_ascii_whitespace().any(|known| known == word)
}

fn by_options(name: &str, args: Args<'_>) -> bool {
    let row = UNLESS
        .iter()
        .find(|(row, _)| row.trim_end_matches('*') == name);
    row.is_some_and(|(row, forbidden)| {
        let forbidden: Vec<&str> = forbidden.split_ascii_whitespace().collect();
        let takes_operands = row.ends_with('*');
        let is_quiet = takes_operands || args.operands().next().is_none();
        is_quiet && !is_open(args) && !args.has(&forbidden) && extra(name, args)
    })
}

/// What a row of options can't say.
fn extra(name: &str, args: Args<'_>) -> bool {
    match name {
        "date" => {
            let takers = ["-d", "--date", "-r", "--reference", "-f", "--file"];
            args.operands_beside(&takers)
                .iter()
                .all(|operand| operand.starts_with('+'))
        }
        "sudo" => args.has(&["-l", "-v", "-k", "-V"]) || args.has(&["--list", "--validate"]),
        "command" => args.has(&["-v", "-V"]),
        "iptables" | "ip6tables" => args.has(&["-L", "-S", "-C", "--list", "--list-rules"]),
        "ldconfig" => args.has(&["-p"]),
        _ => true,
    }
}

/// An expansion that may turn out to be an option.
fn is_open(args: Args<'_>) -> bool {
    args.0
        .iter()
        .any(|word| word.is_open && word.text.starts_with('\0'))
}

fn by_verb(name: &str, args: Args<'_>) -> bool {
    let Some((_, takers, verbs)) = VERBS.iter().find(|(row, ..)| *row == name) else {
        return false;
    };
    let takers: Vec<&str> = takers.split_ascii_whitespace().collect();
    let operands = args.operands_beside(&takers);
    let is_known = |count: usize| {
        let given: Vec<&str> = operands.iter().take(count).copied().collect();
        let given = if given.is_empty() {
            "-".to_owned()
        } else {
            given.join(" ")
        };
        verbs.split(',').any(|verb| verb.trim() == given)
    };
    !is_open(args) && (1..=3).any(is_known)
}

fn by_rule(name: &str, args: Args<'_>) -> bool {
    match name {
        "ip" => ip(args),
        "nvidia-smi" => nvidia_smi(args),
        "sysctl" => {
            !args.has(&["-w", "-p", "--write", "--load", "--system", "-f"]) && !has_assignment(args)
        }
        "sed" => sed(args),
        "awk" | "gawk" | "mawk" | "nawk" => awk(args),
        "crontab" => {
            args.has(&["-l"]) && !args.has(&["-r", "-e", "-i"]) && args.operands().next().is_none()
        }
        "dpkg" | "dpkg-query" => {
            args.has(&["-l", "-L", "-s", "-S", "-W", "--list", "--status"])
                && !args.has(&["-i", "-r", "-P"])
        }
        "rpm" => args
            .options()
            .next()
            .is_some_and(|first| first.starts_with("-q")),
        "pacman" => args
            .options()
            .next()
            .is_some_and(|first| first.starts_with("-Q")),
        "kill" => args
            .options()
            .next()
            .is_some_and(|first| matches!(first, "-0" | "-l" | "-L")),
        "tar" => tar(args),
        "unzip" => args.has(&["-l"]),
        "firewall-cmd" => args
            .options()
            .all(|o| o == "--state" || o.starts_with("--list-") || o.starts_with("--get-")),
        "service" | "rc-service" => args.operand(1) == "status",
        "ethtool" => args.options().all(|o| {
            matches!(
                o,
                "-i" | "-k" | "-g" | "-S" | "-a" | "-c" | "-l" | "-m" | "-T" | "-P"
            )
        }),
        "git" => {
            args.texts().eq(["branch"])
                || args.texts().eq(["remote", "-v"])
                || args.texts().eq(["diff"])
        }
        "tee" => args.operands().all(|word| word.text == "/dev/null"),
        "fdisk" | "sfdisk" | "parted" => args.options().next() == Some("-l"),
        "uniq" => args.operands().count() <= 1,
        "xxd" => args.operands().count() <= 1 && !args.has(&["-r"]),
        _ => false,
    }
}

fn ip(args: Args<'_>) -> bool {
    let operands = args.operands_beside(&["-f", "-family", "-n", "-netns", "-l"]);
    let verb = operands.get(1).copied().unwrap_or("show");
    let is_look = matches!(
        verb,
        "show" | "sh" | "s" | "list" | "ls" | "lst" | "get" | "g" | "identify" | "pids"
    );
    let is_object = operands
        .first()
        .is_none_or(|object| !matches!(*object, "xfrm" | "vrf"));
    !is_open(args) && !args.has_word(&["-b", "-batch", "-force"]) && is_object && is_look
}

fn nvidia_smi(args: Args<'_>) -> bool {
    let is_monitor = |text: &str| matches!(text, "dmon" | "pmon" | "topo");
    if args.texts().next().is_some_and(is_monitor) {
        return !args.has(&["-f", "--filename"]);
    }
    let is_look = |option: &str| {
        let name = option.split('=').next().unwrap_or(option);
        name.starts_with("--query-") || name.starts_with("--format") || has(NVIDIA_SMI, name)
    };
    let takers = [
        "-i",
        "-d",
        "-l",
        "-lms",
        "--id",
        "--display",
        "--loop",
        "--loop-ms",
    ];
    !is_open(args) && args.options().all(is_look) && args.operands_beside(&takers).is_empty()
}

fn has_assignment(args: Args<'_>) -> bool {
    args.operands().any(|word| word.text.contains('='))
}

/// Only `p`, `d`, `q`, `=` and `s///` with harmless flags: other commands write files or run programs.
fn sed(args: Args<'_>) -> bool {
    let is_quiet = !args.has(&["-i", "-f", "-s", "--in-place", "--file", "--separate"]);
    let scripts = args.0.windows(2).filter_map(|pair| match pair {
        [option, script] if matches!(option.text.as_str(), "-e" | "--expression") => Some(script),
        _ => None,
    });
    let mut scripts: Vec<&str> = scripts.map(|word| word.text.as_str()).collect();
    if scripts.is_empty() {
        scripts.push(args.operand(0));
    }
    is_quiet && scripts.iter().all(|script| is_plain_sed(script))
}

fn is_plain_sed(script: &str) -> bool {
    let is_address = |c: char| c.is_ascii_digit() || matches!(c, ',' | '$' | '!' | ' ' | '~' | '+');
    let command = script.trim_start_matches(is_address);
    if let Some(rest) = command.strip_prefix('/')
        && let Some((_, after)) = rest.split_once('/')
    {
        return matches!(after, "p" | "d" | "q" | "=");
    }
    if let Some(rest) = command.strip_prefix('s') {
        let mut chars = rest.chars();
        let Some(mark) = chars.next().filter(char::is_ascii_punctuation) else {
            return false;
        };
        let parts: Vec<&str> = chars.as_str().split(mark).collect();
        let is_flag = |c: char| matches!(c, 'g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9');
        return parts.len() == 3 && parts.last().is_some_and(|flags| flags.chars().all(is_flag));
    }
    matches!(command, "p" | "d" | "q" | "=")
}

/// Programs that can't write a file or run a command.
fn awk(args: Args<'_>) -> bool {
    let is_quiet = !args.has(&[
        "-f",
        "-i",
        "-E",
        "-o",
        "-l",
        "--file",
        "--include",
        "--exec",
        "--dump-variables",
    ]);
    let can_act = |text: &str| {
        text.contains(['>', '|', '\0', '@']) || text.contains("system") || text.contains("getline")
    };
    is_quiet && !args.texts().any(can_act)
}

/// `tar tf FILE`, and nothing that runs a program.
fn tar(args: Args<'_>) -> bool {
    let first = args.texts().next().unwrap_or_default();
    let letters = first.trim_start_matches('-');
    let is_list = letters.contains('t') && letters.chars().all(|c| "tvfzjJa".contains(c));
    is_list
        && !args
            .options()
            .skip(usize::from(first.starts_with('-')))
            .any(|_| true)
}
