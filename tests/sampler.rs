//! The real node programs under the shells and awks of this machine, against a fixture tree and the real `/proc`.

#[cfg(test)]
#[path = "sampler/mig.rs"]
mod mig;

#[cfg(test)]
#[path = "sampler/node.rs"]
mod node;

#[cfg(test)]
#[path = "support/peer.rs"]
mod peer;

#[cfg(test)]
#[path = "sampler/tree.rs"]
mod tree;

#[cfg(test)]
mod tests {
    use sshoal::metrics::{Feed, Sample, Signal, daemon::State, sampler};

    use super::{
        node::{Running, awks, custom, daemon, node, pairs, pidfile, shells},
        tree::{Tree, moved, victim},
    };

    fn close(value: Option<f64>, wanted: f64) {
        let value = value.unwrap();
        assert!((value - wanted).abs() < 1e-6, "{value} is not {wanted}");
    }

    fn check_first(sample: &Sample) {
        assert_eq!(sample.load.averages, Some([0.21, 0.37, 0.39]));
        assert_eq!(sample.host.cores, Some(2));
        assert_eq!(sample.host.uptime, Some(1000.5));
        assert_eq!(sample.memory.total, Some(3_969_352 * 1024));
        assert_eq!(
            sample.memory.swap_used,
            Some((2_097_152 - 1_096_128) * 1024)
        );
        let in_container = sample.host.container.is_some();
        let arc = if in_container { 0 } else { 512_000_000 };
        assert_eq!(sample.memory.available, Some(1_500_000 * 1024 + arc));
        assert_eq!(sample.pressure.cpu_some, Some(98.63));
        assert_eq!(sample.pressure.memory_full_60, Some(0.12));
        assert_eq!(
            (sample.host.oom_kills, sample.host.files_open),
            (Some(4), Some(1504))
        );
        assert_eq!(
            (sample.tcp.established, sample.tcp.sockets),
            (Some(7), Some(9))
        );
        let nics: Vec<_> = sample
            .net
            .interfaces
            .iter()
            .map(|i| i.name.as_str())
            .collect();
        assert_eq!(nics, ["eth0", "wlp3s0"]);
        let disks: Vec<_> = sample.io.devices.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(disks, ["nvme0n1", "sda", "dm-0"]);
        let card = &sample.gpu.gpus[0];
        assert_eq!(
            (card.index, card.util, card.temperature),
            (1, Some(37.0), Some(54.0))
        );
        assert_eq!((card.power, card.power_limit), (Some(180.0), None));
        assert_eq!(
            (card.name.as_str(), card.memory_used),
            ("Radeon PRO W7800", Some(1_572_745_216))
        );
    }

    fn check_second(sample: &Sample) {
        close(sample.cpu.busy, 60.0);
        close(sample.net.interfaces[0].rx, 1000.0);
        close(sample.io.devices[1].written, 2048.0);
        close(sample.tcp.retransmitted, 5.0);
        close(sample.host.forks, 10.0);
        close(sample.host.swap_outs, 5.0);
        assert_eq!(sample.cpu.cores, [Some(50.0), Some(50.0)]);
        assert_eq!(sample.host.oom_new, Some(2));
        assert_eq!(sample.host.blocked, Some(3));
    }

    #[test]
    fn every_shell_and_awk_reads_the_same() {
        for (shell, awk) in pairs() {
            let tree = Tree::new();
            let mut running = Running::start(&shell, Some(&awk), &tree.env(), &node(vec![]));
            assert_eq!(running.kind, awk.kind, "{shell:?}");
            check_first(&running.tick(true));
            tree.move_on();
            for _ in 0..10 {
                running.tick(true);
            }
            let medium = running.tick(true);
            assert_eq!(medium.host.oom_new, Some(2), "the medium tick");
            eprintln!("{shell:?} x {}: same", awk.kind);
        }
    }

    #[test]
    fn rates_follow_from_two_full_frames() {
        for awk in awks() {
            let tree = Tree::new();
            let mut running = Running::start(&shells()[0], Some(&awk), &tree.env(), &node(vec![]));
            running.tick(true);
            running
                .meter
                .feed(Feed::Fast, b"[0 0\n]0 1\n", running.clock());
            tree.move_on();
            check_second(&running.tick(true));
        }
    }

