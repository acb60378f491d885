//! Follows logs of many nodes: finds what each node has, and reads every stream of it on a task of its own.

use std::{
    collections::HashSet,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    Credit, Event, Order, Since, Source, StreamId, Sudo,
    hear::{Ear, Heard, Text},
    source::{Answer, Found, Kind, look},
    stream::{Clock, Stream},
};
use crate::{
    exec::nonce::Nonce,
    node::{Node, text::SafeText},
    ssh::{Connector, End, Error, Session},
    store,
};

/// For a node to say what it has; docker may take its time.
const LOOK: Duration = Duration::from_secs(30);

/// Between two looks for files that weren't there before.
const AGAIN: Duration = Duration::from_secs(10);

/// Of an answer, no more is read.
const ANSWER: usize = 4 << 20;

/// Bytes under way of all streams together.
const UNDER_WAY: usize = 256 << 20;

/// Of one stream: at least a few batches, and more than a reader takes in the time that lines are held.
const CREDIT: (usize, usize) = (512 << 10, 2 << 20);

/// Before a node is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// A line isn't from the future: but for the inexactness of clocks.
pub(super) const INEXACT_US: i64 = 1_000_000;

/// Machines are busy: between a clock and the word of it may lie so much. Clocks that are kept in step differ by less.
const BUSY_US: i64 = 50_000;

/// Tells of all that is ordered until it has ended, or is cancelled; what ran on nodes is ended then. An event that finds
/// no reader waits for one, and so do the nodes behind it.
pub async fn follow(
    order: Arc<Order>,
    connector: Connector,
    cancel: CancellationToken,
    events: mpsc::Sender<Event>,
) {
    follow_as_root(order, connector, cancel, events, None).await;
}

/// The same, with somebody who can be asked for the password where sudo wants one.
pub async fn follow_as_root(
    order: Arc<Order>,
    connector: Connector,
    cancel: CancellationToken,
    events: mpsc::Sender<Event>,
    sudo: Option<Sudo>,
) {
    let streams = order
        .targets
        .iter()
        .map(|target| target.sources.len())
        .sum();
    let shared = Arc::new(Shared {
        credit: (UNDER_WAY / usize::max(streams, 1)).clamp(CREDIT.0, CREDIT.1),
        order,
        connector,
        events,
        sudo,
        opened: AtomicU32::new(0),
        // After those that are reserved for the first log of each source, so that equal orders have equal numbers.
        next: AtomicU32::new(streams as u32),
        is_full: AtomicBool::new(false),
    });
    let mut nodes = JoinSet::new();
    for place in 0..shared.order.targets.len() {
        nodes.spawn(of_node(Arc::clone(&shared), place));
    }
    loop {
        let done = tokio::select! {
            biased;
            () = cancel.cancelled() => break,
            done = nodes.join_next() => done,
        };
        match done {
            Some(Err(error)) if error.is_panic() => tracing::error!(%error, "a log broke"),
            Some(_) => {}
            None => break,
        }
    }
    nodes.shutdown().await;
}

/// What all tasks see.
pub(super) struct Shared {
    pub(super) order: Arc<Order>,
    pub(super) connector: Connector,
    events: mpsc::Sender<Event>,
    pub(super) sudo: Option<Sudo>,
    credit: usize,
    opened: AtomicU32,
    next: AtomicU32,
    is_full: AtomicBool,
}

impl Shared {
    pub(super) async fn tell(&self, event: Event) {
        // Nobody listening any more changes nothing here.
        let _ = self.events.send(event).await;
    }

    /// True where there may be one more stream.
    fn is_admitted(&self) -> bool {
        let most = self.order.most_streams as u32;
        let next = |count: u32| (count < most).then_some(count + 1);
        let taken = self
            .opened
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        taken.is_ok()
    }

    /// The numbers that are reserved for the sources of a node.
    fn reserved(&self, place: usize) -> Vec<Option<StreamId>> {
        let targets = self.order.targets.iter();
        let before: usize = targets.take(place).map(|target| target.sources.len()).sum();
        let own = self
            .order
            .targets
            .get(place)
            .map_or(0, |target| target.sources.len());
        let numbers = before..before + own;
        numbers
            .map(|number| Some(StreamId(number as u32)))
            .collect()
    }
}

/// By this machine's clock, a little later than it is.
pub(super) fn now_us() -> i64 {
    store::now_ms() as i64 * 1_000 + INEXACT_US
}

/// One node while it is followed.
struct Following {
    shared: Arc<Shared>,
    place: usize,
    node: Arc<Node>,
    clock: Clock,
    known: HashSet<Found>,
    /// Of sources without a log so far.
    reserved: Vec<Option<StreamId>>,
    streams: JoinSet<()>,
}

