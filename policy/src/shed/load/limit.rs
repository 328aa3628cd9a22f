//! How much a service can have in flight, learned.
//!
//! A gradient on first bytes: when they are later than the target, the capacity goes to
//! what was in flight, times target through lateness; when they are not and the capacity is nearly used, it
//! rises by a 16th. One step in half a second, by eight first bytes at least. After half a calm minute it is
//! the first guess again: a night's one long text must not be measured by the evening's many short ones.
//!
//! Memory gives no warning, so what the service broke under is remembered: the capacity
//! stays a quarter below for an hour, then the wall moves up by an eighth an hour. A restart of a service that
//! carried more before is no wall, unless it breaks again within ten minutes with a fair amount in flight.

use serde::{Deserialize, Serialize};

use super::{Failure, LoadTerms, age, share};
use crate::shed::Work;
use crate::time::UnixMillis;

/// What was learned. Work in the policy's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Limit {
    /// `None`: nothing spoke against the first guess.
    capacity: Option<u64>,
    wall: Option<Wall>,
    /// The most in flight while first bytes were in time; forgotten slowly.
    proven: u64,
    proven_at: u64,
    round: Round,
    peak: Peak,
    /// When there last was a reason to keep it.
    pressed_at: u64,
    /// When a failure last lowered it.
    cut_at: Option<u64>,
    /// When a request last broke, and whether any was served since.
    broke_at: Option<u64>,
    served: bool,
}

/// What the service broke under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Wall {
    at: u64,
    since: u64,
}

/// First bytes since the last step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    since: u64,
    samples: u32,
    /// Sum of what was in flight at each.
    in_flight: u64,
}

/// The most in flight in this second and the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Peak {
    since: u64,
    this: u64,
    before: u64,
}

/// Least length of a round, in ms, and least number of its samples.
const ROUND: u64 = 500;
const SAMPLES: u32 = 8;

/// Requests that break are of one crash if they do so within so many ms and none was served between.
const EPISODE: u64 = 30_000;

/// A service that breaks again within so many ms broke under what it was given, though it carried
/// more before: it may have been other work.
const AGAIN: u64 = 600_000;

/// In which a failure lowers the capacity once, in ms.
const CUT_EVERY: u64 = 1_000;

/// What late first bytes taught is forgotten after so many ms in which nothing was late and the
/// capacity was not asked for.
const CALM: u64 = 30_000;

const HOUR: u64 = 3_600_000;

// === impl Limit ===

impl Limit {
    pub(super) fn capacity(&self, terms: &LoadTerms) -> Work {
        let below_wall = self.wall.map_or(u64::MAX, |wall| three_quarters(wall.at));
        let learned = self.capacity.unwrap_or(terms.learn_from.0).min(below_wall);
        Work(learned.min(terms.most.0).max(terms.least.0))
    }

    /// Whether the service did not break under as much.
    pub(super) fn bears(&self, work: Work) -> bool {
        self.wall.is_none_or(|wall| work.0 <= three_quarters(wall.at))
    }

    pub(super) fn learned(&self) -> Option<Work> {
        self.capacity.map(Work)
    }

    pub(super) fn broke_under(&self) -> Option<Work> {
        self.wall.map(|wall| Work(wall.at))
    }

    pub(super) fn proven(&self) -> Work {
        Work(self.proven)
    }

    /// So much is in flight.
    pub(super) fn saw(&mut self, in_flight: Work, now: UnixMillis) {
        let age = age(self.peak.since, now);
        if age >= 1_000 {
            let before = if age >= 2_000 { 0 } else { self.peak.this };
            self.peak = Peak { since: now.0, this: 0, before };
        }
        self.peak.this = self.peak.this.max(in_flight.0);
    }

    /// Forgets what late first bytes taught, if that is long past.
    pub(super) fn relax(&mut self, in_flight: Work, terms: &LoadTerms, now: UnixMillis) {
        let taught = self.capacity.filter(|it| *it < terms.learn_from.0);
        let calm = age(self.pressed_at, now);
        if taught.is_some_and(|it| in_flight.0 >= three_quarters(it)) || calm == u64::MAX {
            self.pressed_at = now.0;
        } else if calm >= CALM && taught.is_some() {
            self.capacity = None;
        }
    }

