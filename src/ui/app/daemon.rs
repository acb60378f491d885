//! Daemons from the dashboard: planned for the nodes that are meant, confirmed where that is due, and shown as a run.

use std::{collections::BTreeSet, sync::Arc};

use ratatui::layout::Rect;

use super::App;
use crate::{
    command::{
        Usage,
        daemon::{self, Act},
        select,
    },
    config::keymap::Action as Key,
    daemon::Action,
    exec::{RunOrder, guard},
    node::{Node, NodeId, Sudo, set::NodeSet},
    ui::{
        effect::Effect,
        layer::Layer,
        view::{
            daemons::{Item, Menu, Reply, items},
            page::Page,
        },
    },
};

impl App {
    /// What `daemon …` in the palette asks for.
    pub(super) fn daemon(&mut self, line: &daemon::Daemon) -> Result<Vec<Effect>, Usage> {
        let verb = match &line.part {
            daemon::Part::Act(verb) => verb,
            daemon::Part::Roll(rolling) => return self.roll(rolling),
        };
        let (action, act) = (verb.action(), verb.act());
        if self.read_only && action.is_mutating() {
            let text = "read-only: no daemon is started or stopped from here";
            return Err(Usage(text.to_owned()));
        }
        if act.json {
            let text = "--json is an option of the command line: sshoal daemon";
            return Err(Usage(text.to_owned()));
        }
        let sets = std::slice::from_ref(&act.set);
        let nodes = select(sets, &self.world.snapshot.inventory)?;
        let (order, verdict) = propose(act, action, &nodes)?;
        if act.dry_run {
            let mut lines = guard::confirmation(&order.command, &order.nodes(), &verdict);
            lines.push("Nothing was run: --dry-run".to_owned());
            let page = Page::new("dry run", &lines.join("\n"));
            self.layers.push(Layer::Page(page));
            return Ok(Vec::new());
        }
        Ok(self.propose_judged(order, &verdict))
    }

    /// Restarts a daemon, or stops or starts it: of the open node, the marked ones, or the one under the cursor. With
    /// several to choose from, a menu asks which.
    pub(super) fn choose_daemon(&mut self, key: Key) -> Vec<Effect> {
        let meant = self.meant();
        let nodes = meant.iter().filter_map(|id| self.world.node(id));
        let mut items = items(nodes, key == Key::Restart);
        if let Some(name) = self.daemon_here() {
            items.retain(|item| item.name == name);
        }
        match items.len() {
            0 => self.say("hosts.yaml names no daemon here; :daemon takes any name"),
            1 => {
                let item = items.pop();
                return item.map_or_else(Vec::new, |item| self.act_on_daemon(&item));
            }
            _ => self.layers.push(Layer::Daemons(Menu::new(items))),
        }
        Vec::new()
    }

    /// The daemon under the cursor of the open node.
    fn daemon_here(&self) -> Option<String> {
        let (id, view) = self.open_node()?;
        let daemon = view.daemon(self.world.node(id)?)?;
        Some(daemon.name.to_string())
    }

    /// The open node, else those that are marked, else the one under the cursor.
    pub(super) fn meant(&self) -> BTreeSet<NodeId> {
        if let Some((id, _)) = self.open_node() {
            return BTreeSet::from([id.clone()]);
        }
        let marked = self.fleet.marks();
        if marked.is_empty() {
            return self
                .fleet
                .cursor()
                .map(|(id, _)| id.clone())
                .into_iter()
                .collect();
        }
        marked.clone()
    }

    /// Whether the menu stays, and what is to be done.
    pub(super) fn act_on_daemons(
        &mut self,
        menu: &mut Menu,
        key: Key,
        body: Rect,
    ) -> (bool, Vec<Effect>) {
        match menu.act(key, body) {
            Reply::Stays => (true, Vec::new()),
            Reply::Close => (false, Vec::new()),
            Reply::Chosen(item) => (false, self.act_on_daemon(&item)),
            Reply::Logs(item) => {
                let effects = self.follow_daemon(&item.nodes, &item.name, item.worst());
                (true, effects)
            }
        }
    }

    fn act_on_daemon(&mut self, item: &Item) -> Vec<Effect> {
        let names = NodeSet::from_names(item.nodes.iter().map(|node| node.id.as_str()));
        let act = Act {
            sudo: item.nodes.iter().all(|node| node.sudo == Sudo::Ask),
            ..Act::new(names.to_string(), vec![item.name.clone()])
        };
        match propose(&act, item.action, &item.nodes) {
            Ok((order, mut verdict)) => {
                // One key is sooner pressed than a line is typed, and `r` only shows the runs.
                if verdict.asks == guard::Ask::Nothing {
                    verdict.asks = guard::Ask::YesNo;
                }
                self.propose_judged(order, &verdict)
            }
            Err(error) => {
                self.say(&error.0);
                Vec::new()
            }
        }
    }
}

/// What is run, and what is asked before.
fn propose(
    act: &Act,
    action: Action,
    nodes: &[Arc<Node>],
) -> Result<(Arc<RunOrder>, guard::Verdict), Usage> {
    let plan = act.plan(action, nodes)?;
    let order = RunOrder::new(plan, &act.brief(action), &act.set);
    let verdict = daemon::verdict(action, act, &order.nodes());
    Ok((order, verdict))
}
