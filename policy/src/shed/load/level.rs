//! Normal, busy, overload: up at once, down in steps.

use serde::{Deserialize, Serialize};

use super::{LoadTerms, Thresholds, age};
use crate::spec::Level;
use crate::time::UnixMillis;

/// The level and since when it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    level: Level,
    since: u64,
}

/// What speaks for a level, all in permille; 0 says nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    pub(super) used: u32,
    pub(super) first_byte: u32,
    pub(super) reported: u32,
    /// The level that failures alone speak for.
    pub(super) failing: Level,
}

// === impl Standing ===

impl Standing {
    pub(super) fn level(self) -> Level {
        self.level
    }

    pub(super) fn step(&mut self, signs: &Signs, terms: &LoadTerms, now: UnixMillis) -> Level {
        let risen = signs.level(terms, 1000);
        // A sign that only just fell below its threshold still holds the level.
        let held = signs.level(terms, 857);
        let dwell = u64::try_from(terms.dwell.as_millis()).unwrap_or(u64::MAX);
        if risen > self.level {
            *self = Self { level: risen, since: now.0 };
        } else if held < self.level && age(self.since, now) >= dwell {
            let level = if self.level == Level::Overload { Level::Busy } else { Level::Normal };
            *self = Self { level, since: now.0 };
        }
        self.level
    }
}

// === impl Signs ===

impl Signs {
    /// The highest level of which a threshold, scaled to so many permille, is reached.
    fn level(&self, terms: &LoadTerms, scale: u64) -> Level {
        let by_terms = if self.reach(&terms.overload, scale) {
            Level::Overload
        } else if self.reach(&terms.busy, scale) {
            Level::Busy
        } else {
            Level::Normal
        };
        by_terms.max(self.failing)
    }

    fn reach(&self, from: &Thresholds, scale: u64) -> bool {
        let reached = |sign: u32, percent: u32| {
            // permille * 1000 against percent * 10 * scale
            let threshold = u64::from(percent).saturating_mul(10).saturating_mul(scale);
            percent > 0 && u64::from(sign).saturating_mul(1000) >= threshold
        };
        reached(self.used, from.use_percent)
            || reached(self.first_byte, from.first_byte_percent)
            || reached(self.reported, from.reported_percent)
    }
}
