//! When the keys of a remote source are fetched, and how long they are used: a state machine
//! without clock or network.
//!
//! What makes key rotation exact: a token with an unknown `kid` is refused only if the keys were
//! fetched after that token was first seen ([`RemoteKeys::fetched_after`]). Until then its request
//! waits, at most `max_wait`, and is answered 503 at the end of it: nobody knows yet whether the
//! token is good.

#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::time::Duration;

use super::KeySet;
use crate::fetching::{Attempts, passed};
use crate::spec::RemoteJwksSpec;
use crate::time::UnixMillis;

/// The most that failures stretch the cooldown.
const BACKOFF_CAP: u32 = 8;

/// The keys of one remote source, and whether to fetch them again.
#[derive(Clone, Debug)]
pub struct RemoteKeys {
    times: Times,
    good: Option<Good>,
    attempts: Attempts,
    wanted: Option<UnixMillis>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    timeout: Duration,
    refresh: Duration,
    max_wait: Duration,
    max_stale: Duration,
}

/// The last keys that came.
#[derive(Clone, Debug)]
struct Good {
    keys: Rc<KeySet>,
    asked: UnixMillis,
    came: UnixMillis,
}

impl RemoteKeys {
    /// A source that nothing was fetched from yet.
    pub fn new(config: &RemoteJwksSpec) -> Self {
        Self {
            times: Times {
                timeout: config.timeout.0,
                refresh: config.refresh.0,
                max_wait: config.max_wait.0,
                max_stale: config.max_stale.0,
            },
            good: None,
            attempts: Attempts::new(
                config.timeout.0,
                config.cooldown.0,
                config.cooldown.0.saturating_mul(BACKOFF_CAP),
            ),
            wanted: None,
        }
    }

    /// Whether to fetch now: there are no keys, fresher ones are wanted, or the old ones are due,
    /// and neither a fetch in flight nor the pause after the last one stands against it.
    pub fn fetch_due(&self, now: UnixMillis) -> bool {
        self.attempts.may_start(now)
            && self.good.as_ref().is_none_or(|good| {
                self.wanted.is_some() || passed(good.came, self.refresh_after(), now)
            })
    }

    /// A fetch was started. One still in flight is given up.
    pub fn fetch_started(&mut self, now: UnixMillis) {
        self.attempts.start(now);
    }

    /// The fetch brought `keys`. The answer to a fetch that was given up must not be reported: it
    /// would count as fresher than it is.
    pub fn fetch_succeeded(&mut self, keys: KeySet, now: UnixMillis) {
        let asked = self.attempts.succeed(now);
        self.wanted = self.wanted.filter(|seen| *seen >= asked);
        self.good = Some(Good { keys: Rc::new(keys), asked, came: now });
    }

    /// The fetch brought nothing usable. The last good keys stay; the pause before the next fetch
    /// doubles with each failure, up to eight cooldowns.
    pub fn fetch_failed(&mut self, now: UnixMillis) {
        self.attempts.fail(now);
    }

    /// The keys to verify with: the last good ones, until `max_stale` has passed since they came.
    pub fn keys(&self, now: UnixMillis) -> Option<&Rc<KeySet>> {
        let fresh = |good: &&Good| now.since(good.came) < self.times.max_stale;
        self.good.as_ref().filter(fresh).map(|good| &good.keys)
    }

    /// A token that was first seen at `seen` names an unknown key: fetch as soon as the cooldown
    /// allows, unless the keys are fresher already or its request has waited its time.
    pub fn want_fresher_than(&mut self, seen: UnixMillis, now: UnixMillis) {
        if !self.fetched_after(seen) && now < self.wait_ends(seen) {
            self.wanted = self.wanted.max(Some(seen));
        }
    }

    /// Whether the keys were asked for after `seen`, so that a key which they lack did not exist
    /// then. In the same millisecond is not after: the key may have come between.
    pub fn fetched_after(&self, seen: UnixMillis) -> bool {
        self.good.as_ref().is_some_and(|good| good.asked > seen)
    }

    /// When a request that waits for keys since `seen` is to be answered 503.
    pub fn wait_ends(&self, seen: UnixMillis) -> UnixMillis {
        seen.plus(self.times.max_wait)
    }

    /// Whether an answer is awaited. One that is overdue is not.
    pub fn in_flight(&self, now: UnixMillis) -> bool {
        self.attempts.in_flight(now)
    }

    /// How long ago the last good keys came.
    pub fn age(&self, now: UnixMillis) -> Option<Duration> {
        self.good.as_ref().map(|good| now.since(good.came))
    }

    /// Fetching again starts a timeout early, so that the new keys are there when the old ones
    /// would be too old.
    fn refresh_after(&self) -> Duration {
        let Times { timeout, .. } = self.times;
        let refresh = self.times.refresh.min(self.times.max_stale);
        refresh.saturating_sub(timeout.min(refresh.checked_div(2).unwrap_or_default()))
    }
}
