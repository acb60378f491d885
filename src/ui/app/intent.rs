//! What each command of the palette does to the screen.

use std::sync::Arc;

use super::App;
use crate::{
    command::{
        Usage,
        exec::Exec,
        registry::Intent,
        screen, select,
        status::{self, Status},
    },
    config::keymap::Action,
    exec::{RunOrder, Template, dry, guard, plan::Plan},
    node::{Node, NodeId},
    ui::{
        effect::Effect,
        layer::Layer,
        order::Sort,
        palette::preview::Selection,
        theme::Theme,
        view::{
            columns::{Column, menu::Menu},
            fleet::Density,
            help::Help,
            node::NodeView,
            page::Page,
            pool::Pool,
        },
    },
};

type Carried = Result<Vec<Effect>, Usage>;

impl App {
    /// Does what a line asks for; `here` is the node it is about where it names none.
    pub(super) fn carry_out(&mut self, intent: Intent, here: Option<&NodeId>) -> Carried {
        match intent {
            Intent::Exec(exec) => return self.exec(&exec, here),
            Intent::Daemon(daemon) => return self.daemon(&daemon),
            Intent::Status(status) => self.status(&status)?,
            Intent::Nodes(nodes) => {
                let text = nodes.report(&self.world.snapshot.inventory)?;
                self.report("nodes", &text);
            }
            Intent::Text(title, text) => self.report(&title, &text),
            Intent::Doctor(doctor) => return self.doctor(doctor),
            Intent::Trust(trust) => return self.trust(trust),
            Intent::Audit(audit) => return self.audit(audit),
            Intent::Runs => {
                let mut effects = self.close_all();
                effects.extend(self.act(Action::Runs));
                return Ok(effects);
            }
            Intent::Roll(roll) => return self.roll_line(&roll),
            Intent::Rolls => {
                let mut effects = self.close_all();
                effects.extend(self.act(Action::Rolls));
                return Ok(effects);
            }
            Intent::Pool(_) => {
                self.layers.push(Layer::Pool(Pool::default()));
                return Ok(vec![Effect::Connections(true)]);
            }
            Intent::Logs(logs) => return self.follow_line(&logs, here),
            Intent::Help => self.layers.push(Layer::Help(Help::new(self.scope()))),
            Intent::Node(node) => return self.open(&node.name),
            Intent::Theme(theme) => self.theme(&theme.name)?,
            Intent::Quit => return Ok(self.leave()),
            Intent::Forget => return Ok(vec![Effect::Forget]),
            Intent::Retry(retry) => {
                let nodes = self.retried(&retry.sets, here)?.nodes;
                let ids = nodes.iter().map(|node| node.id.clone()).collect();
                return Ok(vec![Effect::Retry(ids)]);
            }
            other => return self.arrange(other),
        }
        Ok(Vec::new())
    }

    /// What is seen in the fleet: other layers are closed.
    fn arrange(&mut self, intent: Intent) -> Carried {
        let is_menu = matches!(intent, Intent::Columns);
        match intent {
            Intent::Filter(text) => self.filter(&text)?,
            Intent::Sort(sort) => self.sort(&sort)?,
            Intent::View(view) => self.fleet.set_density(match view.density {
                screen::Density::Tiles => Density::Tiles,
                screen::Density::Table => Density::Table,
                screen::Density::Heatmap => Density::Heatmap,
            }),
            Intent::Mark(mark) => {
                let nodes = select(&mark.sets, &self.world.snapshot.inventory)?;
                let ids = nodes.iter().map(|node| node.id.clone());
                self.fleet.mark_nodes(ids);
            }
            Intent::Unmark(unmark) if unmark.sets.is_empty() => self.fleet.unmark_all(),
            Intent::Unmark(unmark) => {
                let nodes = select(&unmark.sets, &self.world.snapshot.inventory)?;
                self.fleet.unmark_nodes(nodes.iter().map(|node| &node.id));
            }
            _ => {}
        }
        let effects = self.close_all();
        if is_menu {
            let menu = Menu::new(&self.fleet.columns);
            self.layers.push(Layer::Columns(menu));
        }
        self.refresh();
        Ok(effects)
    }

    /// Back to the fleet.
    pub(super) fn close_all(&mut self) -> Vec<Effect> {
        let layers = std::mem::take(&mut self.layers);
        let left = layers.iter().filter_map(|layer| match layer {
            Layer::Node(..) => Some(Effect::Focus(None)),
            Layer::Pool(_) => Some(Effect::Connections(false)),
            Layer::Logs(logs) => Some(Effect::Unfollow(Arc::clone(logs.order()))),
            _ => None,
        });
        left.collect()
    }

