//! How a simulated node moves: every figure is a function of its profile, its seed and the time.

use super::{
    noise::{Noise, ramp},
    profile::{Profile, Role, Story},
    upkeep::{Act, Acts},
};
use std::sync::Arc;
use tokio::sync::watch;

/// Length of a simulated day in seconds, so that a ten-minute graph shows one.
const DAY: f64 = 540.0;

/// An instant: simulated seconds since the start, and the node's wall clock in epoch seconds.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Seconds since the start.
    pub time: f64,
    /// Seconds since 1970.
    pub epoch: u64,
}

/// One node in motion.
#[derive(Clone, Debug)]
pub struct Model {
    profile: Arc<Profile>,
    noise: Noise,
    /// Shared by all copies: what is done on one connection is seen on the others.
    acts: watch::Sender<Acts>,
}

/// The gauges of the machine at one instant. Shares are 0 to 1, rates are per second.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// CPU share in user mode.
    pub user: f64,
    /// CPU share in the kernel.
    pub system: f64,
    /// CPU share idle with I/O outstanding.
    pub iowait: f64,
    /// Tasks that run or wait for a CPU or a disk; what the load averages follow.
    pub demand: f64,
    /// All tasks.
    pub tasks: f64,
    /// Share of memory in use.
    pub memory: f64,
    /// Share of memory in the page cache.
    pub cached: f64,
    /// Share of swap in use.
    pub swap: f64,
    /// Percent of the last 10 s: CPU some, memory some and full, I/O some and full.
    pub pressure: [f64; 5],
    /// Bytes received.
    pub rx: f64,
    /// Bytes sent.
    pub tx: f64,
    /// Bytes read from disk.
    pub read: f64,
    /// Bytes written to disk.
    pub written: f64,
    /// Share of the time with a disk request outstanding.
    pub disk_busy: f64,
    /// Open file handles.
    pub files: f64,
    /// Established TCP connections.
    pub established: f64,
    /// Share of the TCP segments that are sent again.
    pub retransmitted: f64,
    /// Processes created.
    pub forks: f64,
    /// Major page faults.
    pub faults: f64,
}

/// One mounted file system.
#[derive(Clone, Copy, Debug)]
pub struct Mount {
    /// Where it is mounted.
    pub path: &'static str,
    /// `ext4`, `xfs`.
    pub kind: &'static str,
    /// Size in blocks of 4 KiB.
    pub blocks: u64,
    /// Share in use of what ordinary users may have.
    pub used: f64,
}

impl Mount {
    /// Blocks in use, and those that are left to ordinary users; ext4 keeps a twentieth for root.
    pub(super) fn shares(&self) -> (u64, u64) {
        let is_kept = self.kind == "ext4";
        let usable = self.blocks - if is_kept { self.blocks / 20 } else { 0 };
        let taken = (usable as f64 * self.used) as u64;
        (taken, usable - taken)
    }
}

/// What a role's nodes do in an ordinary hour: low and high of each wave.
struct Habit {
    cpu: [f64; 2],
    memory: [f64; 2],
    rx: [f64; 2],
    tx: [f64; 2],
    read: [f64; 2],
    written: [f64; 2],
    connections: f64,
    bursts: f64,
}

const MB: f64 = 1e6;

impl Habit {
    fn of(role: Role) -> Self {
        let habit = |cpu, memory, traffic: [[f64; 2]; 4], connections, bursts| Self {
            cpu,
            memory,
            rx: traffic[0],
            tx: traffic[1],
            read: traffic[2],
            written: traffic[3],
            connections,
            bursts,
        };
        let traffic = |rows: [[f64; 2]; 4]| rows.map(|row| row.map(|n| n * MB));
        match role {
            Role::Gpu => habit(
                [0.12, 0.34],
                [0.34, 0.52],
                traffic([[40.0, 420.0], [30.0, 380.0], [80.0, 900.0], [2.0, 140.0]]),
                40.0,
                0.15,
            ),
            Role::Web => habit(
                [0.10, 0.52],
                [0.38, 0.55],
                traffic([[2.0, 38.0], [6.0, 110.0], [0.0, 2.0], [0.3, 5.0]]),
                900.0,
                0.30,
            ),
            Role::Db => habit(
                [0.14, 0.46],
                [0.58, 0.68],
                traffic([[4.0, 30.0], [8.0, 60.0], [10.0, 180.0], [8.0, 95.0]]),
                260.0,
                0.20,
            ),
            Role::Storage => habit(
                [0.04, 0.22],
                [0.30, 0.42],
                traffic([[20.0, 500.0], [60.0, 760.0], [90.0, 800.0], [20.0, 430.0]]),
                60.0,
                0.20,
            ),
            Role::Edge => habit(
                [0.03, 0.28],
                [0.28, 0.44],
                traffic([[0.1, 3.0], [0.05, 1.5], [0.0, 0.4], [0.02, 0.8]]),
                12.0,
                0.25,
            ),
            Role::Build => habit(
                [0.05, 0.58],
                [0.22, 0.50],
                traffic([[0.2, 45.0], [0.1, 9.0], [1.0, 120.0], [2.0, 210.0]]),
                18.0,
                0.45,
            ),
        }
    }
}

