//! Rolls on the screen: planned, confirmed where that is due, watched, and steered.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::App;
use crate::{
    command::{
        Usage, resumption,
        roll::{Part, Roll},
        rolling::{Rolling, plan},
        select,
    },
    config::keymap::{Action, Scope},
    daemon::roll::Wish,
    exec::guard::Ask,
    fleet::{RollWish, Rolled},
    node::NodeId,
    store::{
        audit::RunId,
        roll::{Order, Stored},
    },
    ui::{
        effect::Effect,
        layer::Layer,
        palette::Preview,
        view::{
            confirm::Confirm,
            node::NodeView,
            page::Page,
            roll::{Reply, RollView},
            rolls::{self, Rolls},
        },
    },
};

const READ_ONLY: &str = "read-only: no roll is begun or touched from here";

impl App {
    /// What `daemon roll …` in the palette asks for.
    pub(super) fn roll(&mut self, rolling: &Rolling) -> Result<Vec<Effect>, Usage> {
        if rolling.json {
            let text = "--json is an option of the command line: sshoal daemon roll";
            return Err(Usage(text.to_owned()));
        }
        if self.read_only && !rolling.plan {
            return Err(Usage(READ_ONLY.to_owned()));
        }
        let wish = Arc::new(self.wish(rolling)?);
        if rolling.plan {
            let text = plan(&wish.names(), &wish.batches);
            self.report("plan", &(text + "Nothing was run: --plan"));
            return Ok(Vec::new());
        }
        let verdict = rolling.verdict(&wish.nodes);
        if rolling.yes || verdict.asks == Ask::Nothing {
            return Ok(self.begin_roll(wish));
        }
        let confirm = Confirm::roll(wish, &verdict, self.world.now);
        self.layers.push(Layer::Confirm(Box::new(confirm)));
        Ok(Vec::new())
    }

    fn wish(&self, rolling: &Rolling) -> Result<Wish, Usage> {
        let sets = std::slice::from_ref(&rolling.set);
        let nodes = select(sets, &self.world.snapshot.inventory)?;
        rolling.wish(&nodes)
    }

    pub(super) fn preview_of_rolling(&self, rolling: &Rolling) -> Result<Preview, Usage> {
        if self.read_only && !rolling.plan {
            return Err(Usage(READ_ONLY.to_owned()));
        }
        let wish = self.wish(rolling)?;
        let verb = match (rolling.plan, wish.batches.len()) {
            (true, _) => "shows the batches of".to_owned(),
            (false, 1) => format!("rolls {} in 1 batch on", wish.what),
            (false, n) => format!("rolls {} in {n} batches on", wish.what),
        };
        Ok(Preview::nodes(&verb, &wish.nodes))
    }

    pub(super) fn begin_roll(&mut self, wish: Arc<Wish>) -> Vec<Effect> {
        self.rolling = Some(Arc::clone(&wish));
        vec![Effect::Roll(wish)]
    }

    /// What `roll …` in the palette asks for: of a roll of this dashboard, or of another process.
    pub(super) fn roll_line(&mut self, roll: &Roll) -> Result<Vec<Effect>, Usage> {
        let is_json = match &roll.part {
            Part::List(list) => list.json,
            Part::Show(show) => show.json,
            Part::Resume(resume) => resume.json,
            _ => false,
        };
        if is_json {
            let text = "--json is an option of the command line: sshoal roll";
            return Err(Usage(text.to_owned()));
        }
        match &roll.part {
            Part::List(_) => Ok(self.kept_rolls(RollWish::All)),
            Part::Show(show) => match self.own(&show.id) {
                Some(rolled) => {
                    self.open_roll(rolled);
                    Ok(Vec::new())
                }
                None => Ok(self.kept_rolls(RollWish::One(show.id.clone()))),
            },
            Part::Pause(one) => self.steer(&one.id, Order::Pause),
            Part::Resume(resume) => self.steer(&resume.id, Order::Resume),
            Part::Promote(one) => self.steer(&one.id, Order::Promote),
            Part::Abort(one) => self.steer(&one.id, Order::Abort),
        }
    }

    fn steer(&mut self, id: &RunId, order: Order) -> Result<Vec<Effect>, Usage> {
        if self.read_only {
            return Err(Usage(READ_ONLY.to_owned()));
        }
        if self.own(id).is_some_and(|rolled| rolled.is_going()) {
            return Ok(vec![Effect::SteerRoll(id.clone(), order.note())]);
        }
        Ok(self.kept_rolls(match order {
            Order::Resume => RollWish::Resume(id.clone()),
            order => RollWish::Steer(id.clone(), order),
        }))
    }

