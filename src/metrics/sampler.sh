# The program of the fast channel; sampler.rs documents what it says. Whole-line comments and indentation are not sent.
# It is one { } so that a shell that reads in blocks has parsed all of it before it runs. Rules: no fork after the hello, nothing is
# written, and no file that the shell could not read reaches awk (mawk exits on a failed read).
{
ulimit -t 3600 2>/dev/null
LC_ALL=C PATH=$PATH:/usr/bin:/bin:/usr/sbin:/sbin:/usr/lib/wsl/lib
export LC_ALL PATH
R=${SSHOAL_PROC:-/proc} Y=${SSHOAL_SYS:-/sys}
rd() { X=; [ -r "$1" ] && { IFS= read -r X <"$1"; } 2>/dev/null; [ -n "$X" ]; }
V=-; rd /run/systemd/container && V=$X; [ -f /.dockerenv ] && V=docker; [ -f /run/.containerenv ] && V=podman
# In a container the cache of ZFS is the host's.
S= Z= L=
[ "$V" = - ] && Z=FZ=spl/kstat/zfs/arcstats
# To awk they are operands, which set these variables once: mawk leaks a file name that is built for a getline.
for k in F0=loadavg F1=uptime F2=stat F3=meminfo FC=pressure/cpu FM=pressure/memory FI=pressure/io F4=net/dev F5=diskstats \
	F6=vmstat F7=net/snmp F8=net/sockstat FT=net/sockstat6 F9=sys/fs/file-nr $Z; do
	j=${k#*=}
	case ,@WITHOUT@, in *,$j,*) ;; *) rd "$R/$j" && S=$S,$j L="$L ${k%=*}=$R/$j";; esac
done
N=0
[ -r "$R/stat" ] && while read -r k X; do
	case $k in cpu) ;; cpu*) N=$((N+1));; *) break;; esac
