//! launchd of macOS: `launchctl list LABEL`.

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part::new(
    Manager::Launchd,
    r#"
launchd_has() { has launchctl; };
launchd_look() {
	ask launchctl list "$n";
	case $c in 0) ;; 124) X="no answer in 8 s"; return;; *) S=absent; X="no such job"; return;; esac;
	S=stopped; X="not running"; IFS=$nl;
	for l in $o; do
		v=${l#*= }; v=${v%";"};
		case $l in *"\"PID\" ="*) P=$v;; *"\"LastExitStatus\" ="*) E=$v;; esac;
	done;
	unset IFS; num "$E" || E=;
	if num "$P"; then v=$P; S=up; X=running; E=; main "$v" || P=$v; [ -n "$G" ] || G=$v;
	elif [ -n "$E" ] && [ "$E" != 0 ]; then S=failed; [ "$E" -lt 256 ] || E=$((E/256)); X="exit $E"; fi;
};
launchd_act() {
	v=gui/$(id -u); [ "${v#gui/}" != 0 ] || v=system;
	case $1 in restart) order launchctl kickstart -k "$v/$n";; *) order launchctl $1 "$n";; esac;
};
launchd_log() { files "/usr/local/var/log/$n.log" "/var/log/$n.log"; };
"#,
);
