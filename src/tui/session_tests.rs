//! Tests of a run: a scripted person, a fleet of nothing, and terminals that take their time.

use std::{cell::RefCell, io::Write, sync::mpsc as blocking};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use futures::channel::mpsc;
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
    style::Style,
};
use tokio::sync::mpsc as frames;

use super::*;
use crate::{
    fleet::Millis,
    node::{NodeId, text::SafeText},
    ssh::Question,
    tui::{backend::Lean, input::Decoder, output::Output, run},
    ui::{effect::Effect, theme::Depth},
};

/// A terminal that takes a frame only when told to, and shows what it took.
struct Gate {
    open: blocking::Receiver<()>,
    taken: frames::Sender<Vec<u8>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open.recv().map_err(io::Error::other)?;
        self.taken
            .blocking_send(bytes.to_vec())
            .map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Shows how many keys and snapshots it was told of.
#[derive(Default)]
struct Count {
    keys: u32,
    seq: u64,
    frames: u32,
    heard: Vec<String>,
    /// Nothing but the time was told last.
    timed: bool,
    dirty: bool,
}

impl Program for Count {
    fn update(&mut self, event: Event) -> Vec<Effect> {
        self.dirty = true;
        let timed = std::mem::replace(&mut self.timed, matches!(event, Event::Tick(_)));
        match event {
            Event::Key(key) => {
                if timed {
                    self.heard.push(format!("{key} in time"));
                }
                self.keys += 1;
                return match key.to_string().as_str() {
                    "q" => vec![Effect::Quit],
                    "f" => vec![Effect::Focus(None)],
                    "r" => vec![Effect::Retry(Vec::new())],
                    "c" => vec![Effect::Copy("two\nlines".to_owned())],
                    _ => Vec::new(),
                };
            }
            Event::Snapshot(snapshot) => self.seq = snapshot.seq,
            Event::Prompt(prompt) => self.hear("asked", prompt.id, timed),
            Event::PromptGone(id) => self.hear("gone", id, timed),
            _ => {}
        }
        Vec::new()
    }

    fn render(&mut self, _: Rect, buffer: &mut Buffer) {
        self.dirty = false;
        self.frames += 1;
        let text = format!("keys {} seq {} end", self.keys, self.seq);
        buffer.set_string(0, 0, text, Style::new());
    }

    fn is_dirty(&self) -> bool {
        self.dirty
    }
}

impl Count {
    fn hear(&mut self, what: &str, id: PromptId, timed: bool) {
        let when = if timed { " in time" } else { "" };
        self.heard.push(format!("{what} {}{when}", id.0));
    }
}

/// A fleet that takes `room` orders and then no more until the next second.
struct Fake {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    prompts: watch::Receiver<Arc<Vec<Prompt>>>,
    orders: RefCell<Vec<Effect>>,
    refusals: RefCell<u32>,
}

impl Source for Fake {
    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    fn prompts(&self) -> watch::Receiver<Arc<Vec<Prompt>>> {
        self.prompts.clone()
    }

    fn now(&self) -> Millis {
        Millis(0)
    }

    fn send(&self, effect: Effect) -> Result<(), Effect> {
        let mut refusals = self.refusals.borrow_mut();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(effect);
        }
        self.orders.borrow_mut().push(effect);
        Ok(())
    }
}

/// Everything that a test holds.
struct Stage {
    keys: mpsc::Sender<io::Result<Raw>>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    prompts: watch::Sender<Arc<Vec<Prompt>>>,
    open: blocking::Sender<()>,
    taken: frames::Receiver<Vec<u8>>,
    parser: vt100::Parser,
}

type Parts = (Stage, Fake, Screen<mpsc::Receiver<io::Result<Raw>>>);

fn stage() -> Parts {
    let (keys, input) = mpsc::channel(128);
    let (snapshots, seen) = watch::channel(Arc::default());
    let (prompts, asked) = watch::channel(Arc::default());
    let (open, gate) = blocking::channel();
    let (taken_to, taken) = frames::channel(128);
    let size = Size::new(40, 4);
    let screen = Screen {
        input,
        decoder: Decoder::default(),
        lean: Lean::new(size, Depth::Ansi256, true),
        output: Output::start(Gate {
            open: gate,
            taken: taken_to,
        })
        .unwrap(),
        terminal: None,
    };
    let fake = Fake {
        snapshots: seen,
        prompts: asked,
        orders: RefCell::default(),
        refusals: RefCell::default(),
    };
    let [rows, columns] = [4, 40].map(|part| std::num::NonZero::new(part).unwrap());
    let parser = vt100::Parser::new(rows, columns, 0);
    let stage = Stage {
        keys,
        snapshots,
        prompts,
        open,
        taken,
        parser,
    };
    (stage, fake, screen)
}

impl Stage {
    fn press(&mut self, char: char) {
        let key = KeyEvent::new(KeyCode::Char(char), KeyModifiers::NONE);
        self.keys.try_send(Ok(Raw::Key(key))).unwrap();
    }

    fn publish(&self, seq: u64) {
        let snapshot = Snapshot {
            seq,
            ..Snapshot::default()
        };
        self.snapshots.send(Arc::new(snapshot)).unwrap();
    }

    fn ask(&self, ids: &[u64]) {
        let text = || SafeText::from("x");
        let prompts = ids.iter().map(|id| Prompt {
            id: PromptId(*id),
            node: NodeId::new("n1"),
            question: Question::HostKey {
                host: text(),
                algorithm: text(),
                fingerprint: text(),
            },
        });
        self.prompts.send(Arc::new(prompts.collect())).unwrap();
    }