done <"$R/stat"
B=-; rd "$R/sys/kernel/random/boot_id" && B=$X
# A limit of its own exists only below the root cgroup: a container. K: its folder, O: it is of the first version, where "none" is a huge number.
K=$Y/fs/cgroup O= C=- Q=- E=-
rd "$K/memory.max" && C=$X
rd "$K/memory/memory.limit_in_bytes" && O=1 && case $X in ????????????????*) ;; *) C=$X;; esac
rd "$K/cpu.max" && case $X in max*) ;; *) Q=${X% *}/${X#* };; esac
rd "$K/cpu/cpu.cfs_quota_us" && O=1 && case $X in -*) ;; *) Q=$X; rd "$K/cpu/cpu.cfs_period_us" && Q=$Q/$X;; esac
rd "$K/cpuset.cpus.effective" && [ -e "$K/cgroup.events" ] || rd "$K/cpuset/cpuset.effective_cpus" || rd "$K/cpuset/cpuset.cpus" && case $X in
	*[!0-9,-]*) ;;
	*)
		i=0 IFS=,
		for k in $X; do i=$((i+${k#*-}-${k%-*}+1)); done
		unset IFS
		[ $i -lt $N ] && E=$i
	;;
esac
# Cards: AMD by the files that each has ("-" for none), NVIDIA by its tool. A suspended card is left asleep.
p() { for f; do rd "$f" && { P="$P $f"; return; }; done; P="$P -"; }
G= P= D=
for d in "$Y"/class/drm/card[0-9]/device "$Y"/class/drm/card[0-9][0-9]/device; do
	case ,@WITHOUT@, in *,amd,*) break;; esac
	rd "$d/power/runtime_status" && [ "$X" = suspended ] && {
		[ -r "$d/gpu_busy_percent" ] && D=,amd-asleep
		continue
	}
	rd "$d/gpu_busy_percent" && rd "$d/mem_info_vram_total" || continue
	k=${d%/device}; k=${k##*/card}; G=$G+card$k P="$P $k"
	p "$d/gpu_busy_percent"; p "$d/mem_info_vram_used"; p "$d/mem_info_vram_total"; p "$d"/hwmon/hwmon*/temp1_input
	p "$d"/hwmon/hwmon*/power1_average "$d"/hwmon/hwmon*/power1_input; p "$d"/hwmon/hwmon*/power1_cap; p "$d/product_name"
done
G=${G:+,amd:${G#+}}$D
command -v nvidia-smi >/dev/null 2>&1 && {
	k=nvidia
	for d in "$Y"/bus/pci/devices/*; do
		rd "$d/vendor" && [ "$X" = 0x10de ] && rd "$d/class" && case $X in
			0x03*) rd "$d/power/runtime_status" && [ "$X" = suspended ] && k=asleep;;
		esac
	done
	G=,$k$G
}
# The clock of every awk is the seed that srand() tells of itself; gawk reckons long over each seed, and has a word for it, as busybox has.
A=sh W= T='srand(); now = srand()'
command -v awk >/dev/null 2>&1 && case $(awk -W version 2>&1 </dev/null) in
	mawk*) A=mawk W=1;; GNU*) A=gawk;; *usybox*|*usyBox*|*"is ignored"*) A=bbawk;; *) A=awk;;
esac
case $A in gawk|bbawk) T='now = systime()';; esac
G=${G#,}
set -f
printf '\n%s\n' "S1 @NONCE@ awk=$A boot=$B cgmem=$C cgcpu=$Q cgset=$E virt=$V src=${S#,} cores=$N gpu=${G:--} uname=$(uname -srm 2>/dev/null)"
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
# What costs is each step of an interpreter, and in busybox a multiple of it each word and line that it cuts and each text that it hands on.
# So a file is read in one piece, compared with the last, and only what is wanted is cut out of it, where index() finds it.
exec awk ${W:+-W} ${W:+interactive} '# sshoal: reads /proc and /sys, writes nothing, ends with its ssh session
function put(k, v) { if (prev[k] != v) { prev[k] = v; o = o (k v); n++ } }
function one(f,   l) { l = "-"; getline l < f; close(f); return l "" }
# mawk -W interactive knows only lines, the others stop at RS. Lines are added to a piece, pieces to the text: it may have thousands.
function all(f,   l, b) {
	if ((getline text < f) <= 0) text = ""
	if (W) { b = text "\n"; text = ""; while ((getline l < f) > 0) { if (length(b) > 9999) { text = text b; b = "" } b = b (l "\n") } text = text b }
	close(f)
}
# What stands behind k to the end of its line.
function rest(k,   l) { if (!(i = index(text, k))) return "-"; l = substr(text, i + length(k)); return substr(l, 1, index(l, "\n") - 1) }
function have(k, v) { v = rest(v); if (v != "-") put(k, v) }
# "some avg10=0.24 avg60=0.59 avg300=0.21 total=71", then a line of "full" where the kernel has it.
function psi(k, f,   l, v, j) {
	all(f); if (text == last[k]) return
	last[k] = text; i = index(text, " avg60="); j = index(text, " avg300="); v = substr(text, 12, i - 12) " " substr(text, i + 7, j - i - 7)
	if (i = index(text, "\nfull avg10=")) {
		l = substr(text, i + 12); i = index(l, " avg60="); j = index(l, " avg300=")
		v = v " " substr(l, 1, i - 1) " " substr(l, i + 7, j - i - 7)
	}
	put(k, v)
}
# Alive is "state starttime"; the name in brackets may hold anything, a newline too.
function pid(f,   v, w) {
	all(f); v = text
	if (!index(v, ")")) return "-"
	while (i = index(v, ")")) v = substr(v, i + 1)
	split(v, w); return w[1] " " w[20]
}
function cpus(f,   l, c) {
	if ((getline l < f) > 0) put("\nc ", substr(l, 6))
	if (pc || full) while ((getline l < f) > 0 && substr(l, 1, 3) == "cpu") {
		c++
		if (pc) { i = index(l, " "); put("\nc" substr(l, 4, i - 4) " ", substr(l, i + 1)) }
	}
	if (full) put("\nC ", c "")
	if (!med) close(f)
}
# Of keys that end alike, the one that is wanted comes first.
function kb(k, j) { return (i = index(text, k)) ? " " (substr(text, i + j, 24) + 0) : " -" }
function memory(f) {
	all(f)
	put("\nm", kb("MemTotal:", 9) kb("MemFree:", 8) kb("MemAvailable:", 13) kb("Buffers:", 8) kb("Cached:", 7) \
		kb("Shmem:", 6) kb("SReclaimable:", 13) kb("Dirty:", 6) kb("SwapTotal:", 10) kb("SwapFree:", 9))
}
# Which names are wanted is judged anew where the length jumps as by a line, after one is missing, and with the medium sources.
# One that is gone is told at once: what is not sent has not moved.
function net(f,   s, w, j, a) {
	all(f)
	i = length(text); j = i - nz; nz = i
	if (j * j > 400 || med) {
		for (k = 1; k <= nn; k++) if (!index(text, nk[k])) put(nv[k], "-")
		nn = 0; j = split(text, a, "\n")
		for (k = 1; k <= j; k++) if (i = index(a[k], ":")) {
			s = substr(a[k], 1, i); v = s; gsub(/[ :]/, "", v)
			if (v !~ /^(lo$|ifb|dummy|veth|cali|lxc|tap|vnet|eni[0-9a-f])/) { nk[++nn] = "\n" s; nb[nn] = i + 1; nv[nn] = "\nn" v " "; nl[nn] = "" }
		}
	}
	for (k = 1; k <= nn; k++) {
		if (!(i = index(text, nk[k]))) { nz = 0; put(nv[k], "-"); continue }
		s = substr(text, i + nb[k]); s = substr(s, 1, index(s, "\n"))
		if (s != nl[k]) { nl[k] = s; split(s, w); put(nv[k], w[1] " " w[3] " " w[4] " " w[9] " " w[11] " " w[12]) }
	}
}
function disks(f,   s, w, j, a) {
	all(f); if (text == dl && dz && !full) return
	dl = text
	i = length(text); j = i - dz; dz = i
	if (j * j > 400 || med) {
		for (k = 1; k <= nd; k++) if (!index(text, dk[k])) put(dv[k], "-")
		nd = 0; j = split(text, a, "\n")
		for (k = 1; k <= j; k++) if (split(a[k], w) > 3 && w[3] ~ /^((sd|vd|xvd|hd|dasd)[a-z]+|nvme[0-9]+n[0-9]+|mmcblk[0-9]+|md[0-9]+|dm-[0-9]+|rbd[0-9]+|nbd[0-9]+)$/) {
			dk[++nd] = " " w[3] " "; db[nd] = length(dk[nd]); dv[nd] = "\nd" w[3] " "; dp[nd] = ""
		}
	}
	for (k = 1; k <= nd; k++) {
		if (!(i = index(text, dk[k]))) { dz = 0; put(dv[k], "-"); continue }
		s = substr(text, i + db[k]); s = substr(s, 1, index(s, "\n"))
		if (s != dp[k]) { dp[k] = s; split(s, w); put(dv[k], w[1] " " w[3] " " w[5] " " w[7] " " w[9] " " w[10]) }
	}
}
# What the cache of ZFS holds, and what it will not give back.
function arc(f,   v, w) { all(f); split(rest("\nsize "), w); v = w[2]; split(rest("\nc_min "), w); put("\nz ", v " " w[2]) }
# The time that a container has used, and how many of its periods there were and were cut short; in microseconds, in the first version in nanoseconds.
function group() {
	all(FQ)
	if (FU) put("\nQ ", cq " " rest("nr_periods ") " " rest("nr_throttled "))
	else put("\nq ", rest("usage_usec ") " " rest("user_usec ") " " rest("system_usec ") " " rest("nr_periods ") " " rest("nr_throttled "))
}
function medium(   v, w) {
	if (F2) { all(F2); have("\npf ", "\nprocesses "); have("\npb ", "\nprocs_blocked ") }
	if (F6) { all(F6); have("\nvs ", "pswpout "); have("\nvf ", "pgmajfault "); have("\nvo ", "oom_kill ") }
	if (F7) {
		all(F7); text = substr(text, index(text, "Tcp: ") + 1)
		if (split(rest("\nTcp: "), w) > 11) put("\nt ", w[9] " " w[11] " " w[12])
	}
	if (F8) {
		all(F8); v = rest("TCP: inuse "); sub(/ .*/, "", v)
		if (FT) { all(FT); v = v " " rest("TCP6: inuse ") }
		put("\nts ", v)
	}
}
function gpus(   v, j) {
	for (j = 1; j < ng; j += 8) {
		v = ""
		for (i = 1; i < 7; i++) v = v " " (g[j + i] == "-" ? "-" : one(g[j + i]))
		put("\na" g[j] " ", substr(v, 2))
		if (full && g[j + 7] != "-") put("\nA" g[j] " ", one(g[j + 7]))
	}
}
# The operands are set when the first tick is read.
NR == 1 {
	ng = split(P, g)
	if (O) { O = "\ntotal_"; k = K "/memory/memory.usage_in_bytes"; i = K "/memory/memory.stat"; j = K "/cpu/cpu.stat" }
	else { O = "\n"; k = K "/memory.current"; i = K "/memory.stat"; j = K "/cpu.stat" }
	if (C ~ /^[0-9]+$/) { FG = k; FK = i }
	if (Q != "--") FQ = j
	# Not FS: that is where split() cuts.
	if (FQ && O != "\n") { FU = K "/cpuacct/cpuacct.usage"; FV = FU "_user"; FY = FU "_sys" }
	# Numbers above what an int holds are written whole.
	CONVFMT = "%.0f"; full = 1; nw = 0; srand()
}
{
	med = pc = 0; id = $0
	if (index(id, " ")) {
		na = split(id, a); id = a[1]; x = a[2]
		if (index(x, "a")) full = 1
		med = index(x, "m"); pc = index(x, "p")
		if (index(x, "w")) {
			nw = na - 2
			for (i = 1; i <= nw; i++) {
				v = a[i + 2]; wp[i] = substr(v, 1, 1) == "P"; v = substr(v, 2)
				wf[i] = wp[i] ? R "/" v "/stat" : v "/cgroup.events"; prev["\nw" i " "] = ""
			}
		}
	}
	if (id == "") next
	if (full) { split("", prev); split("", last); med = 1 }
	n = 0; '"$T"'; o = "[" id " " now
	if (F2) cpus(F2)
	if (F0) { l = "-"; getline l < F0; close(F0); i = index(l, "/"); put("\nl ", substr(l, 1, i + index(substr(l, i), " ") - 2)) }
	if (F1) { l = "-"; getline l < F1; close(F1); put("\nu ", substr(l, 1, index(l " ", " ") - 1)) }
	if (FG) cg = one(FG)
	if (FU) cq = one(FU) " " one(FV) " " one(FY)
	if (ng) gpus()
	if (med && F9) put("\nf ", one(F9))
	RS = "\001"
	if (F3) memory(F3)
	if (FZ) arc(FZ)
	if (FG) { all(FK); put("\nk ", cg " " rest(O "inactive_file ")) }
	if (FQ) group()
	if (FC) psi("\nPc ", FC)
	if (FM) psi("\nPm ", FM)
	if (FI) psi("\nPi ", FI)
	if (F4) net(F4)
	if (F5) disks(F5)
	if (med) medium()
	for (j = 1; j <= nw; j++) if (wp[j]) put("\nw" j " ", pid(wf[j])); else { all(wf[j]); put("\nw" j " ", rest("populated ")) }
	RS = "\n"
	printf "%s", o ("\n]" id " " n "\n"); fflush(); full = 0
}' $L "R=$R" "K=$K" "C=$C" "P=$P" "W=$W" "Q=$Q$E" "O=$O"
} #end
