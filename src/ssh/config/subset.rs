//! sshoal's own reading of ssh_config, for machines without `ssh`: what it can't do it refuses, with file and line.

use super::{
    files::{Files, Item},
    keys::{self, Taken},
    pattern,
    said::{Asked, Said},
    words::Line,
};

/// What to do where this reading ends.
const INSTEAD: &str = "without an ssh program on this machine it can't be read";

/// One reading of the files for one name.
struct Reading<'a> {
    asked: &'a Asked,
    local_user: &'a str,
    said: Said,
    /// Whether lines count now.
    active: bool,
    /// What `active` is to be after each included file, and whether anything in it can count.
    outer: Vec<bool>,
    ignored: Option<String>,
}

/// What the files say of a name; an error says which line can't be read, and why.
pub(super) fn read(files: &Files, asked: &Asked, local_user: &str) -> Result<Said, String> {
    if let Some(fault) = files.faults.first() {
        return Err(format!("{fault}; {INSTEAD}"));
    }
    let mut reading = Reading {
        asked,
        local_user,
        said: given(asked),
        active: true,
        outer: Vec::new(),
        ignored: None,
    };
    for item in &files.items {
        match item {
            Item::Open => reading.outer.push(reading.active),
            Item::Close => reading.active = reading.outer.pop().unwrap_or(true),
            Item::Line(line, place) => {
                let taken = reading.line(line);
                taken.map_err(|why| place.says(&format!("{}: {why}", line.key)))?;
            }
        }
    }
    reading.said.expand_host(&asked.name)?;
    Ok(reading.said)
}

/// What the command line says, which comes first.
fn given(asked: &Asked) -> Said {
    let mut said = Said::default();
    let mut put = |key: &str, value: Option<String>| {
        value.map(|value| said.0.insert(key.to_owned(), vec![value]));
    };
    put(
        "hostname",
        asked.address.as_ref().map(|host| host.replace('%', "%%")),
    );
    put("user", asked.user.clone());
    put("port", asked.port.map(|port| port.to_string()));
    said
}

impl Reading<'_> {
    /// Lines of other names are not judged: ssh refuses a bad one for every name, and it can't change what is said of this.
    fn line(&mut self, line: &Line) -> Result<(), String> {
        if !self.active && !matches!(line.key.as_str(), "host" | "match") {
            return Ok(());
        }
        let words = line.words.as_ref().map_err(Clone::clone)?;
        // Inside a file that is included where nothing counts, nothing counts.
        let reachable = self.outer.last().copied().unwrap_or(true);
        match line.key.as_str() {
            "host" => {
                if words.is_empty() || words.iter().any(String::is_empty) {
                    return Err("it names no pattern".to_owned());
                }
                let patterns = words.iter().map(String::as_str);
                self.active = reachable && pattern::any(patterns, &self.asked.name);
            }
            "match" => self.active = self.matches(words)? && reachable,
            "include" => {}
            "canonicalizehostname" => match words.as_slice() {
                [no] if matches!(&*no.to_ascii_lowercase(), "no" | "false" | "none") => {}
                _ => return Err(INSTEAD.to_owned()),
            },
            "tag" | "versionaddendum" | "refuseconnection" => {
                return Err(INSTEAD.to_owned());
            }
            "ignoreunknown" if self.ignored.is_none() => {
                self.ignored = words.first().cloned();
            }
            key => self.value(keys::usual(key), words, &line.rest)?,
        }
        Ok(())
    }

    fn value(&mut self, key: &str, words: &[String], rest: &str) -> Result<(), String> {
        let (taken, values) = match keys::value(key, words, rest) {
            Some(read) => read?,
            None if keys::is_idle(key) || key == "ignoreunknown" => return Ok(()),
            None if self.ignores(key) => return Ok(()),
            None => return Err("the key is not known".to_owned()),
        };
        // Of ProxyJump and ProxyCommand the first counts, whichever it is.
        let rival = match key {
            "proxyjump" => "proxycommand",
            "proxycommand" => "proxyjump",
            _ => key,
        };
        let taken_already = !self.said.all(key).is_empty() || !self.said.all(rival).is_empty();
        let known = self.said.0.entry(key.to_owned()).or_default();
        match taken {
            Taken::First if taken_already => {}
            Taken::First => *known = values,
            Taken::Each => known.extend(
                values
                    .into_iter()
                    .filter(|value| !known.contains(value))
                    .collect::<Vec<_>>(),
            ),
        }
        self.said.0.retain(|_, values| !values.is_empty());
        Ok(())
    }

    fn ignores(&self, key: &str) -> bool {
        let ignored = self.ignored.as_ref();
        ignored.is_some_and(|list| pattern::in_list(&list.to_ascii_lowercase(), key))
    }

    /// Whether the criteria of a `Match` hold.
    fn matches(&self, words: &[String]) -> Result<bool, String> {
        let all = criteria(words)?;
        let refused = |name: &str| Err(format!("`{name}`: {INSTEAD}"));
        let mut holds = true;
        // One that can't be judged matters only where all others hold. `final` and `canonical` read all files anew, always.
        let mut unjudged = None;
        for criterion in &all {
            let Criterion {
                name,
                negated,
                value,
            } = criterion;
            let value = value.as_deref().unwrap_or_default();
            let found = match *name {
                "all" => true,
                "host" => in_hosts(value, &self.host()?),
                "originalhost" => in_hosts(value, &self.asked.name),
                "user" => pattern::in_list(value, self.said.one("user").unwrap_or(self.local_user)),
                "localuser" => pattern::in_list(value, self.local_user),
                "final" | "canonical" => return refused(name),
                other => {
                    unjudged = Some(other);
                    continue;
                }
            };
            holds &= found != *negated;
        }
        match unjudged {
            Some(name) if holds && self.outer.last() != Some(&false) => refused(name),
            _ => Ok(holds),
        }
    }

    fn host(&self) -> Result<String, String> {
        let name = &self.asked.name;
        self.said
            .one("hostname")
            .map_or(Ok(name.clone()), |host| expand(host, name))
    }
}

