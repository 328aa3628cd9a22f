//! WAV: what counts are the bytes of the data chunk that came, in whole samples.
//!
//! A service that streams cannot know the size of what it is going to write, so it writes 0 (Python's
//! `wave`, GPT-SoVITS), `0xffffffff` (FFmpeg, OpenAI) or something near `0x7fffffff` (SoX): all that
//! follows is audio then.

use super::super::length::Length;
use crate::audio::blocks::Next;
use crate::audio::le;
use crate::audio::riff::{Format, UNKNOWN_SIZE, padded};

/// A WAV file; it begins behind `WAVE`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wav {
    state: State,
    format: Option<Format>,
    /// By the `ds64` chunk of an RF64 file, in bytes.
    long_size: Option<u64>,
    /// Of the data that came, in bytes.
    data: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Chunk,
    Format {
        size: u64,
    },
    Sizes {
        size: u64,
    },
    /// … of at most so many bytes.
    Data {
        size: u64,
    },
    /// It cannot be read.
    Lost,
}

// === impl Wav ===

impl Wav {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        self.read(block).unwrap_or_else(|| {
            self.state = State::Lost;
            Next::Nothing
        })
    }

    fn read(&mut self, block: &[u8]) -> Option<Next> {
        let size = match self.state {
            State::Chunk => return self.chunk(block),
            State::Format { size } => {
                self.format = Some(Format::parse(block)?);
                size
            }
            State::Sizes { size } => {
                self.long_size = le(block, 8, 8);
                size
            }
            State::Data { .. } | State::Lost => return None,
        };
        self.state = State::Chunk;
        Some(Next::Block { drop: padded(size), want: 8 })
    }

    fn chunk(&mut self, block: &[u8]) -> Option<Next> {
        let size = le(block, 4, 4)?;
        Some(match block.get(..4)? {
            b"fmt " if size >= 16 => {
                self.state = State::Format { size };
                Next::Block { drop: 8, want: Format::wanted(size) }
            }
            b"fmt " => return None,
            b"ds64" if size >= 16 => {
                self.state = State::Sizes { size };
                Next::Block { drop: 8, want: 16 }
            }
            b"data" => {
                let long = self.long_size.filter(|it| size == 0xffff_ffff && *it > 0);
                let is_known = (1..UNKNOWN_SIZE).contains(&size);
                let size = if is_known { size } else { long.unwrap_or(u64::MAX) };
                self.state = State::Data { size };
                Next::Rest { drop: 8 }
            }
            _ => Next::Block { drop: padded(size).saturating_add(8), want: 8 },
        })
    }

    pub(super) fn rest(&mut self, bytes: &[u8]) {
        if let State::Data { size } = self.state {
            self.data = self.data.saturating_add(bytes.len() as u64).min(size);
        }
    }

    /// `None` for a codec whose samples have no size, and for data without a format.
    pub(super) fn length(&self) -> Option<Length> {
        match (self.state, self.format) {
            (State::Lost, _) | (State::Data { .. }, None) => None,
            (_, None) => Some(Length::default()),
            (_, Some(format)) => {
                let samples = self.data.checked_div(format.frame_bytes?)?;
                let rate = u64::from(format.sample_rate);
                (rate > 0).then(|| Length::default().with(samples, rate))
            }
        }
    }
}
