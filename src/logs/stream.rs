//! One stream: a log of a node is read, and read on whenever its connection was lost.

use std::{sync::Arc, time::Duration};

use futures::FutureExt as _;
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

use super::{
    Credit, End, Event, Maker, Phase, StreamId,
    ask::ask,
    course::Course,
    follow::{INEXACT_US, Shared, now_us},
    hear::{Ear, Heard, Text},
    reading::{Another, Batch, Reading},
    source::{
        Found, Kind,
        read::{Place, Wish, script, windows},
    },
    spots::Spot,
    stamp::Zone,
};
use crate::{
    exec::nonce::Nonce,
    node::{Node, text::SafeText},
    ssh::{self, Session},
};

/// Before it is tried again, and twice as long each further time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Never longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Further attempts where nobody waits for what comes later.
const RETRIES: u32 = 2;

/// What comes within it goes out together: most lines come alone, and each takes its way.
const TOGETHER: Duration = Duration::from_millis(20);

/// Bytes that go together at most: a flood leaves room for others on its thread.
const MOST: usize = 32 << 10;

/// What says nothing for so long has said all that was there.
const HUSH: Duration = Duration::from_millis(300);

/// For a connection that has just ended to say so.
const A_MOMENT: Duration = Duration::from_millis(50);

/// What is known of the node's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// It is ahead of ours by so many microseconds.
    pub(super) skew_us: i64,
    /// Of its zone, in seconds.
    pub(super) offset_s: i32,
}

/// A log that is to be read.
pub(super) struct Stream {
    pub(super) shared: Arc<Shared>,
    pub(super) id: StreamId,
    pub(super) node: Arc<Node>,
    pub(super) found: Found,
    /// The user's own command, where it is one.
    pub(super) own: String,
    pub(super) clock: Clock,
    /// By our clock.
    pub(super) since_us: Option<i64>,
    pub(super) credit: Credit,
}

/// Why one attempt is over.
enum Over {
    /// The command has ended, well or with a complaint.
    Ended(Result<(), SafeText>),
    /// The connection; for good where nothing will change that.
    Lost(SafeText, bool),
    /// The file is another one by now.
    Another,
}

