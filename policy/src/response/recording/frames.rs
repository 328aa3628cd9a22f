//! MP3 and AAC in ADTS (ISO/IEC 14496-3 §1.A.2): frames, one behind the other, each of which says its
//! length and how many samples it holds.
//!
//! A frame counts once it is complete. Behind bytes that are no frame, it also takes another one
//! right behind it, because two bytes of garbage look like a header soon enough; so up to a frame
//! can be lost there. The samples that an encoder adds at both ends (LAME's delay and padding) count:
//! most players play them.

use super::super::length::Length;
use super::super::told::Told;
use super::Name;
use crate::audio::blocks::Next;
use crate::audio::{be, mpeg};

/// Frames while they stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frames {
    length: Length,
    /// How many of them it is.
    count: u64,
    /// The frame that is passing.
    pending: Option<Frame>,
    /// Whether what comes next stands where a frame must: at the beginning of what says that it is
    /// such a stream, behind a tag, or behind another frame.
    is_anchored: bool,
    /// Bytes that belong to no frame.
    junk: u64,
    is_lost: bool,
    is_mpeg: bool,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    /// What does not change from frame to frame: codec, version, sample rate.
    kind: u16,
    /// With the header, in bytes.
    len: u64,
    /// Of every channel one; 0 for a frame that only says how many follow.
    samples: u64,
    rate: u32,
    is_anchored: bool,
}

/// Most bytes before the first frame, tags apart, until it is another thing than it says.
const MAX_JUNK: u64 = 4096;

/// Of ADTS, which is the longer one.
const HEADER: usize = 7;

/// ID3v2's, whose size stands at its end.
const ID3_HEADER: usize = 10;

/// An ID3v1 tag (id3.org/ID3v1), which stands behind the last frame.
const ID3V1: u64 = 128;

/// ISO/IEC 14496-3 §1.6.3.4, by index, in Hz.
const ADTS_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000,
    7350,
];

// === impl Frames ===

impl Frames {
    /// `is_declared` is whether their type says that they are frames.
    pub(super) fn new(is_declared: bool) -> Self {
        Self { is_anchored: is_declared, ..Self::default() }
    }

    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        let frame = Frame::parse(block);
        if let Some(pending) = self.pending.take() {
            let has_next = frame.is_some_and(|it| it.kind == pending.kind);
            if pending.is_anchored || has_next {
                self.length.add(pending.samples, pending.rate.into());
                self.count = self.count.saturating_add(pending.is_audio());
            }
            self.is_anchored = has_next;
        }
        let Some(frame) = frame else { return self.between(block) };
        let mut samples = frame.samples;
        self.is_mpeg = frame.is_mpeg();
        if self.is_mpeg {
            let wanted = usize::try_from(frame.len.min(mpeg::FIRST)).unwrap_or(HEADER);
            if block.len() < wanted {
                return Next::Block { drop: 0, want: wanted };
            }
            let header = mpeg::Header::parse(block);
            if header.is_some_and(|it| it.claimed_frames(block).is_some()) {
                samples = 0;
            }
        }
        self.pending = Some(Frame { samples, is_anchored: self.is_anchored, ..frame });
        Next::Block { drop: frame.len, want: HEADER }
    }

    /// A tag, or what is none.
    fn between(&mut self, block: &[u8]) -> Next {
        match block {
            [b'I', b'D', b'3', ..] if block.len() < ID3_HEADER => {
                return Next::Block { drop: 0, want: ID3_HEADER };
            }
            [b'I', b'D', b'3', ..] => {
                self.is_anchored = true;
                return Next::Block { drop: mpeg::id3_len(block), want: HEADER };
            }
            [b'T', b'A', b'G', ..] if self.length != Length::default() => {
                return Next::Block { drop: ID3V1, want: HEADER };
            }
            _ => {}
        }
        let tail = block.get(1..).unwrap_or_default();
        let starts = |it: &u8| matches!(it, 0xff | b'I' | b'T');
        let next = tail.iter().position(starts).unwrap_or(tail.len());
        let drop = (next as u64).saturating_add(1);
        self.is_anchored = false;
        self.junk = self.junk.saturating_add(drop);
        if self.junk > MAX_JUNK && self.length == Length::default() {
            self.is_lost = true;
            return Next::Nothing;
        }
        Next::Block { drop, want: HEADER }
    }

    /// `is_passed` is whether the frame that was read last is complete. What is another thing than frames
    /// is not measured.
    pub(super) fn told(&self, is_passed: bool, tail: u64) -> Told {
        let format = if self.is_mpeg { Name::Mp3 } else { Name::Aac };
        if self.is_lost {
            return Told { format: Name::Other, ..Told::default() };
        }
        let last = self.pending.filter(|it| it.is_anchored && is_passed);
        let length = last.map_or(self.length, |it| self.length.with(it.samples, it.rate.into()));
        let units = self.count.saturating_add(last.map_or(0, Frame::is_audio));
        Told::of(format, Some(length), units, tail)
    }
}

// === impl Frame ===

impl Frame {
    fn parse(block: &[u8]) -> Option<Self> {
        match mpeg::Header::parse(block) {
            Some(header) => Some(Self {
                kind: kind(block, 0x0c)?,
                len: header.len,
                samples: header.samples,
                rate: header.sample_rate,
                is_anchored: false,
            }),
            None => Self::adts(block),
        }
    }

    /// Twelve bits of sync, one of version, two of layer (00), one that no checksum follows; two of
    /// profile, four of sample rate, one private, three of channels; four that matter to nobody;
    /// thirteen of length, eleven of fullness, two of blocks less 1, each of 1024 samples.
    fn adts(block: &[u8]) -> Option<Self> {
        let [0xff, b, c, ..] = *block else { return None };
        if b & 0xf6 != 0xf0 {
            return None;
        }
        let rate = *ADTS_RATES.get(usize::from(c >> 2 & 0xf))?;
        let len = be(block, 3, 3)? >> 5 & 0x1fff;
        let blocks = u64::from(*block.get(6)? & 3).saturating_add(1);
        let header = if b & 1 == 0 { 9 } else { 7 };
        let samples = blocks.saturating_mul(1024);
        (len > header).then_some(Self {
            kind: kind(block, 0xfc)?,
            len,
            samples,
            rate,
            is_anchored: false,
        })
    }

    /// 1 unless it only says how many follow.
    fn is_audio(self) -> u64 {
        self.samples.min(1)
    }

    fn is_mpeg(self) -> bool {
        // The layer's two bits.
        self.kind & 0x0600 != 0
    }
}

/// Whether these bytes begin with a frame of AAC.
pub(super) fn is_adts(block: &[u8]) -> bool {
    Frame::adts(block).is_some()
}

/// Sync, version and layer, and of the third byte what `mask` says.
fn kind(block: &[u8], mask: u8) -> Option<u16> {
    let [_, b, c, ..] = *block else { return None };
    Some(u16::from_be_bytes([b & 0xfe, c & mask]))
}
