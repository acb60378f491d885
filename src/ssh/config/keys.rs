//! The keys of ssh_config: which ones count here, how each is read, and which change nothing here.

use crate::node::hop;

/// How often a key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The first value counts.
    First,
    /// All values count.
    Each,
}

/// How the rest of the line is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Words,
    /// To the end of the line, quotes, comment and all.
    Raw,
    Port,
    Count,
    Flag,
    Time,
    Strict,
    Pubkey,
    Family,
    Jump,
}

/// The keys that count here.
const OBEYED: &[(&str, Taken, Kind)] = &[
    ("hostname", Taken::First, Kind::Word),
    ("port", Taken::First, Kind::Port),
    ("user", Taken::First, Kind::Word),
    ("identityfile", Taken::Each, Kind::Word),
    ("certificatefile", Taken::Each, Kind::Word),
    ("identitiesonly", Taken::First, Kind::Flag),
    ("identityagent", Taken::First, Kind::Word),
    ("proxyjump", Taken::First, Kind::Jump),
    ("proxycommand", Taken::First, Kind::Raw),
    ("proxyusefdpass", Taken::First, Kind::Flag),
    ("userknownhostsfile", Taken::First, Kind::Words),
    ("globalknownhostsfile", Taken::First, Kind::Words),
    ("stricthostkeychecking", Taken::First, Kind::Strict),
    ("hostkeyalias", Taken::First, Kind::Word),
    ("connecttimeout", Taken::First, Kind::Time),
    ("serveraliveinterval", Taken::First, Kind::Time),
    ("serveralivecountmax", Taken::First, Kind::Count),
    ("bindaddress", Taken::First, Kind::Word),
    ("bindinterface", Taken::First, Kind::Word),
    ("addressfamily", Taken::First, Kind::Family),
    ("tcpkeepalive", Taken::First, Kind::Flag),
    ("preferredauthentications", Taken::First, Kind::Word),
    ("pubkeyauthentication", Taken::First, Kind::Pubkey),
    ("kbdinteractiveauthentication", Taken::First, Kind::Flag),
    ("passwordauthentication", Taken::First, Kind::Flag),
    ("numberofpasswordprompts", Taken::First, Kind::Count),
    ("knownhostscommand", Taken::First, Kind::Raw),
    ("revokedhostkeys", Taken::First, Kind::Word),
    (HASH, Taken::First, Kind::Flag),
    ("ciphers", Taken::First, Kind::Word),
    ("hostkeyalgorithms", Taken::First, Kind::Word),
    ("kexalgorithms", Taken::First, Kind::Word),
    ("macs", Taken::First, Kind::Word),
];

/// Older names of keys.
const ALIASES: [(&str, &str); 5] = [
    (
        "challengeresponseauthentication",
        "kbdinteractiveauthentication",
    ),
    ("dsaauthentication", "pubkeyauthentication"),
    ("keepalive", "tcpkeepalive"),
    ("skeyauthentication", "kbdinteractiveauthentication"),
    ("tisauthentication", "kbdinteractiveauthentication"),
];

/// Distributions say it of every host: for its sake alone ssh isn't asked.
pub(super) const HASH: &str = "hashknownhosts";

/// Keys whose default `ssh -G` prints though it isn't ours.
pub(super) const LISTS: [&str; 4] = ["ciphers", "hostkeyalgorithms", "kexalgorithms", "macs"];

/// Keys of ssh that change nothing about how sshoal connects.
const IDLE: &[&str] = &[
    "addkeystoagent",
    "batchmode",
    "canonicaldomains",
    "canonicalizefallbacklocal",
    "canonicalizemaxdots",
    "canonicalizepermittedcnames",
    "casignaturealgorithms",
    "checkhostip",
    "clearallforwardings",
    "compression",
    "connectionattempts",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "dynamicforward",
    "enableescapecommandline",
    "enablesshkeysign",
    "escapechar",
    "exitonforwardfailure",
    "fingerprinthash",
    "forkafterauthentication",
    "forwardagent",
    "forwardx11",
    "forwardx11timeout",
    "forwardx11trusted",
    "gatewayports",
    "gssapiauthentication",
    "gssapiclientidentity",
    "gssapidelegatecredentials",
    "gssapikexalgorithms",
    "gssapikeyexchange",
    "gssapirenewalforcesrekey",
    "gssapiserveridentity",
    "gssapitrustdns",
    "hostbasedacceptedalgorithms",
    "hostbasedauthentication",
    "hostbasedkeytypes",
    "include",
    "ipqos",
    "kbdinteractivedevices",
    "localcommand",
    "localforward",
    "loglevel",
    "logverbose",
    "nohostauthenticationforlocalhost",
    "obscurekeystroketiming",
    "permitlocalcommand",
    "permitremoteopen",
    "pkcs11provider",
    "pubkeyacceptedalgorithms",
    "pubkeyacceptedkeytypes",
    "rekeylimit",
    "remotecommand",
    "remoteforward",
    "requesttty",
    "requiredrsasize",
    "securitykeyprovider",
    "sendenv",
    "sessiontype",
    "setenv",
    "stdinnull",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "syslogfacility",
    "tunnel",
    "tunneldevice",
    "updatehostkeys",
    "usekeychain",
    "verifyhostkeydns",
    "visualhostkey",
    "xauthlocation",
];

/// True for a key of ssh that changes nothing here, whatever its value.
pub(super) fn is_idle(key: &str) -> bool {
    IDLE.contains(&key)
}

