//! The real meter on simulated bytes: what was simulated must be what is measured.

use super::{
    fast::Fast,
    fault::garbled,
    model::{Model, Moment},
    profile::{Profile, Story},
    program::{Loaded, identify, lines},
    slow::Slow,
    smi::Query,
};
use crate::{
    metrics::{
        Clock, Feed, Meter, Sample, Signal,
        daemon::State,
        health::{Severity, Tracker},
    },
    node::{self, Daemon, Node},
};
use std::sync::Arc;

const EPOCH: u64 = 1_800_000_000;

/// A meter and the three channels of a simulated node.
struct Pair {
    model: Model,
    meter: Meter,
    fast: Fast,
    slow: Slow,
    gpu: Option<Query>,
    health: Tracker,
}

fn node(profile: &Profile) -> Node {
    let daemon = |(name, manager): &(String, node::Manager)| Daemon {
        name: name.clone(),
        manager: *manager,
        ..Daemon::default()
    };
    Node {
        daemons: profile.daemons.iter().map(daemon).collect(),
        ..Node::blank(&profile.name)
    }
}

fn clock(time: f64) -> Clock {
    Clock {
        mono_ms: (time * 1e3) as u64,
        epoch_s: EPOCH as f64 + time,
    }
}

fn moment(time: f64) -> Moment {
    Moment {
        time,
        epoch: EPOCH + time as u64,
    }
}

/// No frame may ever be thrown away.
fn fine(signals: Vec<Signal>) -> Vec<Signal> {
    let bad = |signal: &Signal| matches!(signal, Signal::Bad(_) | Signal::NoSampler(_));
    assert!(!signals.iter().any(bad), "{signals:?}");
    signals
}

impl Pair {
    fn new(profile: Profile) -> Self {
        let mut meter = Meter::new(&node(&profile), "c0ffee");
        let model = Model::new(Arc::new(profile), 1);
        let text = meter.program();
        let Loaded::Fast(nonce, without) = identify(&text) else {
            panic!("no fast program: {text}")
        };
        let fast = Fast::new(model.clone(), &without);
        let hello = fine(meter.feed(Feed::Fast, fast.hello(nonce).as_bytes(), clock(0.0)));
        assert!(matches!(hello[..], [Signal::Hello { .. }]), "{hello:?}");
        let text = meter.slow_program().unwrap();
        let Loaded::Slow(nonce) = identify(&text) else {
            panic!("no slow program: {text}")
        };
        let slow = Slow::new(model.clone(), &text);
        fine(meter.feed(Feed::Slow, slow.hello(nonce).as_bytes(), clock(0.0)));
        let gpu = meter.gpu_command();
        let gpu = gpu.map(|command| Query::parse(&command).unwrap().unwrap());
        Self {
            model,
            meter,
            fast,
            slow,
            gpu,
            health: Tracker::default(),
        }
    }

    /// One second of all channels.
    fn step(&mut self, time: f64, per_core: bool) -> Sample {
        let request = self.meter.tick(per_core, clock(time)).unwrap();
        let request = lines(&mut request.into_bytes());
        let frame = self.fast.tick(&request[0], moment(time));
        let heard = fine(
            self.meter
                .feed(Feed::Fast, frame.as_bytes(), clock(time + 0.01)),
        );
        assert!(heard.contains(&Signal::Frame), "{heard:?}");
        if time % 30.0 < 1.0 || heard.contains(&Signal::AskSlow) {
            self.ask_slow(time);
        }
        if let Some(gpu) = self.gpu.as_ref().filter(|_| time % 2.0 < 1.0) {
            let rows = gpu.rows(&self.model, time);
            fine(
                self.meter
                    .feed(Feed::Gpu, rows.as_bytes(), clock(time + 0.02)),
            );
        }
        self.meter.sample()
    }

    fn ask_slow(&mut self, time: f64) {
        let Some(request) = self.meter.slow_tick() else {
            return;
        };
        let answer = self.slow.answer(request.trim(), moment(time));
        let heard = fine(
            self.meter
                .feed(Feed::Slow, answer.as_bytes(), clock(time + 0.03)),
        );
        assert!(heard.contains(&Signal::Slow), "{heard:?} to {answer}");
    }

