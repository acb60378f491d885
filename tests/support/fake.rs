//! A made-up fleet for pictures and view tests: the same nodes, values and stories each time.

use std::{sync::Arc, time::Duration};

use sshoal::{
    fleet::{Link, Millis, NodeState, Sampler, Snapshot},
    metrics::{
        Sample,
        daemon::{self, State},
        disk::Mount,
        gpu::Gpu,
        health::{Finding, Health, Severity},
        io::Device,
        net::Interface,
    },
    node::{Daemon, Node, Transport},
    ssh::{Error, Evidence, SessionInfo, Step},
};

const GIB: u64 = 1 << 30;

/// Now, in every fake snapshot.
pub(crate) const NOW: Millis = Millis(3_600_000);

/// What kind of machine a fake node is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Train,
    Web,
    Db,
    Store,
}

/// Nodes `count`, each with ten minutes of history, as of [`NOW`].
pub(crate) fn fleet(count: usize) -> Snapshot {
    at(count, NOW)
}

/// The same fleet at another time.
pub(crate) fn at(count: usize, now: Millis) -> Snapshot {
    Snapshot {
        seq: now.0 / 1000,
        at: now,
        nodes: (0..count).map(|n| Arc::new(state(n, now))).collect(),
        ..Snapshot::default()
    }
}

/// One node of the fleet.
pub(crate) fn state(n: usize, now: Millis) -> NodeState {
    let (kind, name) = named(n);
    let node = Arc::new(node(n, kind, &name));
    let mut state = NodeState::new(Arc::clone(&node));
    state.link = Link::Up(Arc::new(session(&node)));
    state.link_since = Millis(now.0.saturating_sub(754_000));
    state.sampler = Sampler::Running("mawk".into());
    state.round_trip_ms = Some(0.8 + wave(n, now.0, 9.0, 40.0));
    let mut newest = sample(n, kind, now.0);
    newest.cpu.cores = cores(n, kind, now.0);
    state.sample = Some(Arc::new(newest.into()));
    state.sample_at = now;
    story(n, &mut state, now);
    remember(n, kind, &mut state);
    state
}

/// The ten minutes up to the last sample.
fn remember(n: usize, kind: Kind, state: &mut NodeState) {
    let end = state.sample_at.0;
    for at in (end.saturating_sub(600_000)..=end).step_by(1000) {
        state.history.push(at, &sample(n, kind, at).into());
    }
}

fn named(n: usize) -> (Kind, String) {
    match n % 12 {
        0..=4 => (Kind::Train, format!("gpu{:02}", n / 12 * 5 + n % 12 + 1)),
        5..=7 => (Kind::Web, format!("web{}", n / 12 * 3 + n % 12 - 4)),
        8 | 9 => (Kind::Db, format!("db{}", n / 12 * 2 + n % 12 - 7)),
        k => (Kind::Store, format!("store-{}", n / 12 * 2 + k - 9)),
    }
}

/// What goes wrong where; most nodes are well.
fn story(n: usize, state: &mut NodeState, now: Millis) {
    let finding = |rule, severity, reason: &str| Health {
        findings: vec![Finding {
            rule,
            severity,
            reason: reason.to_owned(),
        }],
    };
    match n % 24 {
        2 => state.health = finding("gpu_hot", Severity::Warn, "GPU 5 at 91°, throttled"),
        6 => {
            state.health = finding(
                "daemon_failed",
                Severity::Critical,
                "nginx failed: exit code 1",
            );
        }
        9 => down(state, now),
        10 => {
            state.health = finding("disk_full", Severity::Critical, "/data 97 % full");
            let also = finding(
                "pressure_io",
                Severity::Warn,
                "tasks wait for I/O 38 % of the time",
            );
            state.health.findings.extend(also.findings);
        }
        13 => {
            state.link = Link::Connecting;
            state.sample = None;
        }
        16 => state.sample_at = Millis(now.0.saturating_sub(14_000)),
        18 => refused(state),
        20 => state.health = finding("reboot", Severity::Info, "restarted 4 minutes ago"),
        _ => {}
    }
}

fn down(state: &mut NodeState, now: Millis) {
    state.link = Link::Down {
        error: Arc::new(Error {
            step: Step::Connect,
            transport: Transport::Direct,
            reason: "no answer from 10.0.3.12:22 within 10 s".into(),
            advice: "is the machine on?".into(),
            permanent: false,
            busy: false,
            evidence: Evidence::default(),
        }),
        failures: 4,
        retry_at: Millis(now.0 + 12_000),
    };
    state.sample_at = Millis(now.0.saturating_sub(95_000));
}

fn refused(state: &mut NodeState) {
    state.link = Link::Refused(Arc::new(Error {
        step: Step::HostKey,
        transport: Transport::Direct,
        reason: "the host key changed".into(),
        advice: "ssh-keygen -R web5".into(),
        permanent: true,
        busy: false,
        evidence: Evidence::default(),
    }));
    state.sample = None;
}

