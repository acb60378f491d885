//! The command that reads one log on its node, from where it was read before. Pure.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{Found, Kind};
use crate::{exec::nonce::Nonce, node::quote::quoted};

/// What is wanted of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::logs) struct Wish {
    /// The last so many lines; all where nothing is said.
    pub(in crate::logs) lines: Option<u64>,
    /// Nothing before this time of the node's clock, in microseconds since 1970.
    pub(in crate::logs) since_us: Option<i64>,
    /// What comes later too.
    pub(in crate::logs) is_followed: bool,
    /// Where a file is to be read on.
    pub(in crate::logs) place: Option<Place>,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::logs) struct Place {
    /// Which file; whichever has the name now where nothing is said.
    pub(in crate::logs) inode: Option<u64>,
    /// Bytes of it that were read.
    pub(in crate::logs) position: u64,
    /// So many of them are sent again, to tell whether it is the same file.
    pub(in crate::logs) again: u64,
}

/// The command as text for `/bin/sh`; that of the user is for the login shell.
pub(in crate::logs) fn script(found: &Found, wish: &Wish, nonce: &Nonce, own: &str) -> String {
    match found.kind {
        Kind::Journal(format) => journal("", format, &found.name, wish),
        Kind::UserJournal(format) => {
            format!(
                "XDG_RUNTIME_DIR=${{XDG_RUNTIME_DIR:-/run/user/$(id -u)}}; export XDG_RUNTIME_DIR; {}",
                journal(" --user", format, &found.name, wish)
            )
        }
        Kind::Container(program) => container(program, &found.name, wish),
        Kind::File => file(&found.name, wish, nonce),
        Kind::Command => own.to_owned(),
    }
}

fn journal(user: &str, format: &str, unit: &str, wish: &Wish) -> String {
    let mut text = format!("exec journalctl{user} --no-pager -q -o {format}");
    if !unit.is_empty() {
        let _ = write!(text, " -u {}", quoted(unit));
    }
    if let Some(us) = wish.since_us {
        // Fractions are not understood everywhere: what was seen within the second is left out here.
        let _ = write!(text, " --since @{}", us.div_euclid(1_000_000).max(0));
    }
    match wish.lines {
        Some(lines) => {
            let _ = write!(text, " -n {lines}");
        }
        None if wish.is_followed => text += " --no-tail",
        None => {}
    }
    if wish.is_followed {
        text += " -f";
    }
    text
}

fn container(program: &str, name: &str, wish: &Wish) -> String {
    let mut text = format!("exec {program} logs --timestamps");
    if let Some(lines) = wish.lines {
        let _ = write!(text, " --tail {lines}");
    }
    let since = wish.since_us.map(|us| us.div_euclid(1_000_000).max(0));
    if let Some(since) = since.and_then(|since| Timestamp::from_second(since).ok()) {
        let _ = write!(text, " --since {since}");
    }
    if wish.is_followed {
        text += " -f";
    }
    let _ = write!(text, " {} 2>&1", quoted(name));
    text
}

fn file(path: &str, wish: &Wish, nonce: &Nonce) -> String {
    let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
    let place = wish.place;
    format!(
        "f={} n={nonce} w={} l={} i={} p={} m={}\n{FILE}",
        quoted(path),
        u8::from(wish.is_followed),
        number(wish.lines),
        number(place.and_then(|place| place.inode)),
        number(place.map(|place| place.position)),
        place.map_or(0, |place| place.again),
    )
}

/// Says where the last complete lines of growing windows at the end of a file begin: `OFFSET LINE` each, and last `0 `.
pub(in crate::logs) fn windows(path: &str) -> String {
    format!("f={}\n{WINDOWS}", quoted(path))
}

const WINDOWS: &str = r#"s=$(wc -c <"$f"); s=$((s)); b=65536
while [ $b -lt $s ]; do
  printf '%s ' $((s-b)); tail -c +$((s-b+1)) <"$f" 2>/dev/null | head -c 16384 | sed -n 2p | cut -c 1-512
  echo; b=$((b*2))