impl Stream {
    /// Reads it to its end, which never comes where it is followed. The first session is one that is open already.
    pub(super) async fn run(self, session: Arc<Session>) {
        let zone = Zone {
            offset_s: self.clock.offset_s,
            now_us: now_us() + self.clock.skew_us,
        };
        let mut reading = Reading::new(self.id, &self.found.kind, zone, self.clock.skew_us)
            .raw(self.shared.order.is_raw)
            .since(self.since_us);
        let wish = self.first_wish(&session, &mut reading).await;
        let mut first = Some(session);
        let (mut pause, mut tries) = (FIRST_PAUSE, 0);
        loop {
            let (over, has_begun) = self.attempt(first.take(), &mut reading, &wish).await;
            if has_begun && matches!(over, Over::Lost(..)) {
                pause = FIRST_PAUSE;
            }
            match self.judge(over, tries) {
                Next::Close(end) => {
                    reading.end(now_us());
                    self.send(&mut reading).await;
                    let end = reading.judge(end);
                    return self.tell(Event::Closed(self.id, end)).await;
                }
                Next::Again => {
                    reading.begin_anew();
                    reading.gap(
                        "what came between is unknown: the file was replaced",
                        now_us(),
                    );
                }
                Next::Later(phase) => self.tell(Event::Phase(self.id, phase)).await,
            }
            tries += 1;
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn judge(&self, over: Over, tries: u32) -> Next {
        let is_followed = self.shared.order.is_followed;
        let is_own = self.found.kind == Kind::Command;
        match over {
            Over::Another => Next::Again,
            Over::Lost(why, is_final) if is_final => Next::Close(End::Lost(why)),
            // Run again, it would say the same once more.
            Over::Lost(why, _) if is_own && !is_followed => Next::Close(End::Lost(why)),
            Over::Lost(why, _) if is_followed || tries < RETRIES => Next::Later(Phase::Lost(why)),
            Over::Lost(why, _) => Next::Close(End::Lost(why)),
            Over::Ended(result) if is_own || !is_followed => Next::Close(match result {
                Ok(()) => End::Done,
                Err(why) => End::Failed(why),
            }),
            Over::Ended(result) => {
                let why = result.err().unwrap_or_else(|| "it has stopped".into());
                Next::Later(Phase::Waiting(why))
            }
        }
    }

    /// One connection's worth; and whether anything came of it.
    async fn attempt(
        &self,
        session: Option<Arc<Session>>,
        reading: &mut Reading,
        wish: &Wish,
    ) -> (Over, bool) {
        let connected = match session {
            Some(session) => Ok(session),
            None => self
                .shared
                .connector
                .connect_bulk(&self.node)
                .await
                .map(Arc::new),
        };
        let session = match connected {
            Ok(session) => session,
            Err(error) => return (lost(&error), false),
        };
        let nonce = Nonce::random();
        let has_gap = reading.has_gap();
        let wish = reading.wish(wish, self.clock.skew_us);
        let command = script(&self.found, &wish, &nonce, &self.own);
        let text = Text {
            is_told: wish.is_followed && self.found.kind == Kind::File,
            ..self.text(&nonce, &command)
        };
        let ear = Ear::begin(&session, &text).await;
        let mut ear = match ear {
            Ok(ear) => ear,
            Err(error) => return (lost(&error), false),
        };
        self.tell(Event::Phase(self.id, Phase::Live)).await;
        if has_gap {
            reading.gap(
                "the connection was lost: what came between is unknown",
                now_us(),
            );
        }
        let mut course = Course::new(&self.found.kind, &nonce, now_us() - INEXACT_US);
        let heard = self.hear(&mut ear, reading, &mut course).await;
        let over = match heard {
            Err(Another) => Over::Another,
            Ok(end) => self.over(end, &ear, &session).await,
        };
        (over, ear.has_begun())
    }

    fn text<'a>(&'a self, nonce: &'a Nonce, command: &'a str) -> Text<'a> {
        Text {
            node: &self.node,
            nonce,
            command,
            is_own: self.found.kind == Kind::Command,
            is_sudo: self.shared.order.is_sudo,
            is_told: false,
            sudo: self.shared.sudo.as_ref(),
        }
    }

