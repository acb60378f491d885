//! What keys do: to the question in front, else to the layer in front, else to the fleet.

use crokey::KeyCombination;
use ratatui::layout::Rect;

use super::App;
use crate::{
    config::keymap::{Action, Scope},
    node::NodeId,
    ui::{
        effect::Effect,
        layer::Layer,
        view::{
            columns::menu::Menu,
            fleet::Density,
            help::Help,
            line::Line,
            node::{self, NodeView},
            pool::Pool,
            prompt::{self, Ask},
            runs::Runs,
        },
    },
};

/// Where nothing is to be found.
const NO_FAULT: &str = "no node is in trouble";

/// What a host key's question takes.
const ASKED: &str = "a host key waits: y accepts it, n refuses it";

/// Why a question takes no yes.
const ASKED_READ_ONLY: &str = "read-only: a question can only be declined from here";

impl App {
    pub(super) fn key(&mut self, key: KeyCombination) -> Vec<Effect> {
        let was_typing = self.is_typing();
        let mut effects = self.pressed(key);
        if was_typing && !self.is_typing() {
            self.questions.show(self.world.now);
            effects.extend(self.hear_answers());
        }
        effects
    }

    /// The question on the screen. None comes up while somebody types: the next letter would answer it.
    pub(super) fn asked(&self) -> Option<Ask<'_>> {
        if self.is_typing() {
            None
        } else {
            self.questions.first(self.world.now)
        }
    }

    pub(super) fn is_typing(&self) -> bool {
        // A yes to one question must not answer another that has just come up.
        let is_layer = matches!(
            self.layers.last(),
            Some(Layer::Palette(_) | Layer::Confirm(_))
        );
        is_layer || self.scope().is_text()
    }

    /// Where keys are read while this is asked.
    pub(super) fn scope_of(&self, asked: Option<&Ask<'_>>) -> Scope {
        match asked {
            Some(asked) if asked.is_typed() => Scope::Secret,
            Some(_) => Scope::Prompt,
            None => self.scope(),
        }
    }

    fn pressed(&mut self, key: KeyCombination) -> Vec<Effect> {
        let asked = self.asked();
        let (scope, is_asked) = (self.scope_of(asked.as_ref()), asked.is_some());
        match (self.world.keys.action(scope, key), self.layers.last_mut()) {
            (Some(Action::Quit), _) => self.leave(),
            (Some(Action::Suspend), _) => vec![Effect::Suspend],
            (Some(Action::Redraw), _) => vec![Effect::Redraw],
            (Some(action), _) if is_asked => self.answer(action),
            (None, _) if is_asked => {
                self.type_answer(scope, key);
                Vec::new()
            }
            (Some(action), _) if action.is_mutating() && self.read_only => self.refuse(),
            (Some(action), _) => self.act(action),
            (None, Some(Layer::Confirm(confirm))) => {
                confirm.key(key);
                Vec::new()
            }
            (None, Some(Layer::Run(view))) => {
                view.key(key, self.world.body());
                Vec::new()
            }
            (None, Some(Layer::Logs(logs))) => {
                logs.key(key);
                Vec::new()
            }
            (None, Some(Layer::Filter(line))) => {
                if line.key(key) {
                    self.typed();
                }
                Vec::new()
            }
            (None, Some(Layer::Palette(_))) => self.with_palette(|palette, _| palette.key(key)),
            (None, _) => Vec::new(),
        }
    }

    /// A letter of an answer; one that no host key takes is told so.
    fn type_answer(&mut self, scope: Scope, key: KeyCombination) {
        if self.read_only {
            self.say(ASKED_READ_ONLY);
        } else if scope == Scope::Prompt {
            self.say(ASKED);
        } else if self.may_answer() {
            self.questions.typed(key);
        }
    }

    /// Pasted text is only ever text: it accepts no host key and is no key.
    pub(super) fn paste(&mut self, text: &str) {
        if self.asked().is_some() {
            if self.may_answer() {
                self.questions.paste(text);
            }
            return;
        }
        let body = self.world.body();
        match self.layers.last_mut() {
            Some(Layer::Filter(line)) => {
                line.paste(text);
                self.typed();
            }
            Some(Layer::Run(view)) => view.paste(text, body),
            Some(Layer::Logs(logs)) => logs.paste(text),
            _ => {}
        }
        self.with_palette(|palette, _| palette.paste(text));
    }

    fn typed(&mut self) {
        if let Some(Layer::Filter(line)) = self.layers.last() {
            self.fleet.set_filter(line.text(), &self.world.snapshot);
            self.refresh();
        }
    }

    fn answer(&mut self, action: Action) -> Vec<Effect> {
        let is_armed = self.asked().is_some_and(|asked| asked.is_armed);
        if is_armed && (action == Action::No || self.may_answer()) {
            return self.questions.answer(action, self.world.now);
        }
        if is_armed && self.read_only {
            self.say(ASKED_READ_ONLY);
        }
        Vec::new()
    }

    /// True when the question can be read, was there long enough for it, and may be answered with more than a no.
    fn may_answer(&self) -> bool {
        let is_read = |asked: &Ask<'_>| asked.is_armed && prompt::fits(asked, self.world.size);
        !self.read_only && self.asked().as_ref().is_some_and(is_read)
    }

    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        let body = self.world.body();
        match action {
            Action::Forget => {
                self.say("typed passwords and unlocked keys are forgotten");
                return vec![Effect::Forget];
            }
            Action::Theme => {
                self.world.theme = self.world.theme.next();
                self.echo(&format!("theme: {}", self.world.theme.name));
            }
            Action::Help => self.layers.push(Layer::Help(Help::new(self.scope()))),
            Action::Runs => self.layers.push(Layer::Runs(Runs::default())),
            Action::Rolls => self.open_rolls(),
            Action::Palette | Action::Exec => self.open_palette(action),
            Action::Restart | Action::StartStop => return self.choose_daemon(action),
            _ if matches!(self.layers.last(), Some(Layer::Palette(_))) => {
                return self.with_palette(|palette, known| palette.act(action, known));
            }
            Action::Connections => {
                self.layers.push(Layer::Pool(Pool::default()));
                return vec![Effect::Connections(true)];
            }
            _ => {
                let Some(mut layer) = self.layers.pop() else {
                    return self.act_on_fleet(action, body);
                };
                let place = self.layers.len();
                let (is_open, effects) = self.act_on(&mut layer, action, body);
                if is_open {
                    // Under what it has opened itself.
                    self.layers.insert(place, layer);
                }
                return effects;
            }
        }
        Vec::new()
    }

    /// Whether the layer stays, and what is to be done.
    fn act_on(&mut self, layer: &mut Layer, action: Action, body: Rect) -> (bool, Vec<Effect>) {
        match layer {
            Layer::Help(_) | Layer::Columns(_) | Layer::Page(_) if action == Action::Back => {
                (false, Vec::new())
            }
            Layer::Pool(_) if action == Action::Back => (false, vec![Effect::Connections(false)]),
            Layer::Pool(pool) => {
                pool.act(action, &self.world.scene(), body);
                (true, Vec::new())
            }
            Layer::Help(help) => {
                help.act(action, &self.world.scene(), body);
                (true, Vec::new())
            }
            Layer::Page(page) => {
                page.act(action, body);
                (true, Vec::new())
            }
            // It has read the key by now.
            Layer::Palette(_) => (true, Vec::new()),
            Layer::Columns(menu) => {
                menu.act(action, body);
                self.fleet.columns = menu.shown();
                (true, Vec::new())
            }
            Layer::Daemons(menu) => self.act_on_daemons(menu, action, body),
            Layer::Filter(_) => self.act_on_filter(action, body),
            Layer::Confirm(confirm) => self.act_on_confirm(confirm, action),
            Layer::Runs(runs) => self.act_on_runs(runs, action, body),
            Layer::Run(view) => self.act_on_run(view, action, body),
            Layer::Rolls(rolls) => self.act_on_rolls(rolls, action, body),
            Layer::Roll(view) => self.act_on_roll(view, action, body),
            Layer::Logs(logs) => self.act_on_logs(logs, action, body),
            Layer::Node(id, view) => self.act_on_node((id, view), action, body),
        }
    }

    fn act_on_filter(&mut self, action: Action, body: Rect) -> (bool, Vec<Effect>) {
        match action {
            Action::Open => (self.fleet.filter().1.is_some(), Vec::new()),
            Action::Back => {
                self.fleet.set_filter("", &self.world.snapshot);
                self.refresh();
                (false, Vec::new())
            }
            _ => {
                self.fleet.act(action, &self.world.scene(), body);
                (true, Vec::new())
            }
        }
    }

    fn act_on_node(
        &mut self,
        (id, view): (&mut NodeId, &mut NodeView),
        action: Action,
        body: Rect,
    ) -> (bool, Vec<Effect>) {
        let scene = self.world.scene();
        match action {
            Action::Back => return (false, vec![Effect::Focus(None)]),
            Action::Retry => return (true, self.retry(vec![id.clone()])),
            Action::Left | Action::Right => {
                self.fleet.step(action == Action::Right, &scene, body);
            }
            Action::NextFault | Action::PreviousFault if !self.fleet.has_fault(&scene) => {
                self.say(NO_FAULT);
                return (true, Vec::new());
            }
            Action::NextFault | Action::PreviousFault => {
                self.fleet.act(action, &scene, body);
            }
            Action::Logs | Action::SystemLog => {
                return (true, self.follow_node(id, view, action));
            }
            _ => {
                if let Some(node) = self.world.node(id) {
                    let is_idle = node::idle(node).contains(&Action::NextDaemon);
                    if is_idle && matches!(action, Action::NextDaemon | Action::PreviousDaemon) {
                        self.say("no daemon is watched on this node");
                        return (true, Vec::new());
                    }
                    view.update(action, &scene, node, body);
                }
                return (true, Vec::new());
            }
        }
        let Some((next, _)) = self.fleet.cursor().filter(|(next, _)| *next != id) else {
            return (true, Vec::new());
        };
        (*id, *view) = (next.clone(), NodeView::default());
        (true, vec![Effect::Focus(Some(id.clone()))])
    }

    fn act_on_fleet(&mut self, action: Action, body: Rect) -> Vec<Effect> {
        match action {
            Action::Filter => {
                let (text, _) = self.fleet.filter();
                self.layers.push(Layer::Filter(Box::new(Line::new(text))));
            }
            Action::Columns => {
                let menu = Menu::new(&self.fleet.columns);
                self.layers.push(Layer::Columns(menu));
            }
            Action::Logs => return self.follow_marked(),
            Action::NextFault | Action::PreviousFault
                if !self.fleet.has_fault(&self.world.scene()) =>
            {
                self.say(NO_FAULT);
            }
            Action::Retry => return self.retry(self.meant().into_iter().collect()),
            Action::Signal => {
                self.fleet.act(action, &self.world.scene(), body);
                if self.fleet.density(&self.world.scene(), body) != Density::Heatmap {
                    let signal = self.fleet.signal().as_str();
                    self.echo(&format!("the heatmap shows {signal}"));
                }
            }
            Action::Open => {
                self.fleet.hold(self.world.now);
                let id = self.fleet.cursor().map(|(id, _)| id.clone());
                self.layers
                    .extend(id.clone().map(|id| Layer::Node(id, NodeView::default())));
                return id.map(|id| Effect::Focus(Some(id))).into_iter().collect();
            }
            _ => {
                let scene = self.world.scene();
                let why = self.fleet.nothing_by(action, &scene, body);
                self.fleet.act(action, &scene, body);
                why.inspect(|why| self.say(why));
            }
        }
        Vec::new()
    }

    /// Has them tried now; says so where nothing would come of it.
    fn retry(&mut self, ids: Vec<NodeId>) -> Vec<Effect> {
        let mut nodes = ids.iter().filter_map(|id| self.world.node(id));
        if !nodes.any(node::is_retried) {
            let who = match ids.as_slice() {
                [] => return Vec::new(),
                [id] => id.to_string(),
                ids => format!("each of the {} nodes", ids.len()),
            };
            self.say(&format!("{who} is connected, or being connected"));
        }
        vec![Effect::Retry(ids)]
    }
}