done
"#;

/// Follows a name as `tail -F` does, and says which file it reads from where, in words of its own between the bytes:
/// `a INODE POSITION SIZE` for a file that begins, `g` where none has the name, `l` where it isn't known what came between.
///
/// `tail -F` itself doesn't tell at which byte it went over to another file, and drops what is still written to the old one.
/// Here a descriptor stays on the file that is read, so that every byte of it is had before the next one begins.
///
/// Where the system tells a descriptor's offset, one `tail -f` reads from it for as long as it is the file of that name, and
/// a node forks nothing meanwhile: `t` asks for a line now and then, on which the shell looks by itself. `p` and `q OFFSET`
/// then say that what came before `p` is within the file's first OFFSET bytes: else it was cut, which tail takes as it comes.
/// An offset before the place where tail is to begin says only that it hasn't begun.
/// What tail had read and not yet written when it was ended is lost with it: `b` asks, and `b POSITION` tells, what has come.
/// Some tails take a file that was emptied for the same one when it has grown again: a look that finds it empty begins anew.
const FILE: &str = r#"LC_ALL=C; export LC_ALL
say() { printf '\036%s %s\n' "$n" "$*"; }
inode() { a=$(ls -diL -- "$f" 2>/dev/null); a=${a#"${a%%[0-9]*}"}; echo "${a%%[!0-9]*}"; }
size() { s=$(wc -c <"$f") || s=0; s=$((s)); }
from() { if [ "$1" -eq 0 ]; then cat; else tail -c +$(($1+1)); fi; }
nap() { sleep "$1" 2>/dev/null || sleep 1; }
same() { if [ -n "$e" ]; then [ "$f" -ef /dev/fd/3 ]; else [ "$c" = "$(inode)" ]; fi; }
heed() { read -r x u || exit 0; }
gone() { [ -n "$g" ] || { g=1; say g; }; }
start() {
  k=0; [ -n "$l" ] || return
  [ "$l" -gt 0 ] || { k=$s; return; }
  b=65536
  while [ $b -lt $s ]; do
    [ $(($(tail -c +$((s-b+1)) <"$f" | head -c $b | wc -l))) -le "$l" ] || break
    b=$((b*8))
  done
  [ $b -lt $s ] || b=$s
  k=$(tail -c +$((s-b+1)) <"$f" | head -c $b | tail -n "$l" | wc -c); k=$((s-k))
}
rest() {
  o=$(ls -1i -- "${f%/*}/" 2>/dev/null | sed -n "s/^ *$i //p" | head -n 1)
  [ -n "$o" ] && [ -r "${f%/*}/$o" ] || return 1
  o=${f%/*}/$o
  [ $(($(wc -c <"$o"))) -ge "$p" ] || return 1
  say a $i $((p-m)); from $((p-m)) <"$o"
}
offset() { read -r x o </proc/self/fdinfo/3; }
place() {
  offset
  [ "$o" -ge "$h" ] && [ "$o" != "$z" ] || return
  h=0 z=$o
  say p; offset; say q $o
}
ask() {
  z=; place; say b; x=
  while [ "$x" != b ]; do heed; done
}
emptied() {
  kill -STOP $t
  ask
  if [ "$u" = "$o" ] && [ ! -s "$f" ] && same; then end; return; fi
  kill -CONT $t; return 1
}
end() { { kill -KILL $t; wait $t; } 2>/dev/null; t=; }
tailed() {
  tail -c +$((k+1)) $y -f <&3 3<&- 2>/dev/null & t=$!
  d=0 z=$k h=$k
  while heed; do
    [ -e /proc/$t/fd/0 ] || d=$((d+1))
    [ $d -lt 2 ] || { echo "tail has ended" >&2; exit 1; }
    place
    if same; then
      [ -s "$f" ] || [ "$o" -eq 0 ] || ! emptied || return
      continue
    fi
    [ -e "$f" ] || { gone; continue; }
    for x in 1 2 3 4 5; do nap 0.2; done
    same || [ ! -e "$f" ] || break
  done
  end; ask
  if { true </dev/fd/3; } 2>/dev/null; then from "$u" </dev/fd/3; else cat <&3; fi
}
polled() {
  from $k <&3
  q=0 r=0
  while [ $r -lt 5 ]; do
    if [ $q -lt 50 ]; then nap 0.2; else nap 1; fi
    if same; then
      z=$s; size
      if [ "$s" -lt "$z" ]; then
        same || { s=$z; continue; }
        break
      elif [ "$s" -gt "$z" ]; then cat <&3; q=0
      else q=$((q+1)); fi
    elif [ -e "$f" ]; then cat <&3; r=$((r+1)) q=0
    else cat <&3; gone; fi
  done
}
case $f in */*) ;; *) f=./$f;; esac
new= g= v= y=
if [ "$w" = 1 ] && [ -r /proc/self/fdinfo/0 ]; then
  v=1 t=; say t
  trap '[ -z "$t" ] || kill -KILL $t' 0
  tail -s 0.2 --pid=$$ -c 1 </dev/null >/dev/null 2>&1 && y="-s 0.2 --pid=$$"
fi
while :; do
  if [ ! -f "$f" ] || [ ! -r "$f" ]; then
    [ "$w" = 1 ] || { [ -n "$g" ] || echo "$f is gone" >&2; exit 1; }
    gone
    if [ -n "$v" ]; then heed; else nap 1; fi
    continue
  fi
  c=$(inode); exec 3<"$f"; size
  [ -n "$c" ] && [ "$c" = "$(inode)" ] || continue
  e=; [ "$f" -ef /dev/fd/3 ] 2>/dev/null && e=1
  if [ -n "$new" ]; then k=0
  elif [ -z "$i" ]; then if [ -n "$p" ]; then k=$p; else start; fi
  elif [ "$c" = "$i" ] && [ "$s" -ge "$p" ]; then k=$((p-m))
  elif [ "$c" = "$i" ]; then say l; k=0
  else rest || say l; k=0; fi
  new=1 g=
  say a $c $k $s
  if [ "$w" != 1 ]; then from $k <&3; exit 0
  elif [ -n "$v" ]; then tailed
  else polled; fi
done
"#;

#[cfg(test)]
#[path = "read_tests.rs"]
mod real;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: Kind, name: &str) -> Found {
        Found {
            kind,
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_name_is_one_word_whatever_it_holds() {
        let nonce = Nonce::random();
        let wish = Wish {
            lines: Some(5),
            is_followed: true,
            ..Wish::default()
        };
        let unit = found(Kind::Journal("short-iso"), "a b;$(id)");
        assert_eq!(
            script(&unit, &wish, &nonce, ""),
            "exec journalctl --no-pager -q -o short-iso -u 'a b;$(id)' -n 5 -f"
        );
        let container = found(Kind::Container("docker"), "it's");
        assert_eq!(
            script(&container, &wish, &nonce, ""),
            r"exec docker logs --timestamps --tail 5 -f 'it'\''s' 2>&1"
        );
        let file = script(&found(Kind::File, "/a 'b"), &wish, &nonce, "");
        assert!(file.starts_with(&format!(r"f='/a '\''b' n={nonce} w=1 l=5 i= p= m=0")));
    }

    #[test]
    fn it_goes_on_from_the_second_of_the_last_line() {
        let wish = Wish {
            since_us: Some(1_700_000_000_999_999),
            is_followed: true,
            ..Wish::default()
        };
        let nonce = Nonce::random();
        let system = found(Kind::Journal("short-iso-precise"), "");
        assert_eq!(
            script(&system, &wish, &nonce, ""),
            "exec journalctl --no-pager -q -o short-iso-precise --since @1700000000 --no-tail -f"
        );
        let container = script(&found(Kind::Container("podman"), "x"), &wish, &nonce, "");
        assert!(
            container.contains(" --since 2023-11-14T22:13:20Z -f "),
            "{container}"
        );
    }
}
