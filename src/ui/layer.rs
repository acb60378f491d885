//! The stack of layers over the fleet: the one in front reads the keys first.

use super::{
    palette::Palette,
    view::{
        columns::menu::Menu, confirm::Confirm, daemons, help::Help, line::Line, logs::Logs,
        node::NodeView, page::Page, pool::Pool, roll::RollView, rolls::Rolls, run::RunView,
        runs::Runs,
    },
};
use crate::{config::keymap::Scope, node::NodeId};

/// One thing over the fleet.
#[derive(Clone, Debug)]
pub(super) enum Layer {
    /// One node, and where one is in its page.
    Node(NodeId, NodeView),
    /// The keys.
    Help(Help),
    /// The menu of columns.
    Columns(Menu),
    /// The menu of daemons.
    Daemons(daemons::Menu),
    /// The connections.
    Pool(Pool),
    /// The line where a filter is typed.
    Filter(Box<Line>),
    /// All runs.
    Runs(Runs),
    /// One run.
    Run(Box<RunView>),
    /// All rolls.
    Rolls(Rolls),
    /// One roll.
    Roll(Box<RollView>),
    /// Logs.
    Logs(Box<Logs>),
    /// A text to read.
    Page(Page),
    /// The line where a command is typed.
    Palette(Box<Palette>),
    /// What has to be confirmed before it is done; over the layer before.
    Confirm(Box<Confirm>),
}

impl Layer {
    /// True where the header says where one is.
    pub(super) fn has_crumb(&self) -> bool {
        matches!(
            self,
            Self::Node(..)
                | Self::Runs(_)
                | Self::Run(_)
                | Self::Rolls(_)
                | Self::Roll(_)
                | Self::Logs(_)
        )
    }

    /// Which keys it reads.
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Node(..) => Scope::Node,
            Self::Help(_) | Self::Page(_) => Scope::Help,
            Self::Columns(_) => Scope::Columns,
            Self::Daemons(_) => Scope::Daemons,
            Self::Pool(_) => Scope::Pool,
            Self::Filter(_) => Scope::Filter,
            Self::Runs(_) => Scope::Runs,
            Self::Run(view) => view.scope(),
            Self::Rolls(_) => Scope::Rolls,
            Self::Roll(_) => Scope::Roll,
            Self::Logs(logs) => logs.scope(),
            Self::Palette(_) => Scope::Palette,
            Self::Confirm(confirm) => confirm.scope(),
        }
    }
}
