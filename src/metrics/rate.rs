//! Counters that only grow, and what they grew by between two instants of the node's own uptime.

use super::sampler::clipped;
use crate::node::text::SafeText;

/// Below this many seconds an interval says more of the clock's steps than of the counters.
const SHORTEST: f64 = 0.05;

/// `N` counters that are read together. The first reading has no growth; neither has one that follows a reset.
#[derive(Clone, Debug)]
pub(super) struct Counters<const N: usize> {
    now: Option<[u64; N]>,
    base: Option<([u64; N], f64)>,
    grown: Option<([u64; N], f64)>,
    seen: bool,
}

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self {
            now: None,
            base: None,
            grown: None,
            seen: false,
        }
    }
}

impl<const N: usize> Counters<N> {
    /// Takes a reading.
    pub(super) fn set(&mut self, values: [u64; N]) {
        self.now = Some(values);
        self.seen = true;
    }

    /// Takes a reading of counters that may step back by a little, as iowait does.
    pub(super) fn set_lenient(&mut self, mut values: [u64; N], slack: u64) {
        if let Some((base, _)) = self.base {
            for (value, before) in values.iter_mut().zip(base) {
                if *value < before && before - *value <= slack {
                    *value = before;
                }
            }
        }
        self.set(values);
    }

    /// Announces a frame that holds everything: what it lacks is gone.
    pub(super) fn expect(&mut self) {
        self.seen = false;
    }

    /// True since the last reading, or since [`Self::expect`].
    pub(super) fn is_seen(&self) -> bool {
        self.seen
    }

    /// Ends the interval at `uptime`; a counter that was not sent has not moved. Where the uptime is not known the interval has no end,
    /// and is none of the next one's.
    pub(super) fn close(&mut self, uptime: Option<f64>) {
        let Some(now) = self.now.filter(|_| self.seen) else {
            *self = Self::default();
            return;
        };
        let Some(uptime) = uptime else {
            (self.base, self.grown) = (None, None);
            return;
        };
        match self.base {
            Some((base, at)) if uptime - at >= SHORTEST => {
                self.grown = growth(base, now).map(|grown| (grown, uptime - at));
                self.base = Some((now, uptime));
            }
            Some((_, at)) if uptime >= at => {}
            _ => {
                self.grown = None;
                self.base = Some((now, uptime));
            }
        }
    }

    /// Growth over the last interval.
    pub(super) fn growth(&self) -> Option<[u64; N]> {
        Some(self.grown?.0)
    }

    /// Growth a second over the last interval.
    pub(super) fn rates(&self) -> Option<[f64; N]> {
        let (grown, seconds) = self.grown?;
        Some(grown.map(|n| n as f64 / seconds))
    }
}

/// What each counter grew by. A step back spoils the interval: a counter of 32 bits that wraps can't be told from one of a device that was made anew.
fn growth<const N: usize>(base: [u64; N], now: [u64; N]) -> Option<[u64; N]> {
    let mut grown = now;
    for (now, before) in grown.iter_mut().zip(base) {
        *now = now.checked_sub(before)?;
    }
    Some(grown)
}

/// Most devices of one kind that are believed.
const MAX_DEVICES: usize = 1024;

/// Named things with `N` counters and one gauge each, in the order in which the node names them.
#[derive(Clone, Debug)]
pub(super) struct Devices<const N: usize> {
    list: Vec<Device<N>>,
    next: usize,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Device<const N: usize> {
    key: Box<[u8]>,
    /// Its name.
    pub(super) name: SafeText,
    /// Its counters.
    pub(super) counters: Counters<N>,
    /// Its gauge.
    pub(super) gauge: Option<u64>,
}

impl<const N: usize> Default for Devices<N> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            next: 0,
        }
    }
}

impl<const N: usize> Devices<N> {
    /// Takes a reading of the device with this name.
    pub(super) fn set(&mut self, name: &[u8], values: [u64; N], gauge: Option<u64>) {
        let Some(at) = self.find(name) else { return };
        self.next = at + 1;
        if let Some(device) = self.list.get_mut(at) {
            device.counters.set(values);
            device.gauge = gauge;
        }
    }

