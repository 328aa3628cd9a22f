//! WAV: what counts are the bytes of the data chunk that came, in whole samples.
//!
//! A service that streams cannot know the size of what it is going to write, so it writes 0 (Python's
//! `wave`, GPT-SoVITS), `0xffffffff` (FFmpeg, OpenAI) or something near `0x7fffffff` (SoX): all that
//! follows is audio then.

use std::time::Duration;

use super::super::length::Length;
use super::super::samples::{Onset, Order, Samples};
use super::super::told::Told;
use super::Name;
use crate::audio::blocks::Next;
use crate::audio::le;
use crate::audio::riff::{self, Format, UNKNOWN_SIZE, padded};

/// A WAV file; it begins behind `WAVE`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wav {
    state: State,
    format: Option<Format>,
    /// By the `ds64` chunk of an RF64 file, in bytes.
    long_size: Option<u64>,
    /// Of the data that came, in bytes.
    data: u64,
    /// How much leading silence is looked through.
    silence: Duration,
    onset: Option<Onset>,
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
    pub(super) fn new(silence: Duration) -> Self {
        Self { silence, ..Self::default() }
    }

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
                self.onset = self.format.as_ref().map(|it| onset(it, self.silence));
                Next::Rest { drop: 8 }
            }
            _ => Next::Block { drop: padded(size).saturating_add(8), want: 8 },
        })
    }

    pub(super) fn rest(&mut self, bytes: &[u8]) {
        if let State::Data { size } = self.state {
            let left = usize::try_from(size.saturating_sub(self.data)).unwrap_or(usize::MAX);
            let data = bytes.get(..left).unwrap_or(bytes);
            self.data = self.data.saturating_add(data.len() as u64);
            if let Some(onset) = &mut self.onset {
                onset.feed(data);
            }
        }
    }

    /// `tail` is of what stands before the samples.
    pub(super) fn told(&self, tail: u64) -> Told {
        let frames = self.frames();
        let length = match (self.state, self.format) {
            (State::Lost, _) | (State::Data { .. }, None) => None,
            (_, None) => Some(Length::default()),
            // A codec whose samples have no size is not measured.
            (_, Some(it)) => frames
                .filter(|_| it.sample_rate > 0)
                .map(|frames| Length::default().with(frames, it.sample_rate.into())),
        };
        let audible = self.onset.as_ref().and_then(|it| it.audible(frames?));
        let audible = audible.filter(|_| length.is_some());
        let tail = tail.saturating_add(self.tail());
        Told { length, audible, units: 0, tail, format: Name::Wav }
    }

    /// Complete samples of every channel.
    fn frames(&self) -> Option<u64> {
        self.data.checked_div(self.format?.frame_bytes?)
    }

    /// Within a sample.
    fn tail(&self) -> u64 {
        let State::Data { size } = self.state else { return 0 };
        let frame = self.format.and_then(|it| it.frame_bytes).unwrap_or_default();
        match self.data < size {
            true => self.data.checked_rem(frame).unwrap_or_default(),
            false => 0,
        }
    }
}

fn onset(format: &Format, silence: Duration) -> Onset {
    let bytes = format.frame_bytes.and_then(|it| it.checked_div(format.channels));
    let bytes = bytes.and_then(|it| usize::try_from(it).ok()).filter(|it| (1..=8).contains(it));
    let samples = bytes.and_then(|bytes| match (format.tag, bytes) {
        (riff::PCM, 1) => Some(Samples::Unsigned8),
        (riff::PCM, _) => Some(Samples::Signed(bytes, Order::Little)),
        (riff::FLOAT, 4 | 8) => Some(Samples::Float(bytes, Order::Little)),
        (riff::A_LAW, _) => Some(Samples::ALaw),
        (riff::MU_LAW, _) => Some(Samples::MuLaw),
        _ => None,
    });
    Onset::new(samples, format.channels, format.sample_rate.into(), silence)
}