    /// The worst severity of each second.
    fn live(&mut self, seconds: u32) -> Vec<Severity> {
        let second = |time| {
            let sample = self.step(time, false);
            self.health.judge((time * 1e3) as u64, &sample).severity()
        };
        (0..seconds).map(f64::from).map(second).collect()
    }
}

fn near(measured: Option<f64>, simulated: f64, off: f64, what: &str) {
    let measured = measured.unwrap_or_else(|| panic!("{what} is absent"));
    assert!(
        (measured - simulated).abs() <= off,
        "{what}: {measured} for {simulated}"
    );
}

fn field(sample: &Sample, id: &str) -> Option<f64> {
    (crate::metrics::field(id).unwrap().read)(sample)
}

#[test]
fn what_is_simulated_is_what_is_measured() {
    for profile in Profile::demo(24) {
        let name = profile.name.clone();
        let mut pair = Pair::new(profile);
        for time in (0..75).map(f64::from) {
            let sample = pair.step(time, true);
            if time < 3.0 {
                continue;
            }
            // The counters of a whole second are what the model says of its middle.
            let host = pair.model.host(time - 0.5);
            let check = |id, simulated, off| {
                near(
                    field(&sample, id),
                    simulated,
                    off,
                    &format!("{name} {id} at {time}"),
                );
            };
            let cores = f64::from(pair.model.profile().cores);
            check("cpu.busy", 100.0 * (host.user + host.system), 1.0);
            check("cpu.iowait", 100.0 * host.iowait, 1.0);
            check("net.rx", host.rx, 1e-4 * host.rx + 10.0);
            check("net.tx", host.tx, 1e-4 * host.tx + 10.0);
            check("io.read", host.read, 1e-4 * host.read + 4_096.0);
            check("io.written", host.written, 1e-4 * host.written + 4_096.0);
            check("host.uptime", pair.model.uptime(time), 0.1);
            check("host.cores", cores, 0.0);
            let now = pair.model.host(time + 0.5);
            check("memory.used", 100.0 * now.memory, 0.1);
            check("memory.swap_used", 100.0 * now.swap, 0.1);
            check("pressure.cpu", now.pressure[0], 0.01);
            check("pressure.io_full", now.pressure[4], 0.01);
            assert!(field(&sample, "load.1").is_some_and(|load| load >= 0.0));
            assert_eq!(
                sample.cpu.cores.len(),
                pair.model.profile().cores as usize,
                "{name}"
            );
        }
    }
}

#[test]
fn mig_instances_arrive() {
    let mut pair = Pair::new(Profile::new("gpu08"));
    let mut sample = Sample::default();
    for time in (0..=60).map(f64::from) {
        sample = pair.step(time, false);
    }
    let cards = pair.model.cards(60.0);
    for (measured, simulated) in sample.gpu.gpus.iter().zip(&cards) {
        let is_mig = !simulated.parts.is_empty();
        assert_eq!((measured.mig, measured.util.is_none()), (is_mig, is_mig));
        let Some(instances) = &measured.instances else {
            assert!(!is_mig);
            continue;
        };
        let figures = instances
            .iter()
            .map(|i| (i.gpu_instance, i.memory_used, i.memory_total));
        let parts = simulated.parts.iter();
        let wanted = parts.map(|p| (p.id, Some(p.used << 20), Some(p.total << 20)));
        assert!(figures.eq(wanted), "{measured:?}");
        assert_eq!(measured.ecc, Some(0));
    }
    assert_eq!(sample.gpu.gpus.len(), 8);
}

