//! WAV.

use super::{AudioInfo, millis};
use crate::audio::blocks::Next;
use crate::audio::le;
use crate::audio::riff::{Format, UNKNOWN_SIZE, padded};

/// A WAV file; it begins behind `WAVE`.
#[derive(Clone, Debug, Default)]
pub(super) struct Wav {
    state: State,
    format: Option<Format>,
    /// Of the samples: by an RF64 header, then by the header of the chunk.
    claimed: u64,
    is_data: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Chunk,
    Format {
        size: u64,
    },
    Sizes {
        size: u64,
    },
}

// === impl Wav ===

impl Wav {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        self.read(block).unwrap_or(Next::Nothing)
    }

    fn read(&mut self, block: &[u8]) -> Option<Next> {
        let size = match self.state {
            State::Chunk => return self.chunk(block),
            State::Format { size } => {
                self.format = Some(Format::parse(block)?);
                size
            }
            State::Sizes { size } => {
                self.claimed = le(block, 8, 8)?;
                size
            }
        };
        self.state = State::Chunk;
        Some(Next::Block { drop: padded(size), want: 8 })
    }

    fn chunk(&mut self, block: &[u8]) -> Option<Next> {
        let size = le(block, 4, 4)?;
        Some(match block.get(..4)? {
            // The second one would say something else to some readers.
            b"fmt " if size >= 16 && self.format.is_none() => {
                self.state = State::Format { size };
                Next::Block { drop: 8, want: Format::wanted(size) }
            }
            b"fmt " => Next::Nothing,
            b"ds64" if size >= 16 => {
                self.state = State::Sizes { size };
                Next::Block { drop: 8, want: 16 }
            }
            b"data" => {
                if size != 0xffff_ffff {
                    self.claimed = size;
                }
                self.is_data = true;
                Next::Rest { drop: 8 }
            }
            _ => Next::Block { drop: padded(size).saturating_add(8), want: 8 },
        })
    }

    pub(super) fn info(&self, rest: u64) -> AudioInfo {
        let claimed = if self.claimed >= UNKNOWN_SIZE && self.claimed <= 0xffff_ffff {
            0
        } else {
            self.claimed
        };
        let bytes = if self.is_data { rest.max(claimed) } else { 0 };
        let bytes_per_second = self.format.map_or(0, |it| it.bytes_per_second);
        // Whether it follows from what the samples are, and is not only claimed.
        let is_exact = self.format.is_some_and(|it| it.frame_bytes.is_some());
        AudioInfo {
            length: millis(bytes, bytes_per_second),
            is_length_known: is_exact && bytes_per_second > 0 && self.is_data,
            sample_rate_hz: self.format.map(|it| it.sample_rate),
        }
    }
}
