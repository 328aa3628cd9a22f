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

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::window::{Limit, Window};
use crate::time::UnixMillis;

/// Into how many slices the period of a rolling window is divided. What is given back in a slice is
/// taken from what has not drained of that slice.
const SLICES_A_PERIOD: u64 = 16;

/// The most slices of a rolling window; a burst larger than the limit needs more than a period's.
/// Past it the two oldest become one.
const MAX_SLICES: usize = 40;

/// The most windows of the calendar that are remembered: this one, and some around it for a clock
/// that is set back or forth. Past it the farthest is forgotten.
const MAX_CALENDAR_SLICES: usize = 5;

/// In place of the slice of what is pending and has drained.
const DRAINED: u64 = u64::MAX;

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

impl std::ops::AddAssign for Passed {
    fn add_assign(&mut self, other: Self) {
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
    pub fn advance(&mut self, window: &Window, limit: Option<Limit>, now: UnixMillis) -> Passed {
        self.limit = limit;
        let set_back = self.set_back;
        let elapsed = self.follow(window, now);
        if let Some(period) = window.period_millis() {
            self.drain(limit.map_or(u64::MAX, |it| it.units), period, elapsed);
        }
        let expired: Vec<Pending> = self.pending.extract_if(.., |it| it.expires <= now.0).collect();
        for pending in &expired {
            self.take_back(pending.slice, pending.units);
        }
        self.forget_past(window, now);
        self.merge_drained(window);
        Passed {
            expired: expired.iter().fold(0, |sum, it| sum.saturating_add(it.units)),
            is_set_back: self.set_back != set_back,
        }
    }

    /// Units in use. [`advance`](Self::advance) first.
    pub fn used(&self, window: &Window, now: UnixMillis) -> u64 {
        match window.calendar(now) {
            Some(window) => self.slice(window.start.0).map_or(0, |it| it.used),
            None => self.slices.iter().fold(0, |sum, it| sum.saturating_add(it.used)),
        }
    }

    /// Takes units, whatever the limit; they are pending until `expires`.
    pub fn take(
        &mut self,
        window: &Window,
        units: u64,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> Taken {
        let slice = self.current_slice(window, now);
        self.add(slice, units);
        let (begun, set_back) = (self.begun, self.set_back);
        let taken = Taken { units, expires, slice, begun, set_back };
        self.pend(&taken);
        self.bound(window, now);
        taken
    }

    /// Moves the expiry of pending units, or takes them anew if they had expired.
    pub fn renew(
        &mut self,
        window: &Window,
        taken: &Taken,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> Taken {
        let found = self.unpend(window, taken);
        if found == 0 && taken.units > 0 {
            return self.take(window, taken.units, now, expires);
        }
        let taken = self.since_set_back(window, taken).unwrap_or(*taken);
        self.add(taken.slice, taken.units.saturating_sub(found));
        let renewed = Taken { expires, ..taken };
        self.pend(&renewed);
        self.bound(window, now);
        renewed
    }

    /// Ends what is pending: of the units that were taken, `kept` count for good. More than were
    /// taken can.
    ///
    /// What has drained cannot be given back, nor what was taken in a window of the calendar that is
    /// no longer remembered.
    pub fn settle(&mut self, window: &Window, taken: &Taken, kept: u64, now: UnixMillis) {
        let reserved = self.unpend(window, taken);
        let slice = self.since_set_back(window, taken).map_or(taken.slice, |it| it.slice);
        match kept.checked_sub(reserved) {
            None => self.take_back(slice, reserved.saturating_sub(kept)),
            Some(more) => {
                let slice = match window {
                    Window::Calendar(..) | Window::Held => slice,
                    // What is known only now is used now.
                    Window::Rolling(_) => self.current_slice(window, now),
                };
                self.add(slice, more);
            }
        }
        self.bound(window, now);
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
    pub fn reserved(&self, window: &Window, now: UnixMillis) -> u64 {
        let current = window.calendar(now).map(|it| it.start.0);
        let counts = |it: &&Pending| current.is_none_or(|start| it.slice == start);
        let pending = self.pending.iter().filter(counts);
        pending.fold(0_u64, |sum, it| sum.saturating_add(it.units)).min(self.used(window, now))
    }

    /// When it was last looked at.
    pub fn seen(&self) -> UnixMillis {
        UnixMillis(self.seen)
    }

    /// How long until `units` fit under the limit, in milliseconds; `None` if time alone does not
    /// help. [`advance`](Self::advance) first.
    pub fn millis_until(
        &self,
        window: &Window,
        limit: Limit,
        units: u64,
        now: UnixMillis,
    ) -> Option<u64> {
        let excess = self.used(window, now).saturating_add(units).saturating_sub(limit.burst);
        if excess == 0 {
            return Some(0);
        }
        if units > limit.burst {
            return None;
        }
        match (window.calendar(now), window.period_millis()) {
            (Some(window), _) => Some(window.end.0.saturating_sub(now.0)),
            (None, Some(period)) => {
                let needed = u128::from(excess).saturating_mul(period.into());
                let wait = needed.saturating_sub(self.drained.into());
                let millis = wait.checked_add(u128::from(limit.units).checked_sub(1)?)?;
                let millis = u64::try_from(millis.checked_div(limit.units.into())?).ok()?;
                // It drained as far as the latest look, of which another worker's clock may be ahead.
                Some(millis.saturating_add(self.seen.saturating_sub(now.0)))
            }
            (None, None) => None,
        }
    }

    /// Milliseconds that passed since the last look; follows a clock that was set back.
    fn follow(&mut self, window: &Window, now: UnixMillis) -> u64 {
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

    /// What was taken, by the clock as it is now. `None` if this counter was begun since.
    fn since_set_back(&self, window: &Window, taken: &Taken) -> Option<Taken> {
        let by = self.set_back.checked_sub(taken.set_back).filter(|_| self.begun == taken.begun)?;
        Some(Taken {
            expires: UnixMillis(taken.expires.0.saturating_sub(by)),
            slice: set_back(taken.slice, by, window),
            set_back: self.set_back,
            ..*taken
        })
    }

    fn drain(&mut self, limit: u64, period: u64, elapsed: u64) {
        let parts =
            u128::from(elapsed).saturating_mul(limit.into()).saturating_add(self.drained.into());
        let whole = parts.checked_div(period.into()).unwrap_or_default();
        self.drained = parts
            .checked_rem(period.into())
            .and_then(|it| u64::try_from(it).ok())
            .unwrap_or_default();
        let mut left = u64::try_from(whole).unwrap_or(u64::MAX);
        for slice in &mut self.slices {
            let drained = left.min(slice.used);
            slice.used = slice.used.saturating_sub(drained);
            left = left.saturating_sub(drained);
        }
        self.forget_empty();
    }

    /// The start of the slice that takes what is used now.
    fn current_slice(&self, window: &Window, now: UnixMillis) -> u64 {
        match (window.calendar(now), window.period_millis()) {
            (Some(window), _) => window.start.0,
            (None, Some(period)) => {
                let length = period.checked_div(SLICES_A_PERIOD).unwrap_or_default().max(1);
                // Measured from the last one: a clock that was set back has moved them all.
                match self.slices.last() {
                    Some(last) if now.0 < last.start.saturating_add(length) => last.start,
                    _ => now.0,
                }
            }
            (None, None) => 0,
        }
    }

    fn slice(&self, start: u64) -> Option<&Slice> {
        self.slices.iter().find(|it| it.start == start)
    }

    fn add(&mut self, start: u64, units: u64) {
        if units == 0 {
            return;
        }
        match self.slices.iter_mut().find(|it| it.start == start) {
            Some(slice) => slice.used = slice.used.saturating_add(units),
            None => {
                let place = self.slices.partition_point(|it| it.start < start);
                self.slices.insert(place, Slice { start, used: units });
            }
        }
    }

    fn take_back(&mut self, start: u64, units: u64) {
        let Some(place) = self.slices.iter().position(|it| it.start == start) else { return };
        if let Some(slice) = self.slices.get_mut(place) {
            slice.used = slice.used.saturating_sub(units);
            if place == 0 && slice.used == 0 {
                // What drained of a unit that is gone is not saved up for the next.
                self.drained = 0;
            }
        }
        self.forget_empty();
    }

    fn pend(&mut self, taken: &Taken) {
        if taken.units == 0 {
            return;
        }
        let same = |it: &&mut Pending| it.expires == taken.expires.0 && it.slice == taken.slice;
        match self.pending.iter_mut().find(same) {
            Some(pending) => pending.units = pending.units.saturating_add(taken.units),
            None => self.pending.push(Pending {
                expires: taken.expires.0,
                slice: taken.slice,
                units: taken.units,
            }),
        }
    }

    /// How many of the units that were taken were still pending, and are not any more.
    fn unpend(&mut self, window: &Window, taken: &Taken) -> u64 {
        let Some(taken) = self.since_set_back(window, taken) else { return 0 };
        let of = |slice: u64| {
            let same = move |it: &Pending| it.expires == taken.expires.0 && it.slice == slice;
            self.pending.iter().position(same)
        };
        let Some(place) = of(taken.slice).or_else(|| of(DRAINED)) else { return 0 };
        let Some(pending) = self.pending.get_mut(place) else { return 0 };
        let found = pending.units.min(taken.units);
        pending.units = pending.units.saturating_sub(found);
        if pending.units == 0 {
            self.pending.swap_remove(place);
        }
        found
    }

    /// Of a rolling window, makes one of all that expires at a moment and has drained, or a counter
    /// of short slices and a long lease would have many.
    fn merge_drained(&mut self, window: &Window) {
        if window.period_millis().is_none() || self.pending.len() < 2 {
            return;
        }
        let Self { pending, slices, .. } = self;
        let is_there = |start: u64| slices.iter().any(|it| it.start == start);
        pending.iter_mut().filter(|it| !is_there(it.slice)).for_each(|it| it.slice = DRAINED);
        pending.sort_unstable_by_key(|it| (it.expires, it.slice));
        pending.dedup_by(|next, first| {
            let is_same = (next.expires, next.slice) == (first.expires, first.slice);
            if is_same {
                first.units = first.units.saturating_add(next.units);
            }
            is_same
        });
    }

    /// Forgets windows of the calendar that a clock set back by two of them does not bring back.
    fn forget_past(&mut self, window: &Window, now: UnixMillis) {
        if let Some(window) = window.calendar(now) {
            let first = first_remembered(&window);
            self.slices.retain(|it| it.start >= first);
        }
        self.forget_empty();
    }

    fn forget_empty(&mut self) {
        self.slices.retain(|it| it.used > 0);
        if self.slices.is_empty() {
            // An empty bucket saves nothing up.
            self.drained = 0;
        }
    }

    fn bound(&mut self, window: &Window, now: UnixMillis) {
        self.forget_empty();
        match window {
            Window::Calendar(..) => {
                let now = window.calendar(now).map_or(now.0, |it| it.start.0);
                while self.slices.len() > MAX_CALENDAR_SLICES {
                    let places = self.slices.iter().enumerate();
                    let farthest = places.max_by_key(|(_, it)| it.start.abs_diff(now));
                    let Some((place, _)) = farthest else { return };
                    self.slices.remove(place);
                }
            }
            Window::Rolling(_) => {
                while self.slices.len() > MAX_SLICES {
                    let oldest = self.slices.remove(0);
                    if let Some(next) = self.slices.first_mut() {
                        next.used = next.used.saturating_add(oldest.used);
                    }
                }
            }
            Window::Held => {}
        }
    }
}

/// A time of a slice after the clock was set back: windows of the calendar do not move.
fn set_back(slice: u64, by: u64, window: &Window) -> u64 {
    match window {
        Window::Rolling(_) if slice != DRAINED => slice.saturating_sub(by),
        Window::Rolling(_) | Window::Calendar(..) | Window::Held => slice,
    }
}

/// The start of the first window that is remembered in this one. Half a window more than two, because
/// those before may be longer: January and December before February, a day of 25 hours.
fn first_remembered(window: &Range<UnixMillis>) -> u64 {
    let length = window.end.since(window.start);
    let past = length.saturating_mul(2).saturating_add(length.checked_div(2).unwrap_or_default());
    window.start.minus(past).0
}