fn node(n: usize, kind: Kind, name: &str) -> Node {
    let (group, daemons): (&str, &[&str]) = match kind {
        Kind::Train => ("train", &["nvidia-persistenced", "dcgm-exporter"]),
        Kind::Web => ("web", &["nginx", "app", "redis"]),
        Kind::Db => ("db", &["postgresql", "pgbouncer"]),
        Kind::Store => ("storage", &["minio"]),
    };
    Node {
        address: format!("10.0.3.{}", n + 3),
        user: Some("ops".to_owned()),
        transports: vec![Transport::Direct],
        groups: vec![group.to_owned()],
        daemons: daemons.iter().map(|name| watched(name)).collect(),
        ..Node::blank(name)
    }
}

fn watched(name: &str) -> Daemon {
    Daemon {
        name: name.to_owned(),
        manager: sshoal::node::Manager::Systemd,
        ..Daemon::default()
    }
}

fn session(node: &Node) -> SessionInfo {
    SessionInfo {
        transport: Transport::Direct,
        peer: format!("{}:22", node.address),
        ident: "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13".into(),
        user: "ops".to_owned(),
        auth: "agent ed25519 ops@bastion".into(),
        remark: "".into(),
        setup: Duration::from_millis(84),
    }
}

/// Between 0 and `height`: two slow waves and a little noise, another one for each node.
fn wave(n: usize, ms: u64, height: f64, period_s: f64) -> f64 {
    let t = ms as f64 / 1000.0;
    let phase = n as f64 * 1.7;
    let slow = (t / period_s * std::f64::consts::TAU + phase).sin();
    let slower = (t / (period_s * 3.3) * std::f64::consts::TAU + phase * 2.0).sin();
    let noise = ((ms / 1000 * 7919 + n as u64 * 104_729) % 97) as f64 / 97.0 - 0.5;
    ((slow * 0.3 + slower * 0.25 + noise * 0.25 + 0.55) * height).clamp(0.0, height)
}

fn sample(n: usize, kind: Kind, ms: u64) -> Sample {
    let (cores, ram) = size(kind);
    let (idle, busy) = match kind {
        Kind::Train => (0.35, 0.5),
        Kind::Web => (0.08, 0.3),
        Kind::Db => (0.15, 0.35),
        Kind::Store => (0.05, 0.2),
    };
    let busy = (idle + wave(n, ms, busy, 70.0)) * 100.0;
    let mut sample = Sample::default();
    sample.load.averages = Some([1.1, 1.0, 0.9].map(|f| f * busy / 100.0 * f64::from(cores)));
    sample.load.running = Some((busy / 100.0 * f64::from(cores)) as u32 + 1);
    sample.load.tasks = Some(cores * 11);
    sample.cpu.busy = Some(busy);
    sample.cpu.user = Some(busy * 0.8);
    sample.cpu.system = Some(busy * 0.2);
    sample.cpu.iowait = Some(wave(n + 1, ms, 6.0, 30.0));
    sample.memory.total = Some(ram * GIB);
    let available = 0.25 + wave(n + 2, ms, 0.45, 400.0);
    sample.memory.available = Some((available * (ram * GIB) as f64) as u64);
    sample.memory.cached = Some(ram * GIB / 5);
    sample.memory.dirty = Some(41 << 20);
    if kind != Kind::Train {
        sample.memory.swap_total = Some(8 * GIB);
        sample.memory.swap_used = Some(GIB / 3);
    }
    sample.pressure.cpu_some = Some(wave(n + 3, ms, 9.0, 50.0));
    sample.pressure.memory_some = Some(0.0);
    sample.pressure.memory_full = Some(0.0);
    sample.pressure.io_some = Some(wave(n + 4, ms, if n % 24 == 10 { 60.0 } else { 4.0 }, 80.0));
    sample.pressure.io_full = Some(wave(n + 4, ms, 2.0, 80.0));
    host(n, cores, ms, &mut sample);
    devices(n, kind, ms, &mut sample);
    if kind == Kind::Train {
        sample.gpu.gpus = (0..8).map(|g| gpu(n, g, ms)).collect();
    }
    sample.daemon.daemons = daemons(n, kind);
    sample
}

fn size(kind: Kind) -> (u32, u64) {
    match kind {
        Kind::Train => (128, 1024),
        Kind::Web => (8, 32),
        Kind::Db => (32, 256),
        Kind::Store => (16, 64),
    }
}

