//! One counter: what was used of one limit by one account, and what of it may yet be given back.
//!
//! Use is kept in slices: of a rolling window by time of admission, the oldest draining first; of
//! the calendar one a window; of what is held one in all. What is reserved and not yet settled is
//! part of its slice, and stands beside it as pending, by the moment it expires. Both are sums, so
//! a counter's size does not grow with the number of requests.

use serde::{Deserialize, Serialize};

use super::window::{Limit, Window};
use crate::time::UnixMillis;

/// Into how many slices the period of a rolling window is divided. What is given back in a slice is
/// taken from what has not drained of that slice.
const SLICES_A_PERIOD: u64 = 16;

/// The most slices of a rolling window; a burst larger than the limit needs more than a period's.
/// Past it the two oldest become one.
const MAX_SLICES: usize = 40;

/// The windows of the calendar that are remembered: this one, and two around it for a clock that is
/// set back or forth.
const MAX_CALENDAR_SLICES: usize = 3;

/// A clock that is behind by less is another worker's, read a little earlier.
const CLOCK_JITTER: u64 = 1000;

/// What was used of one limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// The last time it was looked at.
    seen: u64,
    /// How often the clock was set back: what was taken before is not found by its times any more.
    epoch: u32,
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
    epoch: u32,
}

// === impl Counter ===

impl Counter {
    /// Lets time pass up to `now`: the window drains, pending units expire. Returns the expired.
    ///
    /// A clock that was set back by more than a second takes what was counted with it, so nothing
    /// lasts longer for it; one that was set forth lets windows drain and reservations expire, as
    /// if that time had passed.
    pub fn advance(&mut self, window: &Window, limit: Option<Limit>, now: UnixMillis) -> u64 {
        self.limit = limit;
        let elapsed = self.follow(window, now);
        if let Some(period) = window.period_millis() {
            self.drain(limit.map_or(u64::MAX, |it| it.units), period, elapsed);
        }
        let expired: Vec<Pending> = self.pending.extract_if(.., |it| it.expires <= now.0).collect();
        for pending in &expired {
            self.take_back(pending.slice, pending.units);
        }
        self.forget_past(window, now);
        expired.iter().fold(0, |sum, it| sum.saturating_add(it.units))
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
        let taken = Taken { units, expires, slice, epoch: self.epoch };
        self.pend(&taken);
        self.bound(window);
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
        if !self.unpend(taken) {
            return self.take(window, taken.units, now, expires);
        }
        let renewed = Taken { expires, ..*taken };
        self.pend(&renewed);
        renewed
    }

    /// Ends what is pending: of the units that were taken, `kept` count for good. More than were
    /// taken can.
    ///
    /// What has drained cannot be given back, nor what was taken in a window of the calendar that is
    /// no longer remembered.
    pub fn settle(&mut self, window: &Window, taken: &Taken, kept: u64, now: UnixMillis) {
        let reserved = if self.unpend(taken) { taken.units } else { 0 };
        match kept.checked_sub(reserved) {
            None => self.take_back(taken.slice, reserved.saturating_sub(kept)),
            Some(more) => {
                let slice = match window {
                    Window::Calendar(..) | Window::Held => taken.slice,
                    // What is known only now is used now.
                    Window::Rolling(_) => self.current_slice(window, now),
                };
                self.add(slice, more);
            }
        }
        self.bound(window);
    }

    /// Gives back units that count for good: a voice is deleted.
    pub fn give_back(&mut self, units: u64) {
        self.take_back(0, units);
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
    pub fn reserved(&self) -> u64 {
        self.pending.iter().fold(0, |sum, it| sum.saturating_add(it.units))
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
                u64::try_from(millis.checked_div(limit.units.into())?).ok()
            }
            (None, None) => None,
        }
    }

    /// Milliseconds that passed since the last look; follows a clock that was set back.
    fn follow(&mut self, window: &Window, now: UnixMillis) -> u64 {
        let behind = self.seen.saturating_sub(now.0);
        if behind > CLOCK_JITTER {
            for pending in &mut self.pending {
                pending.expires = pending.expires.saturating_sub(behind);
                if window.period_millis().is_some() {
                    pending.slice = pending.slice.saturating_sub(behind);
                }
            }
            if window.period_millis().is_some() {
                self.slices.iter_mut().for_each(|it| it.start = it.start.saturating_sub(behind));
            }
            self.seen = now.0;
            self.epoch = self.epoch.wrapping_add(1);
        }
        let elapsed = now.0.saturating_sub(self.seen);
        self.seen = self.seen.max(now.0);
        elapsed
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
        if self.slices.iter().all(|it| it.used == 0) {
            // An empty bucket saves nothing up.
            self.drained = 0;
        }
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
        if let Some(slice) = self.slices.iter_mut().find(|it| it.start == start) {
            slice.used = slice.used.saturating_sub(units);
        }
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

    /// Whether what was taken was still pending. If it is not found since the clock was set back, it
    /// expires by itself.
    fn unpend(&mut self, taken: &Taken) -> bool {
        if taken.units == 0 {
            return true;
        }
        if taken.epoch != self.epoch {
            return false;
        }
        let same = |it: &Pending| it.expires == taken.expires.0 && it.slice == taken.slice;
        let Some(place) = self.pending.iter().position(same) else { return false };
        if let Some(pending) = self.pending.get_mut(place) {
            pending.units = pending.units.saturating_sub(taken.units);
            if pending.units == 0 {
                self.pending.swap_remove(place);
            }
        }
        true
    }

    /// Forgets windows of the calendar that not even a clock set back by one of them brings back.
    fn forget_past(&mut self, window: &Window, now: UnixMillis) {
        if let Some(window) = window.calendar(now) {
            let two = window.end.since(window.start).saturating_mul(2);
            let first = window.start.minus(two).0;
            self.slices.retain(|it| it.start >= first);
        }
        self.forget_empty();
    }

    fn forget_empty(&mut self) {
        self.slices.retain(|it| it.used > 0);
    }

    fn bound(&mut self, window: &Window) {
        self.forget_empty();
        match window {
            Window::Calendar(..) => {
                while self.slices.len() > MAX_CALENDAR_SLICES {
                    self.slices.remove(0);
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
