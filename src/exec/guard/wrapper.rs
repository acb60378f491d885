//! Commands that run other commands: what is run in the end.

use super::{
    args::{Args, base},
    lex::Word,
};

/// More of them one in the other are not taken off, which bounds the time; nothing is known of what they run.
const MAX_WRAPPERS: usize = 32;

/// A wrapper, its options that take a word, and how many operands come before the command.
const WRAPPERS: &[(&str, &str, usize)] = &[
    ("sudo", "ughpCTUrtRD", 0),
    ("doas", "uC", 0),
    ("env", "uC", 0),
    ("nohup", "", 0),
    ("nice", "n", 0),
    ("ionice", "cnpPu", 0),
    ("chrt", "", 1),
    ("taskset", "", 1),
    ("timeout", "ks", 1),
    ("stdbuf", "ioe", 0),
    ("setsid", "", 0),
    ("exec", "a", 0),
    ("command", "", 0),
    ("builtin", "", 0),
    ("xargs", "IiLnPsdEa", 0),
    ("numactl", "CNmipP", 0),
    ("flock", "wE", 1),
    ("chroot", "", 1),
    ("nsenter", "tSG", 0),
    ("unshare", "SG", 0),
    ("systemd-run", "puMHEtd", 0),
    ("systemd-inhibit", "", 0),
    ("busybox", "", 0),
    ("toybox", "", 0),
    ("time", "fo", 0),
    ("unbuffer", "", 0),
    ("strace", "eopsuaPEO", 0),
    ("ltrace", "eopsua", 0),
    ("parallel", "jaSN", 0),
    ("srun", "NnpwcAtJGx", 0),
];

/// Long options of theirs whose value is the next word.
const LONG_WITH_VALUE: &[&str] = &[
    "--user",
    "--group",
    "--host",
    "--prompt",
    "--chdir",
    "--signal",
    "--kill-after",
    "--adjustment",
    "--unset",
    "--max-args",
    "--max-procs",
    "--max-lines",
    "--arg-file",
    "--delimiter",
    "--target",
    "--unit",
    "--property",
    "--jobs",
    "--class",
    "--classdata",
];

const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "csh", "tcsh", "rbash", "hush",
];

/// What a command comes down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inner<'a> {
    /// A name and its arguments; empty where only variables are set.
    Words(&'a [Word]),
    /// More operands come from standard input.
    Fed(&'a [Word]),
    /// Shell text.
    Script(String),
    /// Shell text that is run elsewhere, or later: it changes something whatever it is.
    Away(String),
    /// Shell text from standard input.
    Stdin,
}

/// Takes off variables, and wrappers around wrappers, up to [`MAX_WRAPPERS`].
pub(super) fn inner(words: &[Word]) -> Inner<'_> {
    let mut words = words;
    let mut is_fed = false;
    for _ in 0..MAX_WRAPPERS {
        words = without_variables(words);
        let Some((name, rest)) = words.split_first() else {
            return Inner::Words(words);
        };
        let name = base(&name.text);
        if let Some(found) = shell(name, rest) {
            return found;
        }
        let row = WRAPPERS.iter().find(|(wrapper, ..)| *wrapper == name);
        let inside = row.map(|(_, takers, operands)| without_options(rest, takers, *operands));
        match inside {
            Some(inside) if !inside.is_empty() && !keeps(name, rest) => {
                is_fed |= matches!(name, "xargs" | "parallel");
                words = inside;
            }
            _ if is_fed => return Inner::Fed(words),
            _ => return Inner::Words(words),
        }
    }
    Inner::Away(String::new())
}

/// Wrappers that only speak of a command under these options.
fn keeps(name: &str, rest: &[Word]) -> bool {
    let options = rest.iter().take_while(|word| word.text.starts_with('-'));
    let mut options = options.map(|word| word.text.as_str());
    match name {
        "command" => options.any(|option| matches!(option, "-v" | "-V")),
        "sudo" => options.any(|option| matches!(option, "-l" | "--list" | "-e" | "--edit")),
        _ => false,
    }
}

