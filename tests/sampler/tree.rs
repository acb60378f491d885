//! A fixture tree in the place of `/proc` and `/sys`, with figures retyped from real machines.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// One tree; it goes when this is dropped.
pub(crate) struct Tree(TempDir);

const PCI: &str = "sys/bus/pci/devices/0000:01:00.0";

/// The files of a quiet machine with a disk, an AMD card, and devices that are not counted.
const FIRST: &[(&str, &str)] = &[
    ("loadavg", "0.21 0.37 0.39 1/719 19737\n"),
    ("uptime", "1000.50 1900.00\n"),
    (
        "stat",
        "cpu  22670 1232 12736 296417 2726 0 129 66 0 0\ncpu0 100 0 0 100 0 0 0 0 0 0\ncpu1 200 0 0 100 0 0 0 0 0 0\n\
         intr 9999 1 2 3\nctxt 1\nbtime 1795256161\nprocesses 15185\nprocs_running 1\nprocs_blocked 1\nsoftirq 5 5\n",
    ),
    (
        "meminfo",
        "MemTotal:        3969352 kB\nMemFree:          250000 kB\nMemAvailable:    1500000 kB\nBuffers:           10000 kB\n\
         Cached:           900000 kB\nSwapCached:            0 kB\nSwapTotal:       2097152 kB\nSwapFree:        1096128 kB\n\
         Dirty:               128 kB\nShmem:              4096 kB\nSReclaimable:      70000 kB\n",
    ),
    (
        "pressure/cpu",
        "some avg10=98.63 avg60=40.01 avg300=9.00 total=192006570\n",
    ),
    (
        "pressure/memory",
        "some avg10=0.00 avg60=0.31 avg300=0.00 total=14\nfull avg10=0.00 avg60=0.12 avg300=0.00 total=7\n",
    ),
    (
        "pressure/io",
        "some avg10=1.00 avg60=2.00 avg300=0.00 total=14\nfull avg10=0.50 avg60=0.60 avg300=0.00 total=7\n",
    ),
    (
        "net/dev",
        "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes\n\
         \x20   lo: 99999 10 0 0 0 0 0 0 99999 10 0 0 0 0 0 0\n  eth0:1000000 900 0 0 0 0 0 0 2000000 800 0 0 0 0 0 0\n\
         wlp3s0: 5000 9 1 2 0 0 0 0 7000 8 3 4 0 0 0 0\nveth12ab: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n",
    ),
    (
        "diskstats",
        " 259 0 nvme0n1 1000 5 80000 300 2000 7 90000 400 1 500 700 0 0 0 0\n 259 1 nvme0n1p1 1 1 1 1 1 1 1 1 0 1 1\n\
         \x20  8 0 sda 10 0 20 5 30 0 40 6 0 70 80\n   7 0 loop0 1 1 1 1 1 1 1 1 0 1 1\n 254 0 dm-0 1 0 2 3 4 0 5 6 0 7 8\n",
    ),
    (
        "vmstat",
        "nr_free_pages 1\npswpin 5\npswpout 100\npgfault 9\npgmajfault 3390\nthp_fault 1\noom_kill 4\nnuma_hit 1\n",
    ),
    (
        "net/snmp",
        "Ip: Forwarding DefaultTTL\nIp: 1 64\n\
         Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts\n\
         Tcp: 1 200 120000 -1 5 6 0 0 7 1000 1000 10 0 3\nUdp: InDatagrams\nUdp: 1\n",
    ),
    (
        "net/sockstat",
        "sockets: used 205\nTCP: inuse 9 orphan 0 tw 2 alloc 10 mem 1\nUDP: inuse 2 mem 1\n",
    ),
    (
        "spl/kstat/zfs/arcstats",
        "13 1 0x01 147 39984 5318460414 1234567890\nname                            type data\nhits 4 99\nc_min                           4    100000000\n\
         c_max                           4    900000000\nsize                            4    612000000\nhdr_size                        4    7\n",
    ),
    ("sys/fs/file-nr", "1504\t0\t9223372036854775807\n"),
    (
        "sys/kernel/random/boot_id",
        "6284665c-e804-4810-82a2-61a6d68b8358\n",
    ),
    ("sys/class/drm/card1/device/gpu_busy_percent", "37\n"),
    (
        "sys/class/drm/card1/device/mem_info_vram_used",
        "1572745216\n",
    ),
    (
        "sys/class/drm/card1/device/mem_info_vram_total",
        "17163091968\n",
    ),
    (
        "sys/class/drm/card1/device/product_name",
        "Radeon PRO W7800\n",
    ),
    (
        "sys/class/drm/card1/device/hwmon/hwmon4/temp1_input",
        "54000\n",
    ),
    (
        "sys/class/drm/card1/device/hwmon/hwmon4/power1_input",
        "180000000\n",
    ),
    ("sys/class/drm/card2/device/gpu_busy_percent", "1\n"),
    ("sys/class/drm/card2/device/mem_info_vram_total", "1\n"),
    (
        "sys/class/drm/card2/device/power/runtime_status",
        "suspended\n",
    ),
];

