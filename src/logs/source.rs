//! Where a log comes from, and how a node is asked what it has of it. Pure.

mod answer;
pub(super) mod read;

use std::{fmt::Write as _, sync::Arc};

pub use answer::{Answer, Found, Kind};

use crate::node::{Daemon, Manager, quote::quoted};

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;

/// One thing that is wanted of a node; a glob, or a daemon whose manager isn't known, is looked for on the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The system's log: the journal, else syslog.
    System,
    /// A unit of systemd.
    Unit(String),
    /// A unit of the login's own.
    UserUnit(String),
    /// Files by a pattern of the shell.
    File(String),
    /// A container of docker or podman.
    Container(String),
    /// What a command of the user's prints.
    Command(String),
    /// The log that goes with a daemon.
    Daemon(Arc<Daemon>),
}

impl Source {
    /// As it is named before anything is known of the node.
    pub fn name(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Unit(name) | Self::UserUnit(name) | Self::Container(name) => name,
            Self::File(pattern) => pattern,
            Self::Command(text) => text,
            Self::Daemon(daemon) => &daemon.name,
        }
    }

    /// The user's own command, where it has one.
    pub(super) fn own(&self) -> &str {
        match self {
            Self::Command(text) => text,
            Self::Daemon(daemon) => daemon.log_command.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    /// More may come of it later: a file that isn't there yet. One that is there is followed by its name.
    pub(super) fn is_awaited(&self, is_there: bool) -> bool {
        let pattern = match self {
            Self::File(pattern) => Some(pattern),
            Self::Daemon(daemon) => daemon.log.as_ref(),
            _ => None,
        };
        pattern.is_some_and(|pattern| !is_there || is_pattern(pattern))
    }

    /// Its line of the script; `place` is how it is named there.
    fn call(&self, place: usize) -> String {
        match self {
            Self::System => format!("system {place}"),
            Self::Unit(name) => format!("unit {place} {}", quoted(name)),
            Self::UserUnit(name) => format!("user {place} {}", quoted(name)),
            Self::File(pattern) => files(place, pattern),
            Self::Container(name) => format!("container {place} {}", quoted(name)),
            Self::Command(_) => format!("found {place} command"),
            Self::Daemon(daemon) => of_daemon(place, daemon),
        }
    }
}

/// Finds what a node has of each source; the answer is read by [`Answer`].
pub(super) fn look(sources: &[Source]) -> String {
    let mut text = String::from(LOOK);
    for (place, source) in sources.iter().enumerate() {
        let _ = writeln!(text, "{}", source.call(place));
    }
    text + "echo e\n"
}

/// The same for files, again for each line that it is told.
pub(super) fn look_again(sources: &[Source]) -> String {
    let mut text = format!("{LOOK}while :; do\n");
    let files = sources.iter().enumerate();
    for (place, source) in files.filter(|(_, source)| source.is_awaited(false)) {
        let _ = writeln!(text, "{}", source.call(place));
    }
    text + "echo e; read -r x || exit 0\ndone\n"
}

fn files(place: usize, pattern: &str) -> String {
    let mode = u8::from(is_pattern(pattern));
    format!("files {place} {mode} {}", word(pattern))
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn of_daemon(place: usize, daemon: &Daemon) -> String {
    let name = quoted(&daemon.name);
    if let Some(log) = &daemon.log {
        return files(place, log);
    }
    if daemon.log_command.is_some() {
        return format!("found {place} command");
    }
    let find = match daemon.manager {
        Manager::Auto => "auto",
        Manager::Systemd => "unit",
        Manager::SystemdUser => "user",
        Manager::Docker | Manager::Podman => "container",
        Manager::Openrc => "openrc",
        Manager::Runit => "runit",
        Manager::Supervisor => "supervisor",
        Manager::Launchd | Manager::Pidfile | Manager::Custom => "nothing",
    };
    format!("{find} {place} {name}")
}

/// A pattern as a word of the shell in which only `*`, `?`, `[…]` and a leading `~/` mean something.
fn word(pattern: &str) -> String {
    let (home, rest) = match pattern.strip_prefix("~/") {
        Some(rest) => ("~/", rest),
        None => ("", pattern),
    };
    let mut text = String::from(home);
    // A name that begins with a dash is no option.
    if home.is_empty() && rest.starts_with('-') {
        text += "./";
    }
    let mut in_brackets = false;
    for c in rest.chars() {
        let is_active = match c {
            '*' | '?' | '[' => !in_brackets,
            ']' | '-' | '!' | '^' => in_brackets,
            _ => c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_'),
        };
        match c {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => {}
        }
        if is_active {
            text.push(c);
        } else {
            text += &quoted(&c.to_string());
        }
    }
    text
}

/// What the node is asked first: its clock, and functions that look for one source each. A line for each thing found,
/// `s PLACE KIND NAME`, or why there is none, `m PLACE WHY`.
const LOOK: &str = r#"LC_ALL=C; export LC_ALL
echo "c $(date +%s.%N 2>/dev/null || date +%s) $(date +%z)"
has() { command -v "$1" >/dev/null 2>&1; }
found() { echo "s $*"; }
none() { echo "m $*"; }
me=$(id -un 2>/dev/null)
o=short-iso
j() { journalctl --no-pager "$@"; }
has journalctl && j -q -n 0 -o short-iso-precise >/dev/null 2>&1 && o=short-iso-precise
blind() { case $(j -n 1 "$@" 2>&1 >/dev/null) in *"not seeing messages"*|*"ermission"*) return 0;; esac; return 1; }
hears() { [ -n "$(j -q -n 1 "$@" 2>/dev/null)" ]; }
unit_is() { has journalctl && { hears -u "$1" || { has systemctl && systemctl cat -- "$1" >/dev/null 2>&1; }; }; }
user_is() { has journalctl && { hears --user -u "$1" || { has systemctl && systemctl --user cat -- "$1" >/dev/null 2>&1; }; }; }
XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR
unit() {
  if ! has journalctl; then none "$1" "journalctl is not installed"
  elif unit_is "$2"; then found "$1" unit $o "$2"
  elif blind -u "$2"; then none "$1" "the journal may not be read by $me: add it to the group systemd-journal, or try --sudo"
  else none "$1" "no such unit: systemd does not know it, and the journal has nothing of it"; fi
}
user() {
  if ! has journalctl; then none "$1" "journalctl is not installed"
  elif user_is "$2"; then found "$1" user $o "$2"
  else none "$1" "no such unit of $me: systemd does not know it, and the journal has nothing of it"; fi
}
system() {
  if has journalctl && hears && ! blind; then found "$1" journal $o; return; fi
  for f in /var/log/syslog /var/log/messages /var/log/system.log; do
    [ -f $f ] && [ -r $f ] && { found "$1" file $f; return; }
  done
  if has journalctl && hears; then found "$1" journal $o; return; fi
  none "$1" "no system log that $me may read: neither a journal nor /var/log/syslog or messages"
}
files() {
  k=$1 p=$2 n=; shift 2
  for f do
    case $f in *[[:cntrl:]]*) continue;; esac
    [ -e "$f" ] && [ ! -d "$f" ] || continue
    [ $p = 1 ] && case $f in *.gz|*.xz|*.bz2|*.zst|*.lz4|*.Z) continue;; esac
    n=1
    if [ ! -r "$f" ]; then none $k "$f may not be read by $me; try --sudo"
    elif [ ! -f "$f" ]; then none $k "$f is no regular file"
    else found $k file "$f"; fi
  done
  [ -n "$n" ] || none $k "no such file"
}
box() { has $1 && $1 container inspect "$2" >/dev/null 2>&1; }
container() {
  w="neither docker nor podman is installed"
  for t in docker podman; do
    has $t || continue
    if box $t "$2"; then found "$1" $t "$2"; return; fi
    w="$t: $($t container inspect "$2" 2>&1 >/dev/null | sed -n '/./{p;q;}')"
  done
  none "$1" "$w"
}
some() { k=$1; shift; n=1
  for f do if [ -f "$f" ] && [ -r "$f" ]; then found $k file "$f"; n=0; fi; done
  return $n
}
openrc() { some "$1" /var/log/"$2".log /var/log/"$2"/"$2".log /var/log/"$2"/current || nothing "$@"; }
runit_is() { [ -d /etc/service/"$1" ] || [ -d /var/service/"$1" ] || [ -d /service/"$1" ]; }
runit() {
  for d in /etc/service /var/service /service; do
    some "$1" "$d/$2/log/main/current" "$d/$2/log/current" && return
  done
  some "$1" /var/log/"$2"/current || nothing "$@"
}
configured() {
  awk -v s="[program:$1]" -v w="$2" '$0 == s {i=1; next} /^\[/ {i=0} i && $0 ~ "^" w " *=" {sub(/^[^=]*= */, ""); print; exit}' /etc/supervisor/conf.d/*.conf /etc/supervisor/supervisord.conf /etc/supervisord.conf /etc/supervisord.d/* 2>/dev/null
}
supervisor() {
  some "$1" "$(configured "$2" stdout_logfile)" "$(configured "$2" stderr_logfile)" && return
  some "$1" /var/log/supervisor/"$2"-std*---supervisor-*.log /tmp/"$2"-std*---supervisor-*.log || nothing "$@"
}
nothing() { none "$1" "nothing says where $2 logs to: name the file in its entry, log: FILE"; }
auto() {
  if unit_is "$2"; then found "$1" unit $o "$2"
  elif box docker "$2"; then found "$1" docker "$2"
  elif box podman "$2"; then found "$1" podman "$2"
  elif user_is "$2"; then found "$1" user $o "$2"
  elif runit_is "$2"; then runit "$@"
  elif [ -n "$(configured "$2" command)" ]; then supervisor "$@"
  else openrc "$@"; fi
}
"#;
