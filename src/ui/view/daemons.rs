//! The menu of daemons: which of those of the chosen nodes is meant, and what is done with it.

use std::{collections::BTreeMap, sync::Arc};

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Scene, scroll::step};
use crate::{
    config::keymap::Action as Key,
    daemon::Action,
    fleet::NodeState,
    metrics::daemon::State,
    node::Node,
    ui::{
        format::{self, put, row},
        glyph::daemon_role,
        theme::Role,
        widget::{Look, panel::Panel},
    },
};

/// Widest menu.
const WIDTH: u16 = 60;

/// A daemon of some nodes.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// What is done with it.
    pub action: Action,
    /// Where hosts.yaml has it.
    pub nodes: Vec<Arc<Node>>,
    /// On how many nodes it is how, worst first.
    states: BTreeMap<std::cmp::Reverse<State>, usize>,
}

/// What can be chosen, and the cursor.
#[derive(Clone, Debug)]
pub struct Menu {
    items: Vec<Item>,
    at: usize,
}

/// What came of a key.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Nothing yet.
    Stays,
    /// This is meant.
    Chosen(Item),
    /// Its log is looked at before.
    Logs(Item),
    /// None of them.
    Close,
}

/// The daemons of these nodes by name: to be restarted, or each to be stopped where it runs anywhere, else started.
pub fn items<'a>(nodes: impl IntoIterator<Item = &'a NodeState>, restart: bool) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for node in nodes {
        let seen = node.sample.as_deref().map(|sample| &sample.daemon.daemons);
        for daemon in &node.node.daemons {
            let is_it = |name: &str| name == daemon.name;
            let status = seen.and_then(|all| all.iter().find(|d| is_it(d.name.as_str())));
            let state = status.map_or(State::Unknown, |status| status.state);
            let place = items.iter().position(|item| is_it(&item.name));
            let at = place.unwrap_or(items.len());
            if place.is_none() {
                items.push(Item {
                    name: daemon.name.clone(),
                    action: Action::Restart,
                    nodes: Vec::new(),
                    states: BTreeMap::new(),
                });
            }
            if let Some(item) = items.get_mut(at) {
                item.nodes.push(Arc::clone(&node.node));
                *item.states.entry(std::cmp::Reverse(state)).or_default() += 1;
            }
        }
    }
    for item in items.iter_mut().filter(|_| !restart) {
        let runs = |state: State| matches!(state, State::Up | State::Changing);
        let is_up = item.states.keys().any(|state| runs(state.0));
        item.action = if is_up { Action::Stop } else { Action::Start };
    }
    items
}

impl Item {
    /// How it is where it is worst off.
    pub fn worst(&self) -> State {
        let first = self.states.first_key_value();
        first.map_or(State::Unknown, |(state, _)| state.0)
    }

    /// `failed`, or of several nodes `1 failed, 3 up`.
    fn states(&self) -> String {
        if self.nodes.len() == 1 {
            return self.worst().as_str().to_owned();
        }
        let states = self.states.iter();
        let states = states.map(|(state, count)| format!("{count} {}", state.0.as_str()));
        states.collect::<Vec<_>>().join(", ")
    }
}

impl Menu {
    /// With the cursor on the one that is worst off.
    pub fn new(items: Vec<Item>) -> Self {
        let places = items.iter().enumerate();
        let worst = places.max_by_key(|(at, item)| (item.worst(), std::cmp::Reverse(*at)));
        Self {
            at: worst.map_or(0, |(at, _)| at),
            items,
        }
    }

    /// Does what a key means here.
    pub fn act(&mut self, key: Key, area: Rect) -> Reply {
        let last = self.items.len().saturating_sub(1);
        let page = usize::from(self.frame(area).height.saturating_sub(2)).max(1);
        match key {
            Key::Open => {
                let item = self.items.get(self.at).cloned();
                return item.map_or(Reply::Close, Reply::Chosen);
            }
            Key::Logs => {
                let item = self.items.get(self.at).cloned();
                return item.map_or(Reply::Stays, Reply::Logs);
            }
            Key::Back => return Reply::Close,
            _ => self.at = step(key, self.at, last, page).unwrap_or(self.at),
        }
        Reply::Stays
    }

    /// At the foot of the view, as high as it has to be.
    fn frame(&self, area: Rect) -> Rect {
        let width = area.width.min(WIDTH);
        let height = (self.items.len() as u16 + 2).min(area.height);
        Rect {
            x: area.x + (area.width - width) / 2,
            y: area.bottom() - height,
            width,
            height,
        }
    }

    /// Draws it over the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let area = self.frame(area);
        let style = |role| scene.theme.style(role);
        let ground = style(Role::Ground).patch(style(Role::Panel));
        format::clear(buf, area, ground);
        let panel = Panel {
            title: &[("Which daemon?", style(Role::Strong))],
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        let first = (self.at + 1).saturating_sub(usize::from(inside.height));
        let items = self.items.iter().enumerate().skip(first);
        for (y, (at, item)) in (0..inside.height).zip(items) {
            let line = row(inside, y);
            if at == self.at {
                buf.set_style(line, style(Role::Selected));
            }
            let worst = item.worst();
            let sign = scene.glyphs.daemon(worst);
            put(buf, line, line.x, sign, style(daemon_role(worst)));
            let half = usize::from(line.width / 2);
            let what = format!("{} {}", item.action.as_str(), item.name);
            let what = format::fit(&what, half, scene.glyphs);
            put(buf, line, line.x + 2, &what, style(Role::Text));
            let states = item.states();
            let states = format::fit(&states, half.saturating_sub(3), scene.glyphs);
            let x = line.x + 3 + half as u16;
            put(buf, line, x, &states, style(Role::Muted));
        }
    }
}
