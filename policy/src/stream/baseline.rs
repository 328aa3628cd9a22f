//! What is usual, and what is far from it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

/// When a stream is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowTerms {
    /// In percent of what is usual; 0 for never.
    pub percent: u32,
    /// No time to first audio below this is slow.
    pub least: Duration,
}

/// What streams are compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineKey {
    operation: Box<str>,
    model: Box<str>,
    size: u8,
}

/// What is usual for streams of one kind: the median of the latest.
#[derive(Clone, Debug, Default)]
pub struct Baselines(VecDeque<(BaselineKey, Samples)>);

/// A stream that was slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    /// What of it was.
    pub measure: Measure,
    /// What it came to: milliseconds of time to first audio, thousandths of the real-time factor.
    pub was: u32,
    /// What is usual, in the same unit.
    pub usual: u32,
}

/// What of a stream is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Its time to first audio.
    FirstAudio,
    /// Its real-time factor.
    RealTime,
}

#[derive(Clone, Debug, Default)]
struct Samples {
    ttfa_ms: Recent,
    permille: Recent,
}

/// The latest of one measure.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    values: [u32; WINDOW],
    /// Of all that ever came, up to [`u32::MAX`].
    seen: u32,
    next: u8,
}

/// The most kinds of streams that are told apart; the one that was seen longest ago is forgotten.
pub const MAX_BASELINES: usize = 256;

/// So many of the latest are remembered: few enough to follow a new model, enough for a median that one in
/// two would have to move.
const WINDOW: usize = 32;

/// So many are needed before anything is unusual.
const LEAST_SAMPLES: u32 = 20;

/// A name longer than this is cut: it comes from a client.
const MAX_NAME: usize = 64;

/// A stream that is made faster than it plays is not slow, whatever is usual.
const REAL_TIME: u32 = 1000;

// === impl BaselineKey ===

impl BaselineKey {
    /// Of a request for so many characters of text. Lengths are told apart by powers of four.
    pub fn new(operation: &str, model: &str, text_chars: u64) -> Self {
        let cut = |name: &str| name.chars().take(MAX_NAME).collect::<String>().into_boxed_str();
        let bits = u64::BITS.saturating_sub(text_chars.leading_zeros());
        Self { operation: cut(operation), model: cut(model), size: bits.div_ceil(2) as u8 }
    }
}

// === impl Baselines ===

impl Baselines {
    /// Compares a stream with what is usual for its kind, and remembers it. What of it is `None` is not
    /// compared; `permille` is the real-time factor in thousandths.
    pub fn judge(
        &mut self,
        key: BaselineKey,
        ttfa: Option<Duration>,
        permille: Option<u32>,
        terms: &SlowTerms,
    ) -> Option<Slow> {
        if terms.percent == 0 {
            return None;
        }
        let place = self.0.iter().position(|(it, _)| *it == key);
        let (key, mut samples) = match place.and_then(|it| self.0.remove(it)) {
            Some(known) => known,
            None => {
                self.0.truncate(MAX_BASELINES.saturating_sub(1));
                (key, Samples::default())
            }
        };
        let is_beyond = |was: u32, usual: u32| {
            u64::from(was).saturating_mul(100)
                >= u64::from(usual).max(1).saturating_mul(terms.percent.into())
        };
        let mut slow = None;
        if let Some(ttfa) = ttfa {
            let was = u32::try_from(ttfa.as_millis()).unwrap_or(u32::MAX);
            let usual = samples.ttfa_ms.usual().filter(|usual| is_beyond(was, *usual));
            if let Some(usual) = usual.filter(|_| ttfa >= terms.least) {
                slow = Some(Slow { measure: Measure::FirstAudio, was, usual });
            }
            samples.ttfa_ms.add(was);
        }
        if let Some(was) = permille {
            let usual = samples.permille.usual().filter(|usual| is_beyond(was, *usual));
            if let Some(usual) = usual.filter(|_| was > REAL_TIME) {
                slow = slow.or(Some(Slow { measure: Measure::RealTime, was, usual }));
            }
            samples.permille.add(was);
        }
        self.0.push_front((key, samples));
        slow
    }

    /// How many kinds are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

// === impl Recent ===

impl Recent {
    fn add(&mut self, value: u32) {
        if let Some(place) = self.values.get_mut(usize::from(self.next)) {
            *place = value;
        }
        let next = usize::from(self.next).saturating_add(1);
        self.next = if next >= WINDOW { 0 } else { next as u8 };
        self.seen = self.seen.saturating_add(1);
    }

    /// The median, once there are enough.
    fn usual(&self) -> Option<u32> {
        if self.seen < LEAST_SAMPLES {
            return None;
        }
        let known = usize::try_from(self.seen).unwrap_or(WINDOW).min(WINDOW);
        let mut values = self.values;
        let values = values.get_mut(..known)?;
        values.sort_unstable();
        values.get(known / 2).copied()
    }
}