    #[test]
    fn devices_that_come_are_seen_by_the_next_tick() {
        for awk in awks() {
            let tree = Tree::new();
            let mut running = Running::start(&shells()[0], Some(&awk), &tree.env(), &node(vec![]));
            running.tick(false);
            tree.write(&[
                ("net/dev", "x|\n y|\n  eth0:1002000 902 0 0 0 0 0 0 2003000 803 0 0 0 0 0 0\n\
                    wlp3s0: 5100 9 1 2 0 0 0 0 7100 8 3 4 0 0 0 0\n  eth1: 7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n"),
                ("diskstats", " 259 0 nvme0n1 1000 5 80000 300 2000 7 90000 400 1 500 700 0 0 0 0\n 259 1 nvme0n1p1 1 1 1 1 1 1 1 1 0 1 1\n   8 0 sda 10 0 20 5 30 0 40 6 0 70 80\n\
                    \x20  7 0 loop0 1 1 1 1 1 1 1 1 0 1 1\n 254 0 dm-0 1 0 2 3 4 0 5 6 0 7 8\n   8 16 sdb 1 0 2 3 4 0 5 6 0 7 8\n   8 17 sdb1 1 0 2 3 4 0 5 6 0 7 8\n"),
            ]);
            let sample = running.tick(false);
            let nics = sample.net.interfaces.iter().map(|i| i.name.as_str());
            assert_eq!(
                nics.collect::<Vec<_>>(),
                ["eth0", "wlp3s0", "eth1"],
                "{}",
                awk.kind
            );
            let disks = sample.io.devices.iter().map(|d| d.name.as_str());
            assert_eq!(
                disks.collect::<Vec<_>>(),
                ["nvme0n1", "sda", "dm-0", "sdb"],
                "{}",
                awk.kind
            );
        }
    }

    #[test]
    fn devices_that_go_are_gone_with_the_next_tick() {
        for awk in awks() {
            let tree = Tree::new();
            let mut running = Running::start(&shells()[0], Some(&awk), &tree.env(), &node(vec![]));
            running.tick(false);
            let names = |sample: &Sample| {
                let nics = sample.net.interfaces.iter().map(|i| i.name.to_string());
                let disks = sample.io.devices.iter().map(|d| d.name.to_string());
                nics.chain(disks).collect::<Vec<_>>()
            };
            tree.write(&[
                (
                    "net/dev",
                    "x|\n y|\n  eth0:1002000 902 0 0 0 0 0 0 2003000 803 0 0 0 0 0 0\n",
                ),
                (
                    "diskstats",
                    "   8 0 sda 10 0 20 5 30 0 40 6 0 70 80\n 254 0 dm-0 1 0 2 3 4 0 5 6 0 7 8\n",
                ),
            ]);
            assert_eq!(
                names(&running.tick(false)),
                ["eth0", "sda", "dm-0"],
                "{}",
                awk.kind
            );
            // One in the place of another: the length does not tell.
            tree.write(&[
                (
                    "net/dev",
                    "x|\n y|\n  eth1:1002000 902 0 0 0 0 0 0 2003000 803 0 0 0 0 0 0\n",
                ),
                (
                    "diskstats",
                    "   8 0 sdb 10 0 20 5 30 0 40 6 0 70 80\n 254 0 dm-0 1 0 2 3 4 0 5 6 0 7 8\n",
                ),
            ]);
            assert_eq!(names(&running.tick(false)), ["dm-0"], "{}", awk.kind);
            assert_eq!(
                names(&running.tick(false)),
                ["eth1", "dm-0", "sdb"],
                "{}",
                awk.kind
            );
        }
    }

