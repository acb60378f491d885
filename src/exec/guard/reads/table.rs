//! Commands that only read, as tables. What is in none of them changes something, as far as the guard knows.

/// Read with whatever arguments, or touch only the shell that runs them.
pub(super) const ALWAYS: &str = "\
     ls cat df free uptime ps id uname groups who w last lastb lastlog users whoami pwd echo printf true false : \
     test [ [[ head tail wc cut tr comm diff cmp md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum \
     sum stat readlink realpath basename dirname du lsblk lscpu lsmem lspci lsusb lsmod lsof lsns lsattr lslocks \
     lsipc lslogins findmnt vmstat iostat mpstat pidstat sar nproc arch getconf printenv locale which type whereis \
     pgrep pidof pstree pmap getent dig host nslookup ping ping6 traceroute tracepath netstat lsb_release modinfo \
     zcat xzcat bzcat zstdcat grep egrep fgrep zgrep rg strings nl tac rev fold od hexdump jq column expand \
     unexpand fmt seq sleep cal getfacl getfattr getcap namei quota squeue sinfo sacct sstat sprio sshare showmount \
     nfsstat rpcinfo pvs vgs lvs pvdisplay vgdisplay lvdisplay ibstat ibstatus ibv_devinfo ibv_devices sensors \
     numastat getenforce sestatus cd pushd popd export unset set shift local declare readonly read umask return \
     exit break continue wait jobs ulimit shopt hash help for select case in top atop slabtop loadavg runlevel tty \
     nvcc dirs times apropos whatis paste join tsort factor base64 base32 mountpoint lstopo lstopo-no-graphics \
     hwloc-ls systemd-detect-virt systemd-cgls systemd-cgtop systemd-path";

/// Read unless one of these options is there; a command without `*` takes no operand either.
pub(super) const UNLESS: &[(&str, &str)] = &[
    ("sort*", "-o --output --compress-program -T"),
    ("file*", "-C --compile"),
    ("tree*", "-o --output"),
    (
        "dmesg",
        "\
         -C -c -D -E -n --clear --read-clear --console-off --console-on --console-level",
    ),
    ("ss*", "-K --kill"),
    ("fuser*", "-k -K --kill"),
    (
        "journalctl*",
        "\
         --vacuum-size --vacuum-time --vacuum-files --rotate --flush --sync --relinquish-var --smart-relinquish-var \
         --setup-keys --update-catalog",
    ),
    ("find*", "-delete -fprint -fprint0 -fprintf -fls"),
    ("hostname", "-F -b --file --boot"),
    ("domainname", "-F"),
    ("dnsdomainname", "-F"),
    ("yq*", "-i --inplace -s --split-exp"),
    ("blkid*", "-g -w"),
    ("mount", "-a --all -o -B -M -R -m --bind --move"),
    ("swapon", "-a --all -e -f"),
    ("arp*", "-d -s -f -i -D"),
    ("route", "-A"),
    ("ifconfig", "-z"),
    ("iptables*", IPTABLES),
    ("ip6tables*", IPTABLES),
    ("env", "-S"),
    (
        "sudo*",
        "-e --edit -s -i -K --shell --login --remove-timestamp",
    ),
    ("xargs", "-a"),
    ("date*", "-s --set"),
    ("rocm-smi", "--set -r --reset"),
    ("tee", "-p"),
    ("uniq", "--output"),
    ("less*", "-o -O --log-file"),
    ("more*", "--none"),
    ("lldpcli", "-c"),
    ("command*", "-p"),
    ("ldconfig", "-n -N -X -f -C -r -l"),
    (
        "mdadm*",
        "\
         -C -A -B -F -G -I -S -f -r -a -o -w --create --assemble --build --grow --stop --zero-superblock --add --fail \
         --remove --incremental --monitor --run --readonly --readwrite --re-add --update --wait --manage --set-faulty \
         --replace",
    ),
    (
        "smartctl*",
        "-t -s -o -S -X --test --set --smart --offlineauto --saveauto --abort",
    ),
];

const IPTABLES: &str = "\
     -A -D -I -R -F -Z -N -X -P -E --append --delete --insert --replace --flush --zero --new-chain --delete-chain \
     --policy --rename-chain";

