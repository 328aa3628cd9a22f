//! How streams begin.

use std::collections::VecDeque;
use std::time::Duration;

use super::{BURST, DELAY, Pattern};
use crate::time::UnixMicros;

/// How one stream began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// As behind a delayed acknowledgement: a gap of its length, and behind it what several writes made.
    Delayed,
    /// Otherwise.
    Plain,
}

/// How the streams of each operation began, lately.
#[derive(Clone, Debug, Default)]
pub struct Openings(VecDeque<(Box<str>, Recent)>);

/// The latest first, a bit each: whether it was delayed.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    bits: u16,
    seen: u32,
}

/// The most operations that are told apart; the one that was told of longest ago is forgotten.
const MAX_OPERATIONS: usize = 64;

/// So many streams are needed to be certain.
const LEAST_STREAMS: u32 = 8;

/// So many of the latest are looked at.
const WINDOW: u32 = u16::BITS;

/// Of those, so many percent began like that.
const MOST_PERCENT: u32 = 75;

/// The beginning of one stream, as it comes.
#[derive(Clone, Debug)]
pub(in crate::stream) struct Start {
    headers: UnixMicros,
    state: State,
    /// Bytes of the first burst of the body, where the headers did not come long before it.
    first: Option<u64>,
    /// The gap, and the bytes of the burst behind it.
    gap: Duration,
    behind: u64,
    /// Chunks past that burst, which come as they were written.
    later: u64,
    chunks: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Headers,
    First { at: UnixMicros },
    Behind { at: UnixMicros },
    Later,
}

/// So many later chunks are compared.
const LATER: u32 = 4;

// === impl Openings ===

impl Openings {
    /// A stream of this operation began like that. Tells what is recognised by it, and each time anew while
    /// it lasts: who logs it once remembers that it did.
    pub fn judge(&mut self, operation: &str, opening: Opening) -> Option<Pattern> {
        let place = self.0.iter().position(|(it, _)| **it == *operation);
        let (name, mut recent) = match place.and_then(|it| self.0.remove(it)) {
            Some(known) => known,
            None => {
                self.0.truncate(MAX_OPERATIONS.saturating_sub(1));
                (operation.into(), Recent::default())
            }
        };
        recent.bits = recent.bits << 1 | u16::from(opening == Opening::Delayed);
        recent.seen = recent.seen.saturating_add(1).min(WINDOW);
        self.0.push_front((name, recent));
        let delayed = recent.bits.count_ones().saturating_mul(100);
        let is_certain =
            recent.seen >= LEAST_STREAMS && delayed >= recent.seen.saturating_mul(MOST_PERCENT);
        is_certain.then_some(Pattern::DelayedAck)
    }
}

// === impl Start ===

impl Start {
    pub(in crate::stream) fn new(headers: UnixMicros) -> Self {
        Self {
            headers,
            state: State::Headers,
            first: None,
            gap: Duration::ZERO,
            behind: 0,
            later: 0,
            chunks: 0,
        }
    }

    pub(in crate::stream) fn chunk(&mut self, bytes: u64, now: UnixMicros) {
        match self.state {
            State::Headers => {
                let gap = now.since(self.headers);
                if gap <= BURST {
                    self.first = Some(bytes);
                    self.state = State::First { at: now };
                } else {
                    self.gap = gap;
                    self.behind = bytes;
                    self.state = State::Behind { at: now };
                }
            }
            State::First { at } => {
                let gap = now.since(at);
                if gap <= BURST {
                    self.first = self.first.map(|it| it.saturating_add(bytes));
                } else {
                    self.gap = gap;
                    self.behind = bytes;
                    self.state = State::Behind { at: now };
                }
            }
            State::Behind { at } if now.since(at) <= BURST => {
                self.behind = self.behind.saturating_add(bytes);
            }
            State::Behind { .. } | State::Later => {
                self.state = State::Later;
                if self.chunks < LATER {
                    self.later = self.later.saturating_add(bytes);
                    self.chunks = self.chunks.saturating_add(1);
                }
            }
        }
    }

    /// The first gap of the stream.
    pub(in crate::stream) fn gap(&self) -> Option<Duration> {
        matches!(self.state, State::Behind { .. } | State::Later).then_some(self.gap)
    }

    /// How it began; `None` if there is too little to tell by.
    pub(in crate::stream) fn opening(&self) -> Option<Opening> {
        let gap = self.gap()?;
        if !DELAY.contains(&gap) {
            return Some(Opening::Plain);
        }
        // What one write is like, of those that waited for nothing.
        let one = self.later.checked_div(self.chunks.into()).or(self.first)?;
        let is_gathered = self.behind.saturating_mul(2) >= one.saturating_mul(3);
        Some(if is_gathered { Opening::Delayed } else { Opening::Plain })
    }
}