    /// Lets the terminal take frames until it shows this.
    async fn show(&mut self, text: &str) -> u32 {
        let mut frames = 0;
        while !self.parser.screen().contents().contains(text) {
            self.open.send(()).unwrap();
            let frame = self.taken.recv().await.expect("a frame");
            self.parser.process(&frame);
            frames += 1;
        }
        frames
    }

    /// Leaves, with the terminal wide open.
    fn quit(mut self) {
        (0..100).for_each(|_| self.open.send(()).unwrap());
        self.press('q');
    }
}

#[tokio::test]
async fn a_stuck_terminal_skips_frames_and_shows_the_newest_then() {
    let (mut stage, fake, screen) = stage();
    let mut program = Count::default();
    let person = async {
        stage.show("keys 0").await;
        // One frame may be on its way with less; the next one shows all.
        for seq in 1..=50 {
            stage.press('x');
            stage.publish(seq);
            tokio::task::yield_now().await;
        }
        let frames = stage.show("keys 50 seq 50").await;
        assert!(frames <= 4, "{frames} frames for 50 changes");
        stage.quit();
    };
    let (ended, ()) = tokio::join!(run(&mut program, &fake, screen), person);
    assert_eq!(ended.unwrap(), Ended::Quit);
}

#[tokio::test]
async fn questions_come_and_go_once() {
    let (mut stage, fake, screen) = stage();
    let mut program = Count::default();
    let person = async {
        stage.ask(&[1, 2]);
        stage.publish(1);
        stage.show("seq 1").await;
        stage.ask(&[2, 3]);
        stage.publish(2);
        stage.show("seq 2").await;
        stage.quit();
    };
    let (ended, ()) = tokio::join!(run(&mut program, &fake, screen), person);
    ended.unwrap();
    let wanted = [
        "asked 1 in time",
        "asked 2",
        "gone 1 in time",
        "asked 3",
        "q in time",
    ];
    assert_eq!(program.heard, wanted);
}

#[tokio::test]
async fn an_order_without_room_is_sent_later_and_only_the_last_focus_counts() {
    let (mut stage, fake, screen) = stage();
    *fake.refusals.borrow_mut() = 3;
    let mut program = Count::default();
    let person = async {
        "frf".chars().for_each(|key| stage.press(key));
        stage.show("keys 3").await;
        while fake.orders.borrow().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stage.quit();
    };
    let (ended, ()) = tokio::join!(run(&mut program, &fake, screen), person);
    ended.unwrap();
    let orders = fake.orders.into_inner();
    assert_eq!(orders, [Effect::Retry(Vec::new()), Effect::Focus(None)]);
}

#[tokio::test]
async fn a_copied_text_goes_out_with_a_frame() {
    let (mut stage, fake, screen) = stage();
    let mut program = Count::default();
    let person = async {
        stage.show("keys 0").await;
        stage.press('c');
        let mut written = Vec::new();
        while !written.ends_with(b"\x1b]52;c;dHdvCmxpbmVz\x1b\\") {
            stage.open.send(()).unwrap();
            written.extend(stage.taken.recv().await.unwrap());
        }
        stage.quit();
    };
    let (ended, ()) = tokio::join!(run(&mut program, &fake, screen), person);
    ended.unwrap();
}

#[tokio::test]
async fn a_new_size_is_drawn_whole() {
    let (mut stage, fake, screen) = stage();
    let mut program = Count::default();
    let person = async {
        stage.show("keys 0").await;
        let [rows, columns] = [3, 30].map(|part| std::num::NonZero::new(part).unwrap());
        stage.parser.screen_mut().set_size(rows, columns);
        stage
            .parser
            .process(b"\x1b[Hwhat a terminal makes of it\x1b[K");
        stage.keys.try_send(Ok(Raw::Resize(30, 3))).unwrap();
        stage.show("keys 0").await;
        assert_eq!(
            stage.parser.screen().contents().trim_end(),
            "keys 0 seq 0 end"
        );
        stage.quit();
    };
    let (ended, ()) = tokio::join!(run(&mut program, &fake, screen), person);
    ended.unwrap();
}

#[tokio::test]
async fn an_end_of_the_keyboard_or_the_fleet_ends_the_run() {
    let (mut stage, fake, screen) = stage();
    (0..9).for_each(|_| stage.open.send(()).unwrap());
    let mut program = Count::default();
    stage.keys.close_channel();
    let ended = run(&mut program, &fake, screen).await;
    assert_eq!(ended.unwrap(), Ended::HungUp);
    let (other, fake, screen) = self::stage();
    (0..9).for_each(|_| other.open.send(()).unwrap());
    drop((other.snapshots, other.prompts));
    assert!(run(&mut program, &fake, screen).await.is_err());
}

#[test]
fn keys_are_shown_sooner_than_data() {
    let now = Instant::now();
    let mut pace = Pace::new();
    assert_eq!(pace.draw_at(now), now);
    pace.drawn(now);
    assert_eq!(pace.draw_at(now), now + Duration::from_millis(250));
    pace.hurry();
    assert_eq!(pace.draw_at(now), now + Duration::from_millis(33));
    pace.taken(now);
    assert_eq!(pace.take_at(now), now + Duration::from_millis(250));
}