fn lerp([low, high]: [f64; 2], x: f64) -> f64 {
    low + (high - low) * x
}

impl Model {
    /// The node `profile` in a fleet seeded with `seed`.
    pub fn new(profile: Arc<Profile>, seed: u64) -> Self {
        let noise = Noise::new(seed, &profile.name);
        Self {
            profile,
            noise,
            acts: watch::Sender::default(),
        }
    }

    /// What the node is made of.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Seconds that the node has been up at `time`; at the start it was up for hours to months.
    pub fn uptime(&self, time: f64) -> f64 {
        let days = self.noise(50).between(0.2, 14.0);
        days * days * 86_400.0 + time
    }

    /// The noise of one of its quantities.
    pub(super) fn noise(&self, key: u64) -> Noise {
        self.noise.fork(key)
    }

    /// How far the story `told` is at its peak: 0 not at all, 1 fully. Rises and falls between the four times.
    pub(super) fn plot(&self, told: Story, time: f64, [a, b, c, d]: [f64; 4]) -> f64 {
        if self.profile.story != Some(told) {
            return 0.0;
        }
        let time = self.story_time(time);
        ramp(time, a, b) * (1.0 - ramp(time, c, d))
    }

    /// Seconds into the present telling of its story; negative before the first.
    fn story_time(&self, time: f64) -> f64 {
        let time = time - self.profile.delay;
        match self.profile.story {
            Some(story) if time >= 0.0 => time.rem_euclid(story.cycle()),
            _ => time,
        }
    }

    /// True while its story keeps it away.
    pub fn is_away(&self, time: f64) -> bool {
        self.profile.story == Some(Story::GoesAway) && (30.0..55.0).contains(&self.story_time(time))
    }

    /// True while its first daemon is down.
    pub fn lost_daemon(&self, time: f64) -> bool {
        self.profile.story == Some(Story::LosesDaemon)
            && (20.0..80.0).contains(&self.story_time(time))
    }

    /// Seconds since the lost daemon came back; `None` when it was never lost.
    pub fn daemon_back(&self, time: f64) -> Option<f64> {
        let told = self.profile.story == Some(Story::LosesDaemon);
        let since = time - self.profile.delay - 80.0;
        (told && since >= 0.0).then(|| since.rem_euclid(Story::LosesDaemon.cycle()))
    }

    /// OOM kills and daemon restarts so far: how often the moment `at` of the story has passed.
    fn passed(&self, told: Story, time: f64, at: f64) -> u64 {
        let late = time - self.profile.delay - at;
        if self.profile.story != Some(told) || late < 0.0 {
            return 0;
        }
        (late / told.cycle()) as u64 + 1
    }

    /// When its first daemon was lost last, where it has a story.
    pub(super) fn lost_at(&self, time: f64) -> f64 {
        time - self.story_time(time) + 20.0
    }

    /// Starts or stops a daemon.
    pub(super) fn act(&self, name: &str, is_up: bool, at: f64) {
        self.acts.send_modify(|acts| {
            let act = acts.entry(name.to_owned()).or_default();
            (act.is_up, act.at, act.count) = (is_up, at, act.count + 1);
        });
    }

    /// What was done to a daemon last.
    pub(super) fn acted(&self, name: &str) -> Option<Act> {
        self.acts.borrow().get(name).copied()
    }

    /// OOM kills since boot.
    pub fn oom_kills(&self, time: f64) -> u64 {
        self.passed(Story::Swaps, time, 125.0)
    }

    /// Times that its first daemon was started again.
    pub fn restarts(&self, time: f64) -> u64 {
        self.passed(Story::LosesDaemon, time, 80.0)
    }