    /// Asks whether to go on with a roll that no process drives.
    pub(super) fn resume(&mut self, stored: &Stored) {
        let asked = resumption::rolling(&stored.header).and_then(|rolling| {
            let inventory = &self.world.snapshot.inventory;
            let wish = resumption::wish(stored, &rolling, inventory)?;
            Ok(wish.map(|wish| (rolling.verdict(&wish.nodes), wish)))
        });
        match asked {
            Ok(Some((verdict, wish))) => {
                let confirm = Confirm::roll(Arc::new(wish), &verdict, self.world.now);
                self.layers.push(Layer::Confirm(Box::new(confirm)));
            }
            Ok(None) => self.say(&resumption::nothing_left(&stored.header)),
            Err(Usage(why)) => self.report("roll", &why),
        }
    }

    fn own(&self, id: &RunId) -> Option<Arc<Rolled>> {
        let mut rolls = self.world.snapshot.rolls.iter();
        rolls.find(|rolled| rolled.id == *id).cloned()
    }

    /// The only roll there is, or the list of them.
    pub(super) fn open_rolls(&mut self) {
        let rolls = Arc::clone(&self.world.snapshot.rolls);
        match rolls.as_slice() {
            [only] => self.open_roll(Arc::clone(only)),
            _ => self.layers.push(Layer::Rolls(Rolls::default())),
        }
    }

    fn open_roll(&mut self, rolled: Arc<Rolled>) {
        let mut view = RollView::new(rolled);
        view.fit(self.world.body());
        self.layers.push(Layer::Roll(Box::new(view)));
    }

    /// Takes in how the rolls stand, and shows the one that was ordered from here once it is there.
    pub(super) fn refresh_rolls(&mut self) {
        let body = self.world.body();
        let rolls = Arc::clone(&self.world.snapshot.rolls);
        self.layers.retain_mut(|layer| {
            let Layer::Roll(view) = layer else {
                return true;
            };
            let found = rolls.iter().find(|rolled| rolled.id == *view.id());
            found.inspect(|rolled| view.refresh(Arc::clone(rolled), body));
            found.is_some()
        });
        let Some(wish) = &self.rolling else { return };
        let found = rolls.iter().find(|rolled| Arc::ptr_eq(&rolled.wish, wish));
        let Some(rolled) = found.cloned() else {
            return;
        };
        self.rolling = None;
        if self.scope().is_text() || self.scope() == Scope::Confirm {
            return self.say("the roll has begun; B shows it");
        }
        self.open_roll(rolled);
    }

    /// Takes in the room.
    pub(super) fn fit_rolls(&mut self) {
        let body = self.world.body();
        for layer in &mut self.layers {
            if let Layer::Roll(view) = layer {
                view.fit(body);
            }
        }
    }

    /// Whether the view stays, and what is to be done.
    pub(super) fn act_on_roll(
        &mut self,
        view: &mut RollView,
        action: Action,
        body: Rect,
    ) -> (bool, Vec<Effect>) {
        let effects = match view.act(action, body) {
            Reply::Stays => Vec::new(),
            Reply::Close => return (false, Vec::new()),
            Reply::Say(text) => {
                self.say(text);
                Vec::new()
            }
            Reply::Steer(note) => vec![Effect::SteerRoll(view.id().clone(), note)],
            Reply::AskToAbort => {
                let confirm = Confirm::abort(view.rolled(), self.is_demo);
                self.layers.push(Layer::Confirm(Box::new(confirm)));
                Vec::new()
            }
            Reply::GoOn => self.kept_rolls(RollWish::Resume(view.id().clone())),
            Reply::Read(title, text) => {
                self.layers.push(Layer::Page(Page::new(&title, &text)));
                Vec::new()
            }
            Reply::Node(id) => self.open_beside(id),
        };
        (true, effects)
    }

    /// The page of a node over what is open; one page at a time.
    fn open_beside(&mut self, id: NodeId) -> Vec<Effect> {
        if self.open_node().is_some() || self.world.node(&id).is_none() {
            self.say("nothing has ended on this node yet");
            return Vec::new();
        }
        self.layers
            .push(Layer::Node(id.clone(), NodeView::default()));
        vec![Effect::Focus(Some(id))]
    }

    /// Whether the list stays, and what is to be done.
    pub(super) fn act_on_rolls(
        &mut self,
        rolls: &mut Rolls,
        action: Action,
        body: Rect,
    ) -> (bool, Vec<Effect>) {
        match rolls.act(action, &self.world.scene(), body) {
            rolls::Reply::Stays => (true, Vec::new()),
            rolls::Reply::Close => (false, Vec::new()),
            rolls::Reply::Say(text) => {
                self.say(text);
                (true, Vec::new())
            }
            rolls::Reply::Drop(id) => (true, vec![Effect::ForgetRoll(id)]),
            rolls::Reply::Open(rolled) => {
                self.open_roll(rolled);
                (true, Vec::new())
            }
        }
    }
}