fn host(n: usize, cores: u32, ms: u64, sample: &mut Sample) {
    let host = &mut sample.host;
    host.kernel = Some("Linux 6.8.0-45-generic x86_64".into());
    host.boot_id = Some("5c6fd1f0-5c1c-4d7b-9a43-0c7a0a5f7a11".into());
    host.cores = Some(cores);
    host.uptime = Some(86_400.0 * (3.0 + n as f64 * 4.0) + ms as f64 / 1000.0);
    host.skew = Some(0.004);
    host.oom_kills = Some(0);
    host.major_faults = Some(wave(n, ms, 3.0, 60.0));
    host.files_open = Some(9_184);
    host.files_max = None;
    host.blocked = Some(u64::from(n % 24 == 10) * 3);
    host.forks = Some(wave(n, ms, 40.0, 45.0));
    sample.tcp.retransmitted = Some(wave(n + 5, ms, 0.3, 33.0));
    sample.tcp.retransmits = Some(wave(n + 5, ms, 4.0, 33.0));
    sample.tcp.sockets = Some(412);
    sample.tcp.established = Some(187);
}

fn devices(n: usize, kind: Kind, ms: u64, sample: &mut Sample) {
    let full = if n % 24 == 10 {
        97
    } else {
        35 + n as u64 * 13 % 45
    };
    sample.disk.mounts = vec![mount("/", "ext4", 100, 30 + n as u64 * 7 % 40)];
    if kind != Kind::Web {
        sample.disk.mounts.push(mount("/data", "xfs", 14_000, full));
    }
    let big = if kind == Kind::Train { 900e6 } else { 40e6 };
    for (name, part) in [("nvme0n1", 1.0), ("nvme1n1", 0.4)] {
        sample.io.devices.push(Device {
            name: name.into(),
            read: Some(wave(n + 6, ms, big * part, 25.0)),
            written: Some(wave(n + 7, ms, big * part / 3.0, 55.0)),
            operations: Some(wave(n + 6, ms, 9000.0 * part, 25.0)),
            busy: Some(wave(n + 6, ms, 70.0 * part, 25.0)),
            in_flight: Some(3),
        });
    }
    for (name, part) in [("eno1", 1.0), ("eno2", 0.1)] {
        sample.net.interfaces.push(Interface {
            name: name.into(),
            is_built: false,
            rx: Some(wave(n + 8, ms, big * part / 4.0, 90.0)),
            tx: Some(wave(n + 9, ms, big * part / 6.0, 65.0)),
            errors: Some(0.0),
            drops: Some(0.0),
        });
    }
}

fn mount(path: &str, kind: &str, gib: u64, used: u64) -> Mount {
    Mount {
        path: path.into(),
        kind: kind.into(),
        total: gib * GIB,
        taken: gib * GIB * used / 100,
        available: gib * GIB * (100 - used) / 100,
        inodes: Some(gib * 65_536),
        inodes_free: Some(gib * 65_536 / 100 * 93),
        ..Mount::default()
    }
}

fn gpu(n: usize, index: u32, ms: u64) -> Gpu {
    let is_hot = n % 24 == 2 && index == 5;
    let is_idle = (n + index as usize).is_multiple_of(7);
    let util = if is_idle {
        0.0
    } else {
        60.0 + wave(n + index as usize, ms, 40.0, 12.0)
    };
    Gpu {
        index,
        name: "NVIDIA H100 80GB HBM3".into(),
        util: Some(util),
        memory_used: Some(if is_idle { GIB } else { 71 * GIB }),
        memory_total: Some(80 * GIB),
        temperature: Some(if is_hot { 91.0 } else { 34.0 + util * 0.3 }),
        power: Some(70.0 + util * 5.6),
        power_limit: Some(700.0),
        clock: Some(1980),
        fan: None,
        ecc: Some(0),
        throttled: Some(is_hot),
        mig: false,
        instances: None,
        persistence: Some(true),
    }
}

fn daemons(n: usize, kind: Kind) -> Vec<daemon::Status> {
    let names: Vec<String> = node(n, kind, "x")
        .daemons
        .into_iter()
        .map(|d| d.name)
        .collect();
    let status = |(i, name): (usize, &String)| {
        let failed = n % 24 == 6 && i == 0;
        daemon::Status {
            name: name.as_str().into(),
            manager: Some("systemd".into()),
            state: if failed { State::Failed } else { State::Up },
            detail: if failed {
                "failed/exit-code 1"
            } else {
                "active/running"
            }
            .into(),
            pid: (!failed).then_some(1200 + i as u32 * 37),
            restarts: Some(u64::from(failed) * 5),
            memory: (!failed).then_some((40 + 90 * i as u64) << 20),
            since: (!failed).then_some(86_400.0 * 3.2),
        }
    };
    names.iter().enumerate().map(status).collect()
}

fn cores(n: usize, kind: Kind, ms: u64) -> Vec<Option<f32>> {
    let (count, _) = size(kind);
    (0..count as usize)
        .map(|core| Some(wave(n + core * 3, ms + core as u64 * 777, 100.0, 20.0) as f32))
        .collect()
}