    /// Lines come in the same order each time, so the next one is looked at first.
    fn find(&mut self, name: &[u8]) -> Option<usize> {
        let (seen, ahead) = self.list.split_at(self.next.min(self.list.len()));
        let is_it = |device: &Device<N>| *device.key == *name;
        if let Some(at) = ahead.iter().position(is_it) {
            return Some(seen.len() + at);
        }
        if let Some(at) = seen.iter().position(is_it) {
            return Some(at);
        }
        if name.is_empty() || name.len() > 64 || self.list.len() >= MAX_DEVICES {
            return None;
        }
        self.list.push(Device {
            key: name.into(),
            name: clipped(&String::from_utf8_lossy(name)),
            counters: Counters::default(),
            gauge: None,
        });
        Some(self.list.len() - 1)
    }

    /// Announces a frame that holds everything.
    pub(super) fn expect(&mut self) {
        self.list.iter_mut().for_each(|d| d.counters.expect());
    }

    /// The device with this name is gone: another of its name has no past.
    pub(super) fn remove(&mut self, name: &[u8]) {
        self.list.retain(|device| *device.key != *name);
    }

    /// Ends the interval and forgets devices that a full frame lacked.
    pub(super) fn close(&mut self, uptime: Option<f64>) {
        self.next = 0;
        self.list.retain_mut(|device| {
            let seen = device.counters.is_seen();
            device.counters.close(uptime);
            seen
        });
    }

    /// The devices.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Device<N>> {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(readings: &[(u64, f64)]) -> Option<f64> {
        let mut counters = Counters::<1>::default();
        for (value, uptime) in readings {
            counters.set([*value]);
            counters.close(Some(*uptime));
        }
        counters.rates().map(|[rate]| rate)
    }

    #[test]
    fn a_rate_needs_two_readings() {
        assert_eq!(counters(&[(10, 1.0)]), None);
        assert_eq!(counters(&[(10, 1.0), (30, 5.0)]), Some(5.0));
    }

    #[test]
    fn a_reset_spoils_one_interval_only() {
        assert_eq!(counters(&[(1000, 1.0), (10, 2.0)]), None);
        assert_eq!(counters(&[(1000, 1.0), (10, 2.0), (12, 3.0)]), Some(2.0));
    }

    #[test]
    fn a_wrap_and_a_device_made_anew_look_alike() {
        let top = u64::from(u32::MAX);
        assert_eq!(counters(&[(top - 9, 1.0), (10, 2.0)]), None);
        assert_eq!(counters(&[(3_000_000_000, 1.0), (900, 2.0)]), None);
    }

    #[test]
    fn without_a_clock_there_is_no_rate_and_no_base_for_one() {
        let mut counters = Counters::<1>::default();
        let mut rate = |value, uptime| {
            counters.set([value]);
            counters.close(uptime);
            counters.rates().map(|[rate]| rate)
        };
        assert_eq!((rate(0, Some(1.0)), rate(8, Some(2.0))), (None, Some(8.0)));
        assert_eq!((rate(9, None), rate(30, Some(4.0))), (None, None));
        assert_eq!(rate(34, Some(6.0)), Some(2.0));
    }

    #[test]
    fn time_that_stands_keeps_the_last_rate() {
        assert_eq!(counters(&[(0, 1.0), (8, 2.0), (9, 2.0)]), Some(8.0));
        assert_eq!(counters(&[(0, 1.0), (8, 2.0), (9, 1.5)]), None);
    }

    #[test]
    fn a_small_step_back_is_no_reset() {
        let mut counters = Counters::<2>::default();
        for (values, at) in [([50, 9], 1.0), ([60, 7], 2.0), ([70, 10], 3.0)] {
            counters.set_lenient(values, 100);
            counters.close(Some(at));
        }
        assert_eq!(counters.growth(), Some([10, 1]));
    }

    #[test]
    fn a_device_that_a_full_frame_lacks_is_forgotten() {
        let mut devices = Devices::<1>::default();
        devices.set(b"sda", [1], None);
        devices.set(b"sdb", [1], Some(3));
        devices.close(Some(1.0));
        devices.expect();
        devices.set(b"sdb", [5], None);
        devices.close(Some(2.0));
        let left: Vec<_> = devices.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(left, ["sdb"]);
        devices.remove(b"sda");
        devices.remove(b"sdb");
        assert_eq!(devices.iter().count(), 0);
    }

    #[test]
    fn devices_are_bounded() {
        let mut devices = Devices::<1>::default();
        for n in 0..5000 {
            devices.set(format!("x{n}").as_bytes(), [1], None);
        }
        assert_eq!(devices.iter().count(), MAX_DEVICES);
    }
}
