//! Secrets that stand where only the program says so: words of its options, and what is piped to it.

use super::{
    MARK,
    form::{End, Form, form, is_variable},
    word::{self, Quote},
};

/// How an option has its secret.
#[derive(Clone, Copy)]
enum Takes {
    /// In the same word alone: `-pSECRET`; `-p` asks for it.
    Attached,
    /// In the next word.
    Word,
    /// In the same word or in the next one.
    Either,
    /// Behind the colon of `user:secret`, in the same word or in the next one.
    Login,
    /// Behind `pass:` of the next word.
    Scheme,
}

/// Programs, a word that has to stand before the option, and the options.
type Row = (
    &'static [&'static str],
    &'static str,
    &'static [(&'static str, Takes)],
);

const PROGRAMS: &[Row] = &[
    (
        &[
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mysqlshow",
            "mysqlimport",
            "mysqlcheck",
            "mysqlbinlog",
            "mariadb",
            "mariadb-dump",
            "mariadb-admin",
            "mariadb-backup",
            "xtrabackup",
        ],
        "",
        &[("-p", Takes::Attached)],
    ),
    (&["sshpass"], "", &[("-p", Takes::Either)]),
    (&["redis-cli", "valkey-cli"], "", &[("-a", Takes::Word)]),
    (
        &["mongo", "mongosh", "mongodump", "mongorestore"],
        "",
        &[("-p", Takes::Either)],
    ),
    (
        &[
            "ldapsearch",
            "ldapmodify",
            "ldapadd",
            "ldapdelete",
            "ldapwhoami",
        ],
        "",
        &[("-w", Takes::Either)],
    ),
    (
        &[
            "docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "oc", "az",
        ],
        "login",
        &[("-p", Takes::Either)],
    ),
    (
        &["curl"],
        "",
        &[
            ("-u", Takes::Login),
            ("-U", Takes::Login),
            ("--user", Takes::Login),
            ("--proxy-user", Takes::Login),
        ],
    ),
    (
        &["openssl"],
        "",
        &[
            ("-passin", Takes::Scheme),
            ("-passout", Takes::Scheme),
            ("-pass", Takes::Scheme),
        ],
    ),
];

/// The first secret of the command that begins here and is still there.
pub(super) fn secret(text: &str, name: &str) -> Option<Form> {
    if matches!(name, "echo" | "printf") {
        return piped(text, name);
    }
    let row = PROGRAMS.iter().find(|(names, ..)| names.contains(&name));
    let (_, before, options) = row?;
    let all = words(text);
    let from = match *before {
        "" => 1,
        before => 1 + all.iter().position(|word| word.text == before)?,
    };
    let mut rest = all.get(from..)?;
    if name == "sshpass" {
        // What follows is the command of another program.
        let first = rest.iter().position(|word| !word.text.starts_with('-'));
        rest = rest.get(..first? + 1)?;
    }
    let pairs = rest.iter().enumerate();
    let mut found = pairs.flat_map(|(at, word)| {
        let next = rest.get(at + 1);
        let one = move |(option, takes): &(&str, Takes)| of(text, (word, next), option, *takes);
        options.iter().filter_map(one)
    });
    found.next()
}

/// A word as it stands, and where it begins.
struct Piece<'a> {
    text: &'a str,
    at: usize,
}

/// The words of one command: to what ends it.
fn words(text: &str) -> Vec<Piece<'_>> {
    let (mut all, mut at) = (Vec::new(), 0);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let blank = if rest.starts_with("\\\n") {
            2
        } else {
            usize::from(rest.starts_with([' ', '\t']))
        };
        let length = word::argument(rest, Quote::None);
        match (blank, length) {
            (1.., _) => at += blank,
            (0, 0) => return all,
            (0, _) => {
                let text = rest.get(..length).unwrap_or_default();
                all.push(Piece { text, at });
                at += length;
            }
        }
    }
}

fn of(
    text: &str,
    (word, next): (&Piece<'_>, Option<&Piece<'_>>),
    option: &str,
    takes: Takes,
) -> Option<Form> {
    let rest = word.text.strip_prefix(option)?;
    let attached = || {
        // `--user=me:secret`; a long option's word is never attached without.
        let rest = match rest.strip_prefix('=') {
            Some(value) if option.starts_with("--") => value,
            _ if option.starts_with("--") => "",
            _ => rest,
        };
        (!rest.is_empty()).then(|| word.at + word.text.len() - rest.len())
    };
    let separate = || next.filter(|_| rest.is_empty()).map(|next| next.at);
    let at = match takes {
        Takes::Attached => attached(),
        Takes::Word | Takes::Scheme => separate(),
        Takes::Either | Takes::Login => attached().or_else(separate),
    }?;
    let value = text.get(at..)?;
    let value = match takes {
        Takes::Attached | Takes::Word | Takes::Either => value,
        // Within its quotes, all of it goes.
        Takes::Login if value.starts_with(['"', '\'']) => value,
        Takes::Login => {
            let (whole, _) = value.split_at(word::argument(value, Quote::None));
            let (user, _) = whole.split_once(':')?;
            value.get(user.len() + 1..)?
        }
        Takes::Scheme if value.starts_with(['"', '\'']) => {
            let is_password = value.get(1..)?.starts_with("pass:");
            is_password.then_some(value)?
        }
        Takes::Scheme => value.strip_prefix("pass:")?,
    };
    let is_left = is_secret(value);
    is_left.then(|| form(text, value, End::Argument)).flatten()
}

/// True where a word that begins here is neither gone already nor a variable's name.
fn is_secret(value: &str) -> bool {
    let (word, _) = value.split_at(word::argument(value, Quote::None));
    let bare = word.trim_matches(['"', '\'']);
    !bare.is_empty() && !bare.starts_with(MARK) && !is_variable(bare) && !word.starts_with('-')
}

/// What is printed into a program that reads a password: `echo SECRET | sudo -S id`.
fn piped(text: &str, name: &str) -> Option<Form> {
    let all = words(text);
    let (last, said) = (all.last()?, all.get(1..)?);
    let end = last.at + last.text.len();
    let reader = text.get(end..)?.trim_start_matches([' ', '\t']);
    let reader = reader
        .strip_prefix('|')
        .filter(|rest| !rest.starts_with('|'))?;
    let reader = words(reader.trim_start());
    if !takes_password(&reader) {
        return None;
    }
    let is_format = |word: &&Piece<'_>| {
        word.text.starts_with('-') || (name == "printf" && word.text.contains('%'))
    };
    let first = said.iter().find(|word| !is_format(word))?;
    is_secret(text.get(first.at..)?).then(|| Form::cut(first.at, end - first.at))
}

fn takes_password(reader: &[Piece<'_>]) -> bool {
    let Some(program) = reader.first() else {
        return false;
    };
    let has = |is: &dyn Fn(&str) -> bool| reader.iter().any(|word| is(word.text));
    let is_short = |word: &str| word.starts_with('-') && !word.starts_with("--");
    match program.text.rsplit('/').next() {
        Some("sudo") => has(&|word| word == "--stdin" || (is_short(word) && word.contains('S'))),
        Some("chpasswd") => true,
        Some("passwd") => has(&|word| word == "--stdin"),
        _ => has(&|word| word == "--password-stdin"),
    }
}