impl Said {
    fn expand_host(&mut self, name: &str) -> Result<(), String> {
        let host = self.one("hostname").map(|host| expand(host, name));
        if let Some(host) = host {
            let host = host?;
            let is_address = host.contains('%') || host.parse::<std::net::IpAddr>().is_ok();
            let host = if is_address {
                host
            } else {
                host.to_ascii_lowercase()
            };
            self.0.insert("hostname".to_owned(), vec![host]);
        }
        Ok(())
    }
}

/// `HostName` knows `%h` and `%%`.
fn expand(host: &str, name: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = host;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        match after.chars().next() {
            Some('h') => out.push_str(name),
            Some('%') => out.push('%'),
            _ => return Err(format!("HostName {host}: only %h and %% are known in it")),
        }
        rest = after.get(1..).unwrap_or_default();
    }
    Ok(out + rest)
}

fn in_hosts(patterns: &str, host: &str) -> bool {
    pattern::in_list(&patterns.to_ascii_lowercase(), &host.to_ascii_lowercase())
}

struct Criterion<'a> {
    name: &'a str,
    negated: bool,
    value: Option<String>,
}

fn criteria(words: &[String]) -> Result<Vec<Criterion<'_>>, String> {
    let mut all = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let negated = name.starts_with('!');
        let name = name.strip_prefix('!').unwrap_or(name);
        let names = [
            "all",
            "host",
            "originalhost",
            "user",
            "localuser",
            "final",
            "canonical",
            "exec",
            "localnetwork",
            "tagged",
            "version",
            "sessiontype",
            "command",
        ];
        let known = names
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(name));
        let Some(name) = known else {
            return Err(format!("`{name}` is not known: {INSTEAD}"));
        };
        let takes = !matches!(name, "all" | "final" | "canonical");
        let value = match (takes, value) {
            (false, "") => None,
            (false, _) => return Err(format!("{name} takes no value")),
            (true, "") => Some(words.next().cloned().unwrap_or_default()),
            (true, value) => Some(value.to_owned()),
        };
        if value
            .as_deref()
            .is_some_and(|value| value.is_empty() || value.contains('='))
        {
            return Err(format!("{name} has no value that can be read here"));
        }
        all.push(Criterion {
            name,
            negated,
            value,
        });
    }
    let is_all = |criterion: &Criterion<'_>| criterion.name == "all";
    let goes_with_all =
        |criterion: &Criterion<'_>| matches!(criterion.name, "all" | "final" | "canonical");
    match all.iter().any(is_all) {
        true if !all.iter().all(goes_with_all) => Err(format!("`all` beside others: {INSTEAD}")),
        false if all.is_empty() => Err("it has no criterion".to_owned()),
        _ => Ok(all),
    }
}

/// What is said of a name that `concerns` denies: `HashKnownHosts` at most.
pub(super) fn rest(files: &Files, asked: &Asked, local_user: &str) -> Said {
    let mut said = read(files, asked, local_user).unwrap_or_default();
    said.0.retain(|key, _| key == keys::HASH);
    said
}

/// True where a line may say something of the name for which ssh has to be asked.
pub(super) fn concerns(files: &Files, name: &str) -> bool {
    let counts =
        |line: &Line| line.words.is_err() || !(keys::is_idle(&line.key) || line.key == keys::HASH);
    !files.faults.is_empty() || any_line(files, name, counts)
}

/// The lists of algorithms that a line may name for the name.
pub(super) fn lists(files: &Files, name: &str) -> Vec<&'static str> {
    let named = |key: &&str| any_line(files, name, |line| line.key == *key);
    keys::LISTS.into_iter().filter(named).collect()
}

/// Looks at the lines that may hold for the name: a `Match` is taken to hold.
fn any_line(files: &Files, name: &str, wanted: impl Fn(&Line) -> bool) -> bool {
    let (mut active, mut outer) = (true, Vec::new());
    for item in &files.items {
        let reachable = outer.last().copied().unwrap_or(true);
        match item {
            Item::Open => outer.push(active),
            Item::Close => active = outer.pop().unwrap_or(true),
            Item::Line(line, _) => match (line.key.as_str(), &line.words) {
                ("host", Ok(words)) => {
                    active = reachable && pattern::any(words.iter().map(String::as_str), name);
                }
                ("match", Ok(_)) => active = reachable,
                _ if active && wanted(line) => return true,
                _ => {}
            },
        }
    }
    false
}

/// True where what the files say may change though they don't: commands, the network, DNS, variables.
pub(super) fn is_volatile(files: &Files) -> bool {
    let stable = [
        "all",
        "host",
        "originalhost",
        "user",
        "localuser",
        "final",
        "canonical",
        "tagged",
        "version",
        "sessiontype",
        "command",
    ];
    let line_is = |line: &Line| match (line.key.as_str(), &line.words) {
        (_, Err(_)) => true,
        ("match", Ok(words)) => criteria(words).map_or(true, |all| {
            all.iter()
                .any(|criterion| !stable.contains(&criterion.name))
        }),
        ("canonicalizehostname", Ok(words)) => words
            .first()
            .is_none_or(|word| !matches!(&*word.to_ascii_lowercase(), "no" | "none")),
        _ => false,
    };
    let lines = files.items.iter().filter_map(|item| match item {
        Item::Line(line, _) => Some(line),
        _ => None,
    });
    !files.faults.is_empty() || lines.into_iter().any(line_is)
}
