//! The palette over the screen: opened, typed into, and told what its line would do.

use std::sync::Arc;

use super::App;
use crate::{
    command::{
        Usage, daemon,
        exec::Exec,
        registry::{self, Intent, SHORT},
        select,
        trust::Trust,
    },
    config::keymap::Action,
    fleet::{filter::Filter, keys::Change},
    node::{Node, NodeId},
    ui::{
        effect::Effect,
        layer::Layer,
        palette::{
            Done, Known, Palette, Preview,
            preview::{Selection, count},
        },
    },
};

/// Why no key is changed.
pub(super) const KEYS_READ_ONLY: &str = "read-only: host keys are not changed from here";

/// Why nothing is run.
const READ_ONLY: &str = "read-only: nothing is run on nodes from here";

impl App {
    /// Opens the palette, empty or as the short form of `exec`.
    pub(super) fn open_palette(&mut self, action: Action) {
        self.fleet.hold(self.world.now);
        let here = self.here();
        let mut palette = match action {
            Action::Exec => Palette::short(here),
            _ => Palette::new(here),
        };
        palette.look(&self.known());
        palette.show(self.preview(&palette));
        self.layers.push(Layer::Palette(Box::new(palette)));
    }

    /// The node that commands are for without any mark: the open one, else the one under the cursor.
    fn here(&self) -> Option<NodeId> {
        let open = self.page();
        let cursor = self.fleet.cursor().map(|(id, _)| id);
        open.or(cursor).cloned()
    }

    /// The node whose page is in front.
    pub(super) fn page(&self) -> Option<&NodeId> {
        match self.layers.iter().rev().find(|layer| layer.has_crumb()) {
            Some(Layer::Node(id, _)) => Some(id),
            _ => None,
        }
    }

