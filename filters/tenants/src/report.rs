//! What operators see of the source of tenants.

use std::time::Duration;

use voxgate_host::{CounterFamily, Gauge};

use crate::fetch::Outcome;

const FETCHES: CounterFamily = CounterFamily::new("voxgate_tenants_fetches_total", &["result"], 10);

/// The gauges of one source. All workers set them, to what is theirs; the last stays.
pub struct Report {
    tenants: Gauge,
    age: Gauge,
}

// === impl Report ===

impl Report {
    pub fn new() -> Self {
        Self {
            tenants: Gauge::new("voxgate_tenants"),
            age: Gauge::new("voxgate_tenants_age_seconds"),
        }
    }

    /// Counts a fetch.
    pub fn fetched(outcome: Outcome) {
        FETCHES.increment(&[outcome.as_str()]);
    }

    /// How many tenants there are, and how long ago that was known to be so.
    pub fn stand(&self, tenants: usize, age: Duration) {
        self.tenants.record(tenants as u64);
        self.age.record(age.as_secs());
    }
}
