//! How busy a service is, by what is in flight, what it says itself, how late its first bytes are and
//! how many requests it fails; and how much it can take, where nobody has said so.
//!
//! It learns from first bytes and not from whole requests, for a stream is as long as what is said. What
//! is learned without configuration:
//!
//! - **baselines**: how late the first byte of so much work is while little else is under way;
//! - **capacity**: as much work in flight as keeps first bytes within the policy's *busy* threshold of their
//!   baseline (a gradient, see `load/limit.rs`), and less than what the service broke under. It rises
//!   only when it is used and nothing failed lately, or back to the first guess after a calm time;
//! - **speed**: work finished in a second, for telling how long a queue takes.
//!
//! What is old counts for nothing: without samples the level is normal in less than ten seconds, and
//! a first byte is not estimated, so that the next request is let through and tells.

mod first_byte;
mod level;
mod limit;
mod orca;
mod recent;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Work;
use crate::spec::Level;
use crate::time::UnixMillis;
use first_byte::{FirstBytes, Heard};
use level::Standing;
use limit::Limit;
use recent::{Recent, Speed};

pub use first_byte::Baseline;
pub use orca::{MetricName, MetricNameError, orca};

/// What a policy says of a service's load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadTerms {
    /// What it can have in flight; `None`: learned.
    pub capacity: Option<Work>,
    /// The first guess of what is learned.
    pub learn_from: Work,
    /// What is learned is never less.
    pub least: Work,
    /// What is learned is never more.
    pub most: Work,
    /// From here on it is busy. Its `first_byte_percent` is what the learned capacity aims at.
    pub busy: Thresholds,
    /// From here on it is overloaded.
    pub overload: Thresholds,
    /// How long a level lasts at least before it may fall.
    pub dwell: Duration,
}

/// Where a level begins: the first that is reached counts. 0 is never reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Work in flight, in percent of the capacity.
    pub use_percent: u32,
    /// First bytes of late, in percent of their baseline: 200 is twice as late.
    pub first_byte_percent: u32,
    /// What the service says of itself, in percent.
    pub reported_percent: u32,
}

/// How a request failed that the service was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It said that it is too busy: 503 or 429.
    Overload,
    /// It broke: refused, reset, as when a process ran out of memory.
    Broken,
    /// It did not answer in time.
    TimedOut,
}

/// What is known of one service's load. One value a service and lane, shared by all workers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    standing: Standing,
    first_bytes: FirstBytes,
    limit: Limit,
    recent: Recent,
    speed: Speed,
    /// In permille, and when.
    reported: Option<(u32, u64)>,
}

/// What a service taught, for operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Learned {
    /// What it can have in flight, if it was learned yet.
    pub capacity: Option<Work>,
    /// In flight when it broke, if it did lately: the learned capacity stays below.
    pub broke_under: Option<Work>,
    /// First bytes by size of work.
    pub baselines: Vec<Baseline>,
    /// First bytes of late, in permille of their baseline.
    pub first_byte_permille: u32,
    /// Work finished in a second while it had most to do.
    pub work_per_second: Work,
    /// Requests of the last seconds that it failed.
    pub failed: u32,
}

/// How long the service's own word holds, in ms.
const REPORT_HOLDS: u64 = 5_000;

// === impl Load ===

impl Load {
    /// A first byte came, `took` after the request was given to the service, while `in_flight` was
    /// under way, `work` of it its own.
    pub fn first_byte(
        &mut self,
        work: Work,
        took: Duration,
        in_flight: Work,
        terms: &LoadTerms,
        now: UnixMillis,
    ) {
        let others = in_flight.minus(work);
        let quiet = others.0 <= self.limit.proven().0 / 8;
        let light = others.0 <= terms.learn_from.0 / 16;
        self.recent.answered(!quiet, now);
        self.first_bytes.sample(work, took, Heard { quiet, light }, now);
        if terms.capacity.is_none() {
            let permille = self.first_bytes.permille(now);
            let failing = self.recent.failed_lately(now);
            self.limit.sample(work, in_flight, permille, failing, terms, now);
        }
    }

    /// A request was served to its end, `took` after it was given to the service.
    pub fn finished(&mut self, work: Work, took: Duration, _terms: &LoadTerms, now: UnixMillis) {
        self.recent.served(now);
        self.speed.finished(work, took, now);
    }

