//! supervisor: `supervisorctl`, a program or one of a group.

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part::new(
    Manager::Supervisor,
    r#"
supervisor_has() { has supervisorctl; };
supervisor_look() {
	ask supervisorctl status "$n"; v=; IFS=$nl;
	for l in $o; do case :${l%% *}: in *:"$n":*) v=$l; break;; esac; done;
	unset IFS;
	[ -n "$v" ] || { first "$o"; X=${x:-no answer}; [ $c -ne 124 ] || X="no answer in 8 s"; return; };
	set -- $v; shift; X=$*;
	case $X in
		RUNNING*) S=up;; STARTING* | STOPPING*) S=changing;; STOPPED* | EXITED*) S=stopped;; FATAL*) S=failed;; BACKOFF*) S=failed; Z=1;;
		ERROR*"no such"*) S=absent; X="no such program";;
	esac;
	case $S/$X in up/*"pid "*) v=${X#*"pid "}; main "${v%%,*}";; esac;
};
supervisor_act() { order supervisorctl $1 "$n"; };
supervisor_log() { ${T:+$T 8} supervisorctl tail -4000 "$n" stdout; ${T:+$T 8} supervisorctl tail -4000 "$n" stderr; };
"#,
);
