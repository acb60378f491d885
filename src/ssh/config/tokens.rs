//! The tokens of ssh_config (`%h`, `%p`, `~`, `${NAME}`) to what they stand for. Pure.

use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};

/// What the tokens stand for, for one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ssh) struct Tokens {
    /// `%h`: host name or address to connect to.
    pub(in crate::ssh) host: String,
    /// `%n`: the name as the person wrote it.
    pub(in crate::ssh) original: String,
    /// `%p`.
    pub(in crate::ssh) port: u16,
    /// `%r`: login there.
    pub(in crate::ssh) user: String,
    /// `%u`: login here.
    pub(in crate::ssh) local_user: String,
    /// `%d` and `~`: home folder here.
    pub(in crate::ssh) home: String,
    /// `%k`: `HostKeyAlias`, else `%n`.
    pub(in crate::ssh) alias: String,
    /// `%l`: name of this machine; `%L` is its first label.
    pub(in crate::ssh) local_host: String,
    /// `%i`: user id here.
    pub(in crate::ssh) uid: u32,
    /// `%j`: the last bastion of `ProxyJump`, without login and port; empty where there is none.
    pub(in crate::ssh) jump: String,
    /// `%C` as ssh itself has it; otherwise it is counted here.
    pub(in crate::ssh) hash: Option<String>,
}

/// What paths are looked up in.
#[derive(Clone, Copy)]
pub(in crate::ssh) struct Lookup<'a> {
    /// The value of a variable.
    pub(in crate::ssh) variable: &'a dyn Fn(&str) -> Option<String>,
    /// The home folder of another user.
    pub(in crate::ssh) home: &'a dyn Fn(&str) -> Option<String>,
}

/// A command line with its tokens replaced, for a shell. `%% %C %d %h %i %j %k %L %l %n %p %r %u` are known; any other, and a `%` at
/// the end, is refused with an error that names it, for to leave it as it is would run another command than was meant.
/// What a token stands for may hold only what no shell reads as anything else (CVE-2023-51385).
pub(in crate::ssh) fn expand(text: &str, tokens: &Tokens) -> Result<String, String> {
    replace(text, tokens, plain)
}

/// A path with `~`, `${NAME}` and its tokens replaced. As with ssh the `~` comes first: what stands in a variable is no home.
pub(in crate::ssh) fn expand_path(
    text: &str,
    tokens: &Tokens,
    lookup: Lookup<'_>,
) -> Result<String, String> {
    let text = tilde(text, &tokens.home, lookup.home)?;
    replace(&variables(&text, lookup.variable)?, tokens, |_, _| Ok(()))
}

/// `~/x` and `~user/x`.
pub(super) fn tilde(
    text: &str,
    own: &str,
    home: &dyn Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let Some(rest) = text.strip_prefix('~') else {
        return Ok(text.to_owned());
    };
    let (user, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if user.is_empty() {
        return Ok(own.to_owned() + rest);
    }
    let home = home(user).ok_or_else(|| format!("{text}: there is no user {user} here"))?;
    Ok(home + rest)
}

fn replace(
    text: &str,
    tokens: &Tokens,
    check: fn(char, &str) -> Result<(), String>,
) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(token) = rest.next() else {
            return Err(format!("{text}: the `%` at the end stands for nothing"));
        };
        if token == '%' {
            out.push('%');
            continue;
        }
        let value = tokens.value(token);
        let value = value.ok_or_else(|| format!("{text}: the token %{token} is not known"))?;
        check(token, &value)?;
        out.push_str(&value);
    }
    Ok(out)
}

impl Tokens {
    fn value(&self, token: char) -> Option<String> {
        Some(match token {
            'C' => self.hash.clone().unwrap_or_else(|| self.own_hash()),
            'd' => self.home.clone(),
            'h' => self.host.clone(),
            'i' => self.uid.to_string(),
            'j' => self.jump.clone(),
            'k' => self.alias.clone(),
            'L' => first_label(&self.local_host).to_owned(),
            'l' => self.local_host.clone(),
            'n' => self.original.clone(),
            'p' => self.port.to_string(),
            'r' => self.user.clone(),
            'u' => self.local_user.clone(),
            _ => return None,
        })
    }
}

