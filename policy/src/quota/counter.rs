//! One counter: what was used of one limit by one account, and what of it may yet be given back.
//!
//! Use is kept in slices: of a rolling window by time of admission, the oldest draining first; of
//! the calendar one a window; of what is held one in all. What is reserved and not yet settled is
//! part of its slice, and stands beside it as pending, by the moment it expires. Both are sums, so
//! a counter's size does not grow with the number of requests.
//!
//! What holds, after all that was reserved is settled or expired:
//! - **held**: what is used is exactly what was kept and not given back;
//! - **calendar**: so it is in each window, and a unit belongs to the window of its admission
//!   however long it was held. A window is remembered while the clock is at most two windows after
//!   it, so a clock that is set back by less finds it again;
//! - **rolling**: exactly the leaky bucket, from whose level what is given back is taken. Compared
//!   with the bucket into which nothing but what was kept ever went, it is less by at most what
//!   drains in one slice, a 16th of the limit: units given back may have drained already, and others
//!   that came later in the same slice drain in their place. It is never more than with nothing
//!   given back;
//! - a clock that is set **back** takes what was counted with it: nothing drains, expires or is
//!   lost. One that is set **forth** lets windows drain and reservations expire as if that time had
//!   passed; a request that goes on takes its units anew when it is renewed or settled;
//! - settled units that are more than were reserved, and renewed ones that had expired, count
//!   whatever the limit.

mod pending;
mod slices;

use serde::{Deserialize, Serialize};

use super::window::{Limit, Moment, Window};
use crate::time::UnixMillis;
use pending::set_back;

/// A clock that is behind by less is another worker's, read a little earlier.
const CLOCK_JITTER: u64 = 1000;

/// What was used of one limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// The last time it was looked at.
    seen: u64,
    /// When it was begun: what was taken from one before it, that was forgotten, has expired.
    begun: u64,
    /// By how much the clock was set back in all: the times of what was taken before are later by
    /// so much.
    set_back: u64,
    /// In a rolling window: what drained of the next unit, in parts of the period.
    drained: u64,
    /// What it was last compared with; `None` if there was no limit.
    limit: Option<Limit>,
    slices: Vec<Slice>,
    pending: Vec<Pending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Slice {
    start: u64,
    used: u64,
}

/// Reserved units that are given back at a moment unless they are renewed or settled before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    expires: u64,
    slice: u64,
    units: u64,
}

/// What one request took from a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// How many units.
    pub units: u64,
    /// When they are given back unless renewed.
    pub expires: UnixMillis,
    slice: u64,
    begun: u64,
    set_back: u64,
}

/// What the passing of time came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Units that expired.
    pub expired: u64,
    /// Whether the clock was set back: a counter that is not written then would take the same step
    /// for a new one at each look, and nothing would expire until the clock is where it was.
    pub is_set_back: bool,
}

// === impl Passed ===

impl Passed {
    /// Adds what it came to elsewhere.
    pub fn add(&mut self, other: Self) {
        self.expired = self.expired.saturating_add(other.expired);
        self.is_set_back |= other.is_set_back;
    }
}

// === impl Counter ===

impl Counter {
    /// Lets time pass up to `now`: the window drains, pending units expire.
    ///
    /// A clock that was set back by more than a second takes what was counted with it, so nothing
    /// lasts longer for it; one that was set forth lets windows drain and reservations expire, as
    /// if that time had passed.
    pub fn advance(&mut self, at: &Moment<'_>, limit: Option<Limit>) -> Passed {
        self.limit = limit;
        let set_back = self.set_back;
        let elapsed = self.follow(at);
        if let Some(period) = at.window.period_millis() {
            self.drain(limit.map_or(u64::MAX, |it| it.units), period, elapsed);
        }
        let expired: Vec<Pending> =
            self.pending.extract_if(.., |it| it.expires <= at.now.0).collect();
        for pending in &expired {
            self.take_back(pending.slice, pending.units);
        }
        self.forget_past(at);
        self.merge_drained(at.window);
        Passed {
            expired: expired.iter().fold(0, |sum, it| sum.saturating_add(it.units)),
            is_set_back: self.set_back != set_back,
        }
    }

    /// Units in use. [`advance`](Self::advance) first.
    pub fn used(&self, at: &Moment<'_>) -> u64 {
        match &at.calendar {
            Some(window) => self.slice(window.start.0).map_or(0, |it| it.used),
            None => self.slices.iter().fold(0, |sum, it| sum.saturating_add(it.used)),
        }
    }

    /// Takes units, whatever the limit; they are pending until `expires`.
    pub fn take(&mut self, at: &Moment<'_>, units: u64, expires: UnixMillis) -> Taken {
        let slice = self.current_slice(at);
        self.add(slice, units);
        let (begun, set_back) = (self.begun, self.set_back);
        let taken = Taken { units, expires, slice, begun, set_back };
        self.pend(&taken);
        self.bound(at);
        taken
    }