    #[test]
    fn cpus_that_go_offline_are_noticed_and_sockets_of_ipv6_count() {
        for awk in awks() {
            let tree = Tree::new();
            tree.write(&[("net/sockstat6", "TCP6: inuse 40\nUDP6: inuse 2\n")]);
            let mut running = Running::start(&shells()[0], Some(&awk), &tree.env(), &node(vec![]));
            let sample = running.tick(false);
            assert_eq!(
                (sample.host.cores, sample.tcp.sockets),
                (Some(2), Some(49)),
                "{}",
                awk.kind
            );
            tree.write(&[("stat", "cpu  22770 1232 12736 296477 2746 0 129 86 0 0\ncpu0 200 0 0 200 0 0 0 0 0 0\nintr 1 2\nprocesses 15205\n")]);
            running
                .meter
                .feed(Feed::Fast, b"[0 0\n]0 1\n", running.clock());
            let host = running.tick(false).host;
            assert_eq!((host.cores, host.forks), (Some(1), None), "{}", awk.kind);
        }
    }

    #[test]
    fn memory_beyond_an_int_is_read_whole() {
        for awk in awks() {
            let tree = Tree::new();
            tree.write(&[("meminfo", "MemTotal:       6442450947 kB\nMemFree:        4294967299 kB\nMemAvailable:   4294967301 kB\n")]);
            let mut running = Running::start(&shells()[0], Some(&awk), &tree.env(), &node(vec![]));
            let memory = running.tick(false).memory;
            assert_eq!(memory.total, Some(6_442_450_947 << 10), "{}", awk.kind);
            assert_eq!(memory.cached, None, "{}", awk.kind);
        }
    }

    /// A container may use one CPU and a half of two, and uses half of that; its user time is told by new kernels alone.
    fn check_limited(before: &[(&str, &str)], after: &[(&str, &str)], user: Option<f64>) {
        for (shell, awk) in pairs() {
            let tree = Tree::new();
            tree.write(before);
            let mut running = Running::start(&shell, Some(&awk), &tree.env(), &node(vec![]));
            let first = running.tick(false);
            assert_eq!(first.memory.total, Some(1 << 30), "{shell:?} {}", awk.kind);
            assert_eq!(first.memory.used(), Some(300 << 20));
            let memory = (first.memory.cached, first.memory.swap_total);
            assert_eq!(memory, (Some(100 << 20), None), "nothing of the host's");
            assert_eq!((first.cpu.busy, first.cpu.limit), (None, Some(1.5)));
            tree.move_on();
            tree.write(after);
            let cpu = running.tick(false).cpu;
            close(cpu.busy, 50.0);
            close(cpu.throttled, 25.0);
            assert_eq!((cpu.user, cpu.iowait), (user, None));
            assert_eq!(running.children(), 0);
        }
    }

    #[test]
    fn a_container_is_measured_against_its_limits() {
        check_limited(
            &[
                ("sys/fs/cgroup/memory.max", "1073741824\n"),
                ("sys/fs/cgroup/memory.current", "419430400\n"),
                (
                    "sys/fs/cgroup/memory.stat",
                    "anon 1\nfile 2\ninactive_file 104857600\nactive_file 7\n",
                ),
                ("sys/fs/cgroup/cpu.max", "150000 100000\n"),
                ("sys/fs/cgroup/cpuset.cpus.effective", "0-1\n"),
                (
                    "sys/fs/cgroup/cpu.stat",
                    "usage_usec 7000000\nuser_usec 5000000\nsystem_usec 2000000\nnice_usec 0\n\
                    core_sched.force_idle_usec 0\nnr_periods 100\nnr_throttled 10\nthrottled_usec 99\nnr_bursts 0\nburst_usec 0\n",
                ),
            ],
            &[(
                "sys/fs/cgroup/cpu.stat",
                "usage_usec 8500000\nuser_usec 6200000\nsystem_usec 2300000\nnr_periods 120\nnr_throttled 15\nthrottled_usec 999\n",
            )],
            Some(40.0),
        );
    }

