//! Logs on the screen: followed from a key or a command, kept up to date, left.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::App;
use crate::{
    command::{Usage, logs as command},
    config::keymap::Action,
    logs::{Filter, Order, Source, Target},
    metrics::daemon::State,
    node::{Daemon, Node, NodeId},
    ui::{
        effect::Effect,
        layer::Layer,
        view::{
            logs::{Logs, Reply},
            node::NodeView,
        },
    },
};

impl App {
    /// Follows the system's log of the marked nodes, else of the one under the cursor.
    pub(super) fn follow_marked(&mut self) -> Vec<Effect> {
        let here = self.fleet.cursor().map(|(id, _)| id.clone());
        let Ok(selection) = self.untold(here.as_ref()) else {
            self.say("no node to follow the log of");
            return Vec::new();
        };
        let targets = of_all(&selection.nodes, &[Source::System]);
        self.follow(targets, "system log", false)
    }

    /// Follows what belongs to the page of a node: the log of the daemon under the cursor, else those of daemons that failed,
    /// else the system's.
    pub(super) fn follow_node(
        &mut self,
        id: &NodeId,
        view: &NodeView,
        action: Action,
    ) -> Vec<Effect> {
        let Some(state) = self.world.node(id) else {
            return Vec::new();
        };
        let node = Arc::clone(&state.node);
        if let Some(daemon) = view.daemon(state).filter(|_| action == Action::Logs) {
            let (name, state) = (daemon.name.to_string(), daemon.state);
            return self.follow_daemon(&[node], &name, state);
        }
        let daemons = state
            .sample
            .iter()
            .flat_map(|sample| &sample.daemon.daemons);
        let failed = daemons.filter(|daemon| daemon.state == State::Failed);
        let names: Vec<String> = failed
            .filter(|_| action == Action::Logs)
            .map(|daemon| daemon.name.to_string())
            .collect();
        if names.is_empty() {
            return self.follow(of_all(&[node], &[Source::System]), "system log", false);
        }
        let sources: Vec<Source> = names.iter().map(|name| daemon(&node, name)).collect();
        let title = format!("{}: failed", names.join(", "));
        self.follow(of_all(&[node], &sources), &title, true)
    }

    /// Follows a daemon's log on these nodes, at its failure where it has failed.
    pub(super) fn follow_daemon(
        &mut self,
        nodes: &[Arc<Node>],
        name: &str,
        state: State,
    ) -> Vec<Effect> {
        let targets = nodes.iter().map(|node| Target {
            node: Arc::clone(node),
            sources: vec![daemon(node, name)],
        });
        let title = match state {
            State::Failed => format!("{name}: failed"),
            _ => name.to_owned(),
        };
        self.follow(targets.collect(), &title, state == State::Failed)
    }

    /// Follows what a line of the palette asks for.
    pub(super) fn follow_line(
        &mut self,
        logs: &command::Logs,
        here: Option<&NodeId>,
    ) -> Result<Vec<Effect>, Usage> {
        let others = [
            (logs.show.json, "--json"),
            (logs.show.collect.is_some(), "--collect"),
        ];
        if let Some((_, name)) = others.iter().find(|(is_given, _)| *is_given) {
            let text = format!("{name} is an option of the command line: sshoal logs");
            return Err(Usage(text));
        }
        if self.read_only && !logs.sources.commands.is_empty() {
            return Err(Usage(
                "read-only: nothing is run on nodes from here".to_owned(),
            ));
        }
        let nodes = self.retried(&logs.sets, here)?.nodes;
        let order = Order {
            is_followed: true,
            ..logs.order(&nodes)?
        };
        let filter = logs.filter()?;
        let title = title(&order);
        Ok(self.show_logs(Logs::new(Arc::new(order), &title, filter)))
    }

    fn follow(&mut self, targets: Vec<Target>, title: &str, is_failure: bool) -> Vec<Effect> {
        let order = Arc::new(Order::follow(targets));
        let logs = Logs::new(order, title, Filter::default());
        self.show_logs(if is_failure { logs.at_failure() } else { logs })
    }

    fn show_logs(&mut self, logs: Logs) -> Vec<Effect> {
        let order = Arc::clone(logs.order());
        self.layers.push(Layer::Logs(Box::new(logs)));
        vec![Effect::Follow(order)]
    }

    /// Takes in how the logs stand.
    pub(super) fn refresh_logs(&mut self) {
        let body = self.world.body();
        let mut news = None;
        for layer in &mut self.layers {
            let Layer::Logs(logs) = layer else { continue };
            let all = self.world.snapshot.logs.iter();
            let mut all = all.filter(|followed| Arc::ptr_eq(&followed.order, logs.order()));
            if let Some(followed) = all.next() {
                news = logs.refresh(Arc::clone(followed), body).or(news);
            }
        }
        if let Some(news) = news {
            self.say(&news);
        }
    }

    /// Takes in the time and the room.
    pub(super) fn fit_logs(&mut self) {
        let body = self.world.body();
        for layer in &mut self.layers {
            if let Layer::Logs(logs) = layer {
                logs.fit(body);
            }
        }
    }

    /// Whether the view stays, and what is to be done.
    pub(super) fn act_on_logs(
        &mut self,
        logs: &mut Logs,
        action: Action,
        body: Rect,
    ) -> (bool, Vec<Effect>) {
        match logs.act(action, body) {
            Reply::Do(effects) => (true, effects),
            Reply::Say(text) => {
                self.say(&text);
                (true, Vec::new())
            }
            Reply::Tell(effect, text) => {
                self.say(&text);
                (true, vec![effect])
            }
            Reply::Close(effect) => (false, vec![effect]),
        }
    }
}

fn of_all(nodes: &[Arc<Node>], sources: &[Source]) -> Vec<Target> {
    let target = |node: &Arc<Node>| Target {
        node: Arc::clone(node),
        sources: sources.to_vec(),
    };
    nodes.iter().map(target).collect()
}

/// As the entry of the node has it.
fn daemon(node: &Node, name: &str) -> Source {
    let known = node.daemons.iter().find(|daemon| daemon.name == name);
    let daemon = known.cloned().unwrap_or_else(|| Daemon {
        name: name.to_owned(),
        ..Daemon::default()
    });
    Source::Daemon(Arc::new(daemon))
}

/// The sources by name, each once.
fn title(order: &Order) -> String {
    let mut names: Vec<&str> = Vec::new();
    for source in order.targets.iter().flat_map(|target| &target.sources) {
        let name = match source {
            Source::System => "system log",
            source => source.name(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    crate::node::text::SafeText::from(names.join(", ").as_str()).to_string()
}