    /// Moves the expiry of pending units, or takes them anew if they had expired.
    pub fn renew(&mut self, at: &Moment<'_>, taken: &Taken, expires: UnixMillis) -> Taken {
        let found = self.unpend(at.window, taken);
        if found == 0 && taken.units > 0 {
            return self.take(at, taken.units, expires);
        }
        let taken = self.since_set_back(at.window, taken).unwrap_or(*taken);
        self.add(taken.slice, taken.units.saturating_sub(found));
        let renewed = Taken { expires, ..taken };
        self.pend(&renewed);
        self.bound(at);
        renewed
    }

    /// Ends what is pending: of the units that were taken, `kept` count for good. More than were
    /// taken can.
    ///
    /// What has drained cannot be given back, nor what was taken in a window of the calendar that is
    /// no longer remembered.
    pub fn settle(&mut self, at: &Moment<'_>, taken: &Taken, kept: u64) {
        let reserved = self.unpend(at.window, taken);
        let slice = self.since_set_back(at.window, taken).map_or(taken.slice, |it| it.slice);
        match kept.checked_sub(reserved) {
            None => self.take_back(slice, reserved.saturating_sub(kept)),
            Some(more) => {
                let slice = match at.window {
                    Window::Calendar(..) | Window::Held => slice,
                    // What is known only now is used now.
                    Window::Rolling(_) => self.current_slice(at),
                };
                self.add(slice, more);
            }
        }
        self.bound(at);
    }

    /// Gives back units that count for good: a voice is deleted. What is reserved is not for others
    /// to give back.
    pub fn give_back(&mut self, units: u64) {
        let all = self.slices.iter().fold(0_u64, |sum, it| sum.saturating_add(it.used));
        let reserved = self.pending.iter().fold(0_u64, |sum, it| sum.saturating_add(it.units));
        self.take_back(0, units.min(all.saturating_sub(reserved)));
        self.forget_empty();
    }

    /// Whether it says nothing that a new one would not.
    pub fn is_idle(&self) -> bool {
        self.slices.is_empty() && self.pending.is_empty()
    }

    /// What it was last compared with.
    pub fn limit(&self) -> Option<Limit> {
        self.limit
    }

    /// Units of those in use that are reserved, and not settled.
    pub fn reserved(&self, at: &Moment<'_>) -> u64 {
        let current = at.calendar.as_ref().map(|it| it.start.0);
        let counts = |it: &&Pending| current.is_none_or(|start| it.slice == start);
        let pending = self.pending.iter().filter(counts);
        pending.fold(0_u64, |sum, it| sum.saturating_add(it.units)).min(self.used(at))
    }

    /// Units that are held by requests under way: of what is held, all is in the slice 0, where
    /// nothing else is.
    pub fn held(&self) -> u64 {
        let held = self.pending.iter().filter(|it| it.slice == 0);
        held.fold(0, |sum, it| sum.saturating_add(it.units))
    }

    /// When it was last looked at.
    pub fn seen(&self) -> UnixMillis {
        UnixMillis(self.seen)
    }

    /// How long until `units` fit under the limit, in milliseconds; `None` if time alone does not
    /// help. [`advance`](Self::advance) first.
    pub fn millis_until(&self, at: &Moment<'_>, limit: Limit, units: u64) -> Option<u64> {
        let excess = self.used(at).saturating_add(units).saturating_sub(limit.burst);
        if excess == 0 {
            return Some(0);
        }
        if units > limit.burst {
            return None;
        }
        match (&at.calendar, at.window.period_millis()) {
            (Some(window), _) => Some(window.end.0.saturating_sub(at.now.0)),
            (None, Some(period)) => {
                let needed = u128::from(excess).saturating_mul(period.into());
                let wait = needed.saturating_sub(self.drained.into());
                let millis = wait.checked_add(u128::from(limit.units).checked_sub(1)?)?;
                let millis = u64::try_from(millis.checked_div(limit.units.into())?).ok()?;
                // It drained as far as the latest look, of which another worker's clock may be ahead.
                Some(millis.saturating_add(self.seen.saturating_sub(at.now.0)))
            }
            (None, None) => None,
        }
    }

    /// Milliseconds that passed since the last look; follows a clock that was set back.
    fn follow(&mut self, at: &Moment<'_>) -> u64 {
        let Moment { window, now, .. } = *at;
        if self.seen == 0 {
            self.begun = now.0;
        }
        let behind = self.seen.saturating_sub(now.0);
        if behind > CLOCK_JITTER {
            for pending in &mut self.pending {
                pending.expires = pending.expires.saturating_sub(behind);
                pending.slice = set_back(pending.slice, behind, window);
            }
            self.slices.iter_mut().for_each(|it| it.start = set_back(it.start, behind, window));
            self.seen = now.0;
            self.set_back = self.set_back.saturating_add(behind);
        }
        let elapsed = now.0.saturating_sub(self.seen);
        self.seen = self.seen.max(now.0);
        elapsed
    }
}
