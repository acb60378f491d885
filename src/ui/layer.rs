//! The stack of layers over the fleet: the one in front reads the keys first.

use super::{
    palette::Palette,
    view::{
        columns::menu::Menu, confirm::Confirm, help::Help, line::Line, node::NodeView, page::Page,
        pool::Pool,
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
    /// The connections.
    Pool(Pool),
    /// The line where a filter is typed.
    Filter(Box<Line>),
    /// A text to read.
    Page(Page),
    /// The line where a command is typed.
    Palette(Box<Palette>),
    /// What has to be confirmed before it is done; over the layer before.
    Confirm(Box<Confirm>),
}

impl Layer {
    /// Which keys it reads.
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Node(..) => Scope::Node,
            Self::Help(_) | Self::Page(_) => Scope::Help,
            Self::Columns(_) => Scope::Columns,
            Self::Pool(_) => Scope::Pool,
            Self::Filter(_) => Scope::Filter,
            Self::Palette(_) => Scope::Palette,
            Self::Confirm(confirm) => confirm.scope(),
        }
    }
}
