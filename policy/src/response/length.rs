//! A length of audio, exact until it is told.

use std::time::Duration;

use crate::facts::AudioMillis;

/// How many samples came, at which rates.
///
/// Samples of one rate are whole numbers until the end. Those of a rate before are kept in units of
/// which a sample of every customary rate is a whole number, and rounded up at any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    /// In [`UNITS`] of a second, of the rates before.
    before: u64,
    /// In Hz.
    rate: u64,
    samples: u64,
}

/// Of a second: 705,600,000, Facebook's "flick" (github.com/facebookarchive/Flicks), is a multiple
/// of 8, 16, 22.05, 24, 32, 44.1, 48, 88.2, 96, 192 kHz and of their halves.
const UNITS: u64 = 705_600_000;

// === impl Length ===

impl Length {
    /// So many more samples (of every channel one) at `rate` Hz. At 0 Hz there are none.
    pub(super) fn add(&mut self, samples: u64, rate: u64) {
        if samples == 0 || rate == 0 {
            return;
        }
        if rate != self.rate {
            *self = Self { before: self.units(), rate, samples: 0 };
        }
        self.samples = self.samples.saturating_add(samples);
    }

    /// With so many more.
    pub(super) fn with(mut self, samples: u64, rate: u64) -> Self {
        self.add(samples, rate);
        self
    }

    /// With all of another one.
    pub(super) fn plus(self, other: Self) -> Self {
        let before = self.before.saturating_add(other.before);
        Self { before, ..self }.with(other.samples, other.rate)
    }

    /// The last part rounded up.
    pub(super) fn millis(self) -> AudioMillis {
        AudioMillis(self.units().div_ceil(UNITS / 1000))
    }

    /// In whole microseconds, the last part rounded down.
    pub(super) fn duration(self) -> Duration {
        let micros = u128::from(self.units()).saturating_mul(1_000_000);
        let micros = micros.checked_div(UNITS.into()).unwrap_or_default();
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    fn units(self) -> u64 {
        let units = u128::from(self.samples).saturating_mul(UNITS.into());
        let units = if self.rate == 0 { 0 } else { units.div_ceil(self.rate.into()) };
        self.before.saturating_add(u64::try_from(units).unwrap_or(u64::MAX))
    }
}