/// The same 2 s later, with everything moved.
pub(crate) fn moved() -> Vec<(&'static str, &'static str)> {
    vec![
        ("loadavg", "0.31 0.38 0.39 2/720 19740\n"),
        ("uptime", "1002.50 1903.00\n"),
        (
            "stat",
            "cpu  22770 1232 12736 296477 2746 0 129 86 0 0\ncpu0 200 0 0 200 0 0 0 0 0 0\ncpu1 300 0 0 200 0 0 0 0 0 0\n\
             intr 10999 1 2 3\nctxt 9\nbtime 1795256161\nprocesses 15205\nprocs_running 1\nprocs_blocked 3\nsoftirq 5 5\n",
        ),
        (
            "meminfo",
            "MemTotal:        3969352 kB\nMemFree:          249000 kB\nMemAvailable:    1499000 kB\nBuffers:           10020 kB\n\
             Cached:           900500 kB\nSwapTotal:       2097152 kB\nSwapFree:        1096128 kB\nDirty:   900 kB\n\
             Shmem:              4096 kB\nSReclaimable:      70010 kB\n",
        ),
        (
            "pressure/cpu",
            "some avg10=90.01 avg60=41.01 avg300=9.00 total=193006570\n",
        ),
        (
            "net/dev",
            "x|\n y|\n  eth0:1002000 902 0 0 0 0 0 0 2003000 803 0 0 0 0 0 0\nwlp3s0: 5100 9 1 2 0 0 0 0 7100 8 3 4 0 0 0 0\n",
        ),
        (
            "diskstats",
            " 259 0 nvme0n1 1010 5 80080 310 2010 7 90080 410 0 520 720 0 0 0 0\n   8 0 sda 10 0 20 5 34 0 48 7 2 90 99\n\
             \x20254 0 dm-0 2 0 4 3 5 0 9 6 0 9 9\n",
        ),
        ("vmstat", "pswpout 110\npgmajfault 3394\noom_kill 6\n"),
        (
            "net/snmp",
            "Tcp: RtoAlgorithm\nTcp: 1 200 120000 -1 5 6 0 0 8 1100 1100 15 0 3\n",
        ),
        ("sys/class/drm/card1/device/gpu_busy_percent", "52\n"),
    ]
}

impl Tree {
    /// The quiet machine.
    pub(crate) fn new() -> Self {
        let tree = Self(TempDir::new().unwrap());
        tree.write(FIRST);
        fs::create_dir_all(tree.root().join(PCI)).unwrap();
        tree
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Writes files, in place as `/proc` would change.
    pub(crate) fn write(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.root().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// Two seconds pass.
    pub(crate) fn move_on(&self) {
        self.write(&moved());
    }

    /// What makes the programs read it.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SSHOAL_PROC", self.root().display().to_string()),
            ("SSHOAL_SYS", self.root().join("sys").display().to_string()),
        ]
    }

    /// A stand-in for a tool that this machine can't run.
    pub(crate) fn tool(&self, name: &str, script: &str) {
        let path = format!("bin/{name}");
        self.write(&[(&path, &format!("#!/bin/sh\n{script}\n"))]);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.root().join(path), mode).unwrap();
    }

    /// What makes the programs find the stand-ins first.
    pub(crate) fn tools(&self) -> Vec<(&'static str, String)> {
        let path = std::env::var("PATH").unwrap();
        vec![("PATH", format!("{}/bin:{path}", self.root().display()))]
    }
}

/// A process to be watched; it ends by itself with its input.
pub(crate) fn victim() -> Child {
    Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}