    #[test]
    fn a_container_of_the_first_cgroups_too() {
        check_limited(
            &[
                ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n"),
                ("sys/fs/cgroup/memory/memory.usage_in_bytes", "419430400\n"),
                (
                    "sys/fs/cgroup/memory/memory.stat",
                    "cache 1\ninactive_file 5\ntotal_cache 1\ntotal_inactive_file 104857600\n",
                ),
                ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n"),
                ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
                (
                    "sys/fs/cgroup/cpu/cpu.stat",
                    "nr_periods 100\nnr_throttled 10\nthrottled_time 99\n",
                ),
                ("sys/fs/cgroup/cpuacct/cpuacct.usage", "7000000000123\n"),
            ],
            &[
                (
                    "sys/fs/cgroup/cpu/cpu.stat",
                    "nr_periods 120\nnr_throttled 15\nthrottled_time 999\n",
                ),
                ("sys/fs/cgroup/cpuacct/cpuacct.usage", "7001500000123\n"),
            ],
            None,
        );
    }

    #[test]
    fn fewer_cpus_than_the_machine_has_are_a_limit_and_none_is_none() {
        // The root group of a machine lacks the CPUs that it has handed to partitions.
        for (cpus, max, limit, in_container) in [
            ("1", "max 100000", Some(1.0), true),
            ("1", "max 100000", None, false),
            ("0-1", "max 100000", None, true),
            ("0,1", "300000 100000", None, true),
            ("0,1", "50000 100000", Some(0.5), true),
        ] {
            for (shell, awk) in pairs() {
                let tree = Tree::new();
                if in_container {
                    tree.write(&[("sys/fs/cgroup/cgroup.events", "populated 1\n")]);
                }
                tree.write(&[
                    ("sys/fs/cgroup/memory.max", "max\n"),
                    ("sys/fs/cgroup/cpu.max", &format!("{max}\n")),
                    ("sys/fs/cgroup/cpuset.cpus.effective", &format!("{cpus}\n")),
                    (
                        "sys/fs/cgroup/cpu.stat",
                        "usage_usec 7000000\nuser_usec 5000000\nsystem_usec 2000000\n",
                    ),
                ]);
                let mut running = Running::start(&shell, Some(&awk), &tree.env(), &node(vec![]));
                running.tick(false);
                tree.move_on();
                let sample = running.tick(false);
                assert_eq!(
                    (sample.cpu.limit, sample.cpu.throttled),
                    (limit, None),
                    "{shell:?} {}",
                    awk.kind
                );
                assert_eq!(
                    sample.cpu.busy,
                    Some(if limit.is_some() { 0.0 } else { 60.0 })
                );
                assert_eq!(sample.memory.total, Some(3_969_352 * 1024));
            }
        }
    }

    #[test]
    fn a_huge_limit_of_the_first_cgroups_is_none() {
        let tree = Tree::new();
        tree.write(&[
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n"),
        ]);
        let mut running =
            Running::start(&shells()[0], Some(&awks()[0]), &tree.env(), &node(vec![]));
        assert_eq!(running.tick(false).memory.total, Some(3_969_352 * 1024));
    }

    #[test]
    fn without_an_awk_the_shell_itself_samples() {
        for shell in shells() {
            let tree = Tree::new();
            let mut running = Running::start(&shell, None, &tree.env(), &node(vec![]));
            assert_eq!(running.kind, "sh");
            let sample = running.tick(false);
            assert_eq!(sample.load.averages, Some([0.21, 0.37, 0.39]));
            assert_eq!(sample.memory.total, Some(3_969_352 * 1024));
            assert_eq!(sample.host.skew, None, "no clock without a fork");
            tree.move_on();
            close(running.tick(false).cpu.busy, 60.0);
        }
    }

    #[test]
    fn this_machine_is_read_by_all() {
        for (shell, awk) in pairs() {
            let mut running = Running::start(&shell, Some(&awk), &[], &node(vec![]));
            let sample = running.tick(false);
            assert!(sample.memory.total.unwrap() > 1 << 20);
            assert!(sample.host.uptime.unwrap() > 0.0);
            assert!(sample.load.tasks.unwrap() > 1);
            assert!(sample.host.cores.unwrap() >= 1);
            let skew = (sample.host.skew.unwrap(), sample.host.skew_error.unwrap());
            // A clock may be read a moment before its second turns.
            assert!(skew.0.abs() < 0.6 && skew.1 <= 1.0, "{skew:?}");
        }
    }

