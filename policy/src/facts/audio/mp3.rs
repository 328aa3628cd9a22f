//! MP3. Every frame's header is read, so the length is that of the frames, whatever a header claims.

use super::{AudioInfo, AudioMillis};
use crate::audio::blocks::Next;
use crate::audio::mpeg::{FIRST, Header};

/// An MP3 file; it begins behind its ID3 tag.
#[derive(Clone, Debug, Default)]
pub(super) struct Mp3 {
    frames: u64,
    micros: u64,
    claimed_micros: u64,
    /// The highest of any frame, in Hz.
    sample_rate: Option<u32>,
    /// Bytes between frames.
    junk: u64,
    is_lost: bool,
}

/// Most bytes that may stand between frames and behind them: tags at the end have pictures, too.
const MAX_JUNK: u64 = 64 * 1024;

// === impl Mp3 ===

impl Mp3 {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        let Some(header) = Header::parse(block) else {
            self.junk = self.junk.saturating_add(1);
            if self.junk > MAX_JUNK {
                self.is_lost = true;
                return Next::Nothing;
            }
            return Next::Block { drop: 1, want: 4 };
        };
        self.sample_rate = self.sample_rate.max(Some(header.sample_rate));
        let wanted = header.len.min(FIRST);
        if self.frames == 0 && (block.len() as u64) < wanted {
            return Next::Block { drop: 0, want: usize::try_from(wanted).unwrap_or(4) };
        }
        match header.claimed_frames(block).filter(|_| self.frames == 0) {
            Some(frames) => self.claimed_micros = frames.saturating_mul(header.micros()),
            None => self.micros = self.micros.saturating_add(header.micros()),
        }
        self.frames = self.frames.saturating_add(1);
        Next::Block { drop: header.len, want: 4 }
    }

    pub(super) fn info(&self) -> AudioInfo {
        AudioInfo {
            length: AudioMillis(self.micros.max(self.claimed_micros).div_ceil(1000)),
            is_length_known: self.frames > 0 && !self.is_lost,
            sample_rate_hz: self.sample_rate,
        }
    }
}
