//! A pid file, and the process that it speaks of.
//!
//! A process id is used again: one that was started after the file was written is somebody else's.

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part::new(
    Manager::Pidfile,
    r#"
pidfile_has() { :; };
pidfile_look() {
	S=stopped; X="no pid file";
	for pf in ${d_pidfile:+"$d_pidfile"} "/run/$n.pid" "/run/$n/$n.pid" "/var/run/$n.pid"; do
		[ -z "$d_pidfile" ] || [ "$pf" = "$d_pidfile" ] || return 0;
		[ -f "$pf" ] || continue;
		v=; { read -r v X0 <"$pf"; } 2>/dev/null;
		num "$v" || { S=unknown; X="pid file without a number"; return 0; };
		if main "$v"; then S=up; X=running; pidfile_late; else S=failed; X="process $v of its pid file is gone"; fi;
		return 0;
	done;
};
pidfile_late() {
	v=$(date -r "$pf" +%s 2>/dev/null); num "$v" && num "$A" && [ "$A" -gt $((v+5)) ] || return 0;
	v=$P; clear; S=failed; X="process $v is not the one of its pid file: it began after the file was written";
};
pidfile_lacks() {
	case $a in stop) return 1;; esac;
	[ -z "$d_start" ] || return 1; X="no start: command in hosts.yaml, so that it can only be stopped";
};
pidfile_act() {
	case $1 in
		start) launch sh -c "$d_start";;
		stop) pidfile_end;;
		restart) [ $S != up ] || { pidfile_end; gone || { c=1; o="it still runs after TERM"; return; }; }; launch sh -c "$d_start";;
	esac;
};
# TERM to the process that was looked at, and to no other of its number.
pidfile_end() {
	c=0; o=; v=$G; proc "$P" && [ "$P/$q" = "$v" ] || return 0;
	o=$(kill -TERM "$P" 2>&1); c=$?;
};
pidfile_log() { files "/var/log/$n.log" "/var/log/$n/$n.log" "/var/log/$n/current"; };
"#,
);