    #[test]
    fn noise_of_login_scripts_does_no_harm() {
        for shell in shells() {
            let noisy = shell.behind("printf 'Welcome\\n\\n  you have mail'; read -r eaten");
            let mut running = Running::start(&noisy, None, &[], &node(vec![]));
            assert!(running.tick(false).host.uptime.is_some());
            let noise = running.meter.instead_of_hello();
            assert_eq!(noise, Some("you have mail".into()));
        }
    }

    #[test]
    fn a_login_without_a_shell_is_told_by_its_last_line() {
        let refused = shells()[0]
            .behind("echo Welcome; echo 'This account is currently not available.'; exit 1");
        let (mut running, _) = Running::spawn(&refused, None, &[], &node(vec![]));
        assert_eq!(
            running.until(|signal| matches!(signal, Signal::Hello { .. })),
            None
        );
        assert_eq!(
            running.meter.instead_of_hello(),
            Some("This account is currently not available.".into())
        );
        assert!(!running.meter.fast_lost());
    }

    #[test]
    fn one_write_and_no_fork_per_tick() {
        for awk in awks() {
            let mut running = Running::start(&shells()[0], Some(&awk), &[], &node(vec![]));
            running.tick(true);
            let (writes, forked, cpu) = (
                running.writes(),
                running.children_faults(),
                running.cpu_ns(),
            );
            for n in 0..100 {
                running.tick(n % 7 == 0);
            }
            if let (Some(before), Some(now)) = (writes, running.writes()) {
                assert_eq!(now - before, 100, "{}", awk.kind);
            } else {
                eprintln!("SKIPPED: /proc/PID/io is not there, writes not counted");
            }
            assert_eq!(
                running.children_faults(),
                forked,
                "{}: a child was waited for",
                awk.kind
            );
            assert_eq!(running.children(), 0);
            let spent = running
                .cpu_ns()
                .zip(cpu)
                .map(|(now, before)| (now - before) / 100_000);
            eprintln!("{}: {spent:?} us of CPU per tick", awk.kind);
        }
    }

    #[test]
    fn the_end_of_input_ends_it() {
        for (shell, awk) in pairs() {
            let mut running = Running::start(&shell, Some(&awk), &[], &node(vec![]));
            running.tick(false);
            assert!(running.ends(), "{shell:?} {}", awk.kind);
        }
    }

    #[test]
    fn two_thousand_ticks_leak_nothing() {
        for awk in awks() {
            let daemons = vec![pidfile("me", "/nowhere")];
            let mut running = Running::start(&shells()[0], Some(&awk), &[], &node(daemons));
            let mut ticks = |n| (0..n).for_each(|_| drop(running.tick(false)));
            ticks(300);
            let before = running.resident_kib();
            let mut ticks = |n| (0..n).for_each(|_| drop(running.tick(false)));
            ticks(2000);
            let grown = running.resident_kib().saturating_sub(before);
            eprintln!(
                "{}: {before} KiB resident, {grown} KiB grown in 2,000 ticks",
                awk.kind
            );
            assert!(grown <= 64, "{}: {grown} KiB", awk.kind);
            assert!(running.open_files() <= 5);
        }
    }

    /// What one channel packet adds: length, padding, type, channel, size, and the MAC of chacha20-poly1305.
    const SSH_OVERHEAD: usize = 4 + 1 + 8 + 1 + 4 + 4 + 16;

    #[test]
    fn an_ordinary_tick_is_small() {
        for awk in awks() {
            let tree = Tree::new();
            let mut running = Running::start(&shells()[0], Some(&awk), &tree.env(), &node(vec![]));
            running.tick(false);
            let full = running.bytes_down;
            tree.write(&moved());
            running.tick(false);
            let delta = running.bytes_down - full;
            eprintln!(
                "{}: full frame {full} B; delta {delta} B, all of 2 NICs, 3 disks, 1 GPU moving",
                awk.kind
            );
            assert!(delta + SSH_OVERHEAD <= 400, "{delta} B");
            assert!(running.longest_tick <= 20, "{} B", running.longest_tick);

            let mut real = Running::start(&shells()[0], Some(&awk), &[], &node(vec![]));
            real.tick(false);
            let before = real.bytes_down;
            (0..9).for_each(|_| drop(real.tick(false)));
            eprintln!(
                "{}: {} B per delta on this machine",
                awk.kind,
                (real.bytes_down - before) / 9
            );
        }
    }

