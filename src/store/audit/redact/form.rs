//! The forms that secrets have: tokens by their first signs, private keys, and values by the name before them.

use super::{
    MARK, program,
    word::{self, Quote},
};

/// A place where a secret is: bytes that stay, then the secret.
pub(super) struct Form {
    kept: usize,
    end: End,
}

/// Where a secret ends.
pub(super) enum End {
    /// After so many bytes.
    After(usize),
    /// With the value or its quotes.
    Value,
    /// With the word.
    Argument,
    /// With the line or its quotes: a header.
    Line,
}

/// What tokens begin with, how many signs follow at least, and which besides letters and digits.
const TOKENS: &[(&str, usize, &str)] = &[
    ("AKIA", 16, ""),
    ("ASIA", 16, ""),
    ("ghp_", 20, ""),
    ("gho_", 20, ""),
    ("ghu_", 20, ""),
    ("ghs_", 20, ""),
    ("ghr_", 20, ""),
    ("github_pat_", 22, "_"),
    ("glpat-", 20, "_-"),
    ("xoxa-", 10, "-"),
    ("xoxb-", 10, "-"),
    ("xoxp-", 10, "-"),
    ("xoxr-", 10, "-"),
    ("xoxs-", 10, "-"),
    ("xapp-", 10, "-"),
    ("hooks.slack.com/services/", 20, "/"),
    ("sk_live_", 16, ""),
    ("sk_test_", 16, ""),
    ("rk_live_", 16, ""),
    ("rk_test_", 16, ""),
    ("sk-", 20, "_-"),
    ("AIza", 35, "_-"),
    ("npm_", 36, ""),
    ("pypi-", 40, "_-"),
    ("pul-", 40, ""),
    ("nfp_", 36, ""),
    ("hf_", 30, ""),
    ("eyJ", 30, "_-."),
];

impl Form {
    /// The form that begins right here, after this character.
    pub(super) fn at(text: &str, last: Option<char>) -> Option<Self> {
        let mid_word = last.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let mid_name = mid_word || matches!(last, Some('-' | '.'));
        private_key(text)
            .or_else(|| (!mid_word).then(|| token(text)).flatten())
            .or_else(|| login(text))
            .or_else(|| (!mid_name).then(|| named(text)).flatten())
    }

    /// A secret of so many bytes behind so many.
    pub(super) fn cut(kept: usize, length: usize) -> Self {
        Self {
            kept,
            end: End::After(length),
        }
    }

    /// What stays before the secret.
    pub(super) fn kept<'a>(&self, text: &'a str) -> &'a str {
        text.get(..self.kept).unwrap_or_default()
    }

    /// Bytes of the secret, which stands in these quotes. None where it is a variable's name, or is gone already.
    pub(super) fn dropped(&self, text: &str, quote: Quote) -> usize {
        let rest = text.get(self.kept..).unwrap_or_default();
        let length = match self.end {
            End::After(length) => length,
            End::Value => word::value(rest, quote),
            End::Argument => word::argument(rest, quote),
            End::Line => match quote {
                Quote::None => rest.find('\n').unwrap_or(rest.len()),
                quote => word::value(rest, quote),
            },
        };
        let secret = rest.get(..length).unwrap_or_default();
        if secret.starts_with(MARK) || is_variable(secret) {
            return 0;
        }
        length
    }
}