async fn of_node(shared: Arc<Shared>, place: usize) {
    let Some(target) = shared.order.targets.get(place) else {
        return;
    };
    let node = Arc::clone(&target.node);
    let sources = target.sources.clone();
    let mut following = Following {
        shared: Arc::clone(&shared),
        place,
        node,
        clock: Clock::default(),
        known: HashSet::new(),
        reserved: shared.reserved(place),
        streams: JoinSet::new(),
    };
    let mut pause = PAUSES.0;
    loop {
        match following.first_look(&sources).await {
            Ok(()) => break,
            Err((why, is_final)) => {
                shared.tell(Event::Unreached(place, why)).await;
                if is_final || !shared.order.is_followed {
                    return;
                }
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
    following.stay(&sources).await;
}

impl Following {
    async fn first_look(&mut self, sources: &[Source]) -> Result<(), (SafeText, bool)> {
        let session = self.shared.connector.connect_bulk(&self.node).await;
        let session = Arc::new(session.map_err(|error| refused(&error))?);
        let answer = self.look(&session, sources).await?;
        self.shared
            .tell(Event::Reached(self.place, self.clock.skew_us))
            .await;
        for (place, why) in &answer.missing {
            let name = sources.get(*place).map_or("", Source::name);
            let text = format!("{name}: {why}");
            let event = Event::Missing(self.place, text.as_str().into());
            self.shared.tell(event).await;
        }
        self.open(answer, sources, &session).await;
        self.shared.tell(Event::Looked(self.place)).await;
        Ok(())
    }

    async fn look(
        &mut self,
        session: &Session,
        sources: &[Source],
    ) -> Result<Answer, (SafeText, bool)> {
        let nonce = Nonce::random();
        let text = Text {
            node: &self.node,
            nonce: &nonce,
            command: &look(sources),
            is_own: false,
            is_sudo: self.shared.order.is_sudo,
            sudo: self.shared.sudo.as_ref(),
        };
        let asked = ask(session, &text).await.map_err(|why| (why, false))?;
        let answer = Answer::read(&asked.text);
        if !answer.is_whole {
            let why = asked
                .complaint
                .unwrap_or_else(|| "the node did not answer".into());
            return Err((why, asked.is_refused));
        }
        self.clock = Clock {
            skew_us: asked.skew(answer.clock_us),
            offset_s: answer.offset_s,
        };
        Ok(answer)
    }

    /// Waits for all streams; new files are looked for meanwhile.
    async fn stay(mut self, sources: &[Source]) {
        let again: Vec<Source> = sources.iter().filter(|s| s.is_pattern()).cloned().collect();
        let looks = self.shared.order.is_followed && !again.is_empty();
        let mut ticks = interval(AGAIN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            tokio::select! {
                biased;
                _ = ticks.tick(), if looks => self.look_again(&again).await,
                done = self.streams.join_next() => match done {
                    Some(Err(error)) if error.is_panic() => tracing::error!(%error, "a stream broke"),
                    Some(_) => {}
                    None if looks => drop(ticks.tick().await),
                    None => return,
                },
            }
        }
    }

    async fn look_again(&mut self, sources: &[Source]) {
        let Ok(session) = self.shared.connector.connect(&self.node).await else {
            return;
        };
        let clock = self.clock;
        if let Ok(answer) = self.look(&session, sources).await {
            // A new measure would part the times of old streams from those of new ones.
            self.clock = clock;
            self.open(answer, sources, &Arc::new(session)).await;
        }
    }

    async fn open(&mut self, answer: Answer, sources: &[Source], session: &Arc<Session>) {
        for (place, found) in answer.found {
            let Some(source) = sources.get(place) else {
                continue;
            };
            let own = source.own();
            let is_known = own.is_empty() && !self.known.insert(found.clone());
            if is_known {
                continue;
            }
            if !self.shared.is_admitted() {
                return self.full().await;
            }
            let reserved = self.reserved.get_mut(place).and_then(Option::take);
            let next = || StreamId(self.shared.next.fetch_add(1, Ordering::AcqRel));
            let id = reserved.unwrap_or_else(next);
            let credit = Credit::new(self.shared.credit);
            let opened = Event::Opened {
                stream: id,
                place: self.place,
                name: name(source, &found),
                credit: credit.clone(),
            };
            self.shared.tell(opened).await;
            let stream = Stream {
                shared: Arc::clone(&self.shared),
                id,
                node: Arc::clone(&self.node),
                found,
                own: own.to_owned(),
                clock: self.clock,
                since_us: self.since(),
                credit,
            };
            self.streams.spawn(stream.run(Arc::clone(session)));
        }
    }

    async fn full(&self) {
        if !self.shared.is_full.swap(true, Ordering::AcqRel) {
            let most = self.shared.order.most_streams;
            let text = format!(
                "more than {most} logs: the others are left out; --max-streams {} takes more of them",
                most * 10
            );
            self.shared.tell(Event::Said(text.as_str().into())).await;
        }
    }

    /// By our clock.
    fn since(&self) -> Option<i64> {
        let now = store::now_ms() as i64 * 1_000;
        Some(match self.shared.order.tail.since? {
            Since::At(us) => us,
            Since::Ago(time) => now - time.as_micros() as i64,
            Since::Clock(hour, minute) => {
                let ahead = self.clock.skew_us + i64::from(self.clock.offset_s) * 1_000_000;
                last(now + ahead, hour, minute) - ahead
            }
        })
    }
}

/// The last time that a clock showed this, where it shows `local_us` now.
fn last(local_us: i64, hour: u8, minute: u8) -> i64 {
    const DAY: i64 = 86_400_000_000;
    let time = (i64::from(hour) * 60 + i64::from(minute)) * 60_000_000;
    let today = local_us.div_euclid(DAY) * DAY + time;
    if today > local_us { today - DAY } else { today }
}

fn name(source: &Source, found: &Found) -> SafeText {
    match (&found.kind, source) {
        (Kind::Journal(_), _) if found.name.is_empty() => "system".into(),
        (Kind::Command, source) => source.name().into(),
        _ => found.name.as_str().into(),
    }
}

fn refused(error: &Error) -> (SafeText, bool) {
    (error.to_string().as_str().into(), error.permanent)
}

/// What a node has said to a short command.
pub(super) struct Asked {
    pub(super) text: Vec<u8>,
    complaint: Option<SafeText>,
    /// Asked again, it says the same.
    is_refused: bool,
    /// When its first word came, in ms since 1970, and how long a word took there and back.
    at_ms: u64,
    round_ms: u64,
}

impl Asked {
    /// How far its clock is ahead of ours, in microseconds: nothing where the way there may be all of it.
    fn skew(&self, clock: Option<(i64, i64)>) -> i64 {
        let Some((clock_us, coarse_us)) = clock else {
            return 0;
        };
        let round_us = self.round_ms as i64 * 1_000;
        let ours_us = self.at_ms as i64 * 1_000 + 500 - round_us / 2;
        let skew_us = clock_us - ours_us;
        let doubt_us = round_us / 2 + coarse_us + BUSY_US;
        if skew_us.abs() <= doubt_us {
            0
        } else {
            skew_us
        }
    }
}

/// Runs a short command to its end.
pub(super) async fn ask(session: &Session, text: &Text<'_>) -> Result<Asked, SafeText> {
    let mut late = pin!(sleep(LOOK));
    let sent_ms = store::now_ms();
    let begun = tokio::select! {
        biased;
        begun = Ear::begin(session, text) => begun,
        () = &mut late => return Err(too_late()),
    };
    let mut ear = begun.map_err(|error| SafeText::from(error.to_string().as_str()))?;
    // A channel is opened and a command started: there and back twice.
    let round_ms = store::now_ms().saturating_sub(sent_ms) / 2;
    let (mut said, mut at_ms) = (Vec::new(), None);
    loop {
        let heard = tokio::select! {
            biased;
            heard = ear.next() => heard,
            () = &mut late => return Err(too_late()),
        };
        match heard {
            Heard::Out(bytes) => {
                at_ms = at_ms.or_else(|| Some(store::now_ms()));
                if said.len() < ANSWER {
                    said.extend_from_slice(&bytes);
                }
            }
            Heard::Err(_) => {}
            Heard::Asks => {
                ear.tell_password().await;
                // The time that a person takes is not the node's.
                late.set(sleep(LOOK));
            }
            Heard::End(end) => {
                return Ok(Asked {
                    text: said,
                    complaint: ear.complaint(),
                    is_refused: end != End::Lost,
                    at_ms: at_ms.unwrap_or(0),
                    round_ms,
                });
            }
        }
    }
}

fn too_late() -> SafeText {
    let seconds = LOOK.as_secs();
    format!("the node took more than {seconds} s to say what it has")
        .as_str()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(at_ms: u64, round_ms: u64) -> Asked {
        Asked {
            text: Vec::new(),
            complaint: None,
            is_refused: false,
            at_ms,
            round_ms,
        }
    }

    #[test]
    fn a_clock_is_wrong_only_beyond_what_the_way_takes() {
        assert_eq!(asked(1_000_000, 200).skew(None), 0);
        // Told 100 ms ago.
        assert_eq!(asked(1_000_000, 200).skew(Some((999_900_000, 0))), 0);
        assert_eq!(
            asked(1_000_000, 200).skew(Some((999_980_000, 0))),
            0,
            "in doubt"
        );
        assert_eq!(
            asked(1_000_000, 200).skew(Some((1_009_900_500, 0))),
            10_000_000
        );
        assert_eq!(asked(1_000_000, 2).skew(Some((997_999_500, 0))), -2_000_000);
        assert_eq!(
            asked(1_000_000, 2).skew(Some((1_000_400_000, 500_000))),
            0,
            "whole seconds"
        );
    }

    #[test]
    fn an_hour_that_is_to_come_was_yesterday() {
        let at = |day: i64, hour: i64| (day * 24 + hour) * 3_600_000_000;
        assert_eq!(last(at(5, 12), 11, 0), at(5, 11));
        assert_eq!(last(at(5, 12), 12, 0), at(5, 12));
        assert_eq!(last(at(5, 12), 13, 0), at(4, 13));
    }
}