/// A command, its options that take a word, and the first operands with which it reads; `-` stands for none.
type Verbs = (&'static str, &'static str, &'static str);

pub(super) const VERBS: &[Verbs] = &[
    (
        "systemctl",
        "-p -t -n -o -H -M -s --type --state --property --lines --host",
        "\
         -, status, show, cat, help, is-active, is-enabled, is-failed, is-system-running, get-default, list-units, \
         list-unit-files, list-timers, list-sockets, list-jobs, list-dependencies, list-machines, list-automounts, \
         list-paths, show-environment, whoami",
    ),
    ("docker", DOCKER_OPTIONS, DOCKER),
    ("podman", DOCKER_OPTIONS, DOCKER),
    ("nerdctl", DOCKER_OPTIONS, DOCKER),
    (
        "docker-compose",
        "-f -p",
        "ps, logs, ls, images, top, config, version",
    ),
    (
        "crictl",
        "-r -i",
        "ps, pods, images, logs, inspect, inspectp, stats, info, version",
    ),
    (
        "kubectl",
        "-n --namespace --context --kubeconfig -o -l -c",
        "\
         get, describe, logs, top, version, cluster-info, api-resources, api-versions, explain, auth can-i, config \
         view, config get-contexts, config current-context, diff, events, rollout status, rollout history",
    ),
    (
        "helm",
        "-n --namespace",
        "list, ls, status, history, get, version, search, show",
    ),
    (
        "git",
        "-C -c --git-dir --work-tree",
        "\
         status, log, show, rev-parse, describe, ls-files, ls-tree, ls-remote, blame, shortlog, rev-list, cat-file, \
         remote show, remote get-url, stash list, worktree list, grep, version",
    ),
    (
        "timedatectl",
        "",
        "-, status, show, list-timezones, timesync-status, show-timesync",
    ),
    ("hostnamectl", "", "-, status"),
    ("localectl", "", "-, status, list-locales, list-keymaps"),
    (
        "loginctl",
        "-p",
        "\
         -, list-sessions, list-users, list-seats, show-session, show-user, show-seat, session-status, user-status, \
         seat-status",
    ),
    (
        "resolvectl",
        "-i",
        "-, status, query, statistics, service, show-cache",
    ),
    ("networkctl", "", "-, list, status, lldp"),
    (
        "nmcli",
        "-f -g -m -c",
        "\
         -, general status, general, device, device status, device show, dev, dev status, dev show, d, connection, \
         connection show, con, con show, c, c show, d status, d show",
    ),
    ("bootctl", "", "-, status, list"),
    ("coredumpctl", "", "-, list, info"),
    (
        "chronyc",
        "-h",
        "tracking, sources, sourcestats, activity, ntpdata, serverstats",
    ),
    (
        "apt",
        "-o",
        "list, policy, show, search, depends, rdepends, changelog",
    ),
    (
        "apt-cache",
        "-o",
        "policy, show, search, depends, rdepends, madison, stats, showpkg",
    ),
    (
        "dnf",
        "",
        "\
         list, info, search, repolist, provides, repoquery, check-update, history",
    ),
    (
        "yum",
        "",
        "list, info, search, repolist, provides, check-update, history",
    ),
    ("pip", "", "list, show, freeze, check"),
    ("pip3", "", "list, show, freeze, check"),
    ("conda", "-n", "list, info, env list"),
    ("scontrol", "", "show, ping"),
    ("zpool", "", "status, list, get, history"),
    ("zfs", "-o -t -s", "list, get"),
    (
        "btrfs",
        "",
        "\
         filesystem show, filesystem df, filesystem usage, subvolume list, device stats",
    ),
    ("lfs", "", "df, quota, getstripe, check"),
    ("ufw", "", "status, show, version"),
    ("nft", "", "list"),
    (
        "tc",
        "",
        "qdisc show, class show, filter show, qdisc ls, class ls",
    ),
    (
        "ipmitool",
        "-H -U -I -P -L",
        "\
         sdr, sensor, fru, sel list, sel elist, sel info, chassis status, power status, mc info, lan print, chassis \
         power status",
    ),
    ("service", "", "--status-all"),
    ("rc-status", "", "-, default"),
    ("supervisorctl", "-c", "status, avail, tail, version"),
    ("snap", "", "list, info, version, services, changes"),
    (
        "virsh",
        "-c",
        "list, dominfo, domstate, nodeinfo, net-list, pool-list, version",
    ),
    (
        "tailscale",
        "",
        "status, ip, netcheck, version, ping, whois",
    ),
    ("openssl", "", "version"),
    ("go", "", "version"),
    (
        "systemd-analyze",
        "",
        "-, time, blame, critical-chain, dump, security, verify",
    ),
    (
        "amd-smi",
        "",
        "list, static, metric, monitor, process, topology, version",
    ),
];

const DOCKER_OPTIONS: &str = "-H --host -c --context -l --log-level";

const DOCKER: &str = "\
     ps, logs, inspect, images, stats, top, port, version, info, events, history, diff, container ls, container ps, \
     container list, container logs, container inspect, container stats, container top, image ls, image list, image \
     inspect, image history, volume ls, volume inspect, network ls, network inspect, system df, system info, system \
     events, compose ps, compose logs, compose ls, compose images, compose top, compose config, node ls, node \
     inspect, node ps, service ls, service inspect, service logs, service ps, context ls, context show, context \
     inspect";

/// Options with which `nvidia-smi` only looks.
pub(super) const NVIDIA_SMI: &str = "\
     -L --list-gpus -q --query -x --xml-format -i --id -d --display -l --loop -lms --loop-ms -h --help --version -u \
     --unit -B";
