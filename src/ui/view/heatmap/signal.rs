//! What colours the heatmap: the verdict, or one number on a scale of a hundred.

use ratatui::style::Style;

use crate::{
    fleet::NodeState,
    metrics,
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

    /// Its value, in percent of full scale.
    fn percent(self, node: &NodeState) -> Option<f64> {
        let value = |id| node.value(metrics::field(id)?);
        match self {
            Self::Status => None,
            Self::Load => value("load.per_core").map(|v| v * 50.0),
            Self::Cpu => value("cpu.busy"),
            Self::Memory => value("memory.used"),
            Self::Pressure => columns::pressure(node),
            Self::Disk => value("disk.used"),
            Self::Gpu => value("gpu.util"),
            Self::GpuTemperature => value("gpu.temp"),
        }
    }

    /// Sign and style of a node's cell; a node without live values shows its state whatever the signal.
    pub(super) fn cell(self, node: &NodeState, scene: &Scene<'_>) -> (&'static str, Style) {
        if self != Self::Status && columns::is_live(node, scene.now) {
            let percent = self.percent(node);
            let role = Role::gauge(percent.unwrap_or(0.0));
            return bar::upright(percent, role, &Look::from(scene));
        }
        let status = node.status(scene.now);
        (
            scene.glyphs.status(status),
            scene.theme.style(status_role(status)),
        )
    }
}
