//! First bytes: how late they are of late, against how late they are while the service is quiet.
//!
//! Work is put into classes, two to each doubling, for a service that does not stream sends its first
//! byte with its last: like is compared with like.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{age, share};
use crate::shed::Work;
use crate::time::UnixMillis;

/// Of all sizes of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FirstBytes {
    /// By [`Class::size`].
    classes: Vec<Class>,
    /// How late first bytes are, against their baseline, smoothed.
    permille: u32,
    /// When the last sample came.
    at: u64,
    /// How many came before anything was known while much was under way, up to [`LOUD`].
    loud: u8,
}

/// What was under way when a first byte came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    /// Little else, for this service.
    pub(super) quiet: bool,
    /// Little else, for a service of which nothing is known.
    pub(super) light: bool,
}

/// Of work of one size. Times in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Class {
    size: u8,
    /// How many there were, up to [`KNOWN`].
    seen: u8,
    baseline: u32,
    recent: u32,
    at: u64,
    /// How many in a row were earlier than the baseline, up to [`STREAK`].
    earlier: u8,
    /// When the baseline last rose though the service was not quiet.
    rose: u64,
}

/// First bytes of one size of work, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Baseline {
    /// From so much work on, to the next.
    pub from: Work,
    /// How late they are while the service is quiet.
    pub baseline: Duration,
    /// How late they were last.
    pub recent: Duration,
}

/// So many samples make a baseline.
const KNOWN: u8 = 2;

/// A baseline that is learned in a flood would be that of a flood, so what comes while much is under way
/// does not make one; but for want of a better it does, after so many samples.
const LOUD: u8 = 64;

/// Nothing is later than so many times its baseline.
const LATEST: u32 = 20_000;

/// After so many in a row that are earlier than the baseline it is wrong; fewer may be answers from a cache.
const STREAK: u8 = 8;

/// So long is a sample worth an estimate, in ms.
const FRESH: u64 = 5_000;

/// A baseline that nobody hears quietly any more rises by a 128th in so many ms: a service that
/// became slower for good is believed in the end, a flood of ten minutes is not.
const DRIFT: u64 = 60_000;

// === impl FirstBytes ===

impl Default for FirstBytes {
    fn default() -> Self {
        Self { classes: Vec::new(), permille: 1000, at: 0, loud: 0 }
    }
}

impl FirstBytes {
    pub(super) fn sample(&mut self, work: Work, took: Duration, heard: Heard, now: UnixMillis) {
        let took = u32::try_from(took.as_micros()).unwrap_or(u32::MAX).max(1);
        let size = size_of(work);
        // What is heard for the first time while all is late, is late itself.
        let is_known = self.classes.iter().any(|class| class.seen >= KNOWN);
        let makes_baseline = heard.light || is_known || self.loud >= LOUD;
        let late = self.permille(now).max(1000);
        let place = self.classes.binary_search_by_key(&size, |class| class.size);
        let index = place.unwrap_or_else(|index| {
            self.classes.insert(index, Class { size, ..Class::default() });
            index
        });
        let Some(class) = self.classes.get_mut(index) else { return };
        class.hear(took, now);
        if class.seen < KNOWN {
            if makes_baseline {
                class.learn(in_time(took, late));
            } else {
                self.loud = self.loud.saturating_add(1);
            }
            return;
        }
        let baseline = class.compare(took, heard.quiet, now);
        let late = share(took.into(), 1000, baseline.into());
        let late = u32::try_from(late).unwrap_or(u32::MAX).min(LATEST);
        // A quiet service that is slow for once is not a busy one.
        let late = if heard.quiet { late.min(1000) } else { late };
        self.permille = toward(self.permille(now), late, 8);
        self.at = now.0;
    }

    /// How late first bytes are of late, in permille of their baseline. What is above 1000 halves
    /// with each second without one.
    pub(super) fn permille(&self, now: UnixMillis) -> u32 {
        let halvings = u32::try_from(age(self.at, now) / 1000).unwrap_or(u32::MAX);
        let excess = self.permille.saturating_sub(1000);
        let excess = excess.checked_shr(halvings).unwrap_or(0);
        excess.saturating_add(self.permille.min(1000))
    }

    pub(super) fn estimate(&self, work: Work, now: UnixMillis) -> Option<Duration> {
        let size = size_of(work);
        let class = self.classes.iter().find(|class| class.size == size)?;
        let fresh = age(class.at, now) <= FRESH;
        fresh.then(|| Duration::from_micros(class.recent.into()))
    }

    pub(super) fn baselines(&self) -> Vec<Baseline> {
        let of = |class: &Class| Baseline {
            from: least_of(class.size),
            baseline: Duration::from_micros(class.baseline.into()),
            recent: Duration::from_micros(class.recent.into()),
        };
        self.classes.iter().filter(|it| it.seen >= KNOWN).map(of).collect()
    }
}

// === impl Class ===

impl Class {
    fn hear(&mut self, took: u32, now: UnixMillis) {
        let stale = age(self.at, now) > FRESH;
        self.recent = if stale { took } else { toward(self.recent, took, 4) };
        self.at = now.0;
    }

    /// One of the first samples, as it would be if nothing were late.
    fn learn(&mut self, took: u32) {
        self.seen = self.seen.saturating_add(1);
        self.baseline = toward(self.baseline, took, self.seen.into());
    }

    /// The baseline to compare with; the sample moves it.
    fn compare(&mut self, took: u32, quiet: bool, now: UnixMillis) -> u32 {
        let before = self.baseline;
        let is_earlier = took < self.baseline;
        self.earlier = if is_earlier { self.earlier.saturating_add(1).min(STREAK) } else { 0 };
        if self.earlier >= STREAK {
            self.baseline = toward(self.baseline, took, 4);
        } else if quiet {
            self.baseline = toward(self.baseline, took, 16);
        } else if !is_earlier && age(self.rose, now) >= DRIFT {
            self.rose = now.0;
            let more = (self.baseline / 128).max(1);
            self.baseline = self.baseline.saturating_add(more).min(took);
        }
        before
    }
}

/// What took so long while first bytes were so late, in permille, takes otherwise.
fn in_time(took: u32, late: u32) -> u32 {
    u32::try_from(share(took.into(), 1000, late.into())).unwrap_or(u32::MAX)
}

/// One `part`th of the way from `from` to `to`.
fn toward(from: u32, to: u32, part: u32) -> u32 {
    let step = from.abs_diff(to).checked_div(part).unwrap_or(0);
    if to > from { from.saturating_add(step) } else { from.saturating_sub(step) }
}

/// Two classes to each doubling: 0, 1, 2, 3, 4–5, 6–7, 8–11, 12–15, ...
fn size_of(work: Work) -> u8 {
    let Some(log) = work.0.checked_ilog2() else { return 0 };
    let half = work.0.checked_shr(log.saturating_sub(1)).unwrap_or(0) & 1;
    let upper = if log == 0 { 0 } else { half };
    u8::try_from(u64::from(log).saturating_mul(2).saturating_add(upper).saturating_add(1))
        .unwrap_or(u8::MAX)
}

/// The least work of this class.
fn least_of(size: u8) -> Work {
    let Some(above) = size.checked_sub(1) else { return Work(0) };
    let power = 1_u64.checked_shl(u32::from(above / 2)).unwrap_or(u64::MAX);
    let upper = if above % 2 == 1 { power / 2 } else { 0 };
    Work(power.saturating_add(upper))
}
