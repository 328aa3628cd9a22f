//! The rhythm of one stream.

use std::time::Duration;

use super::{BURST, DELAY};
use crate::response::{Format, StreamProgress};
use crate::time::UnixMicros;

/// How the bursts of one stream follow each other.
#[derive(Clone, Debug, Default)]
pub(in crate::stream) struct Rhythm {
    /// The first chunk apart: it waits for nothing.
    burst: Option<Burst>,
    /// Gaps between bursts.
    gaps: u32,
    delayed: u32,
    /// Over all complete bursts but the first.
    time: Duration,
    audio: Duration,
    units: u64,
    bursts: u32,
    bytes: u64,
    first: u64,
    smallest: u64,
    largest: u64,
}

#[derive(Clone, Copy, Debug)]
struct Burst {
    began: UnixMicros,
    /// The stream before it.
    before: StreamProgress,
    bytes: u64,
    is_first: bool,
}

/// So many gaps are needed to be certain: of a service whose own steps vary about that length, some will be.
const LEAST_GAPS: u32 = 16;

/// Of those, so many percent are of the delay's length.
const MOST_PERCENT: u32 = 80;

/// Audio per time, in percent, that is taken for pacing: whoever sends in real time has a rhythm of its
/// own, and a delay costs its listener nothing.
const REAL_TIME: std::ops::RangeInclusive<u128> = 85..=118;

// === impl Rhythm ===

impl Rhythm {
    /// A chunk of so many bytes came; `before` is the stream without it.
    pub(in crate::stream) fn chunk(
        &mut self,
        bytes: u64,
        before: &StreamProgress,
        now: UnixMicros,
    ) {
        let Some(burst) = &mut self.burst else {
            self.burst = Some(Burst { began: now, before: *before, bytes, is_first: true });
            return;
        };
        let gap = now.since(burst.began);
        if gap <= BURST {
            burst.bytes = burst.bytes.saturating_add(bytes);
            return;
        }
        let done = *burst;
        *burst = Burst { began: now, before: *before, bytes, is_first: false };
        self.gaps = self.gaps.saturating_add(1);
        if DELAY.contains(&gap) {
            self.delayed = self.delayed.saturating_add(1);
        }
        if done.is_first {
            self.first = done.bytes;
            return;
        }
        self.time = self.time.saturating_add(gap);
        let audio = |it: &StreamProgress| it.audio.unwrap_or_default();
        self.audio = self.audio.saturating_add(audio(before).saturating_sub(audio(&done.before)));
        self.units = self.units.saturating_add(before.units.saturating_sub(done.before.units));
        self.bytes = self.bytes.saturating_add(done.bytes);
        self.smallest = if self.bursts == 0 { done.bytes } else { self.smallest.min(done.bytes) };
        self.largest = self.largest.max(done.bytes);
        self.bursts = self.bursts.saturating_add(1);
    }

    /// Whether the gaps are those of delayed acknowledgements, for certain.
    pub(in crate::stream) fn is_delayed(&self, progress: &StreamProgress) -> bool {
        self.gaps >= LEAST_GAPS
            && self.delayed.saturating_mul(100) >= self.gaps.saturating_mul(MOST_PERCENT)
            && !self.is_paced()
            && self.is_gathered(progress)
    }

    fn is_paced(&self) -> bool {
        let percent = self.audio.as_micros().saturating_mul(100);
        percent.checked_div(self.time.as_micros()).is_some_and(|it| REAL_TIME.contains(&it))
    }

    /// Whether bursts have what several writes made. Whoever makes one piece every 42 ms has one in each
    /// burst, and the first is like the others; behind a delay there are several, not always as many, and
    /// only the first, which waits for nothing, is alone.
    fn is_gathered(&self, progress: &StreamProgress) -> bool {
        if progress.audio.is_none() && progress.units > 0 {
            return self.units.saturating_mul(2) >= u64::from(self.bursts).saturating_mul(3);
        }
        let is_first_alone = self.first.saturating_mul(self.bursts.into()).saturating_mul(5)
            <= self.bytes.saturating_mul(3);
        // Pieces of samples are equal, those of an encoder never are.
        let varies = match progress.format {
            Format::Pcm | Format::Wav => self.largest > self.smallest,
            _ => self.largest.saturating_mul(4) >= self.smallest.saturating_mul(5),
        };
        is_first_alone && varies
    }
}
