//! Stateless pieces of a view: each draws plain values into a buffer, through roles of colour, and never outside its area.

pub mod bar;
pub mod graph;
pub mod panel;
pub mod sheet;
pub mod strip;
pub mod trace;

use ratatui::style::Style;

use super::{
    glyph::Glyphs,
    theme::{Role, Theme},
    view::Scene,
};

/// The colours and signs that a piece is drawn with.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Colours.
    pub theme: &'a Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// What is drawn is not of now: everything in the muted colour.
    pub dim: bool,
}

impl<'a> From<&Scene<'a>> for Look<'a> {
    fn from(scene: &Scene<'a>) -> Self {
        Self {
            theme: scene.theme,
            glyphs: scene.glyphs,
            dim: false,
        }
    }
}

impl Look<'_> {
    /// The style of a role; that of unknown values where this look is dim.
    pub fn style(&self, role: Role) -> Style {
        let keeps = matches!(role, Role::Border | Role::BorderFocused | Role::Track);
        let role = if self.dim && !keeps {
            Role::Unknown
        } else {
            role
        };
        self.theme.style(role)
    }
}
