//! `:doctor`, `:trust` and `:audit` from the keys to the page, on simulated nodes: what the command line says, a screen says.

use std::sync::Arc;

use ratatui::{buffer::Buffer, buffer::Cell, layout::Rect};
use sshoal::{
    fleet::{Inquiry, Millis, Order, keys::Change},
    store::audit::{Event as Logged, Filter, HostKeyChange, Reader},
    ui::{App, Settings, effect::Effect, event::Event},
};

use crate::Rig;

/// A dashboard on a fleet of its own.
struct Desk {
    rig: Rig,
    app: App,
}

impl Desk {
    async fn open(read_only: bool) -> Self {
        let rig = Rig::connected(2).await;
        let settings = Settings {
            read_only,
            ..Settings::default()
        };
        let mut app = App::new(settings);
        app.update(Event::Resize(120, 60));
        let snapshot = Arc::clone(&*rig.fleet.snapshots().borrow());
        app.update(Event::Snapshot(snapshot));
        Self { rig, app }
    }

    fn key(&mut self, key: &str) -> Vec<Effect> {
        self.app.update(Event::Key(crokey::parse(key).unwrap()))
    }

    /// Runs a line of the palette; what it asks of the fleet.
    fn line(&mut self, line: &str) -> Vec<Arc<Inquiry>> {
        self.key(":");
        self.app.update(Event::Paste(line.to_owned()));
        inquiries(self.key("enter"))
    }

    /// Has the fleet answer, and the screen hear it.
    async fn answer(&mut self, asked: Vec<Arc<Inquiry>>) {
        let [asked] = <[Arc<Inquiry>; 1]>::try_from(asked).unwrap();
        self.rig.order(Order::Inquire(Arc::clone(&asked))).await;
        let is_its = |(inquiry, _): &(Arc<Inquiry>, _)| Arc::ptr_eq(inquiry, &asked);
        let snapshot = self.rig.wait(|s| s.answers.iter().any(is_its)).await;
        self.app.update(Event::Snapshot(snapshot));
    }

    fn text(&self) -> String {
        let area = Rect::new(0, 0, 120, 60);
        let mut buf = Buffer::empty(area);
        self.app.render(area, &mut buf);
        let rows = buf.content.chunks(120);
        let rows = rows.map(|row| row.iter().map(Cell::symbol).collect::<String>());
        rows.collect::<Vec<_>>().join("\n")
    }

    fn shows(&self, text: &str) {
        assert!(self.text().contains(text), "{text}:\n{}", self.text());
    }

    fn later(&mut self, ms: u64) {
        let now = self.rig.fleet.clock().now().0;
        self.app.update(Event::Tick(Millis(now + ms)));
    }
}

fn inquiries(effects: Vec<Effect>) -> Vec<Arc<Inquiry>> {
    let asked = effects.into_iter().filter_map(|effect| match effect {
        Effect::Inquire(inquiry) => Some(inquiry),
        _ => None,
    });
    asked.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_is_a_page_with_the_whole_way_to_each_node() {
    let mut desk = Desk::open(false).await;
    let asked = desk.line("doctor");
    desk.shows("doctor: on the way to 2 nodes");
    desk.later(60_000);
    desk.shows("doctor: on the way to 2 nodes");
    desk.answer(asked).await;
    for text in ["web01", "build1", "host key", "a login shell runs commands"] {
        desk.shows(text);
    }
    assert!(!desk.text().contains("on the way"), "{}", desk.text());
    desk.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_waits_for_whoever_types() {
    let mut desk = Desk::open(true).await;
    let asked = desk.line("trust web01");
    desk.key(":");
    desk.app.update(Event::Paste("view ".to_owned()));
    desk.answer(asked).await;
    assert!(!desk.text().contains("SHA256:"), "{}", desk.text());
    desk.key("esc");
    desk.shows("web01  known");
    desk.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_forgotten_and_accepted_after_a_yes_and_written_down() {
    let mut desk = Desk::open(false).await;
    assert!(desk.line("trust --forget").is_empty());
    desk.shows("--forget needs a SET");
    desk.key("esc");
    desk.key("esc");

    let asked = desk.line("trust web01 --forget");
    desk.answer(asked).await;
    desk.shows("Take out the known keys of 1 host");
    assert!(desk.key("y").is_empty(), "it has just come up");
    desk.later(1_000);
    let asked = inquiries(desk.key("y"));
    desk.answer(asked).await;
    desk.shows("web01  forgotten");

    let asked = desk.line("trust web01 --accept");
    assert!(matches!(&*asked[0], Inquiry::Keys(nodes) if nodes.len() == 1));
    desk.answer(asked).await;
    desk.shows("Write down the new keys of 1 host");
    desk.later(2_000);
    let asked = inquiries(desk.key("y"));
    assert!(matches!(&*asked[0], Inquiry::Change(Change::Accept, _)));
    desk.answer(asked).await;
    desk.shows("web01  accepted");

    let reader = Reader::open(&desk.rig.folder.path().join("audit")).unwrap();
    let all = Filter::default();
    let records = reader.records(&all).map(Result::unwrap);
    let records = records.collect::<Vec<_>>();
    let keys = records
        .iter()
        .filter_map(|stored| match &stored.record.event {
            Logged::HostKey(key) => Some(key),
            _ => None,
        });
    let keys: Vec<_> = keys.collect();
    let [forgotten, accepted] = keys[..] else {
        unreachable!("{keys:?}");
    };
    assert_eq!(forgotten.change, HostKeyChange::Forgotten);
    assert_eq!(accepted.change, HostKeyChange::Accepted);
    assert_eq!(
        (accepted.node.as_str(), accepted.actor.as_str()),
        ("web01", "tester")
    );
    assert_eq!(
        forgotten.old,
        accepted.new.clone().into_iter().collect::<Vec<_>>()
    );

    let asked = desk.line("audit");
    desk.answer(asked).await;
    desk.shows("host key of web01 accepted");
    let asked = desk.line("audit verify");
    desk.answer(asked).await;
    desk.shows("whole: ");
    desk.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_changed_with_read_only() {
    let mut desk = Desk::open(true).await;
    for line in ["trust web01 --forget", "trust web01 --accept"] {
        assert!(desk.line(line).is_empty(), "{line}");
        desk.shows("read-only: host keys are not changed");
        desk.key("esc");
        desk.key("esc");
    }
    desk.rig.stop().await;
}
