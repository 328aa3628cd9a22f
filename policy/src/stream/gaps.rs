//! The time between the chunks of a stream.

use std::time::Duration;

/// The upper bounds of the buckets, in milliseconds; one more bucket has what is longer.
pub const BUCKETS_MS: [u64; 12] = [1, 5, 10, 20, 35, 50, 100, 200, 500, 1000, 2000, 5000];

/// How many buckets there are.
const BUCKETS: usize = BUCKETS_MS.len() + 1;

/// A histogram of gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    counts: [u32; BUCKETS],
    count: u32,
    longest: Duration,
}

// === impl Gaps ===

impl Gaps {
    /// One more.
    pub fn add(&mut self, gap: Duration) {
        let is_in = |most: &u64| gap <= Duration::from_millis(*most);
        let bucket = BUCKETS_MS.iter().position(is_in).unwrap_or(BUCKETS_MS.len());
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.count = self.count.saturating_add(1);
        self.longest = self.longest.max(gap);
    }

    /// How many there were.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The longest.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// How many each bucket has; not cumulative.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }
}