    async fn hear(
        &self,
        ear: &mut Ear,
        reading: &mut Reading,
        course: &mut Course,
    ) -> Result<ssh::End, Another> {
        // What comes without a pause isn't waited for.
        let mut is_full = false;
        loop {
            let mut heard = self.next(ear, course).await;
            if self.shared.order.is_followed && !is_full {
                sleep(TOGETHER).await;
            }
            let mut bytes = 0;
            let end = loop {
                match heard {
                    Heard::Begun => {}
                    Heard::End(end) => break Some(end),
                    Heard::Out(more) => {
                        bytes += more.len();
                        self.take(&more, course, reading).await?;
                    }
                    Heard::Err(more) => reading.bytes(&more, now_us())?,
                    Heard::Asks => ear.tell_password().await,
                }
                if bytes >= MOST {
                    break None;
                }
                heard = match ear.next().now_or_never() {
                    Some(heard) => heard,
                    None => break None,
                };
            };
            is_full = bytes >= MOST;
            let has_lines = self.send(reading).await;
            if course.is_past(reading, has_lines) {
                self.catch_up(course).await;
            }
            if std::mem::take(&mut course.is_asked) {
                ear.tell(&format!("b {}", reading.heard())).await;
            }
            yield_now().await;
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    /// What comes next, and what is due meanwhile.
    async fn next(&self, ear: &mut Ear, course: &mut Course) -> Heard {
        loop {
            let is_hushed = course.is_behind && course.spots.is_none() && ear.has_begun();
            tokio::select! {
                biased;
                () = course.look() => ear.tell("").await,
                () = sleep(HUSH), if is_hushed => self.catch_up(course).await,
                heard = ear.next() => return heard,
            }
        }
    }

    async fn catch_up(&self, course: &mut Course) {
        course.is_behind = false;
        self.tell(Event::CaughtUp(self.id)).await;
    }

    async fn take(
        &self,
        bytes: &[u8],
        course: &mut Course,
        reading: &mut Reading,
    ) -> Result<(), Another> {
        let now_us = now_us();
        let Some(spots) = &mut course.spots else {
            return reading.bytes(bytes, now_us);
        };
        let mut items = Vec::new();
        spots.feed(bytes, |item| items.push(item));
        for item in items {
            let phase = match reading.take(&item, now_us)? {
                Some(Spot::Gone) => Phase::Waiting("no file of that name".into()),
                Some(Spot::At { .. }) => Phase::Live,
                Some(spot) => {
                    course.heed(spot);
                    continue;
                }
                None => continue,
            };
            self.tell(Event::Phase(self.id, phase)).await;
        }
        Ok(())
    }

    /// Hands on what is ready, as far as it has credit; true where there was something.
    async fn send(&self, reading: &mut Reading) -> bool {
        let mut has_lines = false;
        for batch in reading.ready() {
            debug_assert!(batch.weight <= Batch::MOST);
            self.credit.take(batch.weight).await;
            let event = if self.shared.order.is_raw {
                Event::Bytes(self.id, batch.into_raw())
            } else {
                Event::Lines(self.id, batch.lines)
            };
            self.tell(event).await;
            has_lines = true;
        }
        has_lines
    }

    async fn over(&self, end: ssh::End, ear: &Ear, session: &Session) -> Over {
        let complaint = ear.complaint();
        match end {
            ssh::End::Lost => {
                let told = timeout(A_MOMENT, session.closed()).await;
                let why = told.map_or_else(|_| "the server said nothing".into(), |e| e.reason);
                Over::Lost(why, false)
            }
            ssh::End::Exit(0) => Over::Ended(Ok(())),
            ssh::End::Exit(code) => Over::Ended(Err(complaint.unwrap_or_else(|| End::exit(code)))),
            ssh::End::Signal(name) => {
                Over::Ended(Err(format!("ended by SIG{name}").as_str().into()))
            }
        }
    }

    /// What is asked for first. Where a file is wanted since a time, it is looked for where in the file that is.
    async fn first_wish(&self, session: &Session, reading: &mut Reading) -> Wish {
        let order = &self.shared.order;
        let mut wish = Wish {
            lines: order.tail.lines,
            since_us: self
                .since_us
                .map(|us| us.saturating_add(self.clock.skew_us)),
            is_followed: order.is_followed,
            place: None,
        };
        if let (Kind::File, None, Some(since)) = (&self.found.kind, wish.lines, self.since_us) {
            let position = self.position(session, since).await.unwrap_or(0);
            wish.place = (position > 0).then_some(Place {
                position,
                ..Place::default()
            });
            if position > 0 {
                reading.begin_midway();
            }
        }
        wish
    }

    /// A byte of the file before which all is older.
    async fn position(&self, session: &Session, since_us: i64) -> Option<u64> {
        let nonce = Nonce::random();
        let command = windows(&self.found.name);
        let text = ask(session, &self.text(&nonce, &command)).await.ok()?.text;
        let zone = Zone {
            offset_s: self.clock.offset_s,
            now_us: now_us() + self.clock.skew_us,
        };
        let mut maker = Maker::new(self.id, zone, self.clock.skew_us);
        let lines = text.split(|byte| *byte == b'\n');
        lines
            .filter_map(|line| {
                let at = memchr::memchr(b' ', line)?;
                let made = maker.line(line.get(at + 1..)?, now_us());
                let is_older = made.is_stamped && made.at_us.is_some_and(|us| us < since_us);
                let position = str::from_utf8(line.get(..at)?).ok()?.parse().ok()?;
                is_older.then_some(position)
            })
            .max()
    }

    async fn tell(&self, event: Event) {
        self.shared.tell(event).await;
    }
}

/// What is done after an attempt.
enum Next {
    Close(End),
    Later(Phase),
    Again,
}

fn lost(error: &ssh::Error) -> Over {
    Over::Lost(error.to_string().as_str().into(), error.permanent)
}
