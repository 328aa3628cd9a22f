//! FLAC: what counts are its frames (RFC 9639 §9).
//!
//! A frame does not say how long it is, so it ends where another header begins: one whose CRC-8
//! fits, and before which the frame's CRC-16 fits or whose number is the next one. The last frame
//! is complete once its CRC-16 fits. So each byte goes through the checksum, and nothing is kept but
//! the header that may be beginning.

use super::super::length::Length;
use super::crc::{crc_8, crc_16};
use crate::audio::be;
use crate::audio::blocks::Next;
use crate::audio::flac::{HEADER, MetadataHeader, STREAMINFO, StreamInfo};

/// A FLAC file; it begins behind `fLaC`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flac {
    stream: Option<StreamInfo>,
    is_lost: bool,
    length: Length,
    /// The frame that is passing.
    frame: Option<FrameHeader>,
    /// Over what of it came, without what is held.
    crc: u16,
    /// What may be the beginning of the next header.
    held: [u8; MAX_HEADER],
    held_len: usize,
}

/// A frame's header (§9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FrameHeader {
    /// Of every channel one.
    samples: u64,
    /// Of the frame or, where their sizes differ, of its first sample.
    number: u64,
    is_variable: bool,
}

enum Parsed {
    Frame(FrameHeader),
    More,
    NotAFrame,
}

/// The longest header: four bytes, seven of number, two of size, two of rate, one of CRC.
const MAX_HEADER: usize = 16;

// === impl Flac ===

impl Flac {
    pub(super) fn block(&mut self, block: &[u8]) -> Next {
        self.metadata(block).unwrap_or_else(|| {
            self.is_lost = true;
            Next::Nothing
        })
    }

    fn metadata(&mut self, block: &[u8]) -> Option<Next> {
        let header = MetadataHeader::parse(block)?;
        if self.stream.is_none() {
            // §8.2: it is the first block.
            if !header.is_streaminfo {
                return None;
            }
            if block.len() < STREAMINFO {
                return Some(Next::Block { drop: 0, want: STREAMINFO });
            }
            self.stream = Some(StreamInfo::parse(block)?);
        }
        Some(match header.is_last {
            true => Next::Rest { drop: header.len },
            false => Next::Block { drop: header.len, want: HEADER },
        })
    }

    /// More of the frames.
    pub(super) fn rest(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            if self.held_len == 0 {
                let len = memchr::memchr(0xff, rest).unwrap_or(rest.len());
                let (passed, candidate) = rest.split_at_checked(len).unwrap_or((rest, &[]));
                if !passed.is_empty() {
                    self.crc = crc_16(self.crc, passed);
                    rest = candidate;
                    continue;
                }
            }
            if let Some(place) = self.held.get_mut(self.held_len) {
                *place = *byte;
                self.held_len = self.held_len.saturating_add(1);
            }
            rest = after;
            self.decide();
        }
    }

    /// `None` if it is no FLAC.
    pub(super) fn length(&self) -> Option<Length> {
        let mut length = self.length;
        if let (Some(frame), Some(stream)) = (self.frame, self.stream)
            && crc_16(self.crc, self.held()) == 0
        {
            length.add(frame.samples, stream.sample_rate.into());
        }
        (!self.is_lost).then_some(length)
    }

    /// Whether what is held is a header, is none, or may become one.
    fn decide(&mut self) {
        while self.held_len > 0 {
            match FrameHeader::parse(self.held()) {
                Parsed::More => return,
                Parsed::Frame(next) if self.is_boundary(next) => return self.begin(next),
                Parsed::Frame(_) | Parsed::NotAFrame => self.pass(),
            }
        }
    }

    fn is_boundary(&self, next: FrameHeader) -> bool {
        self.frame.is_none_or(|it| self.crc == 0 || it.is_before(next))
    }

    fn begin(&mut self, next: FrameHeader) {
        if let (Some(frame), Some(stream)) = (self.frame, self.stream) {
            self.length.add(frame.samples, stream.sample_rate.into());
        }
        self.frame = Some(next);
        self.crc = crc_16(0, self.held());
        self.held_len = 0;
    }

    /// The first of what is held begins no header; the next one may begin where 0xff stands.
    fn pass(&mut self) {
        let held = self.held();
        let tail = held.get(1..).unwrap_or_default();
        let passed = memchr::memchr(0xff, tail).unwrap_or(tail.len()).saturating_add(1);
        self.crc = crc_16(self.crc, held.get(..passed).unwrap_or_default());
        self.held.rotate_left(passed.min(MAX_HEADER));
        self.held_len = self.held_len.saturating_sub(passed);
    }

    fn held(&self) -> &[u8] {
        self.held.get(..self.held_len).unwrap_or_default()
    }
}

// === impl FrameHeader ===

impl FrameHeader {
    fn parse(bytes: &[u8]) -> Parsed {
        let is_begun = match *bytes {
            [0xff] | [0xff, 0xf8 | 0xf9] => true,
            [0xff, 0xf8 | 0xf9, sizes, ..] if sizes >> 4 == 0 || sizes & 0xf == 0xf => false,
            [0xff, 0xf8 | 0xf9, _] => true,
            // Eleven channel assignments, and no bit depth of 3; the last bit is reserved.
            [0xff, 0xf8 | 0xf9, _, format, ..] => {
                format >> 4 < 11 && format >> 1 & 7 != 3 && format & 1 == 0
            }
            _ => false,
        };
        match (is_begun, bytes) {
            (false, _) => Parsed::NotAFrame,
            (true, [_, blocking, sizes, _, ..]) => {
                Self::tail(bytes, blocking & 1 != 0, *sizes).unwrap_or(Parsed::More)
            }
            _ => Parsed::More,
        }
    }

    /// What follows the first four bytes; `None` if it is not all there.
    fn tail(bytes: &[u8], is_variable: bool, sizes: u8) -> Option<Parsed> {
        let first = *bytes.get(4)?;
        // §9.1.5: like UTF-8, up to seven bytes.
        let number_len = match first.leading_ones() {
            0 => 1,
            1 | 8 => return Some(Parsed::NotAFrame),
            ones => usize::try_from(ones).ok()?,
        };
        let mut at = number_len.saturating_add(4);
        let more = bytes.get(5..at)?;
        let bits =
            if number_len == 1 { 0x7f } else { 0x7f_u8.checked_shr(first.leading_ones())? };
        let number =
            more.iter().fold(u64::from(first & bits), |it, b| it << 6 | u64::from(b & 0x3f));
        let code = sizes >> 4;
        let (samples, size_len) = match code {
            1 => (192, 0),
            2..=5 => (144_u64 << code, 0),
            6 => (be(bytes, at, 1)?.saturating_add(1), 1),
            7 => (be(bytes, at, 2)?.saturating_add(1), 2),
            _ => (1_u64 << code, 0),
        };
        at = at.saturating_add(size_len);
        let rate_len: usize = match sizes & 0xf {
            12 => 1,
            13 | 14 => 2,
            _ => 0,
        };
        at = at.saturating_add(rate_len);
        let header = bytes.get(..at.saturating_add(1))?;
        Some(match crc_8(header) {
            0 => Parsed::Frame(Self { samples, number, is_variable }),
            _ => Parsed::NotAFrame,
        })
    }

    fn is_before(self, next: Self) -> bool {
        let step = if self.is_variable { self.samples } else { 1 };
        self.is_variable == next.is_variable && self.number.saturating_add(step) == next.number
    }
}
