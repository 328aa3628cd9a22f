//! When chunks that are held go on.
//!
//! Whatever the mode: what comes until the first audible sample (the first event, line or message of
//! what is no audio) goes on at once, nothing is held longer than `max_delay` and what the host's timer is
//! late by, and nothing once there are `max_bytes`. The end of a stream is never asked about: it goes on.
//!
//! Chunks go on as they came, together, and are never cut; those of a service that cuts its frames rather
//! where a frame ends. An incomplete one cannot be kept back: if trailers came next, there would be no way
//! to send it (`filters/host/src/stream/shape.rs`).

#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::time::Duration;

use super::listener::Listener;
use crate::response::{Format, StreamProgress};
use crate::spec::CoalesceMode;
use crate::time::UnixMicros;

/// How the chunks of a stream are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoalesceRule {
    /// Its name.
    pub name: Box<str>,
    /// When what is held goes on.
    pub mode: CoalesceMode,
    /// While the listener has more than this left, chunks are held. More than the host's timer is late by,
    /// so that what is held arrives before the listener runs dry.
    pub floor: Duration,
    /// From so many bytes on, all goes on.
    pub max_bytes: u64,
    /// The longest that anything is held.
    pub max_delay: Duration,
    /// Of [`CoalesceMode::Ramp`]: frames of each release, the last for all further ones.
    pub frames: Vec<u32>,
}

/// What becomes of what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It stays, until then at the latest.
    Hold {
        /// When to ask again, if no chunk comes before.
        until: UnixMicros,
    },
    /// It goes on, all of it.
    Release,
}

/// Decides for one stream.
#[derive(Clone, Debug)]
pub struct Coalescer {
    rule: Rc<CoalesceRule>,
    /// Since when something is held.
    held_since: Option<UnixMicros>,
    /// Whether the first audible sample went on.
    is_begun: bool,
    /// How much had gone on with the release before, and how many there were since the first.
    before: StreamProgress,
    releases: usize,
    /// Whether the service cuts its frames: a chunk of it ended within one.
    cuts_frames: bool,
}

/// What a frame is where the format has none, or large ones: 20 ms.
const FRAME_MICROS: u128 = 20_000;

// === impl Coalescer ===

impl Coalescer {
    /// For one stream.
    pub fn new(rule: Rc<CoalesceRule>) -> Self {
        Self {
            rule,
            held_since: None,
            is_begun: false,
            before: StreamProgress::default(),
            releases: 0,
            cuts_frames: false,
        }
    }

    /// The rule.
    pub fn rule(&self) -> &CoalesceRule {
        &self.rule
    }

    /// A chunk came; with it, `held` bytes are held. `progress` and `listener` are those of the stream with
    /// it, but the listener has heard only what went on.
    pub fn chunk(
        &mut self,
        held: u64,
        progress: &StreamProgress,
        listener: &Listener,
        now: UnixMicros,
    ) -> Step {
        self.cuts_frames |= progress.tail > 0;
        let is_audible = progress.audible.is_some() && self.before.audible.is_none();
        if !self.is_begun || is_audible {
            self.is_begun = self.is_begun || is_begun(progress);
            return self.release(progress);
        }
        self.decide(held, progress, listener, now)
    }

    /// Time passed, and nothing came.
    pub fn due(
        &mut self,
        held: u64,
        progress: &StreamProgress,
        listener: &Listener,
        now: UnixMicros,
    ) -> Step {
        self.decide(held, progress, listener, now)
    }

    fn decide(
        &mut self,
        held: u64,
        progress: &StreamProgress,
        listener: &Listener,
        now: UnixMicros,
    ) -> Step {
        if held == 0 {
            return Step::Hold { until: now.plus(self.rule.max_delay) };
        }
        // Where the clock was set back, the time starts anew.
        let since = self.held_since.map_or(now, |it| it.min(now));
        let latest = since.plus(self.rule.max_delay);
        let until = match self.rule.mode {
            CoalesceMode::Interval => latest,
            CoalesceMode::Playback => match listener.dry_at() {
                Some(dry) => latest.min(dry.minus(self.rule.floor)),
                None => now,
            },
            CoalesceMode::Ramp if self.is_full(progress) => now,
            CoalesceMode::Ramp => match listener.dry_at() {
                Some(dry) => latest.min(dry.minus(self.rule.floor)),
                None => latest,
            },
        };
        let is_due = until <= now || held >= self.rule.max_bytes;
        if is_due || self.is_border_near(held, progress, until, now) {
            return self.release(progress);
        }
        self.held_since = Some(since);
        Step::Hold { until }
    }

    /// Whether it goes on a little sooner, behind a whole frame, rather than later within one.
    fn is_border_near(
        &self,
        held: u64,
        progress: &StreamProgress,
        until: UnixMicros,
        now: UnixMicros,
    ) -> bool {
        let is_soon = until.since(now).saturating_mul(4) <= self.rule.max_delay;
        let is_near = held >= self.rule.max_bytes / 2 || is_soon;
        self.cuts_frames && progress.tail == 0 && is_near
    }

    fn release(&mut self, progress: &StreamProgress) -> Step {
        self.held_since = None;
        self.before = *progress;
        self.releases = self.releases.saturating_add(1);
        Step::Release
    }

    /// Whether a release of a ramp has its frames.
    fn is_full(&self, progress: &StreamProgress) -> bool {
        let index = self.releases.saturating_sub(1);
        let wanted = self.rule.frames.get(index).or(self.rule.frames.last());
        let frames = match (progress.format, progress.audio) {
            (Format::Mp3 | Format::Aac, _) | (_, None) => {
                progress.units.saturating_sub(self.before.units)
            }
            (_, Some(audio)) => {
                let more = audio.saturating_sub(self.before.audio.unwrap_or_default());
                u64::try_from(more.as_micros() / FRAME_MICROS).unwrap_or(u64::MAX)
            }
        };
        wanted.is_none_or(|it| frames >= u64::from(*it))
    }
}

/// Whether something came that is worth having: the first audible sample, the first event.
fn is_begun(progress: &StreamProgress) -> bool {
    match (progress.format, progress.audio) {
        (_, Some(_)) => progress.audible.is_some(),
        (Format::Sse | Format::Jsonl | Format::Grpc, None) => progress.units > 0,
        (_, None) => true,
    }
}
