//! One stream as it passes.

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::figures::{End, Figures};
use super::gaps::Gaps;
use super::listener::{Listener, ListenerTerms};
use super::pattern::{Opening, Pattern, Rhythm, Start};
use crate::response::{Kind, ResponseHead, ResponseMeter, StreamProgress};
use crate::time::UnixMicros;

/// What a stream is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObserverTerms {
    /// The listener that is simulated.
    pub listener: ListenerTerms,
    /// How much leading silence is looked through for the first audible sample.
    pub silence: Duration,
}

/// A stream as it passes. For each chunk: [`feed`](Self::feed) its bytes, in any slices, then
/// [`arrived`](Self::arrived), then [`released`](Self::released) once they go on.
#[derive(Debug)]
pub struct Observer {
    meter: ResponseMeter,
    listener: Listener,
    /// When the request went on to the service.
    sent: UnixMicros,
    headers: Duration,
    first_byte: Option<UnixMicros>,
    ttfa: Option<Duration>,
    first_unit: Option<Duration>,
    last: Option<UnixMicros>,
    chunks: u64,
    smallest: Option<u64>,
    largest: Option<u64>,
    gaps: Gaps,
    start: Start,
    rhythm: Rhythm,
    /// The stream up to the chunk before.
    before: StreamProgress,
    /// Bytes that went on.
    position: u64,
    releases: u64,
    held: u64,
    /// When the oldest chunk came that did not go on, and how many there are.
    waiting: Option<(UnixMicros, u64)>,
    longest_held: Duration,
    is_delayed: bool,
    is_told: bool,
}

// === impl Observer ===

impl Observer {
    /// Of a response whose headers came `now`; its request went on at `sent`.
    pub fn new(
        head: &ResponseHead<'_>,
        terms: &ObserverTerms,
        sent: UnixMicros,
        now: UnixMicros,
    ) -> Self {
        Self {
            meter: ResponseMeter::new(head).with_silence(terms.silence),
            listener: Listener::new(&terms.listener),
            sent,
            headers: now.since(sent),
            first_byte: None,
            ttfa: None,
            first_unit: None,
            last: None,
            chunks: 0,
            smallest: None,
            largest: None,
            gaps: Gaps::default(),
            start: Start::new(now),
            rhythm: Rhythm::default(),
            before: StreamProgress::default(),
            position: 0,
            releases: 0,
            held: 0,
            waiting: None,
            longest_held: Duration::ZERO,
            is_delayed: false,
            is_told: false,
        }
    }

    /// The next bytes of the chunk that is coming.
    pub fn feed(&mut self, piece: &[u8]) {
        self.meter.feed(piece);
    }

    /// The chunk is complete: so many bytes. Without any it is none.
    pub fn arrived(&mut self, len: usize, now: UnixMicros) {
        if len == 0 {
            return;
        }
        let len = len as u64;
        if let Some(last) = self.last {
            self.gaps.add(now.since(last));
        }
        self.first_byte.get_or_insert(now);
        self.last = Some(now);
        self.chunks = self.chunks.saturating_add(1);
        self.smallest = Some(self.smallest.map_or(len, |it| it.min(len)));
        self.largest = Some(self.largest.map_or(len, |it| it.max(len)));
        self.start.chunk(len, now);
        let progress = self.meter.progress();
        self.rhythm.chunk(len, &self.before, now);
        self.is_delayed |= self.rhythm.is_delayed(&progress);
        self.before = progress;
        let (since, waiting) = self.waiting.unwrap_or((now, 0));
        self.waiting = Some((since, waiting.saturating_add(1)));
    }

    /// By now the stream went on up to `position`, in bytes from its beginning.
    pub fn released(&mut self, position: u64, now: UnixMicros) {
        if position <= self.position {
            return;
        }
        self.position = position;
        self.releases = self.releases.saturating_add(1);
        let progress = self.meter.progress();
        if let Some((since, chunks)) = self.waiting.take() {
            let is_prompt = self.last == Some(now);
            self.held = self.held.saturating_add(chunks.saturating_sub(u64::from(is_prompt)));
            self.longest_held = self.longest_held.max(now.since(since));
        }
        // Audio is of what is complete: what stays behind of an incomplete frame was not counted.
        if position < progress.bytes.saturating_sub(progress.tail) {
            return;
        }
        if let Some(audio) = progress.audio {
            self.listener.heard(audio, now);
        }
        if progress.audible.is_some() {
            self.ttfa.get_or_insert(now.since(self.sent));
        }
        if progress.units > 0 && self.kind() != Kind::Audio {
            self.first_unit.get_or_insert(now.since(self.sent));
        }
    }

    /// No more will come.
    pub fn ended(&mut self, now: UnixMicros) {
        self.listener.ended(now);
    }

    /// The simulated listener.
    pub fn listener(&self) -> &Listener {
        &self.listener
    }

    /// How far the stream is.
    pub fn progress(&self) -> StreamProgress {
        self.meter.progress()
    }

    /// What it is made of.
    pub fn kind(&self) -> Kind {
        self.meter.kind()
    }

    /// From the request until the first audible sample went on.
    pub fn ttfa(&self) -> Option<Duration> {
        self.ttfa
    }

    /// How it began, for [`Openings`](super::Openings); `None` if too little came to tell by.
    pub fn opening(&self) -> Option<Opening> {
        self.start.opening()
    }

    /// What was newly recognised, each once.
    pub fn news(&mut self) -> impl Iterator<Item = Pattern> {
        let is_new = self.is_delayed && !self.is_told;
        self.is_told = self.is_delayed;
        is_new.then_some(Pattern::DelayedAck).into_iter()
    }

    /// What became of it.
    pub fn figures(&self, end: End) -> Figures {
        let progress = self.meter.progress();
        let since = |it: UnixMicros| it.since(self.sent);
        let made_in = self.first_byte.zip(self.last).map(|(first, last)| last.since(first));
        let audio = progress.audio;
        Figures {
            end,
            format: progress.format.as_str(),
            headers: self.headers,
            first_byte: self.first_byte.map(since),
            ttfa: self.ttfa,
            first_unit: self.first_unit,
            last_byte: self.last.map(since),
            bytes: progress.bytes,
            chunks: self.chunks,
            smallest: self.smallest,
            largest: self.largest,
            releases: self.releases,
            held: self.held,
            longest_held: self.longest_held,
            gaps: self.gaps.counts().to_vec(),
            longest_gap: self.gaps.longest(),
            first_gap: self.start.gap(),
            audio,
            real_time_permille: made_in.zip(audio).and_then(|(time, audio)| permille(time, audio)),
            underruns: self.listener.underruns(),
            missing: self.listener.missing(),
            longest_hole: self.listener.longest_hole(),
            continuous: audio.filter(|it| !it.is_zero()).map(|_| self.listener.is_continuous()),
            units: progress.units,
            tokens: self.meter.delivered().tokens,
            patterns: self.is_delayed.then_some(Pattern::DelayedAck).into_iter().collect(),
        }
    }
}

fn permille(time: Duration, audio: Duration) -> Option<u32> {
    let permille = time.as_micros().saturating_mul(1000).checked_div(audio.as_micros())?;
    Some(u32::try_from(permille).unwrap_or(u32::MAX))
}
