//! `OpenRC`: a service script each; its status is an exit status (rc-service(8)).

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part::new(
    Manager::Openrc,
    r#"
openrc_has() { has rc-service && [ -d "${SSHOAL_OPENRC:-/run/openrc}" ]; };
openrc_look() {
	ask rc-service "$n" status; first "$o"; X=${x#"${x%%[${no}* ]*}"};
	case $c in
		0) S=up;; 3) S=stopped;; 4 | 8 | 16) S=changing;; 32) S=failed;; 124) X="no answer in 8 s";;
		*) case $o in *"does not exist"*) S=absent; X="no such service";; esac;;
	esac;
	case $S in up) v=; { read -r v X0 <"/run/$n.pid"; } 2>/dev/null; ! num "$v" || main "$v" || P=;; esac;
};
openrc_act() { launch rc-service "$n" $1; };
openrc_log() { files "/var/log/$n.log" "/var/log/$n/$n.log" /var/log/rc.log; };
"#,
);
