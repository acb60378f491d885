//! The screen from back to front: header, view, hints, the layers over it, the question over all.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::App;
use crate::{
    config::keymap::{Action, Scope},
    ui::{
        format::{self, put, row},
        header::{self, Over},
        layer::Layer,
        theme::Role,
        view::{
            Scene,
            fleet::Density,
            node,
            prompt::{self, Ask},
        },
    },
};

/// Below this only a card is drawn.
const LEAST: (u16, u16) = (20, 4);

impl App {
    /// What everything is drawn on.
    pub fn ground(&self) -> Style {
        self.world.theme.style(Role::Ground)
    }

    /// Draws everything; says how many nodes it built something for.
    pub fn render(&self, area: Rect, buf: &mut Buffer) -> usize {
        format::paint(buf, area, self.ground());
        self.render_on_ground(area, buf)
    }

    /// As [`App::render`], where all cells are blank in the style of the ground.
    pub fn render_on_ground(&self, area: Rect, buf: &mut Buffer) -> usize {
        let area = area.intersection(buf.area);
        let scene = self.world.scene();
        if area.width < LEAST.0 || area.height < LEAST.1 {
            card(&scene, area, buf);
            return 0;
        }
        let areas = header::areas(area);
        let built = self.view(&scene, areas, buf);
        if let Some(Layer::Palette(palette)) = self.layers.last() {
            palette.render(&scene, areas.body, buf);
        }
        let question = self.asked();
        let scope = self.scope_of(question.as_ref());
        let footer = header::Footer {
            scope,
            idle: &self.idle(&scene),
            place: self.place(scope, areas.body),
        };
        header::footer(&footer, &scene, areas.footer, buf);
        if let Some(Layer::Confirm(confirm)) = self.layers.last() {
            confirm.render(&scene, (area, buf));
        }
        if let Some(asked) = question {
            let is_armed = asked.is_armed && !self.read_only;
            let asked = Ask { is_armed, ..asked };
            prompt::render(&asked, &scene, (area, buf));
        }
        if scene.glyphs.ascii {
            format::to_ascii(buf, area);
        }
        built
    }

    fn view(&self, scene: &Scene<'_>, areas: header::Areas, buf: &mut Buffer) -> usize {
        let over = self.over(scene);
        header::header(&self.fleet, over.as_ref(), scene, areas, buf);
        let is_below = |layer: &&Layer| !matches!(layer, Layer::Confirm(_) | Layer::Palette(_));
        let front = self.layers.iter().rfind(is_below);
        if front.is_some_and(|layer| instead(layer, scene, areas.body, buf)) {
            return 0;
        }
        if let Some(Layer::Filter(line)) = front {
            let (header, footer) = (areas.header, areas.footer);
            let typed = if header.height > 1 {
                row(header, 1)
            } else {
                footer
            };
            let (_, error) = self.fleet.filter();
            line.render(scene, (self.fleet.shown(), error), typed, buf);
        }
        if let Some((id, view)) = self.open_node() {
            let node = self.world.node(id);
            node.inspect(|node| view.render(scene, node, areas.body, buf));
            self.menu(scene, areas.body, buf);
            return usize::from(node.is_some());
        }
        let built = self.fleet.render(scene, areas.body, buf);
        self.menu(scene, areas.body, buf);
        if let Some(Layer::Columns(menu)) = front {
            let name = self.fleet.summary().name;
            menu.render(scene, name, areas.body, buf);
        }
        built
    }
}

impl App {
    /// What is open over the fleet, for the header.
    fn over(&self, scene: &Scene<'_>) -> Option<Over> {
        let newest = "newest first";
        let (crumb, order) = match self.layers.iter().rev().find(|layer| layer.has_crumb())? {
            Layer::Run(view) => (view.crumb(scene), Some("")),
            Layer::Logs(logs) => (logs.crumb(scene), Some("")),
            Layer::Runs(_) => ("runs".to_owned(), Some(newest)),
            Layer::Roll(view) => (view.crumb(), Some("")),
            Layer::Rolls(_) => ("rolls".to_owned(), Some(newest)),
            _ => (self.open_node()?.0.to_string(), None),
        };
        Some(Over { crumb, order })
    }

    /// Where the cursor is; in the heatmap with the name of its node, which stands nowhere else.
    fn place(&self, scope: Scope, body: Rect) -> Option<String> {
        if let Some(Layer::Run(view)) = self.layers.last() {
            let (at, all) = view.place()?;
            return Some(format!("{at}/{all}"));
        }
        let (id, at) = self.fleet.cursor()?;
        let scene = self.world.scene();
        let name = match (scope, self.fleet.density(&scene, body)) {
            (Scope::Fleet | Scope::Filter, Density::Heatmap) => {
                let room = usize::from(body.width / 3);
                let id = format::fit(id.as_str(), room, scene.glyphs);
                format!("{id}  ")
            }
            (Scope::Fleet | Scope::Filter | Scope::Node, _) => String::new(),
            _ => return None,
        };
        Some(format!("{name}{}/{}", at + 1, self.fleet.shown()))
    }

    /// What a key could mean in front, and would come to nothing as things stand.
    fn idle(&self, scene: &Scene<'_>) -> Vec<Action> {
        if let Some(asked) = self.asked() {
            return if asked.keys < 2 {
                vec![Action::YesToAll]
            } else {
                Vec::new()
            };
        }
        match self.layers.last() {
            Some(Layer::Run(view)) => view.idle(),
            Some(Layer::Runs(runs)) => runs.idle(scene),
            Some(Layer::Rolls(rolls)) => rolls.idle(scene),
            Some(Layer::Roll(view)) => view.idle(),
            Some(Layer::Logs(logs)) => logs.idle(),
            Some(Layer::Node(id, _)) => {
                let idle = self.world.node(id).map(node::idle).into_iter().flatten();
                let fault = (!self.fleet.has_fault(scene)).then_some(Action::NextFault);
                idle.chain(fault).collect()
            }
            None => self.fleet.idle(scene, self.world.body()),
            _ => Vec::new(),
        }
    }

    /// The menu of daemons, where it is in front of a view or asks what is to be confirmed.
    fn menu(&self, scene: &Scene<'_>, body: Rect, buf: &mut Buffer) {
        if let Some(Layer::Daemons(menu)) = self.layers.last() {
            menu.render(scene, body, buf);
        }
    }
}

/// Draws what stands in the place of the nodes; false for a layer that leaves them in sight.
fn instead(layer: &Layer, scene: &Scene<'_>, body: Rect, buf: &mut Buffer) -> bool {
    match layer {
        Layer::Page(report) => report.render(scene, body, buf),
        Layer::Help(help) => help.render(scene, body, buf),
        Layer::Pool(pool) => pool.render(scene, body, buf),
        Layer::Runs(runs) => runs.render(scene, body, buf),
        Layer::Run(view) => view.render(scene, body, buf),
        Layer::Rolls(rolls) => rolls.render(scene, body, buf),
        Layer::Roll(view) => view.render(scene, body, buf),
        Layer::Logs(logs) => logs.render(scene, body, buf),
        _ => return false,
    }
    true
}

fn card(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let text = format!("too small: {}x{}", LEAST.0, LEAST.1);
    let text = format::fit(&text, usize::from(area.width), scene.glyphs);
    put(
        buf,
        row(area, 0),
        area.x,
        &text,
        scene.theme.style(Role::Warn),
    );
}
