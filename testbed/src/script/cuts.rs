//! Where a stream is cut, and how long it pauses there.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a stream is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cuts {
    /// In pieces of any size, from one byte to 40 KB, most of them small.
    #[default]
    Mixed,
    /// In single bytes.
    Bytes,
    /// As a model speaks: 20 ms of 16 kHz.
    Frames,
    /// In pieces of 16 KB to 80 KB: larger than Envoy reads at once, and than anything may be held.
    Large,
    /// Not at all.
    Whole,
}

/// A piece of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its length.
    pub bytes: usize,
    /// The pause before it. `None`, and it is made together with the one before; after no time at
    /// all it is made on its own.
    pub pause: Option<Duration>,
}

// === impl Cuts ===

impl Cuts {
    pub(super) fn cut(self, seed: u64, length: usize, longest_pause_ms: u64) -> Vec<Piece> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        // Other numbers than those that the content is made of.
        random.set_stream(1);
        let mut pieces = Vec::new();
        let mut left = length;
        while left > 0 {
            let bytes = self.size(&mut random).min(left);
            pieces.push(Piece { bytes, pause: pause(&mut random, longest_pause_ms) });
            left -= bytes;
        }
        pieces
    }

    fn size(self, random: &mut ChaCha8Rng) -> usize {
        match self {
            Self::Mixed => match random.random_range(0..20) {
                0..4 => 1,
                4..9 => random.random_range(2..100),
                9..15 => random.random_range(100..1500),
                15..19 => random.random_range(1500..8000),
                _ => random.random_range(8000..40_000),
            },
            Self::Bytes => 1,
            Self::Frames => 640,
            Self::Large => random.random_range(16 * 1024..80 * 1024),
            Self::Whole => usize::MAX,
        }
    }
}

fn pause(random: &mut ChaCha8Rng, longest_ms: u64) -> Option<Duration> {
    match random.random_range(0..10) {
        0..3 => None,
        3..6 => Some(Duration::ZERO),
        _ => Some(Duration::from_millis(random.random_range(0..=longest_ms))),
    }
}
