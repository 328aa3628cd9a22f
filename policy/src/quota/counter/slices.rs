//! What is used, by when it was admitted.

use std::ops::Range;

use super::{Counter, Slice};
use crate::quota::window::{Moment, Window};
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

impl Counter {
    pub(super) fn drain(&mut self, limit: u64, period: u64, elapsed: u64) {
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
    pub(super) fn current_slice(&self, at: &Moment<'_>) -> u64 {
        let now = at.now;
        match (&at.calendar, at.window.period_millis()) {
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

    pub(super) fn slice(&self, start: u64) -> Option<&Slice> {
        self.slices.iter().find(|it| it.start == start)
    }

    pub(super) fn add(&mut self, start: u64, units: u64) {
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

    pub(super) fn take_back(&mut self, start: u64, units: u64) {
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

    /// Forgets windows of the calendar that a clock set back by two of them does not bring back.
    pub(super) fn forget_past(&mut self, at: &Moment<'_>) {
        if let Some(window) = &at.calendar {
            let first = first_remembered(window);
            self.slices.retain(|it| it.start >= first);
        }
        self.forget_empty();
    }

    pub(super) fn forget_empty(&mut self) {
        self.slices.retain(|it| it.used > 0);
        if self.slices.is_empty() {
            // An empty bucket saves nothing up.
            self.drained = 0;
        }
    }

    pub(super) fn bound(&mut self, at: &Moment<'_>) {
        self.forget_empty();
        match at.window {
            Window::Calendar(..) => {
                let now = at.calendar.as_ref().map_or(at.now.0, |it| it.start.0);
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

/// The start of the first window that is remembered in this one. Half a window more than two, because
/// those before may be longer: January and December before February, a day of 25 hours.
fn first_remembered(window: &Range<UnixMillis>) -> u64 {
    let length = window.end.since(window.start);
    let past = length.saturating_mul(2).saturating_add(length.checked_div(2).unwrap_or_default());
    window.start.minus(past).0
}
