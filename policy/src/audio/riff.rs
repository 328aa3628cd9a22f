//! WAV: RIFF of Microsoft and IBM's *Multimedia Programming Interface and Data Specifications 1.0*
//! (1991), RF64 and BW64 of EBU Tech 3306 and ITU-R BS.2088.

use super::le;

/// What a `fmt ` chunk says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    /// In Hz.
    pub(crate) sample_rate: u32,
    /// Of the codec, as RFC 2361 has them.
    pub(crate) tag: u64,
    pub(crate) channels: u64,
    pub(crate) bytes_per_second: u64,
    /// Of one sample of every channel; `None` for a codec, whose byte rate is only claimed.
    pub(crate) frame_bytes: Option<u64>,
}

/// Sizes from here on stand for an unknown one: what programs write that stream (`0xffffffff`
/// FFmpeg and RF64, `0x7ffff000` and `0x7fffffff` SoX and others).
pub(crate) const UNKNOWN_SIZE: u64 = 0x7fff_0000;

pub(crate) const PCM: u64 = 1;
pub(crate) const FLOAT: u64 = 3;
pub(crate) const A_LAW: u64 = 6;
pub(crate) const MU_LAW: u64 = 7;
const EXTENSIBLE: u64 = 0xfffe;

// === impl Format ===

impl Format {
    /// Of a `fmt ` chunk of `size` bytes, what matters.
    pub(crate) fn wanted(size: u64) -> usize {
        if size >= 26 { 26 } else { 16 }
    }

    /// Its first [`wanted`](Self::wanted) bytes, without the chunk's header.
    pub(crate) fn parse(block: &[u8]) -> Option<Self> {
        let (tag, channels) = (le(block, 0, 2)?, le(block, 2, 2)?);
        let sample_rate = le(block, 4, 4)?;
        let bits = le(block, 14, 2)?;
        let tag = if tag == EXTENSIBLE { le(block, 24, 2).unwrap_or(tag) } else { tag };
        let bytes_per_sample = match tag {
            PCM | FLOAT => Some(bits.div_ceil(8)),
            A_LAW | MU_LAW => Some(1),
            _ => None,
        };
        let frame_bytes = bytes_per_sample.map(|it| channels.saturating_mul(it));
        // Readers reckon with the samples' size; the claimed byte rate they hardly look at.
        let bytes_per_second = match frame_bytes {
            Some(bytes) => sample_rate.saturating_mul(bytes),
            None => le(block, 8, 4)?,
        };
        let sample_rate = u32::try_from(sample_rate).ok()?;
        Some(Self { sample_rate, tag, channels, bytes_per_second, frame_bytes })
    }
}

/// Chunks begin at even places.
pub(crate) fn padded(size: u64) -> u64 {
    size.saturating_add(size & 1)
}
