//! What of it is reserved, by when it expires.

use super::{Counter, Pending, Taken};
use crate::quota::window::Window;
use crate::time::UnixMillis;

/// In place of the slice of what is pending and has drained.
const DRAINED: u64 = u64::MAX;

impl Counter {
    pub(super) fn pend(&mut self, taken: &Taken) {
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
    pub(super) fn unpend(&mut self, window: &Window, taken: &Taken) -> u64 {
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
    pub(super) fn merge_drained(&mut self, window: &Window) {
        let Self { pending, slices, .. } = self;
        let is_over = |slice: u64| slice != DRAINED && slices.iter().all(|it| it.start != slice);
        if window.period_millis().is_none() || !pending.iter().any(|it| is_over(it.slice)) {
            return;
        }
        pending.iter_mut().filter(|it| is_over(it.slice)).for_each(|it| it.slice = DRAINED);
        pending.sort_unstable_by_key(|it| (it.expires, it.slice));
        pending.dedup_by(|next, first| {
            let is_same = (next.expires, next.slice) == (first.expires, first.slice);
            if is_same {
                first.units = first.units.saturating_add(next.units);
            }
            is_same
        });
    }

    /// What was taken, by the clock as it is now. `None` if this counter was begun since.
    pub(super) fn since_set_back(&self, window: &Window, taken: &Taken) -> Option<Taken> {
        let by = self.set_back.checked_sub(taken.set_back).filter(|_| self.begun == taken.begun)?;
        Some(Taken {
            expires: UnixMillis(taken.expires.0.saturating_sub(by)),
            slice: set_back(taken.slice, by, window),
            set_back: self.set_back,
            ..*taken
        })
    }
}

/// A time of a slice after the clock was set back: windows of the calendar do not move.
pub(super) fn set_back(slice: u64, by: u64, window: &Window) -> u64 {
    match window {
        Window::Rolling(_) if slice != DRAINED => slice.saturating_sub(by),
        Window::Rolling(_) | Window::Calendar(..) | Window::Held => slice,
    }
}
