//! The user's own commands.
//!
//! Exit 0 of `status` means running; without one nobody knows. A pid file, where there is one, tells one start from another.

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part::new(
    Manager::Custom,
    r#"
custom_has() { :; };
custom_look() {
	[ -n "$d_status" ] || { X="no status: command, so that nobody knows whether it runs"; return 0; };
	ask sh -c "$d_status"; first "$o"; X=$x;
	case $c in
		0) S=up; X=${X:-running};;
		124) X="no answer in 8 s";;
		126 | 127) X="${X:-the status command can not be run}";;
		*) S=stopped; X=${X:-not running};;
	esac;
	case $S/$d_pidfile in up/?*) v=; { read -r v X0 <"$d_pidfile"; } 2>/dev/null; ! num "$v" || main "$v" || P=;; esac;
};
custom_lacks() {
	x=;
	case $a in
		start) [ -n "$d_start" ] || x="no start: command in hosts.yaml";;
		stop) [ -n "$d_stop" ] || x="no stop: command in hosts.yaml";;
		restart) [ -n "$d_restart" ] || { [ -n "$d_start" ] && [ -n "$d_stop" ]; } || x="no restart: command in hosts.yaml, nor start: and stop:";;
	esac;
	[ -z "$x" ] || { X=$x; return 0; }; return 1;
};
custom_act() {
	case $1 in
		start) launch sh -c "$d_start";;
		stop) launch sh -c "$d_stop";;
		restart)
			if [ -n "$d_restart" ]; then launch sh -c "$d_restart";
			else [ $S = stopped ] || { launch sh -c "$d_stop"; [ -z "$d_status" ] || gone || { c=1; o="it still runs after its stop command"; return; }; }; launch sh -c "$d_start"; fi;;
	esac;
};
custom_log() { :; };
"#,
);
