# What all managers have in common; script.rs says how it is put together. Whole-line comments, indentation and line ends
# are not sent: each line ends as it may stand before any other, and no single quote is in it.
# n: name, m: manager, f: its functions' first word, a: what to do, L: log lines, W: seconds to wait, K: tenths of a second
# to stay up. A look gives S: state, X: detail, P: pid, N: restarts, M: memory, C: cpu ms, E: exit, A: since, G: which start
# of it this is, Z: it waits to be started again after a crash, O: its work was done, and it ended well.
set -f;
PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin; export PATH;
# An exclamation mark before anything but a blank or = is read by tcsh as a look at its history, within quotes too.
nl=$(printf "\n."); nl=${nl%.}; no=$(printf "\041");
R=${SSHOAL_PROC:-/proc}; bad=0; hz=;
T=; timeout 1 true </dev/null >/dev/null 2>&1 && T=timeout;
has() { command -v "$1" >/dev/null 2>&1; };
# A question: its answer in o, its status in c; nothing waits for it for ever.
ask() { o=$(LC_ALL=C SYSTEMD_COLORS=0 SYSTEMD_PAGER= ${T:+$T 8} "$@" 2>&1 </dev/null); c=$?; };
# An order to a manager.
order() { o=$(LC_ALL=C ${T:+$T $W} "$@" 2>&1 </dev/null); c=$?; };
# An order that may start the daemon itself, which then may hold its output open: a reader stays with it, and keeps nothing.
launch() {
	o=; D=$(mktemp -d "${TMPDIR:-/tmp}/sshoal.XXXXXX" 2>/dev/null) && mkfifo "$D/p" 2>/dev/null || { [ -z "$D" ] || rmdir "$D"; D=; };
	[ -n "$D" ] || { ${T:+$T $W} "$@" </dev/null >/dev/null 2>&1; c=$?; return; };
	( trap "" HUP; head -c 4096 >"$D/o"; : >"$D/e"; exec cat >/dev/null ) <"$D/p" >/dev/null 2>&1 &
	${T:+$T $W} "$@" </dev/null >"$D/p" 2>&1; c=$?;
	[ -e "$D/e" ] || nap; o=$(cat "$D/o" 2>/dev/null); rm -rf "$D"; D=;
};
nap() { sleep 0.2 2>/dev/null && k=$((k+2)) j=$((j+2)) || { sleep 1; k=$((k+10)); j=$((j+10)); }; };
now() { t=$(date +%s 2>/dev/null); num "$t" || t=0; };
num() { case $1 in "" | *[${no}0-9]* | 18446744073709551615) return 1;; esac; };
# The first line that says something.
first() { x=; IFS=$nl; for l in $1; do case $l in *[${no}\ ]*) x=$l; break;; esac; done; unset IFS; };
clear() { S=unknown; X=; P=; N=; M=; C=; E=; A=; G=; Z=; O=; };
look() { clear; ${f}_look; };
# Of a process: q is its start, which no other process of this id has. False where it is gone.
proc() {
	num "$1" || return 1; q=;
	if [ -r $R/stat ]; then
		{ read -r l <$R/$1/stat; } 2>/dev/null || return 1;
		set -- $1 ${l##*") "}; case $2 in Z | X | x | "") return 1;; esac; q=${21};
		[ -n "$hz" ] || { hz=$(getconf CLK_TCK 2>/dev/null); num "$hz" || hz=100; pg=$(getconf PAGESIZE 2>/dev/null); num "$pg" || pg=4096; };
		num "$q" || return 0; now; { read -r l X0 <$R/uptime; } 2>/dev/null || return 0;
		A=$((t-${l%%.*}+q/hz)); C=$(( (${13} + ${14}) * 1000 / hz )); M=$((${23}*pg));
	else
		q=$(LC_ALL=C ps -o lstart= -p $1 2>/dev/null); [ -n "$q" ] || return 1;
	fi;
	return 0;
};
# The same of a daemon's main process, which then tells one start from another.
main() { P=$1; proc "$1" && G=$1/$q; };
# auto: the first manager that knows it, as the sampler has it.
find() {
	h=;
	for f in systemd docker podman openrc runit supervisor pidfile; do
		${f}_has || continue; look;
		case $S/$X in absent/* | stopped/"no pid file") continue;; unknown/*) h=${h:-$f}; continue;; esac;
		m=$f; return;
	done;
	if [ -n "$h" ]; then
		f=$h; m=$f; look; [ $S != unknown ] || X="no unit or pid file of this name, and $f cannot be asked: $X";
	else m=-; clear; S=absent; X="no unit, container or pid file";
	fi;
};
say() {
	printf "%s %s %s" "$n" "$m" "$S"; [ -z "$1" ] || printf " result=%s" "$1";
	[ -z "$A" ] || printf " since=%s" "$A"; [ -z "$P" ] || printf " pid=%s" "$P"; [ -z "$N" ] || printf " restarts=%s" "$N";
	[ -z "$M" ] || printf " memory=%s" "$M"; [ -z "$C" ] || printf " cpu=%s" "$C"; [ -z "$E" ] || printf " exit=%s" "$E";
	first "$2"; [ -z "$x" ] || printf " reason=%.400s" "$x"; printf "\n";
};
logs() {
	{
		if [ -n "$d_log_command" ]; then ${T:+$T 8} sh -c "$d_log_command";
		elif [ -n "$d_log" ]; then ${T:+$T 8} tail -n $L "$d_log";
		else ${f}_log; fi;
	} </dev/null 2>&1 | tail -n $L | LC_ALL=C cut -b 1-400 | sed "s/^/| /";
};
# The file that is there, of those where a log usually is.
files() { for l; do [ -f "$l" ] && [ -r "$l" ] && { ${T:+$T 8} tail -n $L "$l"; return; }; done; };
no() { bad=1; say "$1" "$2"; case $S/$1 in absent/* | */refused | */unknown) ;; *) logs;; esac; };
# Up, for as long as it has to be; y says why not.
settle() {
	k=0; j=0; g=; b=; y=;
	while :; do
		look;
		case $S in
			# A manager that has not seen yet that the process before is gone still names it.
			up) if [ -z "$G" ] && [ -n "$G0" ]; then k=0; y="it was not started anew"; is_refused && return 1;
				elif [ "$G" = "$G0" ] && { [ -n "$G0" ] || { [ -n "$U" ] && is_refused; }; }; then k=0; y="it was not started anew"; is_refused && return 1;
				elif [ -n "$g" ] && [ "$G" != "${g#.}" ]; then y="crash loop: it was started again within the time it has to stay up"; return 1;
				elif num "$b" && num "$N" && [ "$N" -gt "$b" ]; then y="crash loop: its manager has restarted it"; return 1;
				else
					y=; [ -n "$g" ] || { k=0; now; tu=$t; }; g=.$G; b=${b:-$N};
					# By naps, and by the clock where looks take longer than those.
					[ $k -lt $K ] && [ $((t-tu)) -le $((K/10)) ] || return 0;
				fi;;
			changing) k=0; y="it is not up yet";;
			unknown) y=$X; return 2;;
			failed) [ -z "$Z" ] || y="crash loop"; return 1;;
			*) [ -n "$O" ] && [ "$G" != "$G0" ] && return 0;
				[ -z "$g" ] || { y="it did not stay up"; return 1; };
				y="it does not run"; k=0; is_refused && return 1;
				# What others wrote may take its time to come up, and to tell of it.
				case $f in custom | pidfile) ;; *) [ $j -lt $((K+10)) ] || return 1;; esac;;
		esac;
		now; [ $t -lt $end ] || { y="${y:-it is not known to stay up} after $W s"; return 1; };
		nap;
	done;
};
# The order itself has failed: r is its status, and ro its words.
is_refused() { [ $r -ne 0 ] && [ $r -ne 124 ]; };
# Not running.
gone() {
	k=0; j=0; y=;
	while :; do
		look;
		case $S in stopped | absent | failed) [ -n "$Z" ] || return 0;; unknown) y=$X; return 2;; esac;
		y="it still runs"; is_refused && [ $S = up ] && return 1;
		now; [ $t -lt $end ] || { y="it still runs after $W s"; return 1; };
		nap;
	done;
};
# What came of it, with what the manager said where that was no good.
ended() {
	case $1 in
		0) [ -z "$O" ] || X="it has done its work and ended"; case $a in stop) say done "";; *) say done "${O:+$X}";; esac; return;;
		2) x="unknown";;
		*) x="failed";;
	esac;
	h=$x; z=; [ $r -eq 0 ] || { first "$ro"; z=$x; [ $r -ne 124 ] || z="no end after $W s"; [ -n "$z" ] || z="exit $r"; };
	x=$y; for l in "$X" "$z"; do [ -z "$l" ] || [ "$l" = "$y" ] || x="${x:+$x; }$l"; done;
	no $h "$x";
};
one() {
	f=$m; case $m in systemd-user) f=systemd_user;; esac;
	now; end=$((t+W)); c=0; o=; y=; D=; r=0; ro=;
	if [ $m = auto ]; then find;
	elif ${f}_has; then look;
	else clear; S=absent; X="no ${m%-user} here"; fi;
	case $a/$S in
		status/up) say "" "$X"; return;;
		status/failed) no "" "$X"; return;;
		# Its own command cannot tell what was stopped from what has failed.
		status/stopped) case $m in custom) no "" "$X";; *) bad=1; say "" "$X";; esac; return;;
		status/*) bad=1; say "" "$X"; return;;
		*/absent) no failed "$X"; return;;
		start/up) say already "already running"; return;;
		stop/stopped) say already "already stopped"; return;;
		stop/failed) [ -n "$Z" ] || { say already "not running: $X"; return; };;
		*/unknown) [ $m = custom ] || { no unknown "$X; nothing was done"; return; };;
	esac;
	if has ${f}_lacks && ${f}_lacks; then no refused "$X"; return; fi;
	G0=$G; U=; [ $S != up ] || U=1; ${f}_act $a; r=$c; ro=$o;
	now; [ $end -ge $((t+K/10+2)) ] || end=$((t+K/10+2));
	case $a in stop) gone;; *) settle;; esac; ended $?;
};
