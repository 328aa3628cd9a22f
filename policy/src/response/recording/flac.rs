//! FLAC: what counts are its frames (RFC 9639 §9).
//!
//! A frame does not say how long it is. It is complete once its CRC-16 fits, which by chance it does
//! too early for one byte in 65,536; so of a stream that is cut off, a part of the last frame may
//! count for all of it. The next frame begins with a header whose CRC-8 fits, where the CRC-16 of the
//! one before fits just then, or whose number is the next one; and behind garbage, where two headers
//! with numbers in sequence come. So each byte goes through the checksum, and nothing is kept but the
//! header that may be beginning.

use super::super::length::Length;
use super::super::told::Told;
use super::Name;
use super::crc::{Crc16, crc_8};
use crate::audio::be;
use crate::audio::blocks::Next;
use crate::audio::flac::{HEADER, MetadataHeader, STREAMINFO, StreamInfo};

/// A FLAC file; it begins behind `fLaC`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flac {
    stream: Option<StreamInfo>,
    is_lost: bool,
    length: Length,
    /// How many frames that is.
    count: u64,
    /// Bytes of frames since the last border, without what is held.
    since: u64,
    /// The frame that is passing.
    frame: Option<FrameHeader>,
    /// Over what of it came, without what is held.
    crc: Crc16,
    /// Whether it was complete, and is in the length.
    is_counted: bool,
    /// The last header within it that was not believed.
    doubted: Option<FrameHeader>,
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
                    self.go_through(passed);
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

    /// `tail` is of metadata. What is no FLAC is not measured.
    ///
    /// A border is where a checksum fits: by chance also within a frame, once in 65,536 bytes. Where the
    /// last byte of a frame may begin another header, the border is known one byte later.
    pub(super) fn told(&self, tail: u64) -> Told {
        if self.is_lost {
            return Told::default();
        }
        let mut now = *self;
        now.go_through(self.held());
        let tail = tail.saturating_add(self.since).saturating_add(self.held_len as u64);
        Told::of(Name::Flac, Some(now.length), now.count, tail)
    }

    /// Whether what is held is a header, is none, or may become one.
    fn decide(&mut self) {
        while self.held_len > 0 {
            match FrameHeader::parse(self.held()) {
                Parsed::More => return,
                Parsed::NotAFrame => self.pass(),
                Parsed::Frame(next) => {
                    let Some(frame) = self.frame else { return self.begin(next) };
                    if self.crc.fits() || frame.is_before(next) {
                        self.count();
                        return self.begin(next);
                    }
                    if self.doubted.is_some_and(|it| it.is_before(next)) {
                        // The frame before was that one, then.
                        self.go_through_held(self.held_len);
                        self.frame = self.doubted;
                        self.is_counted = false;
                        self.count();
                        return self.begin(next);
                    }
                    self.doubted = Some(next);
                    self.pass();
                }
            }
        }
    }

    fn begin(&mut self, next: FrameHeader) {
        self.frame = Some(next);
        self.is_counted = false;
        self.doubted = None;
        self.crc = Crc16::default();
        self.crc.add(self.held.get(..self.held_len).unwrap_or_default());
        self.since = self.held_len as u64;
        self.held_len = 0;
    }

    /// The frame is complete.
    fn count(&mut self) {
        if let (Some(frame), Some(stream), false) = (self.frame, self.stream, self.is_counted) {
            self.length.add(frame.samples, stream.sample_rate.into());
            self.count = self.count.saturating_add(1);
            self.is_counted = true;
        }
    }

    /// The frame has these bytes.
    fn go_through(&mut self, bytes: &[u8]) {
        self.since = self.since.saturating_add(bytes.len() as u64);
        if let Some(after) = self.crc.add(bytes) {
            self.since = after;
            self.count();
        }
        if self.frame.is_none() {
            self.since = 0;
        }
    }

    fn go_through_held(&mut self, len: usize) {
        let held = self.held;
        self.go_through(held.get(..len).unwrap_or_default());
    }

    /// The first of what is held begins no header; the next one may begin where 0xff stands.
    fn pass(&mut self) {
        let tail = self.held().get(1..).unwrap_or_default();
        let passed = memchr::memchr(0xff, tail).unwrap_or(tail.len()).saturating_add(1);
        self.go_through_held(passed);
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
