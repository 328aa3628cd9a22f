//! FLAC.

use super::{AudioInfo, millis};
use crate::audio::blocks::Next;
use crate::audio::flac::{HEADER, MetadataHeader, STREAMINFO, StreamInfo};

/// A FLAC file; it begins behind `fLaC`.
#[derive(Clone, Debug, Default)]
pub(super) struct Flac {
    stream: Option<StreamInfo>,
    is_audio: bool,
}

// === impl Flac ===

impl Flac {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        self.read(block).unwrap_or(Next::Nothing)
    }

    fn read(&mut self, block: &[u8]) -> Option<Next> {
        let header = MetadataHeader::parse(block)?;
        if self.stream.is_none() {
            // RFC 9639 §8.2: it is the first block.
            if !header.is_streaminfo {
                return None;
            }
            if block.len() < STREAMINFO {
                return Some(Next::Block { drop: 0, want: STREAMINFO });
            }
            self.stream = Some(StreamInfo::parse(block)?);
        }
        if header.is_last {
            self.is_audio = true;
            return Some(Next::Rest { drop: header.len });
        }
        Some(Next::Block { drop: header.len, want: HEADER })
    }

    /// Compressed audio is no longer than the same bytes uncompressed would be, so that is the
    /// least, whatever the header claims.
    pub(super) fn info(&self, rest: u64) -> AudioInfo {
        let Some(stream) = self.stream else { return AudioInfo::default() };
        let rest = if self.is_audio { rest } else { 0 };
        let least = millis(rest.saturating_mul(8), stream.bits_per_second);
        let claimed = millis(stream.samples, stream.sample_rate.into());
        AudioInfo {
            // A frame that cannot be compressed has a header on top (RFC 9639 §9.1), which is not
            // audio.
            length: if least.0 > claimed.0.saturating_add(claimed.0 / 8) { least } else { claimed },
            is_length_known: stream.samples > 0 && self.is_audio,
            sample_rate_hz: Some(stream.sample_rate),
        }
    }
}