    #[test]
    fn the_first_program_line_can_be_eaten() {
        let text = sampler::program("n", &[]);
        let mut lines = text.lines();
        assert!(lines.by_ref().take(3).all(|line| line.starts_with('#')));
        assert_eq!(lines.next(), Some("{"));
        assert_eq!(lines.last(), Some(sampler::END));
    }

    #[test]
    fn a_source_that_is_withheld_is_not_read() {
        let tree = Tree::new();
        let (mut running, _) =
            Running::spawn(&shells()[0], Some(&awks()[0]), &tree.env(), &node(vec![]));
        running.greet();
        running.tick(false);
        // The first time says nothing of what it read.
        assert!(running.meter.fast_lost() && running.meter.fast_lost());
        let mut again = running.reopened(&tree.env());
        again.greet();
        assert_eq!(again.tick(false).gpu.gpus, []);
        assert!(again.tick(false).pressure.cpu_some.is_some());
    }

    /// What `df` says is used of the file system of a folder, in percent.
    fn df(folder: &str) -> f64 {
        let told = std::process::Command::new("df")
            .args(["-P", folder])
            .output();
        let told = String::from_utf8(told.unwrap().stdout).unwrap();
        let row = told.lines().nth(1).unwrap();
        let share = row
            .split_whitespace()
            .find_map(|word| word.strip_suffix('%'));
        share.unwrap().parse().unwrap()
    }

    #[test]
    fn mounts_are_asked_by_path() {
        for shell in shells() {
            let tree = Tree::new();
            let odd = tree.root().join("odd name%d");
            std::fs::create_dir(&odd).unwrap();
            let root = tree.root().display().to_string();
            tree.write(&[
                ("mounts", &format!(
                    "/dev/a {root} ext4 rw 0 0\n/dev/b {root}/odd\\040name%d xfs ro,noatime 0 0\n/dev/a /tmp ext4 rw 0 0\n\
                     srv:/x /nfs nfs4 rw 0 0\n/dev/c {root}/gone ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/d {root}/fstab vfat rw 0 0\n"
                )),
                ("fstab", &format!("# comment\n/dev/b {root}/odd\\040name%d xfs defaults 0 1\n")),
            ]);
            let mut env = tree.env();
            env.push((
                "SSHOAL_FSTAB",
                tree.root().join("fstab").display().to_string(),
            ));
            let mut running = Running::start(&shell, None, &[], &node(vec![]));
            let sample = running.slow(&shell, &env);
            let mounts: Vec<_> = sample
                .disk
                .mounts
                .iter()
                .map(|m| (m.path.as_str(), m.fault))
                .collect();
            let odd = odd.display().to_string();
            assert_eq!(
                mounts,
                [(root.as_str(), false), (odd.as_str(), true)],
                "{shell:?}"
            );
            assert!(
                sample
                    .disk
                    .mounts
                    .iter()
                    .all(|m| m.total > 0 && m.available <= m.total)
            );
            // `df` rounds up; others write to this disk too.
            let (ours, its) = (sample.disk.mounts[0].used().unwrap(), df(&root));
            assert!(
                (its - 2.0..=its + 1.0).contains(&ours),
                "{ours} is not {its}"
            );
        }
    }

