//! What colours the heatmap: the verdict, or one number on a scale of a hundred.

use ratatui::style::Style;

use crate::{
    fleet::NodeState,
    metrics::{self, Field},
    ui::{
        glyph::status_role,
        theme::Role,
        view::{Scene, columns},
        widget::{Look, bar},
    },
};

/// One signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signal {
    /// The verdict of all rules.
    #[default]
    Status,
    /// Load per core; two is full.
    Load,
    /// CPU busy.
    Cpu,
    /// Memory in use.
    Memory,
    /// The worst pressure.
    Pressure,
    /// The fullest file system.
    Disk,
    /// GPU use.
    Gpu,
    /// The hottest GPU; 100 °C is full.
    GpuTemperature,
}

impl Signal {
    const ALL: [Self; 8] = [
        Self::Status,
        Self::Load,
        Self::Cpu,
        Self::Memory,
        Self::Pressure,
        Self::Disk,
        Self::Gpu,
        Self::GpuTemperature,
    ];

    /// The one after it, and after the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        let after = Self::ALL.into_iter().skip_while(|s| *s != self).nth(1);
        after.unwrap_or_default()
    }

    /// Its word in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Load => "load per core",
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Pressure => "pressure",
            Self::Disk => "disk",
            Self::Gpu => "GPU",
            Self::GpuTemperature => "GPU temperature",
        }
    }

    /// Its field, and the percent of full scale that one of its units is; none for the verdict and the pressure.
    fn field(self) -> Option<(&'static Field, f64)> {
        let (id, factor) = match self {
            Self::Status | Self::Pressure => return None,
            Self::Load => ("load.per_core", 50.0),
            Self::Cpu => ("cpu.busy", 1.0),
            Self::Memory => ("memory.used", 1.0),
            Self::Disk => ("disk.used", 1.0),
            Self::Gpu => ("gpu.util", 1.0),
            Self::GpuTemperature => ("gpu.temp", 1.0),
        };
        Some((metrics::field(id)?, factor))
    }

    /// What draws the cells of one frame.
    pub(super) fn pen<'a>(self, scene: &'a Scene<'a>) -> Pen<'a> {
        Pen {
            signal: self,
            field: self.field(),
            scene,
        }
    }
}

/// Gives each node its sign and colour.
pub(super) struct Pen<'a> {
    signal: Signal,
    field: Option<(&'static Field, f64)>,
    pub(super) scene: &'a Scene<'a>,
}

impl Pen<'_> {
    /// Sign and style of a node's cell; a node without live values shows its state whatever the signal.
    pub(super) fn cell(&self, node: &NodeState) -> (&'static str, Style) {
        let scene = self.scene;
        if self.signal == Signal::Status || !node.is_live(scene.now) {
            let status = node.status(scene.now);
            let style = scene.theme.style(status_role(status));
            return (scene.glyphs.status(status), style);
        }
        let percent = match self.field {
            Some((field, factor)) => node.value(field).map(|v| v * factor),
            None => columns::pressure(node),
        };
        let role = Role::gauge(percent.unwrap_or(0.0));
        bar::upright(percent, role, &Look::from(scene))
    }
}
