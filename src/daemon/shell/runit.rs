//! runit: `sv`, which knows a service by its folder in `$SVDIR`.

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part::new(
    Manager::Runit,
    r#"
runit_has() { has sv; };
runit_look() {
	ask sv status "$n"; first "$o"; X=${x%%";"*};
	case $X in
		run:*) S=up;; down:*) S=stopped;; finish:* | "want up:"*) S=changing;;
		fail:*"service directory"*) S=absent; X="no such service";;
		"") X="no answer"; [ $c -ne 124 ] || X="no answer in 8 s";;
	esac;
	case $S/$X in up/*"(pid "*) v=${X#*"(pid "}; main "${v%%")"*}";; esac;
};
# Without the waiting of sv's own start, stop and restart.
runit_act() {
	case $1 in
		start) order sv up "$n";;
		stop) order sv down "$n";;
		restart) order sv term "$n"; order sv cont "$n"; order sv up "$n";;
	esac;
};
runit_log() { files "${SVDIR:-/etc/service}/$n/log/main/current" "${SVDIR:-/etc/service}/$n/log/current" "/var/log/$n/current" "/var/log/runit/$n/current" "/var/log/sv/$n/current"; };
"#,
);