#[test]
fn disks_gpus_and_daemons_arrive() {
    let mut pair = Pair::new(Profile::new("gpu02"));
    let mut sample = Sample::default();
    for time in (0..=60).map(f64::from) {
        sample = pair.step(time, false);
    }
    let (mounts, cards) = (pair.model.mounts(60.0), pair.model.cards(60.0));
    assert_eq!(sample.disk.mounts.len(), mounts.len());
    for (measured, simulated) in sample.disk.mounts.iter().zip(&mounts) {
        assert_eq!(
            (measured.path.as_str(), measured.kind.as_str()),
            (simulated.path, simulated.kind)
        );
        assert_eq!(measured.total, simulated.blocks * 4_096);
        near(
            measured.used(),
            100.0 * simulated.used,
            0.01,
            simulated.path,
        );
    }
    assert_eq!(sample.gpu.gpus.len(), cards.len());
    for (measured, simulated) in sample.gpu.gpus.iter().zip(&cards) {
        assert_eq!(measured.name.as_str(), simulated.name);
        near(measured.util, simulated.util, 0.5, "util");
        near(
            measured.temperature,
            simulated.temperature,
            0.5,
            "temperature",
        );
        near(measured.power, simulated.power, 0.01, "power");
        assert_eq!(measured.memory_total, Some(simulated.total << 20));
        assert_eq!((measured.throttled, measured.mig), (Some(false), false));
    }
    let states: Vec<State> = sample.daemon.daemons.iter().map(|d| d.state).collect();
    assert_eq!(states, [State::Up, State::Up]);
}

#[test]
fn a_lost_daemon_is_seen_at_once_and_so_is_its_return() {
    let mut pair = Pair::new(Profile::new("web03").story(Story::LosesDaemon));
    let mut states = Vec::new();
    for time in (0..100).map(f64::from) {
        let sample = pair.step(time, false);
        let state = sample.daemon.daemons[0].state;
        if states.last().is_none_or(|(_, last)| *last != state) {
            states.push((time, state));
        }
        assert!(time < 5.0 || sample.daemon.daemons[1].state == State::Up);
    }
    let [
        ..,
        (up, State::Up),
        (lost, State::Failed),
        (back, State::Up),
    ] = states[..]
    else {
        panic!("{states:?}")
    };
    assert!(up < 5.0 && (20.0..=22.0).contains(&lost), "{states:?}");
    assert!((80.0..=91.0).contains(&back), "{states:?}");
}

#[test]
fn the_stories_raise_the_alarm_and_the_rest_of_the_demo_does_not() {
    for profile in Profile::demo(24) {
        let (name, story) = (profile.name.clone(), profile.story);
        let worst = Pair::new(profile).live(700).into_iter().max();
        let wanted = match story {
            Some(Story::FillsDisk | Story::LosesDaemon | Story::HotGpus | Story::Swaps) => {
                Severity::Critical
            }
            Some(Story::GetsSlow) => Severity::Warn,
            Some(Story::GoesAway) | None => Severity::Ok,
        };
        assert_eq!(worst, Some(wanted), "{name} {story:?}");
    }
}

#[test]
fn an_overload_is_told_while_it_begins() {
    let warned = |name: &str, story| {
        let live = Pair::new(Profile::new(name).story(story)).live(200);
        let told = live.iter().position(|severity| *severity >= Severity::Warn);
        told.unwrap()
    };
    // The load begins to climb at 25 s; there is no memory left from 65 s on.
    let (slow, swaps) = (
        warned("db2", Story::GetsSlow),
        warned("build2", Story::Swaps),
    );
    assert!((30..=130).contains(&slow), "{slow}");
    assert!((60..=80).contains(&swaps), "{swaps}");
}

#[test]
fn damaged_frames_are_thrown_away_and_the_next_good_one_is_taken() {
    let mut pair = Pair::new(Profile::new("db1"));
    pair.step(0.0, false);
    for number in 0..8 {
        let time = f64::from(number) * 20.0 + 1.0;
        let request = pair.meter.tick(false, clock(time)).unwrap();
        let frame = pair.fast.tick(request.trim(), moment(time));
        let before = pair.meter.sample();
        let damaged = garbled(&frame, number as usize);
        let heard = pair.meter.feed(Feed::Fast, &damaged, clock(time));
        assert!(!heard.contains(&Signal::Frame), "{number}: {heard:?}");
        assert_eq!(pair.meter.sample().net, before.net);
        let again = pair.meter.tick(false, clock(time + 16.0)).unwrap();
        let frame = pair.fast.tick(again.trim(), moment(time + 16.0));
        let heard = pair
            .meter
            .feed(Feed::Fast, frame.as_bytes(), clock(time + 16.0));
        assert!(heard.contains(&Signal::Frame), "{number}: {heard:?}");
    }
}