/// `$NAME` or `${NAME}`: no secret is in it.
pub(super) fn is_variable(text: &str) -> bool {
    let text = text.trim_matches('"');
    let Some(name) = text.strip_prefix('$') else {
        return false;
    };
    let braced = name.strip_prefix('{').and_then(|n| n.strip_suffix('}'));
    let name = braced.unwrap_or(name);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A PEM block, to its end or to that of the text.
fn private_key(text: &str) -> Option<Form> {
    const END: &str = "-----END";
    let title = text.strip_prefix("-----BEGIN ")?;
    let (title, body) = title.split_once("-----")?;
    let is_private = title.contains("PRIVATE KEY") && !title.contains('\n');
    let from = text.len() - body.len();
    let end = body.find(END).map(|at| from + at + END.len());
    let close = end.and_then(|end| {
        let dashes = text.get(end..)?.find("-----")?;
        Some(end + dashes + 5)
    });
    is_private.then(|| Form {
        kept: 0,
        end: End::After(close.unwrap_or(text.len())),
    })
}

fn token(text: &str) -> Option<Form> {
    TOKENS.iter().find_map(|(start, least, others)| {
        let rest = text.strip_prefix(start)?;
        let is_sign = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
        let length = rest.find(|c| !is_sign(c)).unwrap_or(rest.len());
        (length >= *least).then(|| Form {
            kept: 0,
            end: End::After(start.len() + length),
        })
    })
}

/// The password of `scheme://user:password@host`.
fn login(text: &str) -> Option<Form> {
    const START: &str = "://";
    let rest = text.strip_prefix(START)?;
    let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '\'' | '"' | '<' | '>');
    let authority = rest.get(..rest.find(ends).unwrap_or(rest.len()))?;
    let (user, _) = authority.rsplit_once('@')?;
    let (name, password) = user.split_once(':')?;
    (!password.is_empty()).then(|| Form {
        kept: START.len() + name.len() + 1,
        end: End::After(password.len()),
    })
}

/// A value by the name before it: `NAME=value`, `name: value`, `"name":"value"`, `--name value`.
fn named(text: &str) -> Option<Form> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(length)?;
    if let Some(form) = program::secret(text, name) {
        return Some(form);
    }
    if is_header(name) {
        let value = rest.strip_prefix(':')?.trim_start_matches([' ', '\t']);
        return form(text, value, End::Line);
    }
    if !is_secret(name) {
        return None;
    }
    // The quotes of a name in JSON, which may be escaped themselves.
    let bare = rest.strip_prefix('\\').unwrap_or(rest);
    let bare = bare.strip_prefix(['"', '\'']).unwrap_or(rest);
    if let Some(value) = rest.strip_prefix('=') {
        return form(text, value, End::Value);
    }
    if let Some(value) = bare.strip_prefix(':') {
        let spaced = value.trim_start_matches([' ', '\t']);
        let is_field = spaced.len() < value.len() || value.starts_with(['"', '\'', '\\']);
        return is_field.then(|| form(text, spaced, End::Value)).flatten();
    }
    let value = rest.trim_start_matches([' ', '\t']);
    let is_option = name.starts_with("--") && takes_secret(name) && value.len() < rest.len();
    (is_option && !value.starts_with("--"))
        .then(|| form(text, value, End::Argument))
        .flatten()
}

pub(super) fn form(text: &str, value: &str, end: End) -> Option<Form> {
    (!value.is_empty()).then(|| Form {
        kept: text.len() - value.len(),
        end,
    })
}

fn is_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(
        name.as_str(),
        "authorization" | "proxy-authorization" | "cookie" | "set-cookie"
    )
}

/// True for names with pass, token, secret or KEY in them. A lower-case `key` alone is `sort --key=2`.
fn is_secret(name: &str) -> bool {
    const KEYS: &[&str] = &[
        "apikey",
        "accesskey",
        "secretkey",
        "privatekey",
        "authkey",
        "accountkey",
        "encryptionkey",
        "masterkey",
    ];
    let lower: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let is_loud = !name.contains(|c: char| c.is_ascii_lowercase());
    ["pass", "token", "secret"]
        .iter()
        .any(|word| lower.contains(word))
        || (is_loud && name.contains("KEY"))
        || name.ends_with("_PWD")
        || KEYS.iter().any(|key| lower.ends_with(key))
}

/// False for options whose word is the name of something, or no word of theirs at all.
fn takes_secret(option: &str) -> bool {
    const NOT: &[&str] = &[
        "file", "stdin", "path", "dir", "command", "only", "prompt", "key",
    ];
    let is_named_key = option.ends_with("api-key") || option.ends_with("secret-key");
    is_named_key || !NOT.iter().any(|end| option.ends_with(end))
}