fn without_variables(words: &[Word]) -> &[Word] {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_variable = |word: &&Word| {
        let name = word.text.split_once('=').map_or("", |(name, _)| name);
        let name = name.trim_end_matches('+');
        !name.is_empty() && name.chars().all(is_name)
    };
    let count = words.iter().take_while(is_variable).count();
    words.get(count..).unwrap_or_default()
}

/// What is left after options, variables and so many operands.
fn without_options<'a>(words: &'a [Word], takers: &str, operands: usize) -> &'a [Word] {
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        let text = word.text.as_str();
        let takes = |letter: &str| letter.len() == 1 && takers.contains(letter);
        rest = match text.strip_prefix('-') {
            Some("-") => {
                rest = after;
                break;
            }
            Some(letter) if takes(letter) => after.get(1..).unwrap_or_default(),
            Some(_) if LONG_WITH_VALUE.contains(&text) => after.get(1..).unwrap_or_default(),
            Some(_) => after,
            None => break,
        };
    }
    without_variables(rest).get(operands..).unwrap_or_default()
}

/// Commands that take shell text.
fn shell(name: &str, rest: &[Word]) -> Option<Inner<'static>> {
    match name {
        _ if SHELLS.contains(&name) => of_shell(rest),
        "su" | "runuser" | "script" | "flock" => text_after_c(rest).map(Inner::Script),
        "eval" | "watch" => {
            let takers = if name == "watch" { "n" } else { "" };
            Some(Inner::Script(joined(without_options(rest, takers, 0))))
        }
        "trap" => Some(Inner::Away(Args(rest).operand(0).to_owned())),
        "ssh" => {
            let words = without_options(rest, "bcDeFiIJlLmopQRSwW", 1);
            Some(Inner::Away(joined(words)))
        }
        "docker" | "podman" | "nerdctl" | "kubectl" if Args(rest).operand(0) == "exec" => {
            Some(Inner::Away(joined(in_container(rest))))
        }
        "env" => {
            let at = rest.iter().position(|word| word.text == "-S")?;
            Some(Inner::Script(rest.get(at + 1)?.text.clone()))
        }
        _ => None,
    }
}

/// `-c TEXT`, a script's file, or standard input.
fn of_shell(rest: &[Word]) -> Option<Inner<'static>> {
    let args = Args(rest);
    let options = rest
        .iter()
        .take_while(|word| word.text.starts_with(['-', '+']) || word.text == "pipefail");
    let has_text = rest
        .get(..options.count())
        .and_then(text_option)
        .and_then(|at| text_after(rest, at));
    if let Some(text) = has_text {
        return Some(Inner::Script(text));
    }
    let is_file = !args.has(&["-s"])
        && args
            .operands_beside(&["-o", "-O"])
            .iter()
            .any(|o| *o != "-");
    let is_asked = args.has(&["--version", "--help"]);
    (!is_file && !is_asked).then_some(Inner::Stdin)
}

/// The word after the options that have `-c` among them.
fn text_after_c(words: &[Word]) -> Option<String> {
    text_after(words, text_option(words)?)
}

/// Where `-c` is.
fn text_option(words: &[Word]) -> Option<usize> {
    words.iter().position(|word| {
        let text = word.text.as_str();
        let is_cluster = text.starts_with('-') && !text.starts_with("--") && text.contains('c');
        is_cluster || text == "--command"
    })
}

fn text_after(words: &[Word], at: usize) -> Option<String> {
    let mut after = words.iter().skip(at + 1);
    after
        .find(|word| !word.text.starts_with('-'))
        .map(|word| word.text.clone())
}

/// The command of `docker exec [OPTIONS] CONTAINER COMMAND` or `kubectl exec POD -- COMMAND`.
fn in_container(rest: &[Word]) -> &[Word] {
    let after_dashes = rest.iter().position(|word| word.text == "--");
    match after_dashes {
        Some(at) => rest.get(at + 1..).unwrap_or_default(),
        None => without_options(rest.get(1..).unwrap_or_default(), "euwnc", 1),
    }
}

fn joined(words: &[Word]) -> String {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    texts.join(" ")
}
