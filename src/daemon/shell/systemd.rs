//! systemd's system units.
//!
//! A state is read as the sampler reads it: `activating (auto-restart)` is where a crash loop waits most of the time. An
//! unknown unit is `LoadState=not-found` with status 0; `[not set]` and 2^64-1 are no numbers (systemctl(1)).

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part::new(
    Manager::Systemd,
    r#"
systemd_has() { [ -d "${SSHOAL_SYSTEMD:-/run/systemd/system}" ] && has systemctl; };
systemd_look() { V=systemctl; unit_look; };
systemd_act() { V=systemctl; unit_act $1; };
systemd_log() { J=journalctl; unit_log; };
unit() { case $n in *.service | *.socket | *.timer | *.target | *.mount | *.path | *.slice | *.scope) u=$n;; *) u=$n.service;; esac; };
unit_act() { unit; order $V --no-ask-password $1 "$u"; };
unit_log() { unit; SYSTEMD_COLORS=0 ${T:+$T 8} $J --no-pager -q -n $L -u "$u"; };
unit_look() {
	unit;
	ask $V --no-pager show "$u" -p LoadState,ActiveState,SubState,Result,Type,MainPID,NRestarts,ExecMainStatus,ExecMainCode,ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic,MemoryCurrent,CPUUsageNSec,InvocationID;
	ld=; ac=; sb=; rs=; ty=; es=; ec=; st=; en=; iv=; mm=; cp=;
	IFS=$nl;
	for l in $o; do
		v=${l#*=};
		case $l in
			LoadState=*) ld=$v;; ActiveState=*) ac=$v;; SubState=*) sb=$v;; Result=*) rs=$v;; Type=*) ty=$v;;
			MainPID=*) P=$v;; NRestarts=*) N=$v;; ExecMainStatus=*) es=$v;; ExecMainCode=*) ec=$v;; InvocationID=*) iv=$v;;
			ExecMainStartTimestampMonotonic=*) st=$v;; ActiveEnterTimestampMonotonic=*) en=$v;;
			MemoryCurrent=*) mm=$v;; CPUUsageNSec=*) cp=$v;;
		esac;
	done;
	unset IFS;
	num "$N" || N=; num "$P" && [ "$P" != 0 ] || P=;
	case $ld in
		not-found) S=absent; X="no such unit"; return;;
		"") first "$o"; X=${x:-no answer}; [ $c -ne 124 ] || X="no answer in 8 s"; return;;
	esac;
	G=$P/$st/$en/$iv;
	case $ac/$sb in
		active/*) S=up;;
		*/auto-restart | */auto-restart-queued) S=failed; Z=1;;
		failed/*) S=failed;;
		inactive/*) S=stopped; case $ld in error | bad-setting) S=failed;; esac; case $ty/$rs in oneshot/success) num "$st" && [ "$st" != 0 ] && O=1;; esac;;
		activating/* | deactivating/* | reloading/* | refreshing/* | maintenance/*) S=changing;;
	esac;
	X=$ac/$sb;
	case $rs in success | "") ;; exit-code) X="$X (exit $es)";; *) X="$X ($rs)";; esac;
	case $ld in loaded) ;; *) X="$X, $ld";; esac;
	case $S in
		up) ! num "$mm" || M=$mm; if num "$cp" && [ ${#cp} -gt 6 ]; then C=${cp%??????}; fi; unit_since;;
		*) if num "$es"; then case $ec in 1) E=$es;; 2 | 3) E=$((128+es));; esac; fi;;
	esac;
};
# Monotonic microseconds to seconds since 1970; by text, as not every shell counts so far.
unit_since() {
	num "$en" && [ ${#en} -gt 6 ] || return 0;
	now; { read -r l X0 <$R/uptime; } 2>/dev/null || return 0;
	A=$((t-${l%%.*}+${en%??????}));
};
"#,
);