    /// A first byte, with what was in flight then and how late first bytes are of late.
    pub(super) fn sample(
        &mut self,
        work: Work,
        in_flight: Work,
        permille: u32,
        failing: bool,
        terms: &LoadTerms,
        now: UnixMillis,
    ) {
        self.saw(in_flight, now);
        self.forget(now);
        self.served = true;
        let target = terms.busy.first_byte_percent.saturating_mul(10).max(1_001);
        if permille < target && !failing && in_flight.0 >= self.proven {
            (self.proven, self.proven_at) = (in_flight.0, now.0);
        }
        let round = &mut self.round;
        round.samples = round.samples.saturating_add(1);
        round.in_flight = round.in_flight.saturating_add(in_flight.0);
        if round.samples < SAMPLES || age(round.since, now) < ROUND {
            return;
        }
        let mean = share(round.in_flight, 1, round.samples.into());
        *round = Round { since: now.0, ..Round::default() };
        let capacity = self.capacity(terms).0;
        if permille >= relaxed(target) {
            self.pressed_at = now.0;
        }
        if permille > target {
            let ideal = share(mean, target.into(), permille.into());
            // Never more than a quarter at once, nor so little that this request had no room.
            let less = ideal.max(three_quarters(capacity)).max(work.0).max(terms.least.0);
            self.capacity = Some(less.min(capacity));
        } else if !failing && mean >= three_quarters(capacity) && permille < relaxed(target) {
            self.capacity = Some(capacity.saturating_add((capacity / 16).max(1)));
            self.capacity = Some(self.capacity(terms).0);
        }
    }

    /// A request failed; `broken` of late did as in a crash.
    pub(super) fn failed(
        &mut self,
        failure: Failure,
        broken: u32,
        terms: &LoadTerms,
        now: UnixMillis,
    ) {
        // A service that never served is starting, not overloaded, and one reset may be its own fault.
        let alone = failure == Failure::Broken && broken < 2;
        if self.proven == 0 || alone {
            return;
        }
        self.pressed_at = now.0;
        let busy = self.peak.this.max(self.peak.before);
        // What fails while little is under way does so for another reason.
        let mut loaded = busy >= three_quarters(self.proven);
        if failure == Failure::Broken {
            let since = self.broke_at.map_or(u64::MAX, |at| age(at, now));
            self.broke_at = Some(now.0);
            if !std::mem::take(&mut self.served) && since < EPISODE {
                return;
            }
            loaded |= since < AGAIN && busy >= self.proven / 4;
            if loaded {
                let at = self.wall.map_or(busy, |wall| wall.at.min(busy)).max(1);
                self.wall = Some(Wall { at, since: now.0 });
                self.capacity = Some(self.capacity(terms).0);
            }
        } else if loaded && self.cut_at.is_none_or(|at| age(at, now) >= CUT_EVERY) {
            let capacity = self.capacity(terms).0;
            let less = busy.saturating_sub(busy / 8).max(capacity / 4).max(terms.least.0);
            self.capacity = Some(less.min(capacity));
            self.cut_at = Some(now.0);
        }
    }

    /// The wall moves up and what was proven down.
    fn forget(&mut self, now: UnixMillis) {
        if let Some(wall) = self.wall.as_mut().filter(|wall| age(wall.since, now) >= HOUR) {
            *wall = Wall { at: wall.at.saturating_add((wall.at / 8).max(1)), since: now.0 };
        }
        if age(self.proven_at, now) >= HOUR {
            self.proven = self.proven.saturating_sub(self.proven / 16);
            self.proven_at = now.0;
        }
    }
}

fn three_quarters(of: u64) -> u64 {
    of.saturating_sub(of / 4)
}

/// A tenth of the way back to the baseline: between this and the target the capacity rests.
fn relaxed(target: u32) -> u32 {
    target.saturating_sub(target.saturating_sub(1_000) / 4)
}
