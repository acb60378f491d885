//! The program: events in, effects out, and the whole screen from what is known.

mod act;
mod again;
mod choices;
mod daemon;
mod draw;
mod inquiry;
mod intent;
mod logs;
mod palette;
mod question;
mod rolls;
mod runs;

use std::sync::Arc;

use ratatui::layout::Rect;

use super::{
    effect::Effect,
    event::Event,
    glyph::Glyphs,
    header,
    layer::Layer,
    order::Sort,
    theme::Theme,
    view::{
        Scene,
        columns::Column,
        fleet::{Density, Fleet},
        node::NodeView,
    },
};
use crate::{
    config::{
        history::History,
        keymap::{KeyMap, Scope},
    },
    daemon::roll::Wish,
    exec::RunOrder,
    fleet::{Millis, NodeState, Snapshot},
    node::NodeId,
};
use inquiry::Waiting;
use question::Questions;

/// How the screen starts.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// Keys.
    pub keys: KeyMap,
    /// Nothing may be changed: host keys can only be refused.
    pub read_only: bool,
    /// How many nodes a screen holds; by room without a wish.
    pub density: Option<Density>,
    /// By what nodes are ordered.
    pub sort: Sort,
    /// The order is turned round.
    pub inverted: bool,
    /// What is shown is gone when the screen is: journals too.
    pub is_demo: bool,
    /// The columns of the table; the usual ones without a wish.
    pub columns: Vec<Column>,
    /// The filter; one that can't be read is shown with what is wrong.
    pub filter: String,
    /// What was typed into the palette before.
    pub history: History,
}

/// The whole screen.
#[derive(Clone, Debug)]
pub struct App {
    world: World,
    fleet: Fleet,
    /// Over the fleet, the last one in front.
    layers: Vec<Layer>,
    questions: Questions,
    history: History,
    /// A run that was ordered and is not seen yet.
    ordered: Option<Arc<RunOrder>>,
    /// A roll that was ordered and is not seen yet.
    rolling: Option<Arc<Wish>>,
    /// What was asked from here and is not answered, or not shown, yet.
    asked: Vec<Waiting>,
    read_only: bool,
    is_demo: bool,
    is_dirty: bool,
}

/// What everything is drawn from.
#[derive(Clone, Debug)]
struct World {
    snapshot: Arc<Snapshot>,
    now: Millis,
    theme: Theme,
    glyphs: Glyphs,
    keys: KeyMap,
    size: Rect,
    /// Said until then.
    notice: Option<(String, Millis)>,
    /// Said while an answer is waited for and nothing else is to be said.
    waiting: Option<String>,
}

impl World {
    fn scene(&self) -> Scene<'_> {
        Scene {
            snapshot: &self.snapshot,
            now: self.now,
            theme: &self.theme,
            glyphs: self.glyphs,
            keys: &self.keys,
            notice: {
                let said = self.notice.as_ref().map(|(text, _)| text.as_str());
                said.or(self.waiting.as_deref())
            },
        }
    }

    fn body(&self) -> Rect {
        header::areas(self.size).body
    }

    fn node(&self, id: &NodeId) -> Option<&NodeState> {
        self.snapshot.node(id.as_str()).map(|node| &**node)
    }
}

impl App {
    /// A screen that knows of no node yet.
    pub fn new(settings: Settings) -> Self {
        let snapshot = Arc::new(Snapshot::default());
        let order = (settings.sort, settings.inverted);
        let mut fleet = Fleet::new(order, settings.density);
        if !settings.columns.is_empty() {
            fleet.columns = settings.columns;
        }
        fleet.set_filter(&settings.filter, &snapshot);
        Self {
            world: World {
                snapshot,
                now: Millis(0),
                theme: settings.theme,
                glyphs: settings.glyphs,
                keys: if settings.read_only {
                    settings.keys.read_only()
                } else {
                    settings.keys
                },
                size: Rect::new(0, 0, 80, 24),
                notice: None,
                waiting: None,
            },
            fleet,
            layers: Vec::new(),
            questions: Questions::default(),
            history: settings.history,
            ordered: None,
            rolling: None,
            asked: Vec::new(),
            read_only: settings.read_only,
            is_demo: settings.is_demo,
            is_dirty: true,
        }
    }

    /// Takes one event in; what it wishes done comes back.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        self.is_dirty = true;
        match event {
            Event::Key(key) => return self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Resize(width, height) => {
                self.world.size = Rect::new(0, 0, width, height);
                self.fleet.follow(&self.world.scene(), self.world.body());
                self.fit_runs();
                self.fit_rolls();
                self.fit_logs();
            }
            Event::Snapshot(snapshot) => return self.take(snapshot),
            Event::Prompt(prompt) => self.questions.ask(prompt, self.world.now),
            Event::PromptGone(id) => self.questions.forget(id, self.world.now),
            Event::Tick(now) => {
                self.world.now = self.world.now.max(now);
                self.fall_silent();
                self.fit_runs();
                self.fit_rolls();
                self.fit_logs();
                self.refresh();
            }
        }
        Vec::new()
    }

    /// True when a frame would look different from the last one.
    pub fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// What was typed into the palette, to be kept.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// A frame was drawn: the next one looks the same until something happens.
    pub fn drawn(&mut self) {
        self.is_dirty = false;
    }

    fn take(&mut self, snapshot: Arc<Snapshot>) -> Vec<Effect> {
        let before = std::mem::replace(&mut self.world.snapshot, snapshot);
        self.world.now = self.world.now.max(self.world.snapshot.at);
        let is_known = Arc::ptr_eq(&before.inventory, &self.world.snapshot.inventory);
        if !is_known {
            self.fleet.inventory_changed(&self.world.snapshot);
        }
        self.refresh();
        self.refresh_runs();
        self.refresh_rolls();
        self.refresh_logs();
        let gone =
            |layer: &Layer| matches!(layer, Layer::Node(id, _) if self.world.node(id).is_none());
        let at = self.layers.iter().position(gone);
        if let Some(Layer::Node(id, _)) = at.map(|at| self.layers.remove(at)) {
            self.say(&format!("{id} is no longer in the inventory"));
        }
        self.refresh_palette();
        let mut effects = self.hear_answers();
        effects.extend(at.map(|_| Effect::Focus(None)));
        effects
    }

    fn refresh(&mut self) {
        self.fleet.refresh(&self.world.scene(), self.world.body());
    }

    fn scope(&self) -> Scope {
        self.layers.last().map_or(Scope::Fleet, Layer::scope)
    }

    /// The node that is open.
    fn open_node(&self) -> Option<(&NodeId, &NodeView)> {
        self.layers.iter().find_map(|layer| match layer {
            Layer::Node(id, view) => Some((id, view)),
            _ => None,
        })
    }
}
