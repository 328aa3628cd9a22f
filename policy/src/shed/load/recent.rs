//! What happened in the last seconds: requests that were served or failed, and work done.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Failure, age, share};
use crate::shed::Work;
use crate::spec::Level;
use crate::time::UnixMillis;

/// Requests of this second or so and of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recent {
    since: u64,
    this: Counts,
    before: Counts,
    failed_at: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    served: u32,
    /// Of those served, while others were under way.
    loaded: u32,
    failed: u32,
    /// Of those failed, such as a crash leaves.
    broken: u32,
}

/// Work that the service finishes in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Speed {
    since: u64,
    done: u64,
    /// The most of late, in a second.
    best: u64,
    /// By one request, smoothed.
    one: u64,
}

/// Length of the windows in which requests are counted, in ms.
const WINDOW: u64 = 1_000;

/// For so long after a failure the capacity does not rise, in ms.
const CAREFUL: u64 = 5_000;

/// Length of the windows in which finished work is counted, in ms.
const SPEED_WINDOW: u64 = 5_000;

const LONGEST_DRAIN: Duration = Duration::from_secs(600);

// === impl Recent ===

impl Recent {
    pub(super) fn served(&mut self, now: UnixMillis) {
        self.turn(now);
        self.this.served = self.this.served.saturating_add(1);
    }

    pub(super) fn answered(&mut self, loaded: bool, now: UnixMillis) {
        self.turn(now);
        self.this.loaded = self.this.loaded.saturating_add(loaded.into());
    }

    pub(super) fn failed(&mut self, failure: Failure, now: UnixMillis) {
        self.turn(now);
        self.this.failed = self.this.failed.saturating_add(1);
        self.this.broken = self.this.broken.saturating_add((failure == Failure::Broken).into());
        self.failed_at = Some(now.0);
    }

    pub(super) fn failed_lately(&self, now: UnixMillis) -> bool {
        self.failed_at.is_some_and(|at| age(at, now) <= CAREFUL)
    }

    pub(super) fn failures(&self, now: UnixMillis) -> u32 {
        self.counts(now).failed
    }

    /// How many broke, as in a crash.
    pub(super) fn broken(&self, now: UnixMillis) -> u32 {
        self.counts(now).broken
    }

    /// How many were served while others were under way.
    pub(super) fn loaded(&self, now: UnixMillis) -> u32 {
        self.counts(now).loaded
    }

    /// What failures alone say: one in twenty makes it busy, one in five overloaded, and two or three at
    /// least, for one may be its own fault.
    pub(super) fn level(&self, now: UnixMillis) -> Level {
        let Counts { served, failed, .. } = self.counts(now);
        let all = served.saturating_add(failed);
        let one_in = |n: u32| failed.saturating_mul(n) >= all;
        if failed >= 3 && one_in(5) {
            Level::Overload
        } else if failed >= 2 && one_in(20) {
            Level::Busy
        } else {
            Level::Normal
        }
    }

    fn counts(&self, now: UnixMillis) -> Counts {
        let mut turned = *self;
        turned.turn(now);
        let (a, b) = (turned.this, turned.before);
        Counts {
            served: a.served.saturating_add(b.served),
            loaded: a.loaded.saturating_add(b.loaded),
            failed: a.failed.saturating_add(b.failed),
            broken: a.broken.saturating_add(b.broken),
        }
    }

    pub(super) fn turn(&mut self, now: UnixMillis) {
        let age = age(self.since, now);
        if age >= WINDOW {
            let old = age >= WINDOW.saturating_mul(2);
            self.before = if old { Counts::default() } else { self.this };
            self.this = Counts::default();
            self.since = now.0;
        }
    }
}

// === impl Speed ===

impl Speed {
    pub(super) fn finished(&mut self, work: Work, took: Duration, now: UnixMillis) {
        let age = age(self.since, now);
        if age >= SPEED_WINDOW {
            // What idles is not slow: the best is forgotten slowly, and by windows with work only.
            let of_window = per_second(self.done, age.min(SPEED_WINDOW.saturating_mul(2)));
            self.best = of_window.max(self.best.saturating_sub(self.best / 8));
            (self.since, self.done) = (now.0, 0);
        }
        self.done = self.done.saturating_add(work.0);
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let alone = per_second(work.0, took);
        self.one = if self.one == 0 {
            alone
        } else {
            self.one.saturating_sub(self.one / 8).saturating_add(alone / 8)
        };
    }

    pub(super) fn per_second(&self) -> Work {
        // All together are at least as fast as one.
        Work(self.best.max(self.one))
    }

    pub(super) fn drain(&self, ahead: Work) -> Duration {
        let speed = self.per_second().0;
        if speed == 0 {
            return Duration::from_secs(1);
        }
        Duration::from_millis(share(ahead.0, 1000, speed)).min(LONGEST_DRAIN)
    }
}

fn per_second(work: u64, millis: u64) -> u64 {
    share(work, 1000, millis.max(1))
}