    pub(super) fn report(&mut self, title: &str, text: &str) {
        self.layers.push(Layer::Page(Page::new(title, text)));
    }

    fn status(&mut self, status: &Status) -> Result<(), Usage> {
        let snapshot = &self.world.snapshot;
        let wanted = select(&status.sets, &snapshot.inventory)?;
        let glyphs = self.world.glyphs;
        let states = wanted.iter().filter_map(|node| self.world.node(&node.id));
        let rows: Vec<status::Row> = states
            .map(|state| status::row(state, self.world.now, |daemon| glyphs.daemon(daemon)))
            .collect();
        let width = usize::from(self.world.size.width.saturating_sub(4));
        let room = (width, glyphs.ellipsis());
        let text = status::text(&rows, |status| glyphs.status(status), room);
        self.report("status", &text);
        Ok(())
    }

    fn filter(&mut self, text: &str) -> Result<(), Usage> {
        let (before, _) = self.fleet.filter();
        let before = before.to_owned();
        self.fleet.set_filter(text, &self.world.snapshot);
        let Some(error) = self.fleet.filter().1.map(ToString::to_string) else {
            return Ok(());
        };
        self.fleet.set_filter(&before, &self.world.snapshot);
        Err(Usage(error))
    }

    fn sort(&mut self, wish: &screen::Sort) -> Result<(), Usage> {
        let sort = match wish.column.as_str() {
            "worst" => Sort::Worst,
            "name" => Sort::Name,
            id => {
                let column = Column::named(id).filter(|c| !matches!(c, Column::Trace(_)));
                let unknown = || Usage(format!("no column `{id}`; Tab shows all"));
                Sort::Column(column.ok_or_else(unknown)?)
            }
        };
        self.fleet.set_sort(sort, wish.reverse);
        Ok(())
    }

    fn theme(&mut self, name: &str) -> Result<(), Usage> {
        self.world.theme = Theme::load(name).map_err(|_| {
            let known: Vec<&str> = Theme::names().collect();
            Usage(format!("no theme `{name}`; there are {}", known.join(", ")))
        })?;
        Ok(())
    }

    /// Opens the page of a node, from wherever one is.
    fn open(&mut self, name: &str) -> Carried {
        let known = self.world.snapshot.node(name);
        let Some(id) = known.map(|state| state.node.id.clone()) else {
            return Err(Usage(format!("no node `{name}` in the inventory")));
        };
        let mut effects = self.close_all();
        self.fleet
            .go_to(&id, &self.world.scene(), self.world.body());
        self.layers
            .push(Layer::Node(id.clone(), NodeView::default()));
        effects.retain(|effect| *effect != Effect::Focus(None));
        effects.push(Effect::Focus(Some(id)));
        Ok(effects)
    }

    /// Plans the command for the nodes that are chosen by now, and has it confirmed or run.
    fn exec(&mut self, exec: &Exec, here: Option<&NodeId>) -> Carried {
        if self.read_only {
            return Err(Usage(
                "read-only: nothing is run on nodes from here".to_owned(),
            ));
        }
        let again = self.again(exec)?;
        let filled = again.as_ref().map(|again| again.filled(exec));
        let exec = filled.as_ref().unwrap_or(exec);
        let Selection { nodes, how } = self.selection(exec, here)?;
        // The choice differs from moment to moment, and is the same for the same moment.
        let nodes = exec.picked(nodes, self.world.now.0);
        let (command, sets) = exec.split();
        let selector = match &again {
            Some(again) => again.selector(&sets),
            None if sets.is_empty() => how,
            None => sets.join(","),
        };
        let command = command.unwrap_or_default();
        let ranks = again.map(|again| again.ranks).unwrap_or_default();
        let plan = exec.plan(&command, &nodes, &ranks, |_| None)?;
        if exec.manner.dry_run {
            let text = told(&plan, &command);
            self.report("dry run", &text);
            return Ok(Vec::new());
        }
        Ok(self.propose(RunOrder::new(plan, &command, &selector)))
    }
}

/// What would be run where, and what would be asked before.
fn told(plan: &Plan, command: &str) -> String {
    let nodes: Vec<Arc<Node>> = plan.jobs.iter().map(|job| Arc::clone(&job.node)).collect();
    let verdict = guard::judge(command, &nodes);
    let mut lines = guard::confirmation(command, &nodes, &verdict);
    if !Template::parse(command).is_constant() {
        let each = plan
            .jobs
            .iter()
            .map(|job| format!("{}: {}", job.node.id, job.command));
        lines.extend(each);
    }
    lines.extend(dry::manner(plan));
    lines.push("Nothing was run: --dry-run".to_owned());
    lines.join("\n")
}