    fn known(&self) -> Known<'_> {
        Known {
            runs: &self.world.snapshot.runs,
            rolls: &self.world.snapshot.rolls,
            inventory: &self.world.snapshot.inventory,
            history: self.history.lines(),
            read_only: self.read_only,
        }
    }

    /// Passes something on to the palette in front, and does what comes of it.
    pub(super) fn with_palette(
        &mut self,
        act: impl FnOnce(&mut Palette, &Known<'_>) -> Done,
    ) -> Vec<Effect> {
        let Some(Layer::Palette(mut palette)) = self.layers.pop() else {
            return Vec::new();
        };
        match act(&mut palette, &self.known()) {
            Done::Close => return Vec::new(),
            Done::Run(line) => return self.run_line(&line, palette),
            Done::Changed => {
                palette.look(&self.known());
                palette.show(self.preview(&palette));
            }
            Done::Nothing => {}
        }
        self.layers.push(Layer::Palette(palette));
        Vec::new()
    }

    /// Nodes or marks may be others: says anew what the line would do.
    pub(super) fn refresh_palette(&mut self) {
        if matches!(self.layers.last(), Some(Layer::Palette(_))) {
            self.with_palette(|_, _| Done::Changed);
        }
    }

    /// Runs the line; one that can't be run stays, with the reason under it.
    fn run_line(&mut self, line: &str, mut palette: Box<Palette>) -> Vec<Effect> {
        let here = palette.here().cloned();
        let intent = registry::read(line);
        let is_last = matches!(intent, Ok(Intent::Quit));
        match intent.and_then(|intent| self.carry_out(intent, here.as_ref())) {
            Ok(effects) => {
                // Nobody looks for how to leave.
                if !is_last {
                    self.history.push(line);
                }
                effects
            }
            Err(Usage(why)) => {
                palette.refuse(why.lines().next().unwrap_or_default().to_owned());
                self.layers.push(Layer::Palette(palette));
                Vec::new()
            }
        }
    }

    /// What the line would do.
    fn preview(&self, palette: &Palette) -> Preview {
        if palette.is_searching() {
            return Preview::note("enter puts the line in; it is not run yet");
        }
        let text = palette.text();
        let line = text.trim();
        if line.is_empty() {
            let text =
                format!("type a command, or {SHORT} and what to run on nodes; tab puts in a match");
            return Preview::note(&text);
        }
        let here = palette.here();
        match registry::read(line) {
            Ok(intent) => self.preview_of(&intent, here, line),
            Err(_) if line == SHORT.to_string() => match self.untold(here) {
                Ok(selection) => {
                    Preview::nodes(&format!("for {}, ", selection.how), &selection.nodes)
                }
                Err(why) => Preview::wrong(&why.0),
            },
            Err(Usage(why)) => {
                let (name, rest) = registry::parts(line);
                match registry::entry(name) {
                    Some(entry) if rest.trim().is_empty() => Preview::about(entry),
                    _ => Preview::wrong(&why),
                }
            }
        }
    }

    fn preview_of(&self, intent: &Intent, here: Option<&NodeId>, line: &str) -> Preview {
        let sets = |verb: &str, sets: &[String]| {
            let nodes = select(sets, &self.world.snapshot.inventory);
            nodes.map(|nodes| Preview::nodes(verb, &nodes))
        };
        let entry = registry::entry(registry::parts(line).0);
        let about = || entry.map_or_else(Preview::default, Preview::about);
        let preview = match intent {
            Intent::Exec(_) if self.read_only => Err(Usage(READ_ONLY.to_owned())),
            Intent::Exec(exec) => {
                let again = self.again(exec);
                let filled = again.map(|again| again.map(|again| again.filled(exec)));
                filled.and_then(|filled| {
                    let exec = filled.as_ref().unwrap_or(exec);
                    let selection = self.selection(exec, here)?;
                    Ok(Preview::run(exec, &selection))
                })
            }
            Intent::Mark(mark) => sets("marks ", &mark.sets),
            Intent::Unmark(unmark) if !unmark.sets.is_empty() => sets("unmarks ", &unmark.sets),
            Intent::Retry(retry) => {
                let nodes = self.retried(&retry.sets, here);
                nodes.map(|selection| Preview::nodes("connects to ", &selection.nodes))
            }
            Intent::Status(status) if !status.sets.is_empty() => sets("shows ", &status.sets),
            Intent::Logs(logs) => {
                let nodes = self.retried(&logs.sets, here);
                nodes.map(|selection| Preview::nodes("follows the logs of", &selection.nodes))
            }
            Intent::Daemon(daemon) => match &daemon.part {
                daemon::Part::Roll(rolling) => self.preview_of_rolling(rolling),
                daemon::Part::Act(_) => Ok(about()),
            },
            Intent::Doctor(doctor) => {
                let nodes = self.subjects(&doctor.sets);
                nodes.map(|nodes| Preview::nodes("walks the whole way to ", &nodes))
            }
            Intent::Trust(trust) => self.preview_of_trust(trust),
            Intent::Filter(text) => self.filtered(text),
            _ => Ok(about()),
        };
        preview.unwrap_or_else(|why| Preview::wrong(why.0.lines().next().unwrap_or_default()))
    }

    fn preview_of_trust(&self, trust: &Trust) -> Result<Preview, Usage> {
        let verb = match trust.change() {
            Some(_) if self.read_only => return Err(Usage(KEYS_READ_ONLY.to_owned())),
            None => "looks at the keys of ",
            Some(Change::Accept) => "asks whether to accept new keys of ",
            Some(Change::Replace) => "asks whether to replace the keys of ",
            Some(Change::Forget) => "asks whether to forget the keys of ",
        };
        let nodes = self.subjects(&trust.sets)?;
        Ok(Preview::nodes(verb, &nodes))
    }

    fn filtered(&self, text: &str) -> Result<Preview, Usage> {
        let snapshot = &self.world.snapshot;
        let filter = Filter::parse(text, &snapshot.inventory);
        let filter = filter.map_err(|error| Usage(error.to_string()))?;
        let nodes = snapshot.nodes.iter();
        let shown = nodes.filter(|node| filter.matches(node, self.world.now));
        let text = format!("shows {}", count(shown.count()));
        Ok(Preview::note(&text))
    }

    /// The nodes of a line that names none: the marked ones, else the one in front. On a node's page, that node.
    pub(super) fn untold(&self, here: Option<&NodeId>) -> Result<Selection, Usage> {
        let is_page = self.page().is_some();
        let marks = self.fleet.marks();
        let nodes = self.world.snapshot.nodes.iter().map(|state| &state.node);
        let (chosen, how): (Vec<Arc<Node>>, &str) = if is_page || marks.is_empty() {
            let is_here = |node: &&Arc<Node>| Some(&node.id) == here;
            let how = if is_page { "open" } else { "under the cursor" };
            (nodes.filter(is_here).cloned().collect(), how)
        } else {
            let is_marked = |node: &&Arc<Node>| marks.contains(&node.id);
            (nodes.filter(is_marked).cloned().collect(), "marked")
        };
        if chosen.is_empty() {
            let text = "on which nodes? Mark some with space, or name them: exec SET -- COMMAND";
            return Err(Usage(text.to_owned()));
        }
        Ok(Selection {
            nodes: chosen,
            how: how.to_owned(),
        })
    }

    pub(super) fn retried(
        &self,
        sets: &[String],
        here: Option<&NodeId>,
    ) -> Result<Selection, Usage> {
        if sets.is_empty() {
            return self.untold(here);
        }
        let nodes = select(sets, &self.world.snapshot.inventory)?;
        Ok(Selection {
            nodes,
            how: "as named".to_owned(),
        })
    }

    /// The nodes that `exec` is for, by now. With `--pick`, which ones is left to the moment it is run.
    pub(super) fn selection(&self, exec: &Exec, here: Option<&NodeId>) -> Result<Selection, Usage> {
        let inventory = &self.world.snapshot.inventory;
        let (_, sets) = exec.split();
        let choice = &exec.choice;
        let again = self.again(exec)?;
        let mut selection = if sets.is_empty() && !choice.all {
            let all = match &again {
                Some(again) => again.selection(&self.world.snapshot),
                None => self.untold(here)?,
            };
            let left = without(all.nodes, &choice.exclude, inventory)?;
            Selection { nodes: left, ..all }
        } else {
            let how = if choice.all { "of all" } else { "as named" };
            Selection {
                nodes: exec.targets(&sets, inventory)?,
                how: how.to_owned(),
            }
        };
        if let Some(again) = &again {
            again.narrow(&mut selection)?;
        }
        if let Some(text) = &choice.live {
            self.narrow(&mut selection, text)?;
        }
        if let Some(most) = choice.pick.filter(|most| *most < selection.nodes.len()) {
            selection.how = format!("{}, {most} of them at random", selection.how);
        }
        Ok(selection)
    }

    /// Leaves those whose live state is so.
    fn narrow(&self, selection: &mut Selection, text: &str) -> Result<(), Usage> {
        let inventory = &self.world.snapshot.inventory;
        let filter = Filter::parse(text, inventory);
        let filter = filter.map_err(|error| Usage(format!("--where: {error}")))?;
        selection.nodes.retain(|node| {
            let state = self.world.node(&node.id);
            state.is_some_and(|state| filter.matches(state, self.world.now))
        });
        if selection.nodes.is_empty() {
            return Err(Usage(format!("no node of the selection is so: {text}")));
        }
        Ok(())
    }
}

fn without(
    nodes: Vec<Arc<Node>>,
    exclude: &[String],
    inventory: &crate::inventory::Inventory,
) -> Result<Vec<Arc<Node>>, Usage> {
    if exclude.is_empty() {
        return Ok(nodes);
    }
    let out = select(exclude, inventory)?;
    let is_left = |node: &Arc<Node>| out.iter().all(|other| other.id != node.id);
    let left: Vec<Arc<Node>> = nodes.into_iter().filter(is_left).collect();
    if left.is_empty() {
        return Err(Usage("no node is left of the selection".to_owned()));
    }
    Ok(left)
}
