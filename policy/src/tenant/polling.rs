//! When the source of tenants is asked, and how old what it said is: a state machine without clock,
//! network or chance.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::fetching::{Attempts, passed};
use crate::spec::TenantSourceSpec;
use crate::time::UnixMillis;

/// The pause after the first failure is twice this, and doubles with each further one, up to
/// `refresh`.
const PAUSE: Duration = Duration::from_secs(1);

/// By how much a refresh comes earlier or later, in hundredths of `refresh`.
const SPREAD: u64 = 10;

/// When to ask the source of tenants.
#[derive(Clone, Debug)]
pub struct Polling {
    attempts: Attempts,
    refresh: Duration,
    since: UnixMillis,
    /// When the last good answer came.
    good: Option<UnixMillis>,
    /// Of the numbers that spread the refreshes.
    seed: u64,
}

impl Polling {
    /// A source that nothing was fetched from yet, at `now`. `seed` should differ from worker to
    /// worker and from proxy to proxy, so that not all of them ask in the same moment.
    pub fn new(config: &TenantSourceSpec, seed: u64, now: UnixMillis) -> Self {
        Self {
            attempts: Attempts::new(config.timeout.0, PAUSE, config.refresh.0),
            refresh: config.refresh.0,
            since: now,
            good: None,
            seed,
        }
    }

    /// Goes on where `before`, that of the same document, is.
    #[must_use]
    pub fn resumed(self, before: &Self) -> Self {
        Self { since: before.since, good: before.good, ..self }
    }

    /// Whether to ask now: nothing came yet, or the last good answer is `refresh` old, give or take
    /// a tenth; and neither a fetch in flight nor the pause after the last one stands against it.
    pub fn fetch_due(&self, now: UnixMillis) -> bool {
        self.attempts.may_start(now)
            && self.good.is_none_or(|came| passed(came, self.refresh_after(), now))
    }

    /// A fetch was started. One still in flight is given up.
    pub fn fetch_started(&mut self, now: UnixMillis) {
        self.attempts.start(now);
    }

    /// The fetch brought the tenants, or that they did not change.
    pub fn fetch_succeeded(&mut self, now: UnixMillis) {
        self.attempts.succeed(now);
        self.good = Some(now);
        self.seed = next(self.seed);
    }

    /// The fetch brought nothing usable.
    pub fn fetch_failed(&mut self, now: UnixMillis) {
        self.attempts.fail(now);
    }

    /// Whether a fetch was ever started, or a good answer is here.
    pub fn has_begun(&self) -> bool {
        self.attempts.any() || self.good.is_some()
    }

    /// How long ago the last good answer came; before the first, for how long it was waited for.
    pub fn age(&self, now: UnixMillis) -> Duration {
        now.since(self.good.unwrap_or(self.since))
    }

    fn refresh_after(&self) -> Duration {
        let hundredths =
            100_u64.saturating_sub(SPREAD).saturating_add(self.seed % (2 * SPREAD + 1));
        let factor = u32::try_from(hundredths).unwrap_or(100);
        self.refresh.saturating_mul(factor).checked_div(100).unwrap_or(self.refresh)
    }
}

/// SplitMix64, which needs no good seed.
fn next(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
