//! When a thing that is fetched over HTTP may be asked for again: one fetch at a time, and a pause
//! between two that grows with each failure. Without clock or network.

use std::time::Duration;

use crate::time::UnixMillis;

/// How much longer than `timeout` an answer is awaited: the host reports a timeout itself, at
/// about the same moment, and only an answer that is lost altogether should be given up here.
const GRACE: Duration = Duration::from_secs(1);

/// The fetches of one source.
#[derive(Clone, Debug)]
pub(crate) struct Attempts {
    timeout: Duration,
    pause: Duration,
    longest_pause: Duration,
    last: Option<Attempt>,
    failures: u32,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    started: UnixMillis,
    ended: Option<UnixMillis>,
}

// === impl Attempts ===

impl Attempts {
    /// A source that nothing was fetched from yet. `pause` is the least time from the end of one
    /// fetch to the next; it doubles with each failure, up to `longest_pause`.
    pub fn new(timeout: Duration, pause: Duration, longest_pause: Duration) -> Self {
        Self { timeout, pause, longest_pause, last: None, failures: 0 }
    }

    /// Whether neither a fetch in flight nor the pause after the last one stands against a fetch.
    pub fn may_start(&self, now: UnixMillis) -> bool {
        let rested = |last: Attempt| passed(last.ended.unwrap_or(last.started), self.pause(), now);
        !self.in_flight(now) && self.last.is_none_or(rested)
    }

    /// A fetch was started. One still in flight is given up, and has failed.
    pub fn start(&mut self, now: UnixMillis) {
        if self.last.is_some_and(|last| last.ended.is_none()) {
            self.failures = self.failures.saturating_add(1);
        }
        self.last = Some(Attempt { started: now, ended: None });
    }

    /// The fetch brought what was asked for; says when it was.
    pub fn succeed(&mut self, now: UnixMillis) -> UnixMillis {
        self.failures = 0;
        self.end(now).unwrap_or(now)
    }

    /// The fetch brought nothing usable.
    pub fn fail(&mut self, now: UnixMillis) {
        self.end(now);
        self.failures = self.failures.saturating_add(1);
    }

    /// Whether an answer is awaited. One that is overdue is not.
    pub fn in_flight(&self, now: UnixMillis) -> bool {
        self.last.is_some_and(|last| {
            last.ended.is_none() && !passed(last.started, self.timeout.saturating_add(GRACE), now)
        })
    }

    /// Whether a fetch was ever started.
    pub fn any(&self) -> bool {
        self.last.is_some()
    }

    fn end(&mut self, now: UnixMillis) -> Option<UnixMillis> {
        let last = self.last.as_mut()?;
        last.ended = Some(now);
        Some(last.started)
    }

    fn pause(&self) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.pause.saturating_mul(factor).min(self.longest_pause)
    }
}

/// Whether `duration` has passed since `since`. A clock that was set back counts as passed: a
/// stamp of the future must not block for as long as the clock was wrong.
pub(crate) fn passed(since: UnixMillis, duration: Duration, now: UnixMillis) -> bool {
    now < since || now.since(since) >= duration
}