    /// The gauges at `time`.
    pub fn host(&self, time: f64) -> Host {
        let p = &*self.profile;
        let habit = Habit::of(p.role);
        let cores = f64::from(p.cores);
        let day = self.noise(1).day(time, DAY);
        let burst = self.noise(2).burst(time, 45.0, habit.bursts);
        let slow = self.plot(Story::GetsSlow, time, [25.0, 110.0, 520.0, 600.0]);
        let swaps = self.plot(Story::Swaps, time, [20.0, 70.0, 125.0, 129.0]);

        let flow = |key: u64, range: [f64; 2]| {
            lerp(
                range,
                (0.75 * day + 0.25 * burst) * self.noise(key).between(0.5, 1.0),
            ) * (0.6 + 0.8 * self.noise(key).smooth(time, 5.0))
        };
        let busy = lerp(habit.cpu, day) + 0.22 * burst;
        let busy = busy + (0.86 - busy) * slow.max(0.4 * swaps);
        let system = busy * self.noise(3).between(0.14, 0.26);
        let iowait = 0.01 * self.noise(4).smooth(time, 9.0) + 0.11 * slow + 0.24 * swaps;
        let memory = lerp(
            habit.memory,
            0.7 * day + 0.3 * self.noise(5).smooth(time, 60.0),
        );
        let memory = memory + (0.975 - memory) * swaps;

        Host {
            user: (busy - system).max(0.0),
            system,
            iowait: iowait.min(1.0 - busy),
            demand: cores * (busy * 1.02 + 5.6 * slow * slow + 0.9 * swaps) + iowait * 6.0,
            tasks: cores * 14.0 + 260.0 + 90.0 * day + 400.0 * slow,
            memory,
            cached: (0.9 - memory).clamp(0.004, 0.34),
            swap: 0.02 + 0.93 * swaps.max(self.leftover_swap(time)),
            pressure: self.pressure(time, busy, [slow, swaps]),
            rx: flow(6, habit.rx),
            tx: flow(7, habit.tx),
            read: flow(8, habit.read) + 240.0 * MB * swaps,
            written: flow(9, habit.written) + 310.0 * MB * swaps + 60.0 * MB * slow,
            disk_busy: (0.03 + 0.3 * day * self.noise(8).unit() + 0.9 * swaps + 0.45 * slow)
                .min(0.99),
            files: 2_400.0 + cores * 110.0 + habit.connections * (1.0 + day),
            established: habit.connections * (0.3 + 0.7 * day + 0.3 * burst),
            retransmitted: 0.0002 + 0.0006 * burst + 0.021 * slow,
            forks: 3.0
                + cores * 0.4 * busy
                + if p.role == Role::Build {
                    180.0 * day
                } else {
                    0.0
                },
            faults: 0.2 + 4.0 * burst + 2_600.0 * swaps,
        }
    }

    /// What stays in swap after the OOM killer: it comes back slowly.
    fn leftover_swap(&self, time: f64) -> f64 {
        self.plot(Story::Swaps, time, [124.0, 125.0, 127.0, 260.0]) * 0.55
    }

    fn pressure(&self, time: f64, busy: f64, [slow, swaps]: [f64; 2]) -> [f64; 5] {
        let jitter = self.noise(10).smooth(time, 4.0);
        let crowd = (busy - 0.5).max(0.0) * 9.0;
        [
            0.4 * jitter + crowd + 66.0 * slow,
            14.0 * slow + 58.0 * swaps,
            9.0 * slow + 41.0 * swaps,
            0.8 * jitter + 34.0 * slow + 47.0 * swaps,
            0.3 * jitter + 19.0 * slow + 33.0 * swaps,
        ]
    }

    /// How busy one core is, 0 to 1, where all together are `mean`.
    pub fn core(&self, core: u32, time: f64, mean: f64) -> f64 {
        let own = self.noise(1_000 + u64::from(core)).smooth(time, 6.0);
        let spread = mean * (1.0 - mean) * 3.2;
        (mean + (own - 0.5) * spread).clamp(0.0, 1.0)
    }

    /// Its local file systems.
    pub fn mounts(&self, time: f64) -> Vec<Mount> {
        const GIB: u64 = 1 << 18;
        let data = match self.profile.role {
            Role::Gpu => Some(("/scratch", "xfs", 14_000 * GIB)),
            Role::Web => Some(("/var/log", "ext4", 120 * GIB)),
            Role::Db => Some(("/var/lib/postgresql", "xfs", 3_500 * GIB)),
            Role::Storage => Some(("/srv", "xfs", 72_000 * GIB)),
            Role::Edge => None,
            Role::Build => Some(("/var/cache", "ext4", 900 * GIB)),
        };
        let creep = |key: u64| {
            self.noise(key).between(0.24, 0.68) + 0.03 * self.noise(key).smooth(time, 120.0)
        };
        let fills = self.plot(Story::FillsDisk, time, [10.0, 118.0, 200.0, 208.0]);
        let filled = |used: f64| used + (0.974 - used) * fills;
        let root = Mount {
            path: "/",
            kind: "ext4",
            blocks: 220 * GIB,
            used: if data.is_none() {
                filled(creep(20))
            } else {
                creep(20)
            },
        };
        let data = data.map(|(path, kind, blocks)| Mount {
            path,
            kind,
            blocks,
            used: filled(creep(21)),
        });
        [Some(root), data].into_iter().flatten().collect()
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
