# The program of the slow channel; slow.rs documents what it says. Whole-line comments and indentation are not sent.
# Forks are allowed here: it is asked every 30 s. Every tool has its deadline where `timeout` exists, and none may read the requests.
{
LC_ALL=C PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin SYSTEMD_COLORS=0 SYSTEMD_PAGER=
XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u 2>/dev/null)}
export LC_ALL PATH SYSTEMD_COLORS SYSTEMD_PAGER XDG_RUNTIME_DIR
R=${SSHOAL_PROC:-/proc}
T=
timeout 1 true </dev/null >/dev/null 2>&1 && T='timeout 8'
has() { command -v "$1" >/dev/null 2>&1; }
H=
[ -d /run/systemd/system ] && has systemctl && H=$H,systemd
has docker && H=$H,docker
has podman && H=$H,podman
has rc-service && [ -d /run/openrc ] && H=$H,openrc
has sv && H=$H,runit
has supervisorctl && H=$H,supervisor
Z=df; stat -f -c %S / >/dev/null 2>&1 && Z=stat
# A part of the answer: a line "=WORDS STATUS", then each line of the tool behind a space, so that no output can look like a frame.
run() {
	w=$1; shift
	o=$($T "$@" 2>&1 </dev/null); c=$?
	say "$w $c"
}
say() {
	echo "=$1"
	[ -z "$o" ] || printf '%s\n' "$o" | sed 's/^/ /'
}
on() { case ,$H, in *,$1,*) ;; *) return 1;; esac; }
show() { w=$1; shift; run $w systemctl --no-pager "$@" -p Id,Names,LoadState,ActiveState,SubState,Result,MainPID,NRestarts,ExecMainStatus,ActiveEnterTimestampMonotonic,MemoryCurrent,ControlGroup; }
units() { on systemd && show systemd show "$@"; }
user_units() { on systemd && show systemd-user --user show "$@"; }
F='{{.Name}}|{{.State.Status}}|{{.State.Pid}}|{{.RestartCount}}|{{.State.ExitCode}}|{{.State.OOMKilled}}|{{.State.StartedAt}}|'
E='{{if .State.Health}}{{.State.Health.Status}}{{end}}'
docker_() { on docker && run docker docker inspect --type container --format "$F$E" "$@"; }
# Old podman has no State.Health: then without it.
podman_() {
	on podman || return
	o=$($T podman inspect --type container --format "$F$E" "$@" 2>/dev/null </dev/null); c=$?
	case $o in *\|*) say "podman $c";; *) run podman podman inspect --type container --format "$F" "$@";; esac
}
openrc() { on openrc && run "openrc $1" rc-service "$2" status; }
runit() { on runit && run "runit $1" sv status "$2"; }
supervisor() { on supervisor && run supervisor supervisorctl status "$@"; }
custom() { run "custom $1" sh -c "$2"; }
# A zombie lives no more. Where /proc hides the processes of others (hidepid), whoever may not signal one knows that it lives.
alive() {
	while read -r x y X; do
		case $x$y in State:[ZXx]) return 1;; State:*) return;; esac
	done 2>/dev/null <"$R/$1/status"
	[ -d "$R/$1" ] || case $(kill -0 "$1" 2>&1) in '' | *ermitted*) ;; *) return 1;; esac
}
# True for a path below a folder that may not be entered.
hidden() {
	case $1 in /*) d=${1%/*};; *) return 1;; esac
	until [ -d "${d:-/}" ]; do d=${d%/*}; done
	[ ! -x "${d:-/}" ]
}
# The first of the files that is there: its pid, and whether that process lives.
pidfile() {
	i=$1 o= w=none; shift
	for f; do
		[ -f "$f" ] || { hidden "$f" && w=denied; continue; }
		[ -r "$f" ] || { w=denied; continue; }
		k=; { read -r k X <"$f"; } 2>/dev/null
		case $k in '' | 0* | *[!0-9]*) say "pidfile $i - unreadable";; *) alive "$k" && say "pidfile $i $k up" || say "pidfile $i $k gone";; esac
		return
	done
	say "pidfile $i - $w"
}
# True where /etc/fstab has this mount point writable.
fstab() {
	while read -r x y z v Y; do
		[ "$y" = "$1" ] && { case ,$v, in *,ro,*) return 1;; *) return 0;; esac; }
	done <"${SSHOAL_FSTAB:-/etc/fstab}" 2>/dev/null
	return 1
}
# Explicit paths of real local file systems only: a bare df hangs on a dead mount.
disks() {
	m= D=' '
	set --
	while read -r d p k X Y; do
		case $k in
			ext[234] | xfs | btrfs | zfs | f2fs | vfat | exfat | bcachefs | jfs | reiserfs | ntfs3 | ufs) ;;
			overlay | tmpfs) [ "$p" = / ] || continue;;
			*) continue;;
		esac
		case $D in *" $d "*) continue;; esac
		case $p in *\\012*) continue;; esac
		D="$D$d " e=$p
		case $p in *\\*) p=$(printf "$(printf %s "$p" | sed 's/%/%%/g')");; esac
		[ -d "$p" ] || continue
		case ,$X, in *,ro,*) X=ro; fstab "$e" && X=fault;; *) X=rw;; esac
		m="$m $X $k $e
"
		set -- "$@" "$p"
		[ $# -lt 128 ] || break
	done <"$R/mounts"
	printf '=mounts\n%s' "$m"
	[ $# -eq 0 ] || case $Z in
		stat) run stat stat -f -c '%S %b %f %a %c %d %n' "$@";;
		df) run df df -Pk "$@";;
	esac
}
# Of the XML, some 30 kB a card, only what mig.rs reads. Memory is that of an instance: a card's, and bar1's, have the same names.
mig() {
	echo =mig
	$T nvidia-smi -q -x 2>/dev/null </dev/null | sed -n '
		s/.*<gpu id="\([^"]*\)".*/ gpu \1/p
		s/.*<current_mig>\([^<]*\)<.*/ mig \1/p
		s/.*<\/mig_devices>.*/ end/p
		/<mig_device>/,/<\/mig_device>/{
			s/.*<mig_device>.*/ instance/p
			s/.*<gpu_instance_id>\([^<]*\)<.*/ gi \1/p
			s/.*<compute_instance_id>\([^<]*\)<.*/ ci \1/p
			s/.*<multiprocessor_count>\([^<]*\)<.*/ sm \1/p
			s/.*<sram_uncorrectable>\([^<]*\)<.*/ ecc \1/p
			/<fb_memory_usage>/,/<\/fb_memory_usage>/{
				s/.*<total>\([^<]*\)<.*/ total \1/p
				s/.*<used>\([^<]*\)<.*/ used \1/p
			}
		}'
}
daemons() {
:
@DAEMONS@
}
printf '\nS1 %s slow has=%s space=%s deadline=%s\n' @NONCE@ "${H#,}" $Z "${T:--}"
while read -r s t; do
	u=-; { read -r u X <"$R/uptime"; } 2>/dev/null
	echo "($s $(date +%s 2>/dev/null) $u"
	case $t in *s*) daemons;; esac
	case $t in *d*) disks;; esac
	case $t in *g*) mig;; esac
	echo ")$s"
done
exit
} #end
