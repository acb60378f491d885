//! What the kernel of a simulated node has counted since boot: the integrals of the model.

use super::model::{Host, Model};

/// Counters at one instant, kept as floats and rounded down when printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Jiffies (1/100 s) of all cores.
    pub user: f64,
    /// In the kernel.
    pub system: f64,
    /// Idle.
    pub idle: f64,
    /// Idle with I/O outstanding.
    pub iowait: f64,
    /// Bytes received.
    pub rx: f64,
    /// Bytes sent.
    pub tx: f64,
    /// Bytes read from disk.
    pub read: f64,
    /// Bytes written to disk.
    pub written: f64,
    /// Seconds with a disk request outstanding.
    pub disk_busy: f64,
    /// Stall times in microseconds: CPU some, memory some and full, I/O some and full.
    pub stalls: [f64; 5],
    /// TCP segments sent.
    pub segments: f64,
    /// TCP segments sent again.
    pub retransmitted: f64,
    /// Processes created.
    pub forks: f64,
    /// Major page faults.
    pub faults: f64,
}

impl Totals {
    fn add(&mut self, host: &Host, cores: f64, seconds: f64) {
        let jiffies = cores * 100.0 * seconds;
        self.user += host.user * jiffies;
        self.system += host.system * jiffies;
        self.iowait += host.iowait * jiffies;
        self.idle += (1.0 - host.user - host.system - host.iowait).max(0.0) * jiffies;
        self.rx += host.rx * seconds;
        self.tx += host.tx * seconds;
        self.read += host.read * seconds;
        self.written += host.written * seconds;
        self.disk_busy += host.disk_busy * seconds;
        for (stall, percent) in self.stalls.iter_mut().zip(host.pressure) {
            *stall += percent * 1e4 * seconds;
        }
        let segments = (host.tx / 1_448.0 + host.established) * seconds;
        self.segments += segments;
        self.retransmitted += host.retransmitted * segments;
        self.forks += host.forks * seconds;
        self.faults += host.faults * seconds;
    }
}

/// The integrator. Rates are constant within a second, so the result doesn't depend on when it is asked.
#[derive(Clone, Debug)]
pub struct Counters {
    model: Model,
    /// Whole seconds already in `totals`.
    second: f64,
    totals: Totals,
    load: [f64; 3],
    /// Busy jiffies per core, and the time and busy total when they were asked last.
    cores: Vec<f64>,
    asked: (f64, f64),
}

/// Weight of one second in the load averages of 1, 5 and 15 minutes.
const DECAY: [f64; 3] = [1.0 / 60.0, 1.0 / 300.0, 1.0 / 900.0];

impl Counters {
    /// The counters of a node at time 0.
    pub fn new(model: Model) -> Self {
        let mut totals = Totals::default();
        let first = model.host(0.0);
        let cores = f64::from(model.profile().cores);
        totals.add(&first, cores, model.uptime(0.0));
        Self {
            load: [first.demand; 3],
            second: 0.0,
            totals,
            cores: Vec::new(),
            asked: (0.0, 0.0),
            model,
        }
    }

    /// The load averages of the last whole second.
    pub fn load(&self) -> [f64; 3] {
        self.load
    }

    /// Moves on to `time`, which must not run backwards, and returns the gauges and counters there.
    pub fn advance(&mut self, time: f64) -> (Host, Totals) {
        let cores = f64::from(self.model.profile().cores);
        while self.second + 1.0 <= time {
            let host = self.model.host(self.second + 0.5);
            self.totals.add(&host, cores, 1.0);
            for (load, decay) in self.load.iter_mut().zip(DECAY) {
                *load += (host.demand - *load) * decay;
            }
            self.second += 1.0;
        }
        let host = self.model.host(self.second + 0.5);
        let mut totals = self.totals;
        totals.add(&host, cores, time - self.second);
        (host, totals)
    }

    /// Busy jiffies of each core at `time`, given the counters there.
    pub fn cores(&mut self, time: f64, totals: &Totals) -> &[f64] {
        let count = self.model.profile().cores;
        let busy = totals.user + totals.system;
        if self.cores.is_empty() {
            self.cores = vec![busy / f64::from(count); count as usize];
            self.asked = (time, busy);
        }
        let (last, before) = std::mem::replace(&mut self.asked, (time, busy));
        let seconds = time - last;
        if seconds > 0.0 {
            let mean = (busy - before) / (f64::from(count) * 100.0 * seconds);
            for (core, jiffies) in (0..count).zip(&mut self.cores) {
                *jiffies += self.model.core(core, time, mean) * 100.0 * seconds;
            }
        }
        &self.cores
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::{Profile, Story};
    use std::sync::Arc;

    use super::*;

    fn counters(name: &str, story: Option<Story>) -> Counters {
        let profile = Profile {
            story,
            ..Profile::new(name)
        };
        Counters::new(Model::new(Arc::new(profile), 1))
    }

    #[test]
    fn the_same_time_gives_the_same_counters_however_it_was_reached() {
        let mut often = counters("db1", None);
        for tick in 0..600 {
            often.advance(f64::from(tick) * 0.37);
        }
        let a = often.advance(230.0).1;
        let b = counters("db1", None).advance(230.0).1;
        assert_eq!((a.rx, a.idle, a.stalls), (b.rx, b.idle, b.stalls));
    }

    #[test]
    fn counters_never_fall_and_idle_time_adds_up() {
        let mut node = counters("gpu01", None);
        let (_, mut last) = node.advance(0.0);
        for tick in 1..300 {
            let (_, now) = node.advance(f64::from(tick) * 0.5);
            let all = |t: &Totals| t.user + t.system + t.iowait + t.idle;
            assert!((all(&now) - all(&last) - 64.0 * 50.0).abs() < 1.0);
            assert!(now.rx >= last.rx && now.written >= last.written);
            last = now;
        }
    }

    #[test]
    fn the_load_average_of_a_slow_node_climbs_above_four_times_its_cores() {
        let mut node = counters("db2", Some(Story::GetsSlow));
        node.advance(20.0);
        let calm = node.load()[0];
        node.advance(172.0);
        assert!(
            calm < 32.0 && node.load()[0] > 128.0,
            "{calm} {:?}",
            node.load()
        );
    }

    #[test]
    fn cores_that_are_asked_for_rarely_keep_up_with_the_total() {
        let mut node = counters("web01", None);
        let mut at = |time: f64| {
            let (_, totals) = node.advance(time);
            node.cores(time, &totals).iter().sum::<f64>()
        };
        let (first, second) = (at(10.0), at(100.0));
        assert!((second - first) / (16.0 * 9_000.0) > 0.05);
    }
}
