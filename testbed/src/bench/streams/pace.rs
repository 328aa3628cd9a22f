//! What a service makes of a stream, and when.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Audio of one chunk.
pub(super) const CHUNK: Duration = Duration::from_millis(20);

/// Bytes of one chunk: 16 bits, mono, 16 kHz.
pub(super) const CHUNK_BYTES: usize = 640;

/// No two chunks are made closer together, lest they leave the service in one write.
pub(super) const LEAST: Duration = Duration::from_millis(1);

/// How fast sound is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// As fast as they are surely told apart: one in two milliseconds or so.
    Separate,
    /// As it is heard.
    RealTime,
    /// Twice as fast.
    Twice,
    /// Half again as fast, but now and then the service does nothing for a while, so that some
    /// listeners run dry whatever is in between.
    Hiccups,
}

/// What a request asks the service for, in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub pace: Pace,
    /// Audible chunks of it.
    pub chunks: u32,
    /// Before the first sound, in milliseconds.
    pub wait_ms: u64,
    /// Another seed is another stream with hiccups.
    pub seed: u64,
}

// === impl Pace ===

impl Pace {
    /// In a title.
    pub fn name(self) -> &'static str {
        match self {
            Self::Separate => "one in two milliseconds",
            Self::RealTime => "real time",
            Self::Twice => "twice real time",
            Self::Hiccups => "1.5 times real time, with hiccups",
        }
    }
}

// === impl Wanted ===

impl Wanted {
    /// When each audible chunk is made, after the first.
    pub fn schedule(&self) -> Vec<Duration> {
        let step = match self.pace {
            Pace::Separate => Duration::ZERO,
            Pace::RealTime => CHUNK,
            Pace::Twice => CHUNK / 2,
            Pace::Hiccups => CHUNK * 2 / 3,
        };
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut due = Duration::ZERO;
        let next = |_| {
            let this = due;
            due += step;
            if self.pace == Pace::Hiccups && random.random_bool(0.02) {
                due += Duration::from_millis(random.random_range(100..700));
            }
            this
        };
        (0..self.chunks).map(next).collect()
    }

    /// The audio that is heard of it.
    pub fn audio(&self) -> Duration {
        CHUNK * self.chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_has_the_same_hiccups_and_on_average_it_is_faster_than_real_time() {
        let wanted = |seed| Wanted { pace: Pace::Hiccups, chunks: 200, wait_ms: 0, seed };
        assert_eq!(wanted(3).schedule(), wanted(3).schedule());
        assert_ne!(wanted(3).schedule(), wanted(4).schedule());
        let last = |seed| wanted(seed).schedule().last().copied().unwrap_or_default();
        let mean = (0..100).map(last).sum::<Duration>() / 100;
        assert!(mean > CHUNK * 200 * 2 / 3, "{mean:?}");
    }
}
