//! Time that is left instead of moments, so that a clock that steps neither expires all nor keeps
//! anything for ever.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;

/// A clock that is behind by less is another worker's, read a little earlier.
const JITTER: Duration = Duration::from_secs(1);

/// The last time the gate was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Clock {
    seen: u64,
}

/// What is left of a duration, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Timer(u32);

/// The time since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub elapsed: Duration,
    /// Whether the clock stepped: a gate that is not kept then sees the same step at each look, and
    /// its timers stand.
    pub is_step: bool,
}

// === impl Clock ===

impl Clock {
    /// Moves on to `now`. Of a gap that is longer than half a lease only so much counts: workers look
    /// more often, so the clock stepped, or nobody was there. A step back counts for no time.
    pub fn pass(&mut self, now: UnixMillis, lease: Duration) -> Passed {
        let longest = lease.checked_div(2).unwrap_or_default().max(JITTER);
        let seen = UnixMillis(self.seen);
        let gap = now.since(seen);
        let is_set_back = seen.since(now) > JITTER;
        self.seen = if is_set_back { now.0 } else { now.0.max(seen.0) };
        Passed { elapsed: gap.min(longest), is_step: is_set_back || gap > longest }
    }

    pub fn now(self) -> UnixMillis {
        UnixMillis(self.seen)
    }
}

// === impl Timer ===

impl Timer {
    pub fn of(duration: Duration) -> Self {
        Self(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX))
    }

    pub fn pass(&mut self, elapsed: Duration) {
        self.0 = self.0.saturating_sub(Self::of(elapsed).0);
    }

    pub fn is_over(self) -> bool {
        self.0 == 0
    }
}