    #[test]
    fn daemons_are_asked_by_their_managers() {
        for shell in shells() {
            let tree = Tree::new();
            tree.tool("docker", "echo \"/web|running|1|2|0|false|2023-06-26T20:44:32.1Z|healthy\"; echo 'Error: No such object: x' >&2; exit 1");
            tree.tool("podman", "case $* in *State.Health*) echo 'template: no field Health'; exit 125;; esac; echo 'pod|exited|0|0|3|false|x|'");
            let pid = std::process::id().to_string();
            tree.write(&[("my.pid", &format!("{pid}\n")), ("stale.pid", "4194399\n")]);
            let file = |name: &str| tree.root().join(name).display().to_string();
            let daemons = vec![
                daemon("web", sshoal::node::Manager::Docker),
                daemon("gone", sshoal::node::Manager::Docker),
                daemon("pod", sshoal::node::Manager::Podman),
                pidfile("mine", &file("my.pid")),
                pidfile("stale", &file("stale.pid")),
                custom("it's up", "echo \"it's $((1 + 1))\"; cat; exit 0"),
                custom("down", "exit 3"),
                daemon("rc", sshoal::node::Manager::Openrc),
            ];
            let mut running = Running::start(&shell, None, &[], &node(daemons));
            let sample = running.slow(&shell, &tree.tools());
            let found: Vec<_> = sample
                .daemon
                .daemons
                .iter()
                .map(|d| (d.state, d.detail.as_str()))
                .collect();
            let wanted = [
                (State::Up, "running (healthy)"),
                (State::Absent, "no such container"),
                (State::Failed, "exited (3)"),
                (State::Up, "running"),
                (State::Failed, "process 4194399 of its pid file is gone"),
                (State::Up, "it's 2"),
                (State::Stopped, "not running"),
                (State::Absent, "no openrc here"),
            ];
            assert_eq!(found, wanted, "{shell:?}");
        }
    }

    #[test]
    fn a_process_that_proc_hides_is_not_gone() {
        for shell in shells() {
            // Nobody's process is in this /proc, as with hidepid=2; that of init may only be signalled by root.
            let tree = Tree::new();
            let pid = std::process::id().to_string();
            tree.write(&[
                ("my.pid", &pid),
                ("init.pid", "1\n"),
                ("stale.pid", "4194399\n"),
                ("none.pid", "0\n"),
            ]);
            let file = |name: &str| tree.root().join(name).display().to_string();
            let names = ["my.pid", "init.pid", "stale.pid", "none.pid"];
            let daemons = names.map(|name| pidfile(name, &file(name))).to_vec();
            let mut running = Running::start(&shell, None, &[], &node(daemons));
            let sample = running.slow(&shell, &tree.env());
            let states = sample.daemon.daemons.iter().map(|d| d.state);
            let wanted = [State::Up, State::Up, State::Failed, State::Unknown];
            assert_eq!(states.collect::<Vec<_>>(), wanted, "{shell:?}");
        }
    }

    #[test]
    fn a_process_that_nobody_waited_for_does_not_run() {
        let mut victim = victim();
        victim.kill().unwrap();
        let stat = format!("/proc/{}/stat", victim.id());
        while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
            std::thread::yield_now();
        }
        for shell in shells() {
            let tree = Tree::new();
            tree.write(&[("v.pid", &victim.id().to_string())]);
            let path = tree.root().join("v.pid").display().to_string();
            let mut running = Running::start(&shell, None, &[], &node(vec![pidfile("v", &path)]));
            let daemons = running.slow(&shell, &[]).daemon.daemons;
            assert_eq!(daemons[0].state, State::Failed, "{shell:?}");
        }
        victim.wait().unwrap();
    }

    #[test]
    fn a_process_that_dies_is_seen_by_the_next_tick() {
        for awk in awks() {
            let tree = Tree::new();
            let mut victim = victim();
            tree.write(&[("v.pid", &victim.id().to_string())]);
            let path = tree.root().join("v.pid").display().to_string();
            let shell = &shells()[0];
            let mut running =
                Running::start(shell, Some(&awk), &[], &node(vec![pidfile("v", &path)]));
            running.tick(false);
            assert_eq!(running.slow(shell, &[]).daemon.daemons[0].state, State::Up);
            running.tick(false);
            assert_eq!(running.tick(false).daemon.daemons[0].pid, Some(victim.id()));
            victim.kill().unwrap();
            victim.wait().unwrap();
            let sample = running.tick(false);
            assert_eq!(sample.daemon.daemons[0].state, State::Stopped);
            assert!(running.last.contains(&Signal::AskSlow));
        }
    }
}