impl Tokens {
    /// SHA-1 of `%l%h%p%r%j`: a name for the connection that is short enough for a socket.
    fn own_hash(&self) -> String {
        let mut hash = Sha1::new();
        let port = self.port.to_string();
        for part in [&self.local_host, &self.host, &port, &self.user, &self.jump] {
            hash.update(part.as_bytes());
        }
        let mut text = String::new();
        for byte in hash.finalize() {
            // A String takes everything.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

fn first_label(name: &str) -> &str {
    name.split_once('.').map_or(name, |(label, _)| label)
}

/// Refuses a value that a shell or an option parser could take for more than a word.
fn plain(token: char, value: &str) -> Result<(), String> {
    let allowed = if token == 'd' { "/._-" } else { "._-:@+%" };
    let is_odd = |c: &char| !(c.is_ascii_alphanumeric() || allowed.contains(*c));
    let why = match value.chars().find(is_odd) {
        _ if value.is_empty() => "it is empty".to_owned(),
        _ if value.starts_with('-') => "it starts with `-`".to_owned(),
        Some(c) => format!("a shell could read its {}", c.escape_debug()),
        None => return Ok(()),
    };
    let shown = value.escape_debug();
    Err(format!("%{token} stands for `{shown}` here: {why}"))
}

/// `${NAME}` replaced; one that is not set is an error, as with ssh.
fn variables(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            return Err(format!("{text}: the `${{` has no end"));
        };
        let value = variable(name).ok_or_else(|| format!("{text}: ${name} is not set"))?;
        out.push_str(before);
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        Tokens {
            host: "10.0.3.7".to_owned(),
            original: "gpu07".to_owned(),
            port: 2222,
            user: "ops".to_owned(),
            local_user: "me".to_owned(),
            home: "/home/me".to_owned(),
            alias: "gpu".to_owned(),
            local_host: "desk.example.com".to_owned(),
            uid: 1000,
            jump: "gate".to_owned(),
            hash: None,
        }
    }

    #[test]
    fn every_token_stands_for_its_value() {
        let text = "%d %h %i %j %k %L %l %n %p %r %u 100%%h";
        let expected =
            "/home/me 10.0.3.7 1000 gate gpu desk desk.example.com gpu07 2222 ops me 100%h";
        assert_eq!(expand(text, &tokens()).as_deref(), Ok(expected));
    }

    /// As `sha1sum` has it; what ssh says is compared beside the tests of `ssh -G`.
    #[test]
    fn a_connection_has_a_hash() {
        let hash = expand("%C", &tokens());
        assert_eq!(
            hash.as_deref(),
            Ok("a886861361f5009f9e95aa67d03d48e19a729b90")
        );
    }

    #[test]
    fn an_unknown_token_is_refused_by_name() {
        let error = expand("nc %h %x", &tokens()).unwrap_err();
        assert!(error.contains("%x is not known"), "{error}");
        assert!(expand("nc %", &tokens()).is_err());
    }

    #[test]
    fn nothing_that_a_shell_reads_gets_into_a_command() {
        for bad in [
            "`id`", "$(id)", "a b", "-oX", "a;b", "a'b", "a\"b", "a|b", "a&b", "a\nb", "", "a\\",
            "a>b", "a*", "a~", "é",
        ] {
            let host = Tokens {
                host: bad.to_owned(),
                ..tokens()
            };
            assert!(expand("nc %h", &host).is_err(), "{bad}");
            assert_eq!(expand("true", &host).as_deref(), Ok("true"));
            let user = Tokens {
                user: bad.to_owned(),
                ..tokens()
            };
            assert!(expand("x %r", &user).is_err(), "{bad}");
        }
        let v6 = Tokens {
            host: "fe80::1%eth0".to_owned(),
            ..tokens()
        };
        assert_eq!(expand("nc %h", &v6).as_deref(), Ok("nc fe80::1%eth0"));
    }

    #[test]
    fn a_path_has_home_and_variables() {
        let lookup = Lookup {
            variable: &|name| match name {
                "KEYS" => Some("/keys".to_owned()),
                "TILDE" => Some("~".to_owned()),
                _ => None,
            },
            home: &|user| (user == "ann").then(|| "/srv/ann".to_owned()),
        };
        let path = |text| expand_path(text, &tokens(), lookup);
        assert_eq!(
            path("~/.ssh/%r@%h").as_deref(),
            Ok("/home/me/.ssh/ops@10.0.3.7")
        );
        assert_eq!(path("${KEYS}/%n").as_deref(), Ok("/keys/gpu07"));
        assert_eq!(path("~").as_deref(), Ok("/home/me"));
        assert_eq!(path("~ann/%n").as_deref(), Ok("/srv/ann/gpu07"));
        assert_eq!(path("~ann").as_deref(), Ok("/srv/ann"));
        assert_eq!(path("${TILDE}/x").as_deref(), Ok("~/x"));
        for bad in ["~other/x", "~%u/x", "${NONE}/x", "${KEYS", "%x"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }
}
