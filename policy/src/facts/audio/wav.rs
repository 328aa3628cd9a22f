//! WAV: RIFF of Microsoft and IBM's *Multimedia Programming Interface and Data Specifications 1.0*
//! (1991), RF64 and BW64 of EBU Tech 3306 and ITU-R BS.2088.

use super::{AudioInfo, Next, le, millis};

/// A WAV file; it begins behind `WAVE`.
#[derive(Clone, Debug, Default)]
pub(super) struct Wav {
    state: State,
    sample_rate: Option<u32>,
    bytes_per_second: u64,
    /// Whether they follow from what the samples are, and are not only claimed.
    is_exact: bool,
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

/// Sizes from here on stand for an unknown one: what programs write that stream (`0xffffffff`
/// FFmpeg and RF64, `0x7ffff000` and `0x7fffffff` SoX and others).
const UNKNOWN_SIZE: u64 = 0x7fff_0000;

const PCM: u64 = 1;
const FLOAT: u64 = 3;
const A_LAW: u64 = 6;
const MU_LAW: u64 = 7;
const EXTENSIBLE: u64 = 0xfffe;

// === impl Wav ===

impl Wav {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        self.read(block).unwrap_or(Next::Nothing)
    }

    fn read(&mut self, block: &[u8]) -> Option<Next> {
        let size = match self.state {
            State::Chunk => return self.chunk(block),
            State::Format { size } => {
                self.format(block)?;
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
            b"fmt " if size >= 16 && self.sample_rate.is_none() => {
                self.state = State::Format { size };
                Next::Block { drop: 8, want: if size >= 26 { 26 } else { 16 } }
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
                Next::Count { drop: 8 }
            }
            _ => Next::Block { drop: padded(size).saturating_add(8), want: 8 },
        })
    }

    fn format(&mut self, block: &[u8]) -> Option<()> {
        let (tag, channels) = (le(block, 0, 2)?, le(block, 2, 2)?);
        let sample_rate = le(block, 4, 4)?;
        let bits = le(block, 14, 2)?;
        let tag = if tag == EXTENSIBLE { le(block, 24, 2).unwrap_or(tag) } else { tag };
        let bytes_per_sample = match tag {
            PCM | FLOAT => Some(bits.div_ceil(8)),
            A_LAW | MU_LAW => Some(1),
            _ => None,
        };
        // Readers reckon with the samples' size; the claimed byte rate they hardly look at.
        self.bytes_per_second = match bytes_per_sample {
            Some(bytes) => sample_rate.saturating_mul(channels).saturating_mul(bytes),
            None => le(block, 8, 4)?,
        };
        self.is_exact = bytes_per_sample.is_some() && self.bytes_per_second > 0;
        self.sample_rate = u32::try_from(sample_rate).ok();
        Some(())
    }

    pub(super) fn info(&self, rest: u64) -> AudioInfo {
        let claimed = if self.claimed >= UNKNOWN_SIZE && self.claimed <= 0xffff_ffff {
            0
        } else {
            self.claimed
        };
        let bytes = if self.is_data { rest.max(claimed) } else { 0 };
        AudioInfo {
            length: millis(bytes, self.bytes_per_second),
            is_length_known: self.is_exact && self.is_data,
            sample_rate_hz: self.sample_rate,
        }
    }
}

/// Chunks begin at even places.
fn padded(size: u64) -> u64 {
    size.saturating_add(size & 1)
}