    /// A request failed that was given to the service.
    pub fn failed(&mut self, failure: Failure, terms: &LoadTerms, now: UnixMillis) {
        self.recent.failed(failure, now);
        let broken = self.recent.broken(now);
        self.limit.failed(failure, broken, terms, now);
    }

    /// The service's own word: the highest of the metrics the policy names, in permille.
    pub fn reported(&mut self, permille: u32, now: UnixMillis) {
        self.reported = Some((permille, now.0));
    }

    /// The level now, with so much in flight and waiting. It rises at once; it falls a level at a
    /// time, after [`LoadTerms::dwell`] and when what raised it is a seventh below its threshold.
    pub fn level(
        &mut self,
        in_flight: Work,
        queued: Work,
        terms: &LoadTerms,
        now: UnixMillis,
    ) -> Level {
        self.limit.saw(in_flight, now);
        self.recent.turn(now);
        if !self.recent.failed_lately(now) {
            self.limit.relax(in_flight.plus(queued), terms, now);
        }
        // Not only unheard: a clock that was set back would come to it again.
        self.reported = self.reported.filter(|(_, at)| age(*at, now) <= REPORT_HOLDS);
        let signs = level::Signs {
            // Not what waits: it has its own bounds, and its turn.
            used: permille_of(in_flight, self.capacity(terms)),
            first_byte: self.first_byte_sign(now),
            reported: self.reported.map_or(0, |(permille, _)| permille),
            failing: self.recent.level(now),
        };
        self.standing.step(&signs, terms, now)
    }

    /// The level as it was last computed.
    pub fn current(&self) -> Level {
        self.standing.level()
    }

    /// What the service can have in flight: configured, or learned.
    pub fn capacity(&self, terms: &LoadTerms) -> Work {
        terms.capacity.unwrap_or_else(|| self.limit.capacity(terms))
    }

    /// The capacity for a request: what is learned of many says nothing against one that is alone,
    /// however long it is, unless the service broke under as much.
    pub fn capacity_for(&self, work: Work, in_flight: Work, terms: &LoadTerms) -> Work {
        let capacity = self.capacity(terms);
        let is_alone = in_flight == Work(0) && terms.capacity.is_none() && self.limit.bears(work);
        if is_alone { capacity.max(work) } else { capacity }
    }

    /// When the first byte of so much work comes, by those of its size of late. `None`: there were
    /// none in the last five seconds, so nobody knows, and who asks should try.
    pub fn first_byte_estimate(&self, work: Work, now: UnixMillis) -> Option<Duration> {
        self.first_bytes.estimate(work, now)
    }

    /// How long so much work takes, at the speed at which the service worked when it had most to do.
    /// A second if it never finished any; ten minutes at most.
    pub fn drain(&self, ahead: Work) -> Duration {
        self.speed.drain(ahead)
    }

    /// Whether anything was ever finished.
    pub fn is_speed_known(&self) -> bool {
        self.speed.per_second() > Work(0)
    }

    /// What was learned, for operators.
    pub fn learned(&self, now: UnixMillis) -> Learned {
        Learned {
            capacity: self.limit.learned(),
            broke_under: self.limit.broke_under(),
            baselines: self.first_bytes.baselines(),
            first_byte_permille: self.first_bytes.permille(now),
            work_per_second: self.speed.per_second(),
            failed: self.recent.failures(now),
        }
    }

    /// Only what came while others were under way, and not one late byte alone.
    fn first_byte_sign(&self, now: UnixMillis) -> u32 {
        if self.recent.loaded(now) < 5 { 0 } else { self.first_bytes.permille(now) }
    }
}

/// How long ago `at` is, in ms. A moment that is yet to come was written by a clock that was set
/// back since: it is as old as can be, but for another worker's clock, read a little later.
fn age(at: u64, now: UnixMillis) -> u64 {
    const JITTER: u64 = 1_000;
    let ahead = at.saturating_sub(now.0);
    if ahead > JITTER { u64::MAX } else { now.0.saturating_sub(at) }
}

fn permille_of(part: Work, whole: Work) -> u32 {
    u32::try_from(share(part.0, 1000, whole.0.max(1))).unwrap_or(u32::MAX)
}

/// `of` × `numerator` / `denominator`; 0 if that is 0.
fn share(of: u64, numerator: u64, denominator: u64) -> u64 {
    let product = u128::from(of).saturating_mul(numerator.into());
    let share = product.checked_div(denominator.into()).unwrap_or(0);
    u64::try_from(share).unwrap_or(u64::MAX)
}
