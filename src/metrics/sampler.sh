# The program of the fast channel; sampler.rs documents what it says. Whole-line comments and indentation are not sent.
# It is one { } so that a shell that reads in blocks has parsed all of it before it runs. Rules: no fork after the hello, nothing is
# written, and no file that the shell could not read reaches awk (mawk exits on a failed read).
{
ulimit -t 3600 2>/dev/null
LC_ALL=C PATH=$PATH:/usr/bin:/bin:/usr/sbin:/sbin:/usr/lib/wsl/lib
export LC_ALL PATH
R=${SSHOAL_PROC:-/proc} Y=${SSHOAL_SYS:-/sys}
rd() { X=; [ -r "$1" ] && { IFS= read -r X <"$1"; } 2>/dev/null; [ -n "$X" ]; }
S=
for k in loadavg uptime stat meminfo pressure/cpu pressure/memory pressure/io net/dev diskstats vmstat net/snmp net/sockstat sys/fs/file-nr; do
	case ,@WITHOUT@, in *,$k,*) ;; *) rd "$R/$k" && S=$S,$k;; esac
done
N=0
[ -r "$R/stat" ] && while read -r k X; do
	case $k in cpu) ;; cpu*) N=$((N+1));; *) break;; esac
done <"$R/stat"
B=-; rd "$R/sys/kernel/random/boot_id" && B=$X
# A limit of its own exists only below the root cgroup: a container.
C=-; rd "$Y/fs/cgroup/memory.max" && C=$X
V=-; rd /run/systemd/container && V=$X; [ -f /.dockerenv ] && V=docker; [ -f /run/.containerenv ] && V=podman
# Cards: AMD by the files that each has ("-" for none), NVIDIA by its tool. A suspended card is left asleep.
p() { for f; do rd "$f" && { P="$P $f"; return; }; done; P="$P -"; }
G= P=
for d in "$Y"/class/drm/card[0-9] "$Y"/class/drm/card[0-9][0-9]; do
	case ,@WITHOUT@, in *,amd,*) break;; esac
	rd "$d/device/power/runtime_status" && [ "$X" = suspended ] && continue
	rd "$d/device/gpu_busy_percent" && rd "$d/device/mem_info_vram_total" || continue
	G=$G+${d##*/} P="$P ${d##*/card}" d=$d/device
	p "$d/gpu_busy_percent"; p "$d/mem_info_vram_used"; p "$d/mem_info_vram_total"; p "$d"/hwmon/hwmon*/temp1_input
	p "$d"/hwmon/hwmon*/power1_average "$d"/hwmon/hwmon*/power1_input; p "$d"/hwmon/hwmon*/power1_cap; p "$d/product_name"
done
G=${G:+,amd:${G#+}}
command -v nvidia-smi >/dev/null 2>&1 && {
	k=nvidia
	for d in "$Y"/bus/pci/devices/*; do
		rd "$d/vendor" && [ "$X" = 0x10de ] && rd "$d/class" && case $X in
			0x03*) rd "$d/power/runtime_status" && [ "$X" = suspended ] && k=asleep;;
		esac
	done
	G=,$k$G
}
A=sh W=
command -v awk >/dev/null 2>&1 && case $(awk -W version 2>&1 </dev/null) in
	mawk*) A=mawk W=1;; GNU*) A=gawk;; *usybox*|*usyBox*|*"is ignored"*) A=bbawk;; *) A=awk;;
esac
U=$(uname -srm 2>/dev/null) G=${G#,}
set -f
printf '\nS1 %s awk=%s boot=%s cgmem=%s virt=%s src=%s cores=%s gpu=%s uname=%s\n' @NONCE@ $A "$B" "$C" "$V" "${S#,}" $N "${G:--}" "$U"
case $A in sh)
	q() { eval "X=\$v_$1"; [ "$X" = "$2" ] && return; eval "v_$1=\$2"; o="$o$1 $2
"; n=$((n+1)); }
	while read -r s t X; do
		case $t in *a*) v_l= v_u= v_c= v_m=;; esac
		o= n=0
		rd "$R/loadavg" && q l "${X% *}"
		rd "$R/uptime" && q u "${X%% *}"
		rd "$R/stat" && { set -- $X; shift; q c "$*"; }
		[ -r "$R/meminfo" ] && {
			a=- b=- c=- d=- e=- f=- g=- h=- i=- j=-
			while read -r k v X; do
				case $k in
					MemTotal:) a=$v;; MemFree:) b=$v;; MemAvailable:) c=$v;; Buffers:) d=$v;; Cached:) e=$v;;
					Shmem:) f=$v;; SReclaimable:) g=$v;; Dirty:) h=$v;; SwapTotal:) i=$v;; SwapFree:) j=$v;;
				esac
			done <"$R/meminfo"
			q m "$a $b $c $d $e $f $g $h $i $j"
		}
		printf '[%s -\n%s]%s %s\n' "$s" "$o" "$s" $n
	done
	exit;;
esac
exec awk ${W:+-W} ${W:+interactive} '# sshoal: reads /proc and /sys, writes nothing, ends with its ssh session
function put(k, v) { v = v ""; if (full || prev[k] != v) { prev[k] = v; o = o k " " v "\n"; n++ } }
function one(f,   l) { if ((getline l < f) <= 0) l = "-"; close(f); return l }
# Words cost an allocation each in busybox, lines a read, patterns a search in all of them: short files are read whole, names judged once.
# (mawk -W interactive gives lines all the same.)
function all(f,   l, v) { RS = "\001"; v = ""; while ((getline l < f) > 0) v = v l "\n"; RS = "\n"; close(f); return v }
# "some avg10=0.24 avg60=0.59 avg300=0.21 total=71", then a line of "full" where the kernel has it.
function psi(k, f,   n, v, q) {
	n = split(all(f), q, " "); v = substr(q[2], 7) " " substr(q[3], 7)
	put(k, n > 7 ? v " " substr(q[7], 7) " " substr(q[8], 7) : v)
}
# Alive is "state starttime"; the name in brackets may hold anything, a newline too.
function pid(f,   l, v, w) {
	v = ""
	while ((getline l < f) > 0) if (index(l, ")")) v = l
	close(f)
	if (v == "") return "-"
	while (i = index(v, ")")) v = substr(v, i + 1)
	split(v, w, " "); return w[1] " " w[20]
}
function cgroup(f,   l, v) {
	v = "-"
	while ((getline l < f) > 0) if (substr(l, 1, 10) == "populated ") v = substr(l, 11)
	close(f); return v
}
function cpus(f,   l, c) {
	if (!(pc || med)) { if ((getline l < f) > 0) put("c", substr(l, 6)) }
	else while ((getline l < f) > 0) {
		c = substr(l, 1, 3); i = index(l, " ")
		if (c == "cpu") { if (i == 4) put("c", substr(l, 6)); else if (pc) put("c" substr(l, 4, i - 4), substr(l, i + 1)) }
		else if (!med) break
		else if (substr(l, 1, i - 1) == "processes") put("pf", substr(l, i + 1))
		else if (substr(l, 1, i - 1) == "procs_blocked") put("pb", substr(l, i + 1))
	}
	close(f)
}
function memory(f,   l, w, v, j) {
	l = "\n" all(f); v = ""
	for (i = 1; i <= nm; i++) {
		w[1] = "-"
		if (j = index(l, mk[i])) split(substr(l, j + ml[i], 30), w, " ")
		v = v " " w[1]
	}
	put("m", substr(v, 2))
}
function net(f,   l, w, d, v) {
	while ((getline l < f) > 0) if (i = index(l, ":")) {
		d = substr(l, 1, i - 1)
		if (!(d in nk)) {
			# These come and go, and would be remembered for ever.
			if (d ~ /^ *(veth|cali|lxc|tap|vnet|eni[0-9a-f])/) continue
			v = d; sub(/^ +/, "", v)
			nk[d] = v ~ /^(lo$|ifb|dummy)/ ? "" : "n" v
		}
		if (nk[d] == "") continue
		split(substr(l, i + 1), w, " "); put(nk[d], w[1] " " w[3] " " w[4] " " w[9] " " w[11] " " w[12])
	}
	close(f)
}
function disks(f,   l, w, d) {
	while ((getline l < f) > 0) {
		# The name is what begins with the first letter. Most lines are partitions and loops.
		match(l, /[a-z]/); d = substr(l, RSTART); d = substr(d, 1, index(d, " ") - 1)
		if (!(d in dk)) dk[d] = d ~ /^((sd|vd|xvd|hd|dasd)[a-z]+|nvme[0-9]+n[0-9]+|mmcblk[0-9]+|md[0-9]+|dm-[0-9]+|rbd[0-9]+|nbd[0-9]+)$/
		if (dk[d]) { split(l, w, " "); put("d" d, w[4] " " w[6] " " w[8] " " w[10] " " w[12] " " w[13]) }
	}
	close(f)
}
function vm(f,   l, c) {
	while ((getline l < f) > 0) {
		c = substr(l, 1, 8)
		if (c == "pswpout ") put("vs", substr(l, 9))
		else if (c == "pgmajfau") put("vf", substr(l, 12))
		else if (c == "oom_kill") { put("vo", substr(l, 10)); break }
	}
	close(f)
}
function tcp(f,   l, w) {
	while ((getline l < f) > 0) if (substr(l, 1, 5) == "Tcp: " && substr(l, 6, 1) != "R") { split(l, w, " "); put("t", w[10] " " w[12] " " w[13]) }
	close(f)
}
function sockets(f,   l, w) {
	while ((getline l < f) > 0) if (substr(l, 1, 4) == "TCP:") { split(l, w, " "); put("ts", w[3]) }
	close(f)
}
function limit(   l, v) {
	v = "-"
	while ((getline l < FK) > 0) if (substr(l, 1, 14) == "inactive_file ") { v = substr(l, 15); break }
	close(FK); put("k", one(FG) " " v)
}
function gpus(   v, j) {
	for (j = 1; j < ng; j += 8) {
		v = ""
		for (i = 1; i < 7; i++) v = v " " (g[j + i] == "-" ? "-" : one(g[j + i]))
		put("a" g[j], substr(v, 2))
		if (full && g[j + 7] != "-") put("A" g[j], one(g[j + 7]))
	}
}
BEGIN {
	R = ARGV[1]; Y = ARGV[2]; n = split(ARGV[3], s, ","); C = ARGV[4]; ng = split(ARGV[5], g, " "); ARGC = 1
	# File names are built once: mawk leaks one that is built for a getline.
	for (i = 1; i <= n; i++) F[s[i]] = R "/" s[i]
	F0 = F["loadavg"]; F1 = F["uptime"]; F2 = F["stat"]; F3 = F["meminfo"]; F4 = F["net/dev"]; F5 = F["diskstats"]; F6 = F["vmstat"]
	F7 = F["net/snmp"]; F8 = F["net/sockstat"]; F9 = F["sys/fs/file-nr"]; FC = F["pressure/cpu"]; FM = F["pressure/memory"]; FI = F["pressure/io"]
	if (C ~ /^[0-9]+$/) { FG = Y "/fs/cgroup/memory.current"; FK = Y "/fs/cgroup/memory.stat" }
	nm = split("MemTotal MemFree MemAvailable Buffers Cached Shmem SReclaimable Dirty SwapTotal SwapFree", mk, " ")
	for (i = 1; i <= nm; i++) { mk[i] = "\n" mk[i] ":"; ml[i] = length(mk[i]) }
	full = 1; nw = 0; srand()
	while ((getline t) > 0) {
		na = split(t, a, " "); if (na < 1) continue
		id = a[1]; x = na > 1 ? a[2] : ""
		if (index(x, "a")) full = 1
		if (index(x, "w")) {
			nw = na - 2
			for (i = 1; i <= nw; i++) {
				v = a[i + 2]; wk[i] = "w" i; wp[i] = substr(v, 1, 1) == "P"; v = substr(v, 2)
				wf[i] = wp[i] ? R "/" v "/stat" : v "/cgroup.events"; prev["w" i] = ""
			}
		}
		med = full || index(x, "m"); pc = index(x, "p"); o = ""; n = 0; srand(); now = srand()
		if (F0 != "") { split(one(F0), a, " "); put("l", a[1] " " a[2] " " a[3] " " a[4]) }
		if (F1 != "") { l = one(F1); put("u", (i = index(l, " ")) ? substr(l, 1, i - 1) : l) }
		if (F2 != "") cpus(F2)
		if (F3 != "") memory(F3)
		if (FG != "") limit()
		if (FC != "") psi("Pc", FC)
		if (FM != "") psi("Pm", FM)
		if (FI != "") psi("Pi", FI)
		if (F4 != "") net(F4)
		if (F5 != "") disks(F5)
		gpus()
		if (med) {
			if (F6 != "") vm(F6)
			if (F7 != "") tcp(F7)
			if (F8 != "") sockets(F8)
			if (F9 != "") put("f", one(F9))
		}
		for (k = 1; k <= nw; k++) put(wk[k], wp[k] ? pid(wf[k]) : cgroup(wf[k]))
		printf "%s", "[" id " " now "\n" o "]" id " " n "\n"; fflush(); full = 0
	}
}' "$R" "$Y" "${S#,}" "$C" "$P"
} #end
