//! FLAC (RFC 9639).

use super::{AudioInfo, Next, be, millis};

/// A FLAC file; it begins behind `fLaC`.
#[derive(Clone, Debug, Default)]
pub(super) struct Flac {
    stream: Option<Stream>,
    is_audio: bool,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    sample_rate: u32,
    /// Of all channels, uncompressed.
    bits_per_second: u64,
    /// For each channel; 0 if the encoder did not know.
    samples: u64,
}

/// Of a metadata block (§8.1).
const HEADER: usize = 4;

/// With its header (§8.2).
const STREAMINFO: usize = 38;

// === impl Flac ===

impl Flac {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        self.read(block).unwrap_or(Next::Nothing)
    }

    fn read(&mut self, block: &[u8]) -> Option<Next> {
        let (first, size) = (*block.first()?, be(block, 1, 3)?);
        if self.stream.is_none() {
            // §8.2: it is the first block, of 34 bytes.
            if first & 0x7f != 0 || size != 34 {
                return None;
            }
            if block.len() < STREAMINFO {
                return Some(Next::Block { drop: 0, want: STREAMINFO });
            }
            self.stream = Some(Stream::parse(block)?);
        }
        let drop = size.saturating_add(HEADER as u64);
        if first & 0x80 != 0 {
            self.is_audio = true;
            return Some(Next::Count { drop });
        }
        Some(Next::Block { drop, want: HEADER })
    }

    /// Compressed audio is no longer than the same bytes uncompressed would be, so that is the
    /// least, whatever the header claims.
    pub(super) fn info(&self, rest: u64) -> AudioInfo {
        let Some(stream) = self.stream else { return AudioInfo::default() };
        let rest = if self.is_audio { rest } else { 0 };
        let least = millis(rest.saturating_mul(8), stream.bits_per_second);
        let claimed = millis(stream.samples, stream.sample_rate.into());
        AudioInfo {
            // A frame that cannot be compressed has a header on top (§9.1), which is not audio.
            length: if least.0 > claimed.0.saturating_add(claimed.0 / 8) { least } else { claimed },
            is_length_known: stream.samples > 0 && self.is_audio,
            sample_rate_hz: Some(stream.sample_rate),
        }
    }
}

// === impl Stream ===

impl Stream {
    /// 20 bits of sample rate, 3 of channels less 1, 5 of bits less 1, 36 of samples.
    fn parse(block: &[u8]) -> Option<Self> {
        let packed = be(block, 14, 8)?;
        let sample_rate = u32::try_from(packed >> 44).ok().filter(|it| *it > 0)?;
        let channels = (packed >> 41 & 0x7).saturating_add(1);
        let bits = (packed >> 36 & 0x1f).saturating_add(1);
        Some(Self {
            sample_rate,
            bits_per_second: u64::from(sample_rate).saturating_mul(channels).saturating_mul(bits),
            samples: packed & 0xf_ffff_ffff,
        })
    }
}
