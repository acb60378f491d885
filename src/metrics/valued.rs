//! A sample as the fleet keeps it: the values of all fields are worked out once, as it comes in, and lie side by side. Tables, orders
//! and filters read a few of them of a thousand nodes; from the readings, each would be a walk over every card and mount.

use std::ops::Deref;

use super::{COUNT, Field, Sample, fields, place};

/// A sample that doesn't change any more, and what its fields say of it.
#[derive(Clone, Debug)]
pub struct Valued {
    sample: Sample,
    /// By the place of the field; NaN where the node lacks it.
    values: [f64; COUNT],
}

impl Valued {
    /// The value of a field; `None` when the node lacks it.
    pub fn value(&self, field: &Field) -> Option<f64> {
        self.at(place(field)?)
    }

    /// The same by the place of the field.
    pub(super) fn at(&self, place: usize) -> Option<f64> {
        let value = self.values.get(place).copied();
        value.filter(|value| !value.is_nan())
    }
}

impl From<Sample> for Valued {
    fn from(sample: Sample) -> Self {
        let mut values = [f64::NAN; COUNT];
        for (value, field) in values.iter_mut().zip(fields()) {
            *value = (field.read)(&sample).unwrap_or(f64::NAN);
        }
        Self { sample, values }
    }
}

impl Deref for Valued {
    type Target = Sample;

    fn deref(&self) -> &Sample {
        &self.sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{FIELDS, cpu};

    #[test]
    fn every_field_says_what_it_reads() {
        let mut sample = Sample::default();
        sample.cpu.busy = Some(12.5);
        let valued = Valued::from(sample.clone());
        for field in fields().chain(cpu::FIELDS) {
            assert_eq!(valued.value(field), (field.read)(&sample), "{}", field.id);
        }
        assert_eq!(valued.value(&cpu::FIELDS[0]), Some(12.5));
        assert_eq!(FIELDS.len(), COUNT);
    }
}
