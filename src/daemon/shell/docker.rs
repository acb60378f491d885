//! docker: a container each. What podman has in common with it is here too.

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part::new(
    Manager::Docker,
    r#"
docker_has() { has docker; };
docker_look() { box_look docker; };
docker_act() { order docker $1 "$n"; };
docker_log() { ${T:+$T 8} docker logs --tail $L "$n"; };
box_format="{{.Name}}|{{.State.Status}}|{{.State.Pid}}|{{.RestartCount}}|{{.State.ExitCode}}|{{.State.OOMKilled}}|{{.State.StartedAt}}|";
box_health="{{if .State.Health}}{{.State.Health.Status}}{{end}}";
box_look() {
	ask $1 inspect --type container --format "$box_format$box_health" "$n";
	case $c/$o in
		0/*) ;;
		*[Nn]"o such"*) S=absent; X="no such container"; return;;
		*) ask $1 inspect --type container --format "$box_format" "$n";;
	esac;
	IFS=$nl; v=; for l in $o; do case ${l#/} in "$n|"*) v=$l;; esac; done;
	if [ $c -ne 0 ] || [ -z "$v" ]; then first "$o"; X=${x:-no answer}; [ $c -ne 124 ] || X="no answer in 8 s"; return; fi;
	IFS="|"; set -- $v; unset IFS;
	v=$2; P=$3; N=$4; E=$5; w=$6; A=$7; hh=$8; G=$P/$A;
	num "$P" && [ "$P" != 0 ] || P=; num "$N" || N=; num "$E" || E=;
	case $v/$hh in
		running/starting | removing/* | stopping/*) S=changing;;
		running/unhealthy | dead/*) S=failed;;
		running/*) S=up;;
		restarting/*) S=failed; Z=1;;
		exited/* | stopped/*) S=stopped; [ "$w" != true ] && [ "$E" = 0 ] || S=failed;;
		created/* | paused/* | configured/* | initialized/*) S=stopped;;
	esac;
	X=$v; case $hh in "" | none) ;; *) X="$v ($hh)";; esac;
	case $v in exited | stopped) X="$v ($E)"; [ "$w" != true ] || X="$v (out of memory)";; esac;
	case $v in running) E=; set -- $A; [ $# -lt 3 ] || A=$1T$2$3;; *) A=; P=;; esac;
};
"#,
);
