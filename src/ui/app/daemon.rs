//! Daemons from the dashboard: planned for the nodes that are meant, confirmed where that is due, and shown as a run.

use super::App;
use crate::{
    command::{Usage, daemon, select},
    exec::{RunOrder, guard},
    ui::{effect::Effect, layer::Layer, view::page::Page},
};

impl App {
    /// What `daemon …` in the palette asks for.
    pub(super) fn daemon(&mut self, line: &daemon::Daemon) -> Result<Vec<Effect>, Usage> {
        let daemon::Part::Act(verb) = &line.part else {
            let text = "roll is a command of the command line: sshoal daemon roll";
            return Err(Usage(text.to_owned()));
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
        let plan = act.plan(action, &nodes)?;
        let order = RunOrder::new(plan, &act.brief(action), &act.set);
        let nodes = order.nodes();
        let verdict = daemon::verdict(action, act, &nodes);
        if act.dry_run {
            let mut lines = guard::confirmation(&order.command, &nodes, &verdict);
            lines.push("Nothing was run: --dry-run".to_owned());
            let page = Page::new("dry run", &lines.join("\n"));
            self.layers.push(Layer::Page(page));
            return Ok(Vec::new());
        }
        Ok(self.propose_judged(order, &verdict))
    }
}
