//! Follows logs of many nodes: finds what each node has, and reads every stream of it on a task of its own.

use std::{
    collections::HashSet,
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
    ask::ask,
    hear::Text,
    search::Search,
    source::{Answer, Found, Kind, look, look_again},
    stream::{Clock, Stream},
};
use crate::{
    exec::nonce::Nonce,
    node::{Node, text::SafeText},
    ssh::{Connector, Error, Session},
    store,
};

/// Between two looks for files that weren't there before.
const AGAIN: Duration = Duration::from_secs(10);

/// Bytes under way of all streams together.
const UNDER_WAY: usize = 256 << 20;

/// Of one stream: at least a few batches, and more than a reader takes in the time that lines are held.
const CREDIT: (usize, usize) = (512 << 10, 2 << 20);

/// Before a node is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// A line isn't from the future: but for the inexactness of clocks.
pub(super) const INEXACT_US: i64 = 1_000_000;

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
    /// The places of sources that came to something.
    given: HashSet<usize>,
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
        given: HashSet::new(),
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
            is_told: false,
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
        let mut ticks = interval(AGAIN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        let mut search = None;
        loop {
            let awaited = self.awaited(sources);
            let looks = self.shared.order.is_followed && !awaited.is_empty();
            if !looks {
                search = None;
            }
            tokio::select! {
                biased;
                _ = ticks.tick(), if looks => search = self.look_again(search, sources, &awaited).await,
                done = self.streams.join_next() => match done {
                    Some(Err(error)) if error.is_panic() => tracing::error!(%error, "a stream broke"),
                    Some(_) => {}
                    None if looks => {
                        ticks.tick().await;
                        search = self.look_again(search, sources, &awaited).await;
                    }
                    None => return,
                },
            }
        }
    }

    /// The places of sources of which more may come.
    fn awaited(&self, sources: &[Source]) -> Vec<usize> {
        let is_awaited = |(place, source): (usize, &Source)| {
            let is_there = self.given.contains(&place);
            source.is_awaited(is_there).then_some(place)
        };
        let places = sources.iter().enumerate();
        places.filter_map(is_awaited).collect()
    }

    /// Opens what is there by now; and what is to be asked the next time.
    async fn look_again(
        &mut self,
        search: Option<Search>,
        sources: &[Source],
        awaited: &[usize],
    ) -> Option<Search> {
        let mut search = match search {
            Some(search) => search,
            None => self.search(sources).await?,
        };
        let mut answer = search.look().await?;
        answer.found.retain(|(place, _)| awaited.contains(place));
        self.open(answer, sources, &search.session).await;
        Some(search)
    }

    async fn search(&self, sources: &[Source]) -> Option<Search> {
        let session = self.shared.connector.connect(&self.node).await.ok()?;
        let nonce = Nonce::random();
        let text = Text {
            node: &self.node,
            nonce: &nonce,
            command: &look_again(sources),
            is_own: false,
            is_sudo: self.shared.order.is_sudo,
            is_told: true,
            sudo: self.shared.sudo.as_ref(),
        };
        Search::begin(session, &text).await
    }

    async fn open(&mut self, answer: Answer, sources: &[Source], session: &Arc<Session>) {
        for (place, found) in answer.found {
            let Some(source) = sources.get(place) else {
                continue;
            };
            self.given.insert(place);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_that_is_to_come_was_yesterday() {
        let at = |day: i64, hour: i64| (day * 24 + hour) * 3_600_000_000;
        assert_eq!(last(at(5, 12), 11, 0), at(5, 11));
        assert_eq!(last(at(5, 12), 12, 0), at(5, 12));
        assert_eq!(last(at(5, 12), 13, 0), at(4, 13));
    }
}
