//! A listener's player, simulated: when it begins, and when it has nothing left to play.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::time::UnixMicros;

/// How a listener plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerTerms {
    /// Audio that is gathered before it begins to play.
    pub start: Duration,
    /// Missing audio at a time from which a stream is not continuous.
    pub hole: Duration,
}

/// A player with a buffer of any size. It begins once it has enough, or all; when it runs dry it is
/// silent until more comes, and plays that at once, as Web Audio does with
/// `start(max(currentTime, next))`.
///
/// A clock that is set back stands still for it; nothing is played twice.
#[derive(Clone, Debug)]
pub struct Listener {
    terms: ListenerTerms,
    /// All that came.
    heard: Duration,
    /// The latest time that it was told.
    latest: UnixMicros,
    /// When it has nothing left to play, once it plays.
    dry: Option<UnixMicros>,
    underruns: u32,
    missing: Duration,
    longest_hole: Duration,
}

// === impl Listener ===

impl Listener {
    /// One that waits for its first audio.
    pub fn new(terms: &ListenerTerms) -> Self {
        Self {
            terms: *terms,
            heard: Duration::ZERO,
            latest: UnixMicros::default(),
            dry: None,
            underruns: 0,
            missing: Duration::ZERO,
            longest_hole: Duration::ZERO,
        }
    }

    /// By now it has been sent so much audio, from the beginning.
    pub fn heard(&mut self, audio: Duration, now: UnixMicros) {
        self.pass_to(now);
        let more = audio.saturating_sub(self.heard);
        if more.is_zero() {
            return;
        }
        self.heard = audio;
        self.dry = match self.dry {
            None => (audio >= self.terms.start).then(|| now.plus(audio)),
            Some(dry) => {
                let hole = now.since(dry);
                if !hole.is_zero() {
                    self.underruns = self.underruns.saturating_add(1);
                    self.missing = self.missing.saturating_add(hole);
                    self.longest_hole = self.longest_hole.max(hole);
                }
                Some(dry.max(now).plus(more))
            }
        };
    }

    /// No more will come: it plays what it has.
    pub fn ended(&mut self, now: UnixMicros) {
        self.pass_to(now);
        if self.dry.is_none() && !self.heard.is_zero() {
            self.dry = Some(now.plus(self.heard));
        }
    }

    /// How much it has left to play; `None` before it plays.
    pub fn level(&self, now: UnixMicros) -> Option<Duration> {
        self.dry.map(|it| it.since(now.max(self.latest)))
    }

    /// How often it ran dry before more came.
    pub fn underruns(&self) -> u32 {
        self.underruns
    }

    /// How long it was silent in between, all in all.
    pub fn missing(&self) -> Duration {
        self.missing
    }

    /// The longest that it was silent at a time.
    pub fn longest_hole(&self) -> Duration {
        self.longest_hole
    }

    /// When it has nothing left to play; `None` before it plays.
    pub fn dry_at(&self) -> Option<UnixMicros> {
        self.dry
    }

    /// Whether no hole was so long that a listener is bothered.
    pub fn is_continuous(&self) -> bool {
        self.longest_hole < self.terms.hole
    }

    /// Where the clock was set back, what lies ahead is moved with it.
    fn pass_to(&mut self, now: UnixMicros) {
        let back = self.latest.since(now);
        self.dry = self.dry.map(|it| it.minus(back));
        self.latest = now;
    }
}
