//! What is compared in a filter: the numbers of a node, by their ids, their short names, or the headings of the table.

use super::quantity::quantity;
use crate::{
    fleet::{Millis, NodeState},
    metrics::{self, Field, Unit},
};

/// One number of a node.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Of its newest sample.
    Field(&'static Field),
    /// The worst of the pressures.
    Pressure,
    /// Seconds since its newest sample.
    Age,
    /// The round trip of the last tick, in milliseconds.
    RoundTrip,
}

/// Those that are no field.
const OTHERS: [(&str, Value); 3] = [
    ("psi", Value::Pressure),
    ("age", Value::Age),
    ("rtt", Value::RoundTrip),
];

impl Value {
    /// The number of this name, in capitals too, as headings are.
    pub(super) fn named(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        if let Some((_, value)) = OTHERS.into_iter().find(|(known, _)| *known == lower) {
            return Some(value);
        }
        let is_heading = |field: &&Field| field.short.to_lowercase() == lower;
        let field = metrics::field(&lower).or_else(|| metrics::fields().find(is_heading));
        field.map(Self::Field)
    }

    /// The names of those that are no field.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        OTHERS.into_iter().map(|(name, _)| name)
    }

    /// What was typed, in its own unit; why not, otherwise.
    pub(super) fn read(self, text: &str) -> Result<f64, String> {
        match self {
            Self::Field(field) => quantity(text, field.unit),
            Self::Pressure => quantity(text, Unit::Percent),
            Self::Age => quantity(text, Unit::Seconds),
            // As its column prints it, a bare number is one of milliseconds.
            Self::RoundTrip => match text.parse() {
                Ok(milliseconds) => Ok(milliseconds),
                Err(_) => quantity(text, Unit::Seconds)
                    .map(|seconds| seconds * 1000.0)
                    .map_err(|why| why.replace("90s, 5m, 2h, 3d", "20, 20ms, 2s")),
            },
        }
    }

    /// Its value on a node; `None` where the node lacks it.
    pub(super) fn of(self, node: &NodeState, now: Millis) -> Option<f64> {
        match self {
            Self::Field(field) => node.value(field),
            Self::Pressure => node.sample.as_deref()?.pressure.worst(),
            Self::Age => {
                node.sample.as_deref()?;
                Some(now.since(node.sample_at) as f64 / 1000.0)
            }
            Self::RoundTrip => node.round_trip_ms,
        }
    }
}