/// The name of a key by which it counts.
pub(super) fn usual(key: &str) -> &str {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == key);
    alias.map_or(key, |(_, name)| name)
}

/// True for a key that `ssh -G` is read for.
pub(super) fn is_obeyed(key: &str) -> bool {
    OBEYED.iter().any(|(name, ..)| *name == key)
}

/// The values of a key in the form that `ssh -G` prints, and how often it is taken; nothing for a key that doesn't count.
pub(super) fn value(
    key: &str,
    words: &[String],
    rest: &str,
) -> Option<Result<(Taken, Vec<String>), String>> {
    let (_, taken, kind) = OBEYED.iter().find(|(name, ..)| *name == key)?;
    Some(read(*kind, words, rest).map(|values| (*taken, values)))
}

fn read(kind: Kind, words: &[String], rest: &str) -> Result<Vec<String>, String> {
    match (kind, words) {
        (Kind::Raw, _) if !rest.is_empty() => Ok(vec![rest.to_owned()]),
        (Kind::Jump, _) if !rest.is_empty() => jump(rest).map(|hops| vec![hops]),
        (Kind::Words, [_, ..]) => known_hosts(words),
        // To ssh this is as if nothing were said: a later line may say something.
        (Kind::Time, [word]) if word == "none" => Ok(Vec::new()),
        (_, []) => Err("it has no value".to_owned()),
        (_, [word]) if !word.is_empty() => one(kind, word).map(|value| vec![value]),
        (_, [_]) => Err("its value is empty".to_owned()),
        (_, [_, more, ..]) => Err(format!("{more} is one word too many")),
    }
}

fn known_hosts(words: &[String]) -> Result<Vec<String>, String> {
    let is_none = |word: &String| word.eq_ignore_ascii_case("none");
    if words.len() > 1 && words.iter().any(is_none) {
        return Err("`none` has to stand alone".to_owned());
    }
    Ok(words.to_vec())
}

fn one(kind: Kind, word: &str) -> Result<String, String> {
    let bad = |what: &str| Err(format!("{word} is {what}"));
    let lower = word.to_ascii_lowercase();
    Ok(match (kind, lower.as_str()) {
        (Kind::Port, digits) => match digits.parse::<u16>() {
            Ok(port @ 1..) => port.to_string(),
            _ => return bad("not a port from 1 to 65535"),
        },
        (Kind::Count, digits) => match digits.parse::<i32>() {
            Ok(count @ 0..) => count.to_string(),
            _ => return bad("not a number"),
        },
        (Kind::Flag | Kind::Strict | Kind::Pubkey | Kind::Family, word) => {
            let known = choices(kind).iter().find(|(written, _)| *written == word);
            match known {
                Some((_, printed)) => (*printed).to_owned(),
                None => return bad("not one of its values"),
            }
        }
        (Kind::Time, text) => match seconds(text) {
            Some(seconds) => seconds.to_string(),
            None => return bad("not a time such as 30, 5m or 1h30m"),
        },
        _ => word.to_owned(),
    })
}

/// The words that a key takes, each with the one that `ssh -G` prints for it.
fn choices(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Flag => &[
            ("yes", "yes"),
            ("true", "yes"),
            ("no", "no"),
            ("false", "no"),
        ],
        Kind::Strict => &[
            ("yes", "true"),
            ("true", "true"),
            ("no", "false"),
            ("false", "false"),
            ("off", "false"),
            ("ask", "ask"),
            ("accept-new", "accept-new"),
        ],
        Kind::Pubkey => &[
            ("yes", "true"),
            ("true", "true"),
            ("no", "false"),
            ("false", "false"),
            ("unbound", "unbound"),
            ("host-bound", "host-bound"),
        ],
        Kind::Family => &[("any", "any"), ("inet", "inet"), ("inet6", "inet6")],
        _ => &[],
    }
}

/// `90`, `1m30s`: seconds.
fn seconds(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    let mut number: Option<u32> = None;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    let total = total.checked_add(number.unwrap_or(0))?;
    (!text.is_empty() && i32::try_from(total).is_ok()).then_some(total)
}

/// A chain of bastions, each as `[user@]host[:port]`.
fn jump(text: &str) -> Result<String, String> {
    let text = text.split('#').next().unwrap_or_default().trim_end();
    if text.eq_ignore_ascii_case("none") {
        return Ok("none".to_owned());
    }
    let hops = text.split(',').map(|hop| {
        let plain = hop
            .strip_prefix("ssh://")
            .map(|hop| hop.trim_end_matches('/'));
        let hop = plain.unwrap_or(hop);
        let odd = |c: char| c.is_whitespace() || c == '"' || c == '/';
        match hop::split(hop) {
            Some((user, host, _)) if !host.is_empty() && user != Some("") && !hop.contains(odd) => {
                Ok(hop)
            }
            _ => Err(format!("{hop} is not [user@]host[:port]")),
        }
    });
    Ok(hops.collect::<Result<Vec<_>, _>>()?.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds() {
        for (text, expected) in [
            ("30", Some(30)),
            ("1m30s", Some(90)),
            ("1h5", Some(3605)),
            ("m", None),
            ("", None),
            ("5x", None),
            ("99999999999", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn no_key_is_both_obeyed_and_idle() {
        assert!(IDLE.iter().all(|key| !is_obeyed(key)));
        assert!(IDLE.is_sorted());
    }
}
