//! A stream's bytes: a WAV header, silence, and chunks that say when they were made.
//!
//! Service and client are one process, so that one clock tells both.

use super::pace::{CHUNK_BYTES, Wanted};
use bytes::Bytes;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Header and one silent chunk come before what is heard.
pub(super) const AUDIBLE_FROM: usize = HEADER_BYTES + CHUNK_BYTES;

const HEADER_BYTES: usize = 44;

/// Where in a chunk the times stand.
const MADE: usize = 16;
const ASKED: usize = 24;

/// A sample that is heard.
const LOUD: [u8; 2] = 0x2000_i16.to_le_bytes();

/// A time of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

// === impl Moment ===

impl Moment {
    pub fn now() -> Self {
        static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
        Self(u64::try_from(EPOCH.elapsed().as_nanos()).expect("no bench of 500 years"))
    }

    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    #[cfg(test)]
    pub fn at_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }
}

/// What comes before the first sound: a header that does not know how long it is, and silence.
pub(super) fn opening() -> Bytes {
    let mut bytes = Vec::with_capacity(AUDIBLE_FROM);
    bytes.extend_from_slice(b"RIFF\xff\xff\xff\xffWAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    bytes.extend_from_slice(&[1, 0, 1, 0]); // PCM, mono
    bytes.extend_from_slice(&16_000_u32.to_le_bytes());
    bytes.extend_from_slice(&32_000_u32.to_le_bytes());
    bytes.extend_from_slice(&[2, 0, 16, 0]);
    bytes.extend_from_slice(b"data\xff\xff\xff\xff");
    bytes.resize(AUDIBLE_FROM, 0);
    bytes.into()
}

/// A chunk that is made now, for a request that the service got then.
pub(super) fn chunk(asked: Moment) -> Bytes {
    let mut bytes = LOUD.repeat(CHUNK_BYTES / LOUD.len());
    bytes[MADE..MADE + 8].copy_from_slice(&Moment::now().0.to_le_bytes());
    bytes[ASKED..ASKED + 8].copy_from_slice(&asked.0.to_le_bytes());
    bytes.into()
}

/// When a chunk was made, and when the service got the request.
pub(super) fn times(chunk: &[u8]) -> Option<(Moment, Moment)> {
    let at = |place: usize| {
        let bytes = chunk.get(place..place + 8)?.try_into().ok()?;
        Some(Moment(u64::from_le_bytes(bytes)))
    };
    Some((at(MADE)?, at(ASKED)?))
}

/// How long the whole stream is.
pub(super) fn length(wanted: &Wanted) -> usize {
    AUDIBLE_FROM + CHUNK_BYTES * wanted.chunks as usize
}
